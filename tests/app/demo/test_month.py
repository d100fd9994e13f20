"""The month is the same for the same seed, and has in it what the demo promises."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from app.demo.month import Month
from app.demo.shop import DAYS, LAST_DEBIT, Ids
from app.demo.systems import NetSuiteSandbox, StripeSandbox

START = datetime(2026, 10, 1, tzinfo=UTC)
CURRENCIES = {"usd": "1", "gbp": "2", "eur": "4", "jpy": "5", "kwd": "6"}
IDS = Ids(
    subsidiary="1",
    currencies=CURRENCIES,
    item="13",
    discount_item="16",
    bad_debt_item="17",
    tax_type="1",
    tax_code="21",
    guests="500",
)


class Recorder:
    """Both systems at once: notes what is asked for, and on which day."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str, Any]] = []
        self.day = 0
        self._made = 0

    def _note(self, what: str, given: object) -> str:
        self.asked.append((self.day, what, given))
        self._made += 1
        return f"id{self._made}"

    def set_clock(self, to: datetime) -> None:
        self.day = (to - START) // timedelta(days=1)

    def create(self, path: str, **params: Any) -> dict[str, Any]:
        return {"id": self._note(path, params), "amount_due": 1000, "currency": params.get("currency", "usd")}

    def get(self, path: str) -> dict[str, Any]:
        held = [{"amount": 5000, "currency": "usd"}]
        return {"id": path.partition("/")[2], "amount_due": 1000, "currency": "usd", "available": held}

    def list(self, path: str, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"id": f"{path}1"}

    def arrange(self, path: str, **given: Any) -> dict[str, Any]:
        made = self._note(f"bank: {path}", given)
        return {"id": made, "payouts": [{"id": made, "currency": "usd"}]}

    def charge_of(self, invoice: str) -> dict[str, Any]:
        return {"id": f"ch_{invoice}", "amount": 1000}

    def pay(self, invoice: str, method: str, amount: int | None = None) -> None:
        self._note(method, amount)

    def save(self, record_type: str, body: dict[str, Any]) -> str:
        return self._note(record_type, body)

    def edit(self, record_type: str, internal_id: str, body: dict[str, Any]) -> None:
        self._note(f"edit {record_type}", body)

    def void(self, record_type: str, internal_id: str) -> None:
        self._note(f"void {record_type}", internal_id)

    def delete(self, record_type: str, internal_id: str) -> None:
        self._note(f"delete {record_type}", internal_id)

    def has(self, record_type: str, external_id: str) -> bool:
        return True

    def record(self, record_type: str, internal_id: str) -> dict[str, Any]:
        return {"custbody_tieout_stripe_id": f"in_{internal_id}"}


def played(seed: int = 1, size: int = 12) -> list[tuple[int, str, Any]]:
    both = Recorder()
    systems = cast(StripeSandbox, both), cast(NetSuiteSandbox, both)
    Month(*systems, IDS, both.set_clock, START, seed, size, lambda _: None, lambda: None).play()
    return both.asked


def days_of(what: str) -> list[int]:
    return [day for day, asked, _ in played() if asked == what]


def test_the_same_seed_gives_the_same_month() -> None:
    assert played(seed=7) == played(seed=7)


def test_another_seed_gives_another_month() -> None:
    assert played(seed=7) != played(seed=8)


@pytest.mark.parametrize("size", [1, 2, 3, 30])
def test_a_month_of_any_size_can_be_played(size: int) -> None:
    asked = [given["entity"] for _, asked, given in played(size=size) if asked == "invoice"]
    assert len(asked) == size + 8


def test_nothing_happens_after_the_month() -> None:
    assert max(day for day, _, _ in played()) <= DAYS


def test_bank_debits_are_started_early_enough_to_settle() -> None:
    assert days_of("pm_usBankAccount_success")
    assert max(days_of("pm_usBankAccount_success")) <= LAST_DEBIT


@pytest.mark.parametrize(
    "method",
    [
        "pm_card_visa",
        "pm_card_mastercard",
        "pm_card_visa_chargeDeclined",
        "pm_card_refundFail",
        "pm_card_createDispute",
        "pm_card_createDisputeInquiry",
    ],
)
def test_cards_are_used_in_every_way(method: str) -> None:
    assert days_of(method)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_stripe_invoices_are_in_every_currency(currency: str) -> None:
    assert [1 for _, asked, given in played() if asked == "invoices" and given["currency"] == currency]


@pytest.mark.parametrize("currency", CURRENCIES)
def test_netsuite_invoices_are_in_every_currency(currency: str) -> None:
    wanted = {"id": CURRENCIES[currency]}
    assert [1 for _, asked, given in played() if asked == "invoice" and given["currency"] == wanted]


def test_amounts_in_three_decimals_are_in_steps_that_stripe_takes() -> None:
    asked = played()
    kwd = {number for number, (_, what, given) in enumerate(asked) if what == "invoices" and given["currency"] == "kwd"}
    lines = [line["amount"] for number in kwd for line in asked[number + 1][2]["lines"]]
    assert lines
    assert not [amount for amount in lines if amount % 10]


@pytest.mark.parametrize("what", ["customers/", "invoices/", "credit_notes/"])
def test_things_change_in_stripe(what: str) -> None:
    assert [1 for _, asked, _ in played() if asked.startswith(what)]


@pytest.mark.parametrize("what", ["refunds", "credit_notes", "payouts", "bank: payments", "bank: charges"])
def test_stripe_has_every_kind_of_money(what: str) -> None:
    assert days_of(what)


@pytest.mark.parametrize(
    "what", ["edit customer", "edit invoice", "void invoice", "delete invoice", "customerPayment", "creditMemo"]
)
def test_clerks_work_in_netsuite(what: str) -> None:
    assert days_of(what)


def test_money_is_paid_out_every_week() -> None:
    assert days_of("bank: payouts") == [8, 15, 22, 29]


def test_one_payout_comes_back() -> None:
    assert [1 for _, asked, _ in played() if asked.startswith("bank: payouts/") and asked.endswith("/fail")]
