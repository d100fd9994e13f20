from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.errors import AmountMismatch
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from tests.workers.records.ledger import ledger
from workers.records.invoice import Entry, Sheet
from workers.records.refund_lines import minor, of_netsuite, scaled

ITEMS = {"main": {"items": {"tax": "14", "shipping": "15", "discount": "16"}}}


def sheet(*amounts: int) -> Sheet:
    return Sheet("usd", tuple(Entry(item="10", amount=amount) for amount in amounts))


def test_the_whole_stays_as_it_is() -> None:
    whole = Sheet("usd", (Entry(item="10", amount=900, quantity=Decimal(3)),))
    assert scaled(whole, 900) is whole


def test_what_rounding_leaves_over_is_on_the_last_line() -> None:
    assert [one.amount for one in scaled(sheet(333, 333, 334), 100).entries] == [33, 33, 34]


def test_lines_that_come_to_nothing_are_left_out() -> None:
    assert [one.amount for one in scaled(sheet(1, 10_000), 100).entries] == [100]


def test_taxes_beside_the_lines_are_in_proportion() -> None:
    tax = st.Tax(amount=200, behavior="exclusive", taxable_amount=1000)
    part = scaled(Sheet("usd", (Entry(item="10", amount=1000, taxes=(tax,)),)), 600)
    [entry] = part.entries
    assert (entry.amount, entry.taxes[0].amount, entry.taxes[0].taxable_amount) == (500, 100, 500)


@given(some.lists(some.integers(1, 10**6), min_size=1, max_size=8), some.data())
def test_the_parts_add_up(amounts: list[int], data: some.DataObject) -> None:
    total = data.draw(some.integers(1, sum(amounts)))
    assert scaled(sheet(*amounts), total).total == total


def invoice(total: str, **given: Any) -> ns.Invoice:
    lines = (ns.InvoiceLine(item="13", amount=Decimal(8), description="Advice"),)
    return ns.Invoice(id="1", entity="7", total=Decimal(total), lines=lines, **given)


def test_taxes_shipping_and_discount_of_netsuites_own_invoice_are_lines() -> None:
    own = invoice("8.60", tax_total=Decimal("0.60"), shipping_cost=Decimal(1), discount_total=Decimal(-1))
    made = of_netsuite(own, "USD", ledger(books=ITEMS).config.for_account("main"), "main")
    assert [(one.item, one.amount) for one in made] == [("13", 800), ("15", 100), ("14", 60), ("16", -100)]


def test_lines_that_do_not_make_up_its_total_are_held() -> None:
    with pytest.raises(AmountMismatch):
        of_netsuite(invoice("9"), "USD", ledger(books=ITEMS).config.for_account("main"), "main")


def test_an_amount_with_a_last_digit_that_stripe_would_not_take_is_fine_in_netsuite() -> None:
    assert minor(Decimal("1.001"), "KWD") == 1001
