"""Money: payment intents, charges, balance transactions, and what they do to invoices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import Invoicing, refused

Client = stripe.StripeClient
Happened = Callable[[], list[str]]


def _paid(client: Client, amount: int = 2000, **params: Any) -> stripe.PaymentIntent:
    given: Any = {"amount": amount, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True} | params
    return client.v1.payment_intents.create(given)


def _charge(client: Client, intent: stripe.PaymentIntent) -> stripe.Charge:
    return client.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["balance_transaction"]})


def test_a_card_pays_at_once(client: Client) -> None:
    intent = _paid(client)
    charge = _charge(client, intent)
    assert (intent.status, intent.amount_received, charge.paid, charge.amount_captured) == (
        "succeeded",
        2000,
        True,
        2000,
    )


def test_fees_are_2_9_percent_and_30_cents(client: Client) -> None:
    row: Any = _charge(client, _paid(client)).balance_transaction
    assert (row.amount, row.fee, row.net, row.type, row.currency) == (2000, 88, 1912, "charge", "usd")


def test_the_balance_transaction_comes_after_the_answer(client: Client, sandbox: Sandbox) -> None:
    intent = _paid(client)
    events = client.v1.events.list({"types": ["charge.succeeded", "charge.updated"]}).to_dict()["data"]
    shown = {event["type"]: event["data"]["object"]["balance_transaction"] for event in events}
    kept = client.v1.charges.retrieve(str(intent.latest_charge)).balance_transaction
    assert shown == {"charge.succeeded": None, "charge.updated": kept}
    assert kept is not None


def test_without_async_capture_it_is_there_at_once(client: Client, http: httpx.Client) -> None:
    http.post("/_sandbox/settings", json={"async_capture": False})
    _paid(client)
    event = client.v1.events.list({"type": "charge.succeeded"}).to_dict()["data"][0]
    assert event["data"]["object"]["balance_transaction"].startswith("txn_")


def test_a_foreign_charge_is_settled_at_the_exchange_rate(client: Client, http: httpx.Client) -> None:
    http.post("/_sandbox/exchange_rates", json={"eur": "1.25"})
    row: Any = _charge(client, _paid(client, 1000, currency="eur")).balance_transaction
    assert (row.amount, row.currency, row.exchange_rate, row.fee) == (1250, "usd", 1.25, 66)


def test_the_exchange_rate_is_between_minor_units(client: Client, http: httpx.Client) -> None:
    http.post("/_sandbox/exchange_rates", json={"jpy": "0.0067"})
    row: Any = _charge(client, _paid(client, 1000, currency="jpy")).balance_transaction
    assert (row.amount, row.exchange_rate) == (670, 0.67)


def test_a_charge_in_the_settlement_currency_has_no_rate(client: Client) -> None:
    row: Any = _charge(client, _paid(client)).balance_transaction
    assert row.exchange_rate is None


def test_the_balance_is_the_sum_of_what_came_in(client: Client, sandbox: Sandbox) -> None:
    _paid(client)
    _paid(client, 1000)
    pending = client.v1.balance.retrieve().pending[0].amount
    sandbox.clock.advance(timedelta(days=3))
    assert (pending, client.v1.balance.retrieve().available[0].amount) == (1912 + 941, 1912 + 941)


def test_balance_transactions_are_found_by_source(client: Client) -> None:
    first, _ = _paid(client), _paid(client)
    found = client.v1.balance_transactions.list({"source": str(first.latest_charge)}).data
    assert [row.source for row in found] == [first.latest_charge]


def test_a_declined_card_is_a_card_error(client: Client) -> None:
    error: Any = refused(lambda: _paid(client, payment_method="pm_card_chargeDeclined"))
    assert (type(error), error.http_status, error.code) == (stripe.CardError, 402, "card_declined")
    assert error.error.payment_intent.status == "requires_payment_method"


def test_a_declined_payment_is_told_by_events(client: Client, happened: Happened) -> None:
    refused(lambda: _paid(client, payment_method="pm_card_chargeDeclined"))
    assert happened() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


def test_a_declined_payment_can_be_tried_with_another_card(client: Client) -> None:
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    refused(lambda: client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"}))
    again = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert again.status == "succeeded"


def test_manual_capture_waits(client: Client) -> None:
    intent = _paid(client, capture_method="manual")
    charge = _charge(client, intent)
    assert (intent.status, intent.amount_capturable, charge.captured, charge.balance_transaction) == (
        "requires_capture",
        2000,
        False,
        None,
    )


def test_a_part_can_be_captured(client: Client, happened: Happened) -> None:
    intent = _paid(client, capture_method="manual")
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1500})
    charge = _charge(client, intent)
    row: Any = charge.balance_transaction
    assert (charge.amount_captured, row.amount, "charge.captured" in happened()) == (1500, 1500, True)


def test_an_uncaptured_payment_is_cancelled(client: Client) -> None:
    intent = _paid(client, capture_method="manual")
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"


def test_a_payment_that_succeeded_is_not_cancelled(client: Client) -> None:
    intent = _paid(client)
    assert refused(lambda: client.v1.payment_intents.cancel(intent.id)).http_status == 400


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("usd", 49, "amount_too_small"),
        ("kwd", 1001, "invalid_charge_amount_three_decimal_compatible"),
        ("isk", 50050, "invalid_charge_amount_no_decimal_compatible"),
        ("usd", 100_000_000, "amount_too_large"),
    ],
)
def test_amounts_that_cannot_be_charged_are_refused(client: Client, currency: str, amount: int, code: str) -> None:
    assert refused(lambda: _paid(client, amount, currency=currency)).code == code


def test_metadata_of_the_intent_is_copied_to_the_charge(client: Client) -> None:
    charge = _charge(client, _paid(client, metadata={"order": "7"}))
    assert charge.to_dict()["metadata"] == {"order": "7"}


def test_a_charge_is_annotated(client: Client, happened: Happened) -> None:
    charge = _charge(client, _paid(client))
    client.v1.charges.update(charge.id, {"metadata": {"netsuite_payment_id": "12"}})
    assert client.v1.charges.retrieve(charge.id).to_dict()["metadata"] == {"netsuite_payment_id": "12"}


def test_charges_are_listed_by_payment_intent(client: Client) -> None:
    first, _ = _paid(client), _paid(client)
    assert [row.id for row in client.v1.charges.list({"payment_intent": first.id}).data] == [first.latest_charge]


def test_a_bank_debit_is_processing_at_first(client: Client) -> None:
    intent = _paid(client, payment_method="pm_usBankAccount")
    assert (intent.status, _charge(client, intent).status) == ("processing", "pending")


def test_the_bank_settles_a_debit(client: Client, http: httpx.Client) -> None:
    intent = _paid(client, payment_method="pm_usBankAccount")
    http.post(f"/_sandbox/charges/{intent.latest_charge}/settle")
    row: Any = _charge(client, intent).balance_transaction
    assert (client.v1.payment_intents.retrieve(intent.id).status, row.type, row.fee) == ("succeeded", "payment", 16)


def test_the_bank_settles_by_itself_after_four_days(client: Client, sandbox: Sandbox) -> None:
    intent = _paid(client, payment_method="pm_usBankAccount")
    sandbox.clock.advance(timedelta(days=4, seconds=1))
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_failing_account_fails_after_four_days(client: Client, sandbox: Sandbox) -> None:
    intent = _paid(client, payment_method="pm_usBankAccount_insufficientFunds")
    sandbox.clock.advance(timedelta(days=4, seconds=1))
    kept: Any = client.v1.payment_intents.retrieve(intent.id)
    assert (kept.status, kept.last_payment_error.code) == ("requires_payment_method", "insufficient_funds")


def test_a_debit_is_settled_once(client: Client, http: httpx.Client) -> None:
    intent = _paid(client, payment_method="pm_usBankAccount")
    answers = [http.post(f"/_sandbox/charges/{intent.id}/settle").status_code for _ in range(2)]
    assert answers == [200, 400]


def test_paying_an_invoice_by_card(client: Client, invoicing: Invoicing) -> None:
    paid = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == ("paid", 1000, 0, 1)


def test_an_invoices_payment_leads_to_the_charge(client: Client, invoicing: Invoicing) -> None:
    paid = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_card_visa"})
    row: Any = client.v1.invoice_payments.list({"invoice": paid.id}).data[0]
    intent = client.v1.payment_intents.retrieve(row.payment.payment_intent, {"expand": ["latest_charge"]})
    charge: Any = intent.latest_charge
    assert (row.status, row.amount_paid, row.is_default, charge.amount) == ("paid", 1000, True, 1000)


def test_invoice_payments_are_found_by_payment_intent(client: Client, invoicing: Invoicing) -> None:
    invoicing.open(500)
    paid = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_card_visa"})
    own: Any = client.v1.invoice_payments.list({"invoice": paid.id}).data[0]
    asked: Any = {"type": "payment_intent", "payment_intent": own.payment.payment_intent}
    assert [row.invoice for row in client.v1.invoice_payments.list({"payment": asked}).data] == [paid.id]


def test_payments_come_with_the_invoice_only_when_expanded(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    expanded = client.v1.invoices.retrieve(opened.id, {"expand": ["payments", "amount_paid_off_stripe"]})
    assert [row.status for row in expanded.payments.data] == ["open"]  # type: ignore[union-attr]
    assert expanded.amount_paid_off_stripe == 0


def test_paying_out_of_band_moves_no_money(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    paid = client.v1.invoices.pay(
        invoicing.open(1000).id, {"paid_out_of_band": True, "expand": ["amount_paid_off_stripe"]}
    )
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.amount_paid_off_stripe) == (
        "paid",
        1000,
        0,
        1000,
    )
    assert client.v1.charges.list().data == []
    assert "invoice.paid" in happened()
    assert "invoice.payment_succeeded" not in happened()


def test_paying_out_of_band_calls_the_open_payment_off(client: Client, invoicing: Invoicing) -> None:
    paid = client.v1.invoices.pay(invoicing.open(1000).id, {"paid_out_of_band": True})
    assert [row.status for row in client.v1.invoice_payments.list({"invoice": paid.id}).data] == ["canceled"]


def test_a_paid_invoice_is_not_paid_again(client: Client, invoicing: Invoicing) -> None:
    paid = client.v1.invoices.pay(invoicing.open(1000).id, {"paid_out_of_band": True})
    assert refused(lambda: client.v1.invoices.pay(paid.id)).http_status == 400


def test_without_a_payment_method_it_is_not_paid(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    assert refused(lambda: client.v1.invoices.pay(opened.id)).code == "resource_missing"


def test_a_declined_card_leaves_the_invoice_open(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    opened = invoicing.open(1000)
    error = refused(lambda: client.v1.invoices.pay(opened.id, {"payment_method": "pm_card_chargeDeclined"}))
    kept = client.v1.invoices.retrieve(opened.id)
    assert (error.http_status, kept.status, kept.attempt_count, kept.attempted) == (402, "open", 1, True)
    assert happened()[-1] == "invoice.payment_failed"


def test_a_card_that_asks_for_authentication_is_not_enough(
    client: Client, invoicing: Invoicing, happened: Happened
) -> None:
    opened = invoicing.open(1000)
    error = refused(lambda: client.v1.invoices.pay(opened.id, {"payment_method": "pm_card_authenticationRequired"}))
    assert (error.code, happened()[-1]) == ("invoice_payment_intent_requires_action", "invoice.payment_action_required")


def test_an_invoice_stays_open_while_a_debit_is_processing(client: Client, invoicing: Invoicing) -> None:
    assert client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_usBankAccount"}).status == "open"


@pytest.mark.parametrize("what", ["void_invoice", "mark_uncollectible"])
def test_an_invoice_with_money_on_its_way_is_left_alone(client: Client, invoicing: Invoicing, what: str) -> None:
    paying = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_usBankAccount"})
    assert refused(lambda: getattr(client.v1.invoices, what)(paying.id)).http_status == 400


def test_a_settled_debit_pays_the_invoice(client: Client, invoicing: Invoicing, sandbox: Sandbox) -> None:
    paying = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_usBankAccount"})
    sandbox.clock.advance(timedelta(days=5))
    assert client.v1.invoices.retrieve(paying.id).status == "paid"


def test_a_failed_debit_leaves_the_invoice_open(
    client: Client, invoicing: Invoicing, http: httpx.Client, happened: Happened
) -> None:
    paying = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_usBankAccount"})
    intent: Any = client.v1.invoice_payments.list({"invoice": paying.id}).data[0]
    http.post(f"/_sandbox/charges/{intent.payment.payment_intent}/fail", json={"code": "account_closed"})
    assert (client.v1.invoices.retrieve(paying.id).status, happened()[-1]) == ("open", "invoice.payment_failed")


def test_a_part_is_paid_on_the_hosted_page(client: Client, invoicing: Invoicing, http: httpx.Client) -> None:
    opened = invoicing.open(1000)
    http.post(f"/_sandbox/invoices/{opened.id}/pay", json={"amount": 400})
    kept = client.v1.invoices.retrieve(opened.id)
    assert (kept.status, kept.amount_paid, kept.amount_remaining) == ("open", 400, 600)


def test_the_rest_is_what_a_later_payment_pays(client: Client, invoicing: Invoicing, http: httpx.Client) -> None:
    opened = invoicing.open(1000)
    http.post(f"/_sandbox/invoices/{opened.id}/pay", json={"amount": 400})
    http.post(f"/_sandbox/invoices/{opened.id}/pay", json={})
    rows = client.v1.invoice_payments.list({"invoice": opened.id}).data
    assert client.v1.invoices.retrieve(opened.id).status == "paid"
    assert sorted((row.amount_paid, row.is_default) for row in rows) == [(400, False), (600, True)]


@pytest.mark.parametrize("what", ["void_invoice"])
def test_a_partly_paid_invoice_is_not_voided(
    client: Client, invoicing: Invoicing, http: httpx.Client, what: str
) -> None:
    opened = invoicing.open(1000)
    http.post(f"/_sandbox/invoices/{opened.id}/pay", json={"amount": 400})
    assert refused(lambda: getattr(client.v1.invoices, what)(opened.id)).http_status == 400


def test_a_payment_intent_is_attached(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    intent = _paid(client, 1000, customer=invoicing.customer.id)
    assert client.v1.invoices.attach_payment(opened.id, {"payment_intent": intent.id}).status == "paid"


def test_a_payment_intent_attached_early_pays_when_it_succeeds(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    intent = client.v1.payment_intents.create({"amount": 300, "currency": "usd", "customer": invoicing.customer.id})
    client.v1.invoices.attach_payment(opened.id, {"payment_intent": intent.id})
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert client.v1.invoices.retrieve(opened.id).amount_remaining == 700


def test_a_payment_intent_of_somebody_else_is_not_attached(client: Client, invoicing: Invoicing) -> None:
    opened, stranger = invoicing.open(1000), client.v1.customers.create({})
    intent = _paid(client, 500, customer=stranger.id)
    assert (
        refused(lambda: client.v1.invoices.attach_payment(opened.id, {"payment_intent": intent.id})).http_status == 400
    )


def test_more_than_remains_is_not_attached(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    intent = _paid(client, 1001, customer=invoicing.customer.id)
    assert (
        refused(lambda: client.v1.invoices.attach_payment(opened.id, {"payment_intent": intent.id})).http_status == 400
    )


def test_what_is_paid_too_much_becomes_credit(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    opened = invoicing.open(1000)
    given: Any = {"amount": 1000, "currency": "usd", "customer": invoicing.customer.id}
    intents = [client.v1.payment_intents.create(given | {"amount": 700}) for _ in range(2)]
    for intent in intents:
        client.v1.invoices.attach_payment(opened.id, {"payment_intent": intent.id})
    for intent in intents:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    kept = client.v1.invoices.retrieve(opened.id)
    assert (kept.status, kept.amount_paid, kept.amount_overpaid) == ("paid", 1000, 400)
    assert client.v1.customers.retrieve(invoicing.customer.id).balance == -400
    assert "invoice.overpaid" in happened()


def _report(client: Client, amount: int, currency: str = "usd") -> stripe.PaymentRecord:
    return client.v1.payment_records.report_payment(
        {
            "amount_requested": {"currency": currency, "value": amount},
            "payment_method_details": {"type": "custom", "custom": {"display_name": "NetSuite"}},
            "processor_details": {"type": "custom", "custom": {"payment_reference": "PYMT-1"}},
            "initiated_at": 1_790_000_000,
            "outcome": "guaranteed",
            "guaranteed": {"guaranteed_at": 1_790_000_000},
        }
    )


def test_a_reported_payment_pays_a_part(client: Client, invoicing: Invoicing) -> None:
    opened, record = invoicing.open(1000), _report(client, 250)
    client.v1.invoices.attach_payment(opened.id, {"payment_record": record.id})
    kept = client.v1.invoices.retrieve(opened.id, {"expand": ["amount_paid_off_stripe", "payments"]}).to_dict()
    assert (kept["amount_paid"], kept["amount_remaining"], kept["amount_paid_off_stripe"]) == (250, 750, 250)
    assert kept["payments"]["data"][0]["payment"] == {"type": "payment_record", "payment_record": record.id}


def test_a_reported_payment_pays_the_whole(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    opened, record = invoicing.open(1000), _report(client, 1000)
    assert client.v1.invoices.attach_payment(opened.id, {"payment_record": record.id}).status == "paid"
    assert {"invoice_payment.paid", "invoice.paid"} <= set(happened())


def test_a_reported_payment_of_more_than_remains_is_refused(client: Client, invoicing: Invoicing) -> None:
    opened, record = invoicing.open(1000), _report(client, 1001)
    attach = client.v1.invoices.attach_payment
    assert refused(lambda: attach(opened.id, {"payment_record": record.id})).http_status == 400


def test_a_reported_payment_in_another_currency_is_refused(client: Client, invoicing: Invoicing) -> None:
    opened, record = invoicing.open(1000), _report(client, 500, "eur")
    attach = client.v1.invoices.attach_payment
    assert refused(lambda: attach(opened.id, {"payment_record": record.id})).http_status == 400


def test_payment_records_are_listed_by_time(client: Client, http: httpx.Client) -> None:
    record = _report(client, 250)
    found = client.v1.payment_records.list({"created_after": record.created - 1}).data
    assert [one.id for one in found] == [record.id]
    assert client.v1.payment_records.list({"created_after": record.created}).data == []


def test_a_reported_payment_is_attached_once(client: Client, invoicing: Invoicing) -> None:
    opened, record = invoicing.open(1000), _report(client, 250)
    client.v1.invoices.attach_payment(opened.id, {"payment_record": record.id})
    assert (
        refused(lambda: client.v1.invoices.attach_payment(opened.id, {"payment_record": record.id})).http_status == 400
    )


def test_one_payment_pays_two_invoices(client: Client, invoicing: Invoicing, http: httpx.Client) -> None:
    first, second = invoicing.open(600), invoicing.open(400)
    intent = http.post("/_sandbox/payments", json={"invoices": {first.id: 600, second.id: 400}}).json()
    asked: Any = {"type": "payment_intent", "payment_intent": intent["id"]}
    rows = client.v1.invoice_payments.list({"payment": asked}).data
    assert sorted((row.amount_paid, row.invoice) for row in rows) == [(400, second.id), (600, first.id)]
    assert {client.v1.invoices.retrieve(row.id).status for row in (first, second)} == {"paid"}


def test_a_charge_without_an_invoice_is_made_in_one_call(http: httpx.Client) -> None:
    made = http.post("/_sandbox/charges", json={"amount": 900, "metadata": {"netsuite_invoice_id": "5"}}).json()
    assert (made["amount"], made["status"], made["metadata"]) == (900, "succeeded", {"netsuite_invoice_id": "5"})


def test_a_card_declined_on_the_hosted_page_is_told_of(
    client: Client, invoicing: Invoicing, http: httpx.Client, happened: Happened
) -> None:
    opened = invoicing.open(1000)
    answer = http.post(f"/_sandbox/invoices/{opened.id}/pay", json={"payment_method": "pm_card_chargeDeclined"})
    assert (answer.status_code, happened()[-1]) == (402, "invoice.payment_failed")
    assert client.v1.invoices.retrieve(opened.id).attempt_count == 1


def test_a_failed_debit_counts_as_one_attempt(client: Client, invoicing: Invoicing, sandbox: Sandbox) -> None:
    opened = invoicing.open(1000)
    client.v1.invoices.pay(opened.id, {"payment_method": "pm_usBankAccount_insufficientFunds"})
    sandbox.clock.advance(timedelta(days=5))
    assert client.v1.invoices.retrieve(opened.id).attempt_count == 1


def test_an_invoice_declined_once_is_paid_with_another_card(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    refused(lambda: client.v1.invoices.pay(opened.id, {"payment_method": "pm_card_chargeDeclined"}))
    paid = client.v1.invoices.pay(opened.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.attempt_count) == ("paid", 2)


def test_a_debit_that_is_processing_is_not_paid_out_of_band(client: Client, invoicing: Invoicing) -> None:
    paying = client.v1.invoices.pay(invoicing.open(1000).id, {"payment_method": "pm_usBankAccount"})
    assert refused(lambda: client.v1.invoices.pay(paying.id, {"paid_out_of_band": True})).http_status == 400


def test_the_intent_of_an_invoice_is_cancelled_with_it(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    row: Any = client.v1.invoice_payments.list({"invoice": opened.id}).data[0]
    client.v1.invoices.void_invoice(opened.id)
    intent = client.v1.payment_intents.retrieve(row.payment.payment_intent)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "void_invoice")


def test_the_intent_of_an_invoice_is_not_cancelled_by_itself(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(1000)
    row: Any = client.v1.invoice_payments.list({"invoice": opened.id}).data[0]
    assert refused(lambda: client.v1.payment_intents.cancel(row.payment.payment_intent)).http_status == 400
