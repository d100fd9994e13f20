"""Credit notes: what they lower, what they give back, and what they may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from tests.sandbox.stripe.conftest import Invoicing, refused

Client = stripe.StripeClient
Happened = Callable[[], list[str]]


@pytest.fixture
def paid(client: Client, invoicing: Invoicing) -> stripe.Invoice:
    return client.v1.invoices.pay(invoicing.open(1000, 500).id, {"payment_method": "pm_card_visa"})


def noted(client: Client, invoice: stripe.Invoice, **given: Any) -> stripe.CreditNote:
    asked: Any = {"invoice": invoice.id, **given}
    return client.v1.credit_notes.create(asked)


def of_line(invoice: stripe.Invoice, amount: int, number: int = 0) -> list[dict[str, Any]]:
    return [{"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[number].id, "amount": amount}]


def test_an_open_invoice_has_less_due(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    invoice = invoicing.open(1000)
    note = noted(client, invoice, amount=300)
    after = client.v1.invoices.retrieve(invoice.id)
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("pre_payment", 300, 0)
    assert (after.amount_due, after.amount_remaining, after.pre_payment_credit_notes_amount) == (700, 700, 300)
    assert (after.status, happened()[-1]) == ("open", "credit_note.created")


def test_a_note_over_all_of_it_closes_the_invoice(client: Client, invoicing: Invoicing) -> None:
    invoice = invoicing.open(1000)
    noted(client, invoice, amount=1000)
    after = client.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_due, after.amount_paid) == ("paid", 0, 0)


def test_what_was_paid_is_refunded(client: Client, paid: stripe.Invoice, happened: Happened) -> None:
    note = noted(client, paid, lines=of_line(paid, 400), refund_amount=400)
    refund = client.v1.refunds.retrieve(str(note.refunds[0].refund))
    after = client.v1.invoices.retrieve(paid.id)
    assert (note.type, note.post_payment_amount, refund.amount, refund.status) == (
        "post_payment",
        400,
        400,
        "succeeded",
    )
    assert (after.post_payment_credit_notes_amount, after.status) == (400, "paid")
    assert {"refund.created", "charge.refunded", "credit_note.created"} <= set(happened())


def test_what_was_paid_is_credited_to_the_balance(client: Client, paid: stripe.Invoice) -> None:
    note = noted(client, paid, amount=400, credit_amount=400)
    assert client.v1.customers.retrieve(str(paid.customer)).balance == -400
    moved = client.v1.customers.balance_transactions.list(str(paid.customer)).data[0]
    assert (moved.id, moved.type, moved.credit_note, moved.amount) == (
        note.customer_balance_transaction,
        "credit_note",
        note.id,
        -400,
    )


def test_a_mixed_note_lowers_and_gives_back(client: Client, invoicing: Invoicing, http: httpx.Client) -> None:
    invoice = invoicing.open(1000)
    http.post(f"/_sandbox/invoices/{invoice.id}/pay", json={"amount": 600})
    note = noted(client, invoice, amount=500, refund_amount=60, credit_amount=30, out_of_band_amount=10)
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 400, 100)
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"


def test_an_existing_refund_is_linked(client: Client, paid: stripe.Invoice) -> None:
    payment: Any = client.v1.invoice_payments.list({"invoice": paid.id}).data[0].payment
    refund = client.v1.refunds.create({"payment_intent": payment.payment_intent, "amount": 400})
    note = noted(client, paid, amount=400, refunds=[{"refund": refund.id}])
    assert (note.refunds[0].refund, note.refunds[0].amount_refunded) == (refund.id, 400)


def test_a_loose_refund_counts_against_what_can_be_credited(client: Client, paid: stripe.Invoice) -> None:
    payment: Any = client.v1.invoice_payments.list({"invoice": paid.id}).data[0].payment
    client.v1.refunds.create({"payment_intent": payment.payment_intent, "amount": 400})
    assert "at most" in str(refused(lambda: noted(client, paid, amount=1101, credit_amount=1101)))


def test_the_parts_must_make_up_what_was_paid(client: Client, paid: stripe.Invoice) -> None:
    assert "must equal" in str(refused(lambda: noted(client, paid, amount=400, refund_amount=399)))


def test_a_line_is_credited_once(client: Client, paid: stripe.Invoice) -> None:
    noted(client, paid, lines=of_line(paid, 300, 1), credit_amount=300)
    assert "left to credit" in str(refused(lambda: noted(client, paid, lines=of_line(paid, 201, 1), credit_amount=201)))


def test_discounts_and_taxes_are_in_proportion(client: Client, invoicing: Invoicing) -> None:
    rate = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": 20})
    coupon = client.v1.coupons.create({"percent_off": 10})
    invoice = invoicing.open(1000, default_tax_rates=[rate.id], discounts=[{"coupon": coupon.id}])
    note = noted(client, invoice, lines=of_line(invoice, 500))
    line = note.lines.data[0]
    taxes = [tax.amount for tax in line.taxes or []]
    assert (line.amount, line.discount_amount, taxes, note.total) == (500, 50, [90], 540)
    assert (note.subtotal, note.discount_amount, note.total_excluding_tax) == (500, 50, 450)


def test_a_custom_line_has_its_own_taxes(client: Client, paid: stripe.Invoice) -> None:
    rate = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": 10})
    line = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": 50, "quantity": 2}
    note = noted(client, paid, lines=[line | {"tax_rates": [rate.id]}], credit_amount=110)
    assert (note.total, note.lines.data[0].description, note.lines.data[0].quantity) == (110, "Goodwill", 2)


def test_shipping_is_credited_as_a_whole(client: Client, invoicing: Invoicing) -> None:
    data = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}}
    invoice = invoicing.open(1000, shipping_cost={"shipping_rate_data": data})
    assert invoice.shipping_cost is not None
    note = noted(client, invoice, shipping_cost={"shipping_rate": invoice.shipping_cost.shipping_rate})
    assert (note.total, note.amount_shipping, note.lines.data) == (500, 500, [])


def test_a_note_of_an_open_invoice_can_be_voided(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    invoice = invoicing.open(1000)
    note = client.v1.credit_notes.void_credit_note(noted(client, invoice, amount=300).id)
    after = client.v1.invoices.retrieve(invoice.id)
    assert (note.status, after.amount_due, after.pre_payment_credit_notes_amount) == ("void", 1000, 0)
    assert "credit_note.voided" in happened()


def test_a_note_of_a_paid_invoice_cannot_be_voided(client: Client, paid: stripe.Invoice) -> None:
    note = noted(client, paid, amount=300, credit_amount=300)
    assert "open invoice" in str(refused(lambda: client.v1.credit_notes.void_credit_note(note.id)))


def test_a_draft_cannot_be_credited(client: Client, invoicing: Invoicing) -> None:
    assert "open or paid" in str(refused(lambda: noted(client, invoicing.draft(100), amount=1)))


def test_a_preview_changes_nothing(client: Client, paid: stripe.Invoice) -> None:
    asked: Any = {"invoice": paid.id, "lines": of_line(paid, 400), "credit_amount": 400}
    shown = client.v1.credit_notes.preview(asked)
    lines = client.v1.credit_notes.preview_lines.list(asked)
    assert (shown.total, [line.amount for line in lines.data]) == (400, [400])
    assert client.v1.credit_notes.list({"invoice": paid.id}).data == []


def test_memo_and_metadata_may_change(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    note = noted(client, invoicing.open(1000), amount=300)
    changed = client.v1.credit_notes.update(note.id, {"memo": "Sorry", "metadata": {"a": "1"}}).to_dict()
    assert (changed["memo"], changed["metadata"], happened()[-1]) == ("Sorry", {"a": "1"}, "credit_note.updated")


def test_notes_are_numbered_by_their_invoice(client: Client, invoicing: Invoicing) -> None:
    invoice = invoicing.open(1000)
    numbers = [noted(client, invoice, amount=100).number for _ in range(2)]
    assert numbers == [f"{invoice.number}-CN-01", f"{invoice.number}-CN-02"]
