from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.errors import AmountMismatch, Held
from app.systems.netsuite import objects as ns
from workers.records.stripe_invoice import Rules, due, lines, minor

NOW = datetime(2026, 8, 20, 14, 30, tzinfo=UTC)


def line(amount: str, **given: Any) -> ns.InvoiceLine:
    return ns.InvoiceLine(**{"item": "13", "description": "Advice", "amount": Decimal(amount), **given})


def invoice(total: str, *found: ns.InvoiceLine, **given: Any) -> ns.Invoice:
    plain = {"id": "7", "tran_id": "INV7", "entity": "3", "total": Decimal(total), "amount_remaining": Decimal(total)}
    return ns.Invoice(lines=found, **{**plain, **given})


def said(source: ns.Invoice, currency: str = "USD", **given: Any) -> list[tuple[str, int]]:
    return [(one["description"], one["amount"]) for one in lines(source, currency, Rules(**given))]


def test_tax_shipping_and_handling_are_lines() -> None:
    source = invoice("118", line("100"), tax_total=Decimal(8), shipping_cost=Decimal(7), handling_cost=Decimal(3))
    assert said(source) == [("Advice", 10000), ("Shipping", 700), ("Handling", 300), ("Tax", 800)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_header_discount_is_a_line_whichever_sign_it_has(sign: int) -> None:
    source = invoice("90", line("100"), discount_total=Decimal(10 * sign))
    assert said(source) == [("Advice", 10000), ("Discount", -1000)]


def test_a_discount_that_is_a_line_already_is_not_taken_twice() -> None:
    source = invoice("90", line("100"), line("-10", description="Loyalty"), discount_total=Decimal(-10))
    assert said(source) == [("Advice", 10000), ("Loyalty", -1000)]


@pytest.mark.parametrize("kind", ["Subtotal", "Description", "Group", "EndGroup"])
def test_lines_that_only_tell_of_others_are_left_out(kind: str) -> None:
    assert said(invoice("100", line("100"), line("100", item_type=kind))) == [("Advice", 10000)]


def test_a_gap_that_nothing_explains_is_refused() -> None:
    with pytest.raises(AmountMismatch) as refused:
        said(invoice("99", line("100")))
    assert (refused.value.ours, refused.value.theirs) == (Decimal(100), Decimal(99))


def test_credits_are_taken_off() -> None:
    source = invoice("100", line("100"), amount_remaining=Decimal(75))
    assert said(source)[-1] == ("Payments and credits already applied", -2500)


def test_a_line_without_a_description_is_called_by_its_item() -> None:
    assert said(invoice("5", line("5", description=None, item_name="Consulting"))) == [("Consulting", 500)]


def test_exactly_250_lines_are_each_billed() -> None:
    assert len(said(invoice("250", *[line("1")] * 250))) == 250


def test_the_line_for_the_tax_counts_too() -> None:
    source = invoice("251", *[line("1")] * 250, tax_total=Decimal(1))
    assert said(source) == [("Invoice INV7, 250 lines", 25000), ("Tax", 100)]


@pytest.mark.parametrize(("amount", "currency"), [("10.505", "USD"), ("10.5", "JPY"), ("1.005", "KWD")])
def test_an_amount_that_the_currency_cannot_say_is_held(amount: str, currency: str) -> None:
    with pytest.raises(Held) as held:
        minor(Decimal(amount), currency)
    assert held.value.code == "amount_not_chargeable"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 8, 20), {"due_date": 1787270399}),
        (date(2026, 8, 19), {"days_until_due": 7}),
        (None, {"days_until_due": 30}),
    ],
)
def test_the_due_date(day: date | None, expected: dict[str, int]) -> None:
    assert due(invoice("1", due_date=day), NOW, UTC, past_due_days=7, usual_days=30) == expected
