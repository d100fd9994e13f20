from decimal import Decimal
from typing import Any

import pytest

from app.core.preview import Written
from app.systems.stripe import objects as st
from app.systems.stripe.gateway import StripeGateway
from app.systems.stripe.recording import RecordingStripe
from tests.app.systems.stripe.conftest import FixedClock
from tests.app.systems.stripe.stub import NOW, Stub, customer, invoice, line, listing


@pytest.fixture
def written() -> list[Written]:
    return []


@pytest.fixture
def stripe(gateway: StripeGateway, written: list[Written]) -> RecordingStripe:
    return RecordingStripe(gateway, written, FixedClock())


def draft(stripe: RecordingStripe, **params: Any) -> st.Invoice:
    return stripe.create_invoice({"customer": "cus_1", "currency": "usd", **params}, of="invoice:7")


def test_reads_are_real(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(customer(name="Real"))
    assert stripe.customer("cus_1").name == "Real"


def test_a_whole_preview_writes_nothing(stub: Stub, stripe: RecordingStripe) -> None:
    made = stripe.create_customer({"name": "A"}, of="customer:7")
    stripe.add_tax_id(made.id, {"type": "eu_vat", "value": "DE123456789"})
    invoice_id = draft(stripe, customer=made.id).id
    stripe.add_invoice_lines(invoice_id, [{"amount": 500}])
    stripe.finalize_invoice(invoice_id)
    stripe.send_invoice(invoice_id)
    stripe.update_metadata("charge", "ch_1", {"a": "b"})
    assert stub.asked == []


def test_writes_are_told_in_order(stripe: RecordingStripe, written: list[Written]) -> None:
    invoice_id = draft(stripe).id
    stripe.add_invoice_lines(invoice_id, [{"amount": 500}])
    stripe.finalize_invoice(invoice_id)
    assert written == [
        Written("stripe", "create_invoice", "invoice:7", {"customer": "cus_1", "currency": "usd"}),
        Written("stripe", "add_invoice_lines", invoice_id, {"lines": [{"amount": 500}]}),
        Written("stripe", "finalize_invoice", invoice_id, {}),
    ]


def test_a_made_customer_is_found_again(stripe: RecordingStripe) -> None:
    made = stripe.create_customer(
        {"name": "A", "email": "", "address": {"country": "DE"}, "metadata": {"netsuite_customer_id": "7"}},
        of="customer:7",
    )
    assert stripe.customer(made.id) == st.Customer(
        id="preview-customer-1",
        name="A",
        address=st.Address(country="DE"),
        metadata={"netsuite_customer_id": "7"},
        created=NOW,
    )


def test_an_update_is_laid_over_the_real_customer(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(customer(name="Old", email="a@example.com", metadata={"a": "1", "b": "2"}))
    changed = stripe.update_customer("cus_1", {"name": "New", "email": "", "metadata": {"b": "", "c": "3"}})
    assert (changed.name, changed.email, changed.metadata) == ("New", None, {"a": "1", "c": "3"})


def test_the_total_is_the_sum_of_the_lines(stripe: RecordingStripe) -> None:
    made = stripe.add_invoice_lines(draft(stripe).id, [{"amount": 500}, {"amount": -120}])
    assert (made.total, made.amount_due, made.amount_remaining) == (380, 380, 380)


def test_lines_added_in_two_calls_add_up(stripe: RecordingStripe) -> None:
    invoice_id = draft(stripe).id
    stripe.add_invoice_lines(invoice_id, [{"amount": 500}])
    assert stripe.add_invoice_lines(invoice_id, [{"amount": 100}]).total == 600


def test_a_quantity_multiplies_a_unit_amount(stripe: RecordingStripe) -> None:
    price = {"currency": "usd", "product": "prod_1", "unit_amount_decimal": Decimal("33.335")}
    made = stripe.add_invoice_lines(draft(stripe).id, [{"price_data": price, "quantity": 3}])
    # 100.005 cents: half up is 100, since the half is of a thousandth.
    assert (made.total, made.lines[0].product) == (100, "prod_1")


def test_a_price_is_looked_up(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(
        {"id": "price_1", "product": "prod_1", "currency": "usd", "unit_amount": 250, "unit_amount_decimal": "250"}
    )
    made = stripe.add_invoice_lines(draft(stripe).id, [{"pricing": {"price": "price_1"}, "quantity": 4}])
    assert (made.total, made.lines[0].price, made.lines[0].product) == (1000, "price_1", "prod_1")


def test_an_exclusive_tax_is_added(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer({"id": "txr_1", "percentage": 8.25, "inclusive": False, "display_name": "Sales tax"})
    made = stripe.add_invoice_lines(draft(stripe).id, [{"amount": 1000, "tax_rates": ["txr_1"]}])
    # 82.5 cents go up.
    assert (made.subtotal, made.total, made.total_excluding_tax) == (1000, 1083, 1000)


def test_an_inclusive_tax_is_within(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer({"id": "txr_1", "percentage": 19.0, "inclusive": True, "display_name": "VAT"})
    made = stripe.add_invoice_lines(draft(stripe).id, [{"amount": 1190, "tax_rates": ["txr_1"]}])
    assert (made.total, made.total_excluding_tax, made.total_taxes[0].amount) == (1190, 1000, 190)


def test_a_tax_given_as_an_amount_is_taken_as_it_is(stripe: RecordingStripe) -> None:
    tax = {"amount": 70, "taxable_amount": 1000, "tax_rate_data": {"inclusive": False}}
    made = stripe.add_invoice_lines(draft(stripe).id, [{"amount": 1000, "tax_amounts": [tax]}])
    assert made.total == 1070


def test_nothing_due_is_paid_at_finalization(stripe: RecordingStripe) -> None:
    invoice_id = draft(stripe).id
    stripe.add_invoice_lines(invoice_id, [{"amount": 0}])
    assert stripe.finalize_invoice(invoice_id).status == "paid"


def test_a_revision_starts_with_the_lines_of_its_original(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(invoice(lines=listing(line(5)), metadata={"netsuite_invoice_id": "7"}))
    made = stripe.create_invoice({"from_invoice": {"action": "revision", "invoice": "in_1"}}, of="invoice:7:2")
    assert (made.status, made.total, made.customer) == ("draft", 500, "cus_1")
    assert made.from_invoice == st.FromInvoice(action="revision", invoice="in_1")


def test_a_step_is_laid_over_the_real_invoice(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(invoice())
    assert stripe.void_invoice("in_1").status == "void"


def test_paying_out_of_band_leaves_nothing_due(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(invoice())
    paid = stripe.pay_invoice_out_of_band("in_1")
    assert (paid.status, paid.amount_remaining, paid.amount_paid_off_stripe) == ("paid", 0, 500)


def test_a_revision_starts_without_lines_and_replaces_the_original(stub: Stub, stripe: RecordingStripe) -> None:
    stub.answer(invoice(id="in_1"))
    made = stripe.revise_invoice("in_1", {"metadata": {"a": "b"}}, of="invoice:7:in_1")
    stripe.add_invoice_lines(made.id, [{"amount": 300}])
    assert (stripe.finalize_invoice(made.id).total, stripe.invoice("in_1").status) == (300, "void")


def test_a_reported_payment_pays_a_part(stub: Stub, stripe: RecordingStripe, written: list[Written]) -> None:
    stub.answer(invoice(id="in_1"))
    params = {"amount_requested": {"currency": "usd", "value": 200}, "metadata": {"a": "b"}}
    made = stripe.report_payment(params, of="customerPayment:8")
    attached = stripe.attach_payment("in_1", made.id)
    assert (attached.status, attached.amount_paid, attached.amount_remaining) == ("open", 200, 300)
    assert [one.operation for one in written] == ["report_payment", "attach_payment"]


def test_the_login_page_is_asked_for(stub: Stub, stripe: RecordingStripe) -> None:
    page = {"enabled": True, "url": "https://billing.stripe.com/p/login/1"}
    stub.answer({"object": "list", "data": [{"id": "bpc_1", "login_page": page}], "has_more": False})
    assert stripe.login_page_url() == "https://billing.stripe.com/p/login/1"
