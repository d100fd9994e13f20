"""The ledger proof explains what has to differ, by name, and nothing else."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import pytest

from app.demo.ledger import Proof, proofs
from app.demo.netsuite_books import NetSuiteBooks
from app.demo.stripe_books import StripeBooks
from app.demo.systems import Json, NetSuiteSandbox, StripeSandbox
from sandbox.netsuite import ids

CLEARING, BANK = ids.STRIPE_CLEARING["USD"], ids.BANK["USD"]


class Stripe:
    """A balance is the sum of its rows."""

    def __init__(self, *rows: Json, payouts: tuple[Json, ...] = (), paid_out: tuple[str, ...] = ()) -> None:
        self.rows, self.payouts, self.paid_out = rows, payouts, paid_out

    def list(self, path: str, **params: Any) -> Iterator[Json]:
        if "payout" in params:
            yield from (row for row in self.rows if row["id"] in self.paid_out)
        else:
            yield from {"balance_transactions": self.rows, "payouts": self.payouts}.get(path, ())

    def get(self, _: str) -> Json:
        return {"available": [{"amount": sum(row["net"] for row in self.rows), "currency": "usd"}], "pending": []}


class NetSuite:
    def __init__(self, *lines: tuple[str, str, str, str]) -> None:
        self.lines = lines

    def records(self, type: str) -> list[Json]:
        named = {record: external for record, external, _, _ in self.lines}
        found = [{"id": record, "externalId": external} for record, external in named.items()]
        return found if type == "customerPayment" else []

    def ledger(self) -> list[Json]:
        return [
            {"record": record, "account": account, "currency": "USD", "amount": amount, "base": amount}
            for record, _, account, amount in self.lines
        ]


def row(id: str, amount: int, category: str, source: str | None = None, fee: int = 0) -> Json:
    told = {"reporting_category": category, "source": source, "currency": "usd"}
    return {"id": id, "amount": amount, "fee": fee, "net": amount - fee, **told}


CHARGE = row("txn_1", 10000, "charge", "ch_1", fee=320)
TAKEN = row("txn_2", -9680, "payout", "po_1")
PAYMENT = ("1", "stripe-pay-ch_1", CLEARING, "100.00")
DEPOSIT = (("2", "stripe-dep-po_1", CLEARING, "-100.00"), ("2", "stripe-dep-po_1", BANK, "96.80"))


def payout(status: str) -> Json:
    told = {"automatic": True, "failure_balance_transaction": None, "currency": "usd"}
    return {"id": "po_1", "amount": 9680, "status": status, **told}


def proof(stripe: Stripe, netsuite: NetSuite) -> Proof:
    books = StripeBooks(cast(StripeSandbox, stripe)), NetSuiteBooks(cast(NetSuiteSandbox, netsuite))
    return next(one for one in proofs(*books) if one.currency == "USD")


def test_fees_wait_for_the_payout() -> None:
    assert proof(Stripe(CHARGE), NetSuite(PAYMENT)) == Proof(
        "USD",
        Decimal("96.80"),
        Decimal("100.00"),
        {"fees of payments not yet paid out": Decimal("-3.20")},
        arrived=Decimal(0),
        bank=Decimal(0),
    )


def test_that_leaves_nothing_unexplained() -> None:
    assert proof(Stripe(CHARGE), NetSuite(PAYMENT)).unexplained == 0


def test_a_payout_on_its_way_is_named() -> None:
    found = proof(Stripe(CHARGE, TAKEN, payouts=(payout("in_transit"),)), NetSuite(PAYMENT))
    assert (found.timing["payouts on their way"], found.unexplained) == (Decimal("-96.80"), Decimal(0))


def test_a_payout_that_arrived_leaves_nothing_to_explain() -> None:
    stripe = Stripe(CHARGE, TAKEN, payouts=(payout("paid"),), paid_out=("txn_1", "txn_2"))
    found = proof(stripe, NetSuite(PAYMENT, *DEPOSIT))
    assert not found.timing
    assert not list(found.differences)


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("fee", "Stripe's own fees not yet paid out"),
        ("risk_reserved_funds", "reserves not yet paid out"),
        ("other_adjustment", "adjustments not yet paid out"),
    ],
)
def test_what_only_a_payout_books_is_named(category: str, name: str) -> None:
    found = proof(Stripe(row("txn_3", -500, category)), NetSuite())
    assert (found.timing, found.unexplained) == ({name: Decimal("-5.00")}, Decimal(0))


def test_money_that_no_stripe_object_stands_for_is_unexplained() -> None:
    stray = ("3", "", CLEARING, "7.00")
    [found] = proof(Stripe(CHARGE), NetSuite(PAYMENT, stray)).differences
    assert found.sentence == (
        "Stripe's balance and NetSuite's clearing account differ by -7.00 USD, which nothing explains."
    )


def test_a_bank_account_without_the_payout_is_seen() -> None:
    stripe = Stripe(CHARGE, TAKEN, payouts=(payout("paid"),), paid_out=("txn_1", "txn_2"))
    found = proof(stripe, NetSuite(PAYMENT, ("2", "stripe-dep-po_1", CLEARING, "-100.00")))
    assert [one.sentence for one in found.differences] == [
        "Payouts of 96.80 USD arrived; NetSuite's bank account has 0."
    ]
