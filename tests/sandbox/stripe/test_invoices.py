"""An invoice's life, through the `stripe` package."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import Invoicing, refused

Client = stripe.StripeClient
Happened = Callable[[], list[str]]


def test_a_draft_starts_empty(invoicing: Invoicing) -> None:
    draft = invoicing.draft()
    assert (draft.status, draft.total, draft.number, draft.hosted_invoice_url, draft.lines.data) == (
        "draft",
        0,
        None,
        None,
        [],
    )


def test_lines_add_up(invoicing: Invoicing) -> None:
    draft = invoicing.draft(1000, 250, -50)
    assert (draft.subtotal, draft.total, draft.amount_due) == (1200, 1200, 1200)


def test_a_line_has_the_shape_of_endive(client: Client, invoicing: Invoicing) -> None:
    line = invoicing.draft(1000).to_dict()["lines"]["data"][0]
    item = client.v1.invoice_items.list().data[0]
    assert line["parent"]["invoice_item_details"]["invoice_item"] == item.id
    assert line["pricing"]["unit_amount_decimal"] == Decimal(1000)
    assert set(line["pricing"]["price_details"]) == {"price", "product"}
    assert "price" not in line


@pytest.mark.parametrize("gone", ["charge", "payment_intent", "subscription", "paid", "tax", "quote", "payments"])
def test_fields_that_basil_removed_are_not_there(invoicing: Invoicing, gone: str) -> None:
    assert gone not in invoicing.open(1000).to_dict()


def test_quantity_times_unit_amount_is_rounded_half_up(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft()
    data = {"currency": "usd", "product_data": {"name": "Hours"}, "unit_amount_decimal": "12.5"}
    client.v1.invoices.add_lines(draft.id, {"lines": [{"price_data": data, "quantity_decimal": "3"}]})  # type: ignore[typeddict-item]
    assert client.v1.invoices.retrieve(draft.id).total == 38


def test_a_price_gives_amount_and_product(client: Client, invoicing: Invoicing) -> None:
    product = client.v1.products.create({"name": "Seat"})
    price = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 700})
    draft = invoicing.draft()
    made = client.v1.invoices.add_lines(draft.id, {"lines": [{"pricing": {"price": price.id}, "quantity": 2}]})
    details = made.to_dict()["lines"]["data"][0]["pricing"]["price_details"]
    assert (made.total, details) == (1400, {"price": price.id, "product": product.id})


def test_an_item_for_an_invoice_becomes_its_line(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft()
    item = client.v1.invoice_items.create({"customer": invoicing.customer.id, "invoice": draft.id, "amount": 300})
    kept = client.v1.invoices.retrieve(draft.id)
    assert (item.invoice, kept.total, kept.lines.data[0].description) == (draft.id, 300, item.description)


def test_pending_items_stay_out_by_default(client: Client, invoicing: Invoicing) -> None:
    client.v1.invoice_items.create({"customer": invoicing.customer.id, "amount": 300, "currency": "usd"})
    assert invoicing.draft().total == 0


def test_pending_items_come_in_when_asked_for(client: Client, invoicing: Invoicing) -> None:
    client.v1.invoice_items.create({"customer": invoicing.customer.id, "amount": 300, "currency": "usd"})
    drafted = invoicing.draft(pending_invoice_items_behavior="include")
    assert (drafted.total, client.v1.invoice_items.list({"pending": True}).data) == (300, [])


def test_pending_items_of_another_currency_stay_out(client: Client, invoicing: Invoicing) -> None:
    client.v1.invoice_items.create({"customer": invoicing.customer.id, "amount": 300, "currency": "eur"})
    assert invoicing.draft(pending_invoice_items_behavior="include").total == 0


def test_an_item_changed_changes_the_invoice(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(1000)
    item = client.v1.invoice_items.list().data[0]
    client.v1.invoice_items.update(item.id, {"amount": 400})
    assert client.v1.invoices.retrieve(draft.id).total == 400


def test_an_item_deleted_leaves_the_invoice(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(1000, 5)
    rows = client.v1.invoice_items.list({"invoice": draft.id}).data
    client.v1.invoice_items.delete(next(row.id for row in rows if row.amount == 1000))
    assert client.v1.invoices.retrieve(draft.id).total == 5


def test_lines_are_updated_and_removed(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(1000, 500)
    first, second = (line.id for line in draft.lines.data)
    client.v1.invoices.update_lines(draft.id, {"lines": [{"id": first, "amount": 2000}]})
    left = client.v1.invoices.remove_lines(draft.id, {"lines": [{"id": second, "behavior": "delete"}]})
    assert (left.total, [line.id for line in left.lines.data]) == (2000, [first])


def test_the_first_ten_lines_are_inside_the_rest_is_paged(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(*range(1, 26))
    paged = [line.amount for line in client.v1.invoices.line_items.list(draft.id, {"limit": 10}).auto_paging_iter()]
    assert (len(draft.lines.data), draft.lines.has_more, paged) == (10, True, list(range(1, 26)))


def test_a_251st_item_is_refused(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(*[1] * 250)
    error = refused(lambda: client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1}]}))
    assert (error.http_status, client.v1.invoices.retrieve(draft.id).total) == (400, 250)


def test_finalizing_gives_number_pages_and_times(invoicing: Invoicing, sandbox: Sandbox) -> None:
    opened = invoicing.open(1000)
    assert (opened.status, opened.number, opened.status_transitions.finalized_at) == (
        "open",
        "ACME-0001",
        opened.effective_at,
    )
    assert str(opened.hosted_invoice_url).startswith(sandbox.stripe_url)
    assert str(opened.invoice_pdf).startswith(sandbox.stripe_url)


def test_numbers_follow_each_other_per_customer(invoicing: Invoicing) -> None:
    assert [invoicing.open(100).number for _ in range(3)] == ["ACME-0001", "ACME-0002", "ACME-0003"]


def test_a_number_of_ones_own_is_kept(invoicing: Invoicing) -> None:
    assert invoicing.open(100, number="INV-77").number == "INV-77"


def test_the_due_date_counts_from_finalization(invoicing: Invoicing) -> None:
    opened = invoicing.open(100, days_until_due=10)
    assert opened.due_date == (opened.status_transitions.finalized_at or 0) + 10 * 86_400


def test_a_draft_shows_the_customer_as_it_is_now(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(100)
    client.v1.customers.update(invoicing.customer.id, {"name": "New name"})
    assert client.v1.invoices.retrieve(draft.id).customer_name == "New name"


def test_the_customer_is_frozen_at_finalization(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(100)
    client.v1.customers.update(invoicing.customer.id, {"name": "New name", "email": "new@acme.example"})
    kept = client.v1.invoices.retrieve(opened.id)
    assert (kept.customer_name, kept.customer_email) == ("Acme GmbH", "ap@acme.example")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"due_date": 1}, "due_date"),
        ({"collection_method": "charge_automatically", "days_until_due": 3}, "days_until_due"),
        ({"custom_fields": [{"name": str(n), "value": "v"} for n in range(5)]}, "custom_fields"),
        ({"currency": "xyz"}, "currency"),
        ({"number": "N" * 27}, "number"),
    ],
)
def test_what_stripe_refuses_is_refused(client: Client, customer: stripe.Customer, params: Any, param: str) -> None:
    given = {"customer": customer.id, "collection_method": "send_invoice"} | params
    error: Any = refused(lambda: client.v1.invoices.create(given))
    assert (error.http_status, error.param) == (400, param)


def test_a_draft_is_edited_freely(client: Client, invoicing: Invoicing) -> None:
    edited = client.v1.invoices.update(invoicing.draft().id, {"description": "Memo", "days_until_due": 5})
    assert edited.description == "Memo"


@pytest.mark.parametrize("change", [{"description": "x"}, {"days_until_due": 5}, {"collection_method": "send_invoice"}])
def test_a_finalized_invoice_is_not(client: Client, invoicing: Invoicing, change: Any) -> None:
    opened = invoicing.open(100)
    assert refused(lambda: client.v1.invoices.update(opened.id, change)).code == "invoice_not_editable"


def test_metadata_stays_editable(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(100)
    changed = client.v1.invoices.update(opened.id, {"metadata": {"netsuite_invoice_id": "9"}})
    assert changed.to_dict()["metadata"] == {"netsuite_invoice_id": "9"}


def test_lines_of_a_finalized_invoice_are_not_changed(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(100)
    assert refused(lambda: client.v1.invoices.add_lines(opened.id, {"lines": [{"amount": 1}]})).http_status == 400


def test_finalizing_twice_is_refused(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(100)
    assert refused(lambda: client.v1.invoices.finalize_invoice(opened.id)).http_status == 400


def test_a_draft_is_deleted_for_good(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(100)
    client.v1.invoices.delete(draft.id)
    assert refused(lambda: client.v1.invoices.retrieve(draft.id)).http_status == 404


def test_only_a_draft_is_deleted(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(100)
    assert refused(lambda: client.v1.invoices.delete(opened.id)).http_status == 400


def test_an_open_invoice_is_voided(client: Client, invoicing: Invoicing) -> None:
    voided = client.v1.invoices.void_invoice(invoicing.open(100).id)
    assert (voided.status, voided.status_transitions.voided_at is not None) == ("void", True)


def test_an_uncollectible_invoice_is_voided(client: Client, invoicing: Invoicing) -> None:
    marked = client.v1.invoices.mark_uncollectible(invoicing.open(100).id)
    assert (marked.status, client.v1.invoices.void_invoice(marked.id).status) == ("uncollectible", "void")


def test_a_paid_invoice_is_not_voided(client: Client, invoicing: Invoicing) -> None:
    paid = client.v1.invoices.pay(invoicing.open(100).id, {"payment_method": "pm_card_visa"})
    assert refused(lambda: client.v1.invoices.void_invoice(paid.id)).http_status == 400


def test_a_draft_is_not_voided(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(100)
    assert refused(lambda: client.v1.invoices.void_invoice(draft.id)).http_status == 400


def test_sending_finalizes_a_draft(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    sent = client.v1.invoices.send_invoice(invoicing.draft(100).id)
    assert (sent.status, happened()[-1]) == ("open", "invoice.sent")


def test_without_an_email_it_is_not_sent(client: Client) -> None:
    nobody = client.v1.customers.create({"name": "No mail"})
    opened = Invoicing(client, nobody).open(100)
    assert refused(lambda: client.v1.invoices.send_invoice(opened.id)).http_status == 400


def test_one_to_be_charged_automatically_is_not_sent(client: Client, customer: stripe.Customer) -> None:
    draft = client.v1.invoices.create({"customer": customer.id})
    assert refused(lambda: client.v1.invoices.send_invoice(draft.id)).http_status == 400


def test_nothing_due_is_paid_at_once(invoicing: Invoicing, happened: Happened) -> None:
    opened = invoicing.open()
    assert (opened.status, "invoice.paid" in happened(), "payment_intent.created" in happened()) == (
        "paid",
        True,
        False,
    )


def test_credit_pays_first(client: Client, invoicing: Invoicing) -> None:
    client.v1.customers.update(invoicing.customer.id, {"balance": -300})
    opened = invoicing.open(1000)
    assert (opened.total, opened.amount_due, opened.starting_balance, opened.ending_balance) == (1000, 700, -300, 0)
    assert client.v1.customers.retrieve(invoicing.customer.id).balance == 0


def test_credit_that_covers_it_all_pays_it(client: Client, invoicing: Invoicing) -> None:
    client.v1.customers.update(invoicing.customer.id, {"balance": -3000})
    opened = invoicing.open(1000)
    assert (opened.status, opened.amount_due, opened.ending_balance) == ("paid", 0, -2000)


def test_voiding_gives_the_credit_back(client: Client, invoicing: Invoicing) -> None:
    client.v1.customers.update(invoicing.customer.id, {"balance": -300})
    client.v1.invoices.void_invoice(invoicing.open(1000).id)
    assert client.v1.customers.retrieve(invoicing.customer.id).balance == -300


def test_a_negative_invoice_becomes_credit(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(-800)
    assert (opened.status, opened.amount_due, client.v1.customers.retrieve(invoicing.customer.id).balance) == (
        "paid",
        0,
        -800,
    )


def test_less_than_can_be_charged_is_owed(client: Client, invoicing: Invoicing) -> None:
    opened = invoicing.open(20)
    assert (opened.status, opened.amount_due, client.v1.customers.retrieve(invoicing.customer.id).balance) == (
        "paid",
        0,
        20,
    )


def test_a_draft_advances_by_itself_after_an_hour(client: Client, invoicing: Invoicing, sandbox: Sandbox) -> None:
    draft = invoicing.draft(500, auto_advance=True)
    sandbox.clock.advance(timedelta(minutes=61))
    assert client.v1.invoices.retrieve(draft.id).status == "open"


def test_without_auto_advance_it_stays(client: Client, invoicing: Invoicing, sandbox: Sandbox) -> None:
    draft = invoicing.draft(500)
    sandbox.clock.advance(timedelta(days=30))
    assert client.v1.invoices.retrieve(draft.id).status == "draft"


def test_an_advanced_invoice_charges_the_card_on_file(
    client: Client, customer: stripe.Customer, sandbox: Sandbox
) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    draft = Invoicing(client, customer).draft(500, collection_method="charge_automatically", auto_advance=True)
    sandbox.clock.advance(timedelta(minutes=61))
    assert client.v1.invoices.retrieve(draft.id).status == "paid"


def test_a_revision_replaces_the_original(client: Client, invoicing: Invoicing) -> None:
    original = invoicing.open(1000, metadata={"netsuite_invoice_id": "1"})
    draft = client.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": original.id}})
    client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 50}]})
    revised = client.v1.invoices.finalize_invoice(draft.id)
    kept = client.v1.invoices.retrieve(original.id)
    assert (revised.total, revised.to_dict()["metadata"], kept.status, kept.latest_revision) == (
        1050,
        {"netsuite_invoice_id": "1"},
        "void",
        revised.id,
    )


def test_a_revision_tells_of_the_new_and_of_the_voided(client: Client, invoicing: Invoicing) -> None:
    original = invoicing.open(1000)
    draft = client.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": original.id}})
    client.v1.invoices.finalize_invoice(draft.id)
    told = {(event.type, event.data.object["id"]) for event in client.v1.events.list({"limit": 100}).data}
    assert told >= {("invoice.created", draft.id), ("invoice.finalized", draft.id), ("invoice.voided", original.id)}


def test_a_revision_takes_metadata_of_its_own(client: Client, invoicing: Invoicing) -> None:
    original = invoicing.open(1000, metadata={"a": "1", "b": "2"})
    origin: Any = {"action": "revision", "invoice": original.id}
    draft = client.v1.invoices.create({"from_invoice": origin, "metadata": {"b": "", "c": "3"}})
    assert draft.to_dict()["metadata"] == {"a": "1", "c": "3"}


def test_an_uncollectible_invoice_is_revised(client: Client, invoicing: Invoicing) -> None:
    original = client.v1.invoices.mark_uncollectible(invoicing.open(1000).id)
    draft = client.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": original.id}})
    client.v1.invoices.finalize_invoice(draft.id)
    assert client.v1.invoices.retrieve(original.id).status == "void"


@pytest.mark.parametrize("step", ["void_invoice", "pay"])
def test_a_void_or_paid_invoice_is_not_revised(client: Client, invoicing: Invoicing, step: str) -> None:
    original = invoicing.open(1000)
    params = {"paid_out_of_band": True} if step == "pay" else {}
    getattr(client.v1.invoices, step)(original.id, params)
    origin: Any = {"action": "revision", "invoice": original.id}
    assert refused(lambda: client.v1.invoices.create({"from_invoice": origin})).http_status == 400


def test_a_revision_keeps_its_customer(client: Client, invoicing: Invoicing) -> None:
    original = invoicing.open(1000)
    origin: Any = {"action": "revision", "invoice": original.id}
    params: Any = {"from_invoice": origin, "customer": invoicing.customer.id}
    assert refused(lambda: client.v1.invoices.create(params)).http_status == 400


@pytest.mark.parametrize("currency", ["jpy", "kwd"])
def test_other_currencies_keep_their_minor_units(invoicing: Invoicing, currency: str) -> None:
    opened = invoicing.open(12340, currency=currency)
    assert (opened.currency, opened.total) == (currency, 12340)


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 1234), ("isk", 150)])
def test_amounts_a_currency_does_not_have_are_refused(
    client: Client, invoicing: Invoicing, currency: str, amount: int
) -> None:
    draft = invoicing.draft(currency=currency)
    assert refused(lambda: client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": amount}]})).http_status == 400


def test_invoices_are_listed_by_customer_and_status(client: Client, invoicing: Invoicing) -> None:
    opened, _ = invoicing.open(100), invoicing.draft(100)
    found = client.v1.invoices.list({"customer": invoicing.customer.id, "status": "open"}).data
    assert [row.id for row in found] == [opened.id]


def test_invoices_are_listed_by_time(client: Client, invoicing: Invoicing, sandbox: Sandbox) -> None:
    invoicing.draft()
    sandbox.clock.advance(timedelta(days=2))
    later = invoicing.draft()
    found = client.v1.invoices.list({"created": {"gte": later.created}}).data
    assert [row.id for row in found] == [later.id]


def test_a_life_tells_its_events_in_order(client: Client, invoicing: Invoicing, happened: Happened) -> None:
    opened = invoicing.open(1000)
    client.v1.invoices.pay(opened.id, {"payment_method": "pm_card_visa"})
    client.v1.invoices.retrieve(opened.id)
    assert happened() == [
        "customer.created",
        "invoice.created",
        "invoice.updated",
        "customer.updated",
        "payment_intent.created",
        "invoice.finalized",
        "invoice.updated",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "charge.updated",
    ]


def test_the_hosted_page_shows_the_invoice(invoicing: Invoicing) -> None:
    opened = invoicing.open(123456)
    page = httpx.get(str(opened.hosted_invoice_url), trust_env=False)
    assert (page.status_code, "1,234.56 USD" in page.text, str(opened.number) in page.text) == (200, True, True)


def test_the_pdf_is_one(invoicing: Invoicing) -> None:
    pdf = httpx.get(str(invoicing.open(100).invoice_pdf), trust_env=False)
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
