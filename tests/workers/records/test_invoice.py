from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.errors import AmountMismatch, Unmapped
from app.money import from_minor
from app.systems.stripe import objects as st
from tests.workers.records.builders import ITEMS, NOW, discount, invoice, line, rules, tax
from workers.records.invoice import Documents, Rules, documents, lines, tax_details


def posted(source: st.Invoice, chosen: Rules) -> list[tuple[str, Decimal | None]]:
    made = documents(source, chosen)
    assert made.invoice is not None
    return [(one.item, one.amount) for one in lines(made.invoice, chosen)]


def test_a_sum_that_is_a_cent_off_is_refused() -> None:
    with pytest.raises(AmountMismatch) as refused:
        documents(invoice(1001, line(1000)), rules())
    assert refused.value.sentence == "Stripe invoice A-1: the lines add up to 10.00 USD, but the total is 10.01 USD."


@pytest.mark.parametrize("purpose", ["discount", "tax", "shipping", "balance"])
def test_a_missing_item_is_named_by_its_setting(purpose: str) -> None:
    cost = st.ShippingCost(amount_subtotal=100, amount_tax=0, amount_total=100)
    sources = {
        "discount": invoice(900, line(1000, discount_amounts=discount(100))),
        "tax": invoice(1200, line(1000, taxes=(tax(200),))),
        "shipping": invoice(1100, line(1000), shipping_cost=cost),
        "balance": invoice(1000, line(1000), starting_balance=-100, ending_balance=0),
    }
    items = {key: value for key, value in ITEMS.items() if key != purpose}
    with pytest.raises(Unmapped) as missing:
        documents(sources[purpose], rules(items=items))
    assert missing.value.setting == f"books.main.items.{purpose}"


def test_tax_is_added_up_by_rate() -> None:
    source = invoice(
        1340,
        line(1000, taxes=(tax(200, rate="txr_a"),)),
        line(100, taxes=(tax(20, rate="txr_a"), tax(20, rate="txr_b"))),
    )
    assert posted(source, rules())[2:] == [("14", Decimal("2.20")), ("14", Decimal("0.20"))]


def test_shipping_tax_stands_with_the_other_taxes() -> None:
    cost = st.ShippingCost(amount_subtotal=500, amount_tax=100, amount_total=600)
    source = invoice(1600, line(1000), shipping_cost=cost)
    assert posted(source, rules()) == [("10", Decimal(10)), ("15", Decimal(5)), ("14", Decimal(1))]


def test_prorations_are_lines() -> None:
    source = invoice(500, line(1000), line(-500, proration=True))
    assert posted(source, rules()) == [("10", Decimal(10)), ("10", Decimal(-5))]


def test_prorations_are_a_credit_memo_by_option() -> None:
    source = invoice(500, line(1000), line(-500, proration=True))
    made = documents(source, rules(prorations="credit_memo"))
    assert made.invoice is not None
    assert (made.invoice.amount, made.credits["proration"].amount) == (Decimal(10), Decimal(5))


def test_a_prorations_tax_goes_with_it_into_the_credit_memo() -> None:
    source = invoice(600, line(1000, taxes=(tax(200),)), line(-500, proration=True, taxes=(tax(-100),)))
    made = documents(source, rules(prorations="credit_memo"))
    assert [entry.amount for entry in made.credits["proration"].entries] == [500, 100]


def test_a_positive_proration_stays_a_line() -> None:
    made = documents(invoice(300, line(300, proration=True)), rules(prorations="credit_memo"))
    assert made.credits == {}


def test_a_negative_invoice_can_move_its_credit_to_the_balance_account() -> None:
    made = documents(invoice(-500, line(-500)), rules(negative_total="to_balance"))
    assert [(entry.item, entry.amount) for entry in made.credits[""].entries] == [("10", 500), ("18", -500)]


def test_a_negative_invoice_ignores_the_balance_that_it_feeds() -> None:
    made = documents(invoice(-500, line(-500), starting_balance=0, ending_balance=-500), rules())
    assert (made.invoice, made.credits[""].amount) == (None, Decimal(5))


def test_discounts_beyond_the_lines_are_a_line() -> None:
    source = invoice(900, line(1000), total_discount_amounts=discount(100))
    assert posted(source, rules())[-1] == ("16", Decimal(-1))


def test_document_discounts_are_one_line_each() -> None:
    source = invoice(
        1700,
        line(1000, discount_amounts=(*discount(100, "di_a"), *discount(50, "di_b"))),
        line(1000, discount_amounts=(*discount(100, "di_a"), *discount(50, "di_b"))),
    )
    assert posted(source, rules(discounts="document"))[2:] == [("16", Decimal(-2)), ("16", Decimal(-1))]


