"""Refunds: whole, in parts, pending, failing, and what they take from the balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import refused

Client = stripe.StripeClient
Happened = Callable[[], list[str]]


def charged(client: Client, amount: int = 2000, **params: Any) -> stripe.Charge:
    given: Any = {"amount": amount, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True} | params
    return client.v1.charges.retrieve(str(client.v1.payment_intents.create(given).latest_charge))


def row(client: Client, name: Any) -> stripe.BalanceTransaction:
    return client.v1.balance_transactions.retrieve(str(name))


@pytest.fixture
def debited(client: Client, http: httpx.Client) -> stripe.Charge:
    charge = charged(client, payment_method="pm_usBankAccount_success")
    http.post(f"/_sandbox/charges/{charge.id}/settle")
    return client.v1.charges.retrieve(charge.id)


def test_a_card_is_refunded_at_once(client: Client, happened: Happened) -> None:
    charge = charged(client)
    refund = client.v1.refunds.create({"charge": charge.id, "reason": "requested_by_customer"})
    assert (refund.status, refund.amount, refund.currency, refund.payment_intent) == (
        "succeeded",
        2000,
        "usd",
        charge.payment_intent,
    )
    after = client.v1.charges.retrieve(charge.id)
    assert (after.amount_refunded, after.refunded) == (2000, True)
    assert happened()[-2:] == ["charge.refunded", "refund.created"]


def test_the_fee_is_not_given_back(client: Client) -> None:
    refund = client.v1.refunds.create({"charge": charged(client).id})
    taken = row(client, refund.balance_transaction)
    assert (taken.amount, taken.fee, taken.net, taken.type, taken.reporting_category, taken.source) == (
        -2000, 0, -2000, "refund", "refund", refund.id,
    )  # fmt: skip


def test_several_parts_make_up_the_whole(client: Client) -> None:
    charge = charged(client)
    for amount in (500, 700):
        client.v1.refunds.create({"charge": charge.id, "amount": amount})
    assert not client.v1.charges.retrieve(charge.id).refunded
    client.v1.refunds.create({"charge": charge.id})
    assert client.v1.charges.retrieve(charge.id).refunded
    listed = client.v1.refunds.list({"charge": charge.id}).data
    assert [one.amount for one in listed] == [800, 700, 500]


def test_more_than_is_left_is_refused(client: Client) -> None:
    charge = charged(client)
    client.v1.refunds.create({"charge": charge.id, "amount": 1500})
    assert "greater than unrefunded amount" in str(
        refused(lambda: client.v1.refunds.create({"charge": charge.id, "amount": 501}))
    )


def test_a_refunded_charge_cannot_be_refunded_again(client: Client) -> None:
    charge = charged(client)
    client.v1.refunds.create({"charge": charge.id})
    assert refused(lambda: client.v1.refunds.create({"charge": charge.id})).code == "charge_already_refunded"


def test_a_payment_intent_names_its_charge(client: Client) -> None:
    charge = charged(client)
    assert client.v1.refunds.create({"payment_intent": str(charge.payment_intent), "amount": 1}).charge == charge.id


def test_a_disputed_charge_cannot_be_refunded(client: Client) -> None:
    charge = charged(client, payment_method="pm_card_createDispute")
    assert refused(lambda: client.v1.refunds.create({"charge": charge.id})).code == "charge_disputed"


def test_another_currency_is_taken_at_todays_rate(client: Client) -> None:
    refund = client.v1.refunds.create({"charge": charged(client, 1000, currency="jpy").id})
    taken = row(client, refund.balance_transaction)
    assert (refund.currency, taken.currency, taken.amount) == ("jpy", "usd", -667)


def test_a_bank_debit_is_refunded_some_days_later(
    client: Client, debited: stripe.Charge, sandbox: Sandbox, happened: Happened
) -> None:
    refund = client.v1.refunds.create({"charge": debited.id})
    assert refund.id.startswith("pyr_")
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert row(client, refund.balance_transaction).type == "payment_refund"
    sandbox.clock.advance(timedelta(days=5))
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert happened()[-2:] == ["refund.updated", "charge.refund.updated"]


def test_the_pending_card_succeeds_later(client: Client, http: httpx.Client) -> None:
    refund = client.v1.refunds.create({"charge": charged(client, payment_method="pm_card_pendingRefund").id})
    assert refund.status == "pending"
    http.post(f"/_sandbox/refunds/{refund.id}/succeed")
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_the_failing_card_gives_the_money_back_to_the_balance(
    client: Client, sandbox: Sandbox, happened: Happened
) -> None:
    charge = charged(client, payment_method="pm_card_refundFail")
    refund = client.v1.refunds.create({"charge": charge.id})
    assert refund.status == "succeeded"
    sandbox.clock.advance(timedelta(days=5))
    failed = client.v1.refunds.retrieve(refund.id)
    back = row(client, failed.failure_balance_transaction)
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    assert (back.amount, back.type, back.reporting_category) == (2000, "refund_failure", "refund_failure")
    assert (client.v1.charges.retrieve(charge.id).amount_refunded, "refund.failed" in happened()) == (0, True)


def test_a_refund_that_waits_for_the_customer_can_be_canceled(client: Client) -> None:
    charge = charged(client)
    refund = client.v1.refunds.create({"charge": charge.id, "instructions_email": "a@acme.example"})
    assert (refund.status, refund.balance_transaction) == ("requires_action", None)
    assert client.v1.refunds.cancel(refund.id).status == "canceled"
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 0


def test_a_succeeded_refund_cannot_be_canceled(client: Client) -> None:
    refund = client.v1.refunds.create({"charge": charged(client).id})
    assert "requires_action" in str(refused(lambda: client.v1.refunds.cancel(refund.id)))


def test_metadata_is_told_of(client: Client, happened: Happened) -> None:
    refund = client.v1.refunds.create({"charge": charged(client).id, "metadata": {"a": "1"}})
    changed = client.v1.refunds.update(refund.id, {"metadata": {"b": "2"}}).to_dict()
    assert changed["metadata"] == {"a": "1", "b": "2"}
    assert happened()[-2:] == ["refund.updated", "charge.refund.updated"]
