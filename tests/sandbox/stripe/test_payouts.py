"""Payouts: what they take of the balance, what is listed of them, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe

from sandbox.serve import Sandbox

Client = stripe.StripeClient


@pytest.fixture
def frozen(sandbox: Sandbox) -> Sandbox:
    sandbox.clock.freeze()
    return sandbox


def charge(client: Client, amount: int = 10_000, currency: str = "usd", method: str = "pm_card_bypassPending") -> None:
    given: Any = {"amount": amount, "currency": currency, "payment_method": method, "confirm": True}
    client.v1.payment_intents.create(given)


def moved(http: httpx.Client, kind: str, amount: int, **more: Any) -> dict[str, Any]:
    answer = http.post("/_sandbox/balance_transactions", json={"type": kind, "amount": amount, **more})
    made: dict[str, Any] = answer.raise_for_status().json()
    return made


def pay_out(http: httpx.Client, **given: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = http.post("/_sandbox/payouts", json=given).raise_for_status().json()["payouts"]
    return made


def rows(client: Client, payout: str) -> list[tuple[str, int]]:
    found = client.v1.balance_transactions.list({"payout": payout, "limit": 100})
    return [(row.type, row.net) for row in found.data]


def reconciled(http: httpx.Client, payout: str) -> str:
    http.post(f"/_sandbox/payouts/{payout}/reconcile").raise_for_status()
    return payout


def test_an_automatic_payout_takes_what_is_available(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    charge(client, method="pm_card_visa")
    [made] = pay_out(http)
    assert (made["amount"], made["automatic"], made["status"]) == (9680, True, "in_transit")


def test_its_rows_are_listed_with_its_own(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    moved(http, "stripe_fee", -100)
    [made] = pay_out(http)
    found = rows(client, reconciled(http, made["id"]))
    assert found == [("payout", -9580), ("stripe_fee", -100), ("charge", 9680)]


def test_before_it_is_reconciled_nothing_is_listed(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    [made] = pay_out(http)
    assert (made["reconciliation_status"], rows(client, made["id"])) == ("in_progress", [])


def test_what_was_paid_out_is_not_paid_out_again(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    pay_out(http)
    assert pay_out(http) == []


def test_a_negative_balance_is_taken_from_the_bank(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    moved(http, "adjustment", -700)
    assert [made["amount"] for made in pay_out(http)] == [-700]


def test_there_is_one_for_each_settlement_currency(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    http.post("/_sandbox/settings", json={"settlement_currencies": ["eur"]})
    charge(client)
    charge(client, currency="eur")
    charge(client, currency="gbp")
    made = {one["currency"]: one["amount"] for one in pay_out(http)}
    assert (set(made), made["eur"]) == ({"usd", "eur"}, 9680)
    banks = {one["destination"] for one in client.v1.payouts.list().to_dict()["data"]}
    assert len(banks) == 2


def test_a_refund_settles_in_the_currency_of_its_charge(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    http.post("/_sandbox/settings", json={"settlement_currencies": ["eur"]})
    charge(client, currency="eur")
    [made] = client.v1.charges.list().data
    client.v1.refunds.create({"charge": made.id, "amount": 1000})
    assert {row.currency for row in client.v1.balance_transactions.list().data} == {"eur"}


def test_time_brings_it_to_its_end(
    frozen: Sandbox, client: Client, http: httpx.Client, happened: Callable[[], list[str]]
) -> None:
    charge(client)
    [made] = pay_out(http)
    frozen.clock.advance(timedelta(days=3))
    paid = client.v1.payouts.retrieve(made["id"])
    assert (paid.status, paid.reconciliation_status) == ("paid", "completed")
    assert paid.trace_id is not None
    assert paid.trace_id.status == "supported"
    assert [event for event in happened() if event.startswith("payout.")] == [
        "payout.created",
        "payout.updated",
        "payout.reconciliation_completed",
        "payout.updated",
        "payout.paid",
    ]


def test_a_failed_one_gives_the_money_back_to_a_later_one(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    [made] = pay_out(http)
    frozen.clock.advance(timedelta(days=3))
    http.post(f"/_sandbox/payouts/{made['id']}/fail", json={"code": "no_account"})
    failed = client.v1.payouts.retrieve(made["id"], {"expand": ["failure_balance_transaction"]})
    row: Any = failed.failure_balance_transaction
    assert (failed.status, failed.failure_code, row.type, row.reporting_category, row.net) == (
        "failed",
        "no_account",
        "payout_failure",
        "payout_reversal",
        9680,
    )
    [again] = pay_out(http)
    assert rows(client, reconciled(http, again["id"])) == [("payout", -9680), ("payout_failure", 9680)]


def test_a_manual_one_cannot_be_itemised(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    made = client.v1.payouts.create({"amount": 5000, "currency": "usd"})
    assert (made.automatic, made.status, made.reconciliation_status) == (False, "pending", "not_applicable")
    with pytest.raises(stripe.InvalidRequestError, match="only be filtered on automatic transfers"):
        client.v1.balance_transactions.list({"payout": made.id})


def test_a_manual_one_is_a_row_of_the_next_automatic_one(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    client.v1.payouts.create({"amount": 5000, "currency": "usd"})
    [made] = pay_out(http)
    assert rows(client, reconciled(http, made["id"])) == [("payout", -4680), ("payout", -5000), ("charge", 9680)]


def test_an_instant_one_costs_a_fee_and_is_there_soon(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    made = client.v1.payouts.create(
        {"amount": 6000, "currency": "usd", "method": "instant", "expand": ["balance_transaction"]}
    )
    row: Any = made.balance_transaction
    assert (row.amount, row.fee, row.net) == (-6000, 60, -6060)
    frozen.clock.advance(timedelta(hours=1))
    assert client.v1.payouts.retrieve(made.id).status == "paid"


def test_more_than_is_there_is_refused(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 9681, "currency": "usd"})
    assert refused.value.code == "balance_insufficient"


def test_a_pending_one_is_canceled(
    frozen: Sandbox, client: Client, http: httpx.Client, happened: Callable[[], list[str]]
) -> None:
    charge(client)
    made = client.v1.payouts.create({"amount": 5000, "currency": "usd"})
    assert client.v1.payouts.cancel(made.id).status == "canceled"
    assert happened()[-1] == "payout.canceled"
    assert [one["amount"] for one in pay_out(http)] == [9680]


def test_an_automatic_one_is_not_canceled(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    [made] = pay_out(http)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.cancel(made["id"])


def test_a_paid_manual_one_is_reversed(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    made = client.v1.payouts.create({"amount": 5000, "currency": "usd"})
    frozen.clock.advance(timedelta(days=3))
    back = client.v1.payouts.reverse(made.id)
    assert (back.amount, back.original_payout) == (-5000, made.id)
    assert client.v1.payouts.retrieve(made.id).reversed_by == back.id


def test_metadata_is_changed(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    [made] = pay_out(http)
    client.v1.payouts.update(made["id"], {"metadata": {"a": "b"}})
    assert client.v1.payouts.retrieve(made["id"]).to_dict()["metadata"] == {"a": "b"}


def test_they_are_listed_by_arrival_and_status(frozen: Sandbox, client: Client, http: httpx.Client) -> None:
    charge(client)
    [made] = pay_out(http)
    assert [one.id for one in client.v1.payouts.list({"status": "in_transit"}).data] == [made["id"]]
    assert client.v1.payouts.list({"arrival_date": {"gt": made["arrival_date"]}}).data == []


@pytest.mark.parametrize(
    ("kind", "category"),
    [("stripe_fee", "fee"), ("tax_fee", "tax"), ("reserve_transaction", "risk_reserved_funds"), ("topup", "topup"),
     ("adjustment", "other_adjustment"), ("transfer", "transfer"), ("network_cost", "network_cost"),
     ("what_comes_next", "what_comes_next")],
)  # fmt: skip
def test_any_movement_can_be_had(frozen: Sandbox, http: httpx.Client, kind: str, category: str) -> None:
    row = moved(http, kind, -500, fee=20, fee_type="tax")
    assert (row["reporting_category"], row["net"], row["fee_details"][0]["type"]) == (category, -520, "tax")
