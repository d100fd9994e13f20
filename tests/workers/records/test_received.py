import pytest

from app.errors import Held
from app.systems.stripe import objects as st
from tests.workers.records.builders import invoice
from workers.records.received import holds_money, refuse_money


def payment(**given: object) -> st.InvoicePayment:
    plain = {"id": "inpay_1", "invoice": "in_1", "amount_requested": 500, "currency": "usd", "status": "open"}
    return st.InvoicePayment(**{**plain, "payment_type": "payment_intent", **given})  # type: ignore[arg-type]


def test_an_open_invoice_with_its_default_payment_holds_none() -> None:
    assert not holds_money(invoice(500, payments=(payment(is_default=True),)))


def test_an_attached_payment_that_waits_counts() -> None:
    assert holds_money(invoice(500, payments=(payment(),)))


def test_a_part_paid_invoice_holds_money() -> None:
    assert holds_money(invoice(500, amount_paid=100))


def test_a_paid_invoice_counts_though_no_payment_is_seen() -> None:
    assert holds_money(invoice(500, status="paid"))


def test_it_is_said_whose_invoice_it_is_and_what_to_do() -> None:
    with pytest.raises(Held, match=r"received in Stripe for invoice A-1, whose NetSuite invoice was voided") as held:
        refuse_money(invoice(500, amount_paid=100), "was voided")
    assert held.value.action.endswith("then replay.")
