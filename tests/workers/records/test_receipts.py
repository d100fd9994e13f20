from datetime import timedelta
from typing import Any

import pytest

from app.errors import NotReady, Skipped
from app.systems.stripe import objects as st
from tests.workers.records.builders import NOW, invoice
from tests.workers.records.ledger import ledger
from workers.records.receipts import excess_of, of_charge, out_of_band, paid, why_no_payment


def payment(name: str, amount: int, *, minutes: int = 0, status: str = "paid", **given: Any) -> st.InvoicePayment:
    plain = {
        "id": name,
        "invoice": "in_1",
        "amount_requested": amount,
        "amount_paid": amount,
        "currency": "usd",
        "status": status,
        "payment_type": "payment_intent",
        "payment_intent": f"pi_{name}",
        "paid_at": NOW + timedelta(minutes=minutes),
    }
    return st.InvoicePayment(**{**plain, **given})


def charge(**given: Any) -> st.Charge:
    plain = {"id": "ch_1", "amount": 1000, "currency": "usd", "status": "succeeded", "created": NOW}
    return st.Charge(**{**plain, **given})


def test_payments_come_oldest_first() -> None:
    found = paid(invoice(1000, payments=(payment("b", 1, minutes=2), payment("a", 1, minutes=1))))
    assert [one.id for one in found] == ["a", "b"]


def test_what_is_not_paid_does_not_count() -> None:
    assert paid(invoice(1000, payments=(payment("a", 1, status="open"), payment("b", 1, status="canceled")))) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"status": "open"}, "The invoice is open and nothing has been paid on it yet."),
        ({"total": 0}, "The invoice's total was zero or below, so nothing had to be paid."),
        (
            {"starting_balance": -1000, "ending_balance": 0},
            "The invoice was paid from the customer's balance; there is no payment.",
        ),
        (
            {"pre_payment_credit_notes_amount": 1000},
            "The invoice was closed by a credit note before it was paid; there is no payment.",
        ),
        (
            {},
            "The invoice is paid, but Stripe shows no payment for it (its amount was below the minimum, or forgiven).",
        ),
    ],
)
def test_why_there_is_no_payment(given: dict[str, Any], sentence: str) -> None:
    assert why_no_payment(invoice(given.pop("total", 1000), **{"status": "paid", **given})) == sentence


@pytest.mark.parametrize("found", [None, charge(status="pending")])
def test_money_on_its_way_is_waited_for(found: st.Charge | None) -> None:
    with pytest.raises(NotReady):
        of_charge(invoice(1000), found, [], ledger())


def test_a_failed_charge_brings_no_money() -> None:
    with pytest.raises(Skipped):
        of_charge(invoice(1000), charge(status="failed"), [], ledger())


def test_only_what_was_captured_came_in() -> None:
    assert of_charge(invoice(1000), charge(amount=1000, amount_captured=400), [], ledger()).amount == 400


def test_the_last_payment_bears_the_excess() -> None:
    first, last = payment("a", 400), payment("b", 800, minutes=1)
    source = invoice(1000, amount_overpaid=200, payments=(last, first))
    assert (excess_of(source, first), excess_of(source, last)) == (0, 200)


def test_a_payment_after_the_invoice_was_paid_is_all_excess() -> None:
    first, last = payment("a", 1000), payment("b", 300, minutes=1)
    source = invoice(1000, amount_overpaid=300, payments=(last, first))
    assert (excess_of(source, first), excess_of(source, last)) == (0, 300)


def test_without_an_overpayment_there_is_no_excess() -> None:
    one = payment("a", 1000)
    assert excess_of(invoice(900, payments=(one,)), one) == 0


def test_money_outside_of_stripe_that_a_record_stands_for_is_not_counted_twice() -> None:
    record = payment("a", 600, payment_type="payment_record", payment_intent=None, payment_record="pr_1")
    assert out_of_band(invoice(1000, amount_paid_off_stripe=1000, payments=(record,))) == 400