@pytest.mark.parametrize(
    ("amount", "quantity", "expected"),
    [
        (3150, "3", (Decimal(3), Decimal("10.50"), Decimal("31.50"))),
        (1000, "3", (Decimal(1), Decimal("10.00"), Decimal("10.00"))),
        (250, "1000", (Decimal(1000), Decimal("0.0025"), Decimal("2.50"))),
        (1250, "2.5", (Decimal("2.5"), Decimal(5), Decimal("12.50"))),
        (-600, "2", (Decimal(2), Decimal(-3), Decimal("-6.00"))),
        (0, "0", (Decimal(1), Decimal(0), Decimal(0))),
    ],
)
def test_quantity_and_rate_make_the_amount(amount: int, quantity: str, expected: tuple[Decimal, ...]) -> None:
    chosen = rules()
    made = documents(invoice(amount, line(amount, quantity=Decimal(quantity))), chosen)
    sheet = made.invoice or made.credits[""].negated()
    [one] = lines(sheet, chosen)
    assert (one.quantity, one.rate, one.amount) == expected


def test_a_quantity_that_has_no_exact_rate_is_told_in_the_description() -> None:
    chosen = rules()
    made = documents(invoice(1000, line(1000, quantity=Decimal(3))), chosen)
    assert made.invoice is not None
    assert lines(made.invoice, chosen)[0].description == "Licence (quantity 3)"


def test_service_periods_go_into_line_fields_by_option() -> None:
    chosen = rules(period_start_field="custcol_from", period_end_field="custcol_to")
    made = documents(invoice(1000, line(1000, period=st.Period(start=NOW, end=NOW))), chosen)
    assert made.invoice is not None
    assert lines(made.invoice, chosen)[0].custom == {"custcol_from": NOW.date(), "custcol_to": NOW.date()}


def test_suitetax_details_point_at_their_lines() -> None:
    chosen = rules(tax_mode="suitetax")
    books = chosen.books.model_copy(update={"taxes": chosen.books.taxes.model_copy(update={"code": "21", "type": "1"})})
    chosen = Rules(books=books, account="main")
    made = documents(invoice(2200, line(1000), line(1000, taxes=(tax(200, taxable_amount=1000),))), chosen)
    assert made.invoice is not None
    assert tax_details(made.invoice, chosen) == {
        "taxDetailsOverride": True,
        "taxDetails": {
            "items": [
                {
                    "taxDetailsReference": "NEW_ITEM_1",
                    "taxType": {"id": "1"},
                    "taxCode": {"id": "21"},
                    "taxBasis": Decimal("10.00"),
                    "taxAmount": Decimal("2.00"),
                    "taxRate": Decimal("20.0000"),
                }
            ]
        },
    }


# for any invoice -----------------------------------------------------------------------------------------------

amounts = some.integers(min_value=-1_000_000, max_value=1_000_000)


@some.composite
def any_line(draw: some.DrawFn) -> st.InvoiceLine:
    amount = draw(amounts)
    given_back = draw(some.integers(min_value=0, max_value=max(amount, 0)))
    behaviour = draw(some.booleans())
    taxed = draw(some.integers(min_value=0, max_value=max(amount - given_back, 0)))
    return line(
        amount,
        quantity=Decimal(draw(some.integers(min_value=1, max_value=1000))),
        proration=draw(some.booleans()),
        discount_amounts=discount(given_back) if given_back else (),
        taxes=(tax(taxed, inclusive=behaviour),) if taxed else (),
    )


def total_of(found: list[st.InvoiceLine]) -> int:
    """As Stripe adds up: amounts, less discounts, plus exclusive taxes."""
    return sum(
        one.amount - one.discount + sum(each.amount for each in one.taxes if not each.inclusive) for one in found
    )


def signed(made: Documents) -> int:
    """What the documents together make the customer owe."""
    owed = made.invoice.total if made.invoice else 0
    return owed - sum(sheet.total for sheet in made.credits.values())


CHOICES: dict[str, Any] = {
    "tax_mode": some.sampled_from(["line", "none", "suitetax"]),
    "discounts": some.sampled_from(["line", "document", "net"]),
    "prorations": some.sampled_from(["lines", "credit_memo"]),
    "balance": some.sampled_from(["line", "credit_memo"]),
}


@given(found=some.lists(any_line(), min_size=1, max_size=8), applied=some.integers(0, 500), **CHOICES)
def test_the_documents_always_make_what_stripe_bills(found: list[st.InvoiceLine], applied: int, **choices: Any) -> None:
    total = total_of(found)
    balance = min(applied, max(total, 0))
    source = invoice(total, *found, starting_balance=-balance, ending_balance=0)
    assert signed(documents(source, rules(**choices))) == total - balance


@given(found=some.lists(any_line(), min_size=1, max_size=8), currency=some.sampled_from(["usd", "jpy", "kwd"]))
def test_the_netsuite_lines_always_add_up(found: list[st.InvoiceLine], currency: str) -> None:
    chosen = rules()
    source = invoice(total_of(found), *found, currency=currency)
    made = documents(source, chosen)
    sheet = made.invoice or made.credits[""].negated()
    added = sum((one.amount for one in lines(sheet, chosen) if one.amount is not None), Decimal(0))
    assert added == from_minor(source.total, currency)


@given(found=some.lists(any_line(), min_size=1, max_size=4))
def test_quantity_times_rate_is_always_the_amount(found: list[st.InvoiceLine]) -> None:
    chosen = rules()
    made = documents(invoice(total_of(found), *found), chosen)
    sheet = made.invoice or made.credits[""]
    for one in lines(sheet, chosen):
        assert one.quantity is not None
        assert one.rate is not None
        assert one.quantity * one.rate == one.amount
