"""Every field that is read exists in the `stripe` package at the pinned version; what was removed is not read."""

import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import stripe

from app.systems.stripe import objects as st
from app.systems.stripe import parse
from tests.app.systems.stripe import stub

OBJECTS: dict[type[stripe.StripeObject], Callable[[Any], Any]] = {
    stripe.Customer: parse.customer,
    stripe.Invoice: parse.invoice,
    stripe.InvoiceLineItem: parse.invoice_line,
    stripe.InvoicePayment: parse.invoice_payment,
    stripe.Charge: parse.charge,
    stripe.PaymentIntent: parse.payment_intent,
    stripe.BalanceTransaction: parse.balance_transaction,
    stripe.Dispute: parse.dispute,
    stripe.Refund: parse.refund,
    stripe.CreditNote: parse.credit_note,
    stripe.CreditNoteLineItem: parse.credit_note_line,
    stripe.TaxId: parse.tax_id,
    stripe.TaxRate: parse.tax_rate,
    stripe.Price: parse.price,
    stripe.PaymentRecord: parse.payment_record,
}
# docs.stripe.com/changelog/basil/2025-03-31, and the API versions since.
REMOVED = {
    "Charge": {"invoice"},
    "PaymentIntent": {"invoice", "charges"},
    "Invoice": {
        "charge",
        "payment_intent",
        "paid",
        "paid_out_of_band",
        "subscription",
        "subscription_details",
        "quote",
        "tax",
        "total_tax_amounts",
        "discount",
        "application_fee_amount",
        "transfer_data",
    },
    "InvoiceLineItem": {"price", "plan", "unit_amount", "proration", "type", "tax_amounts", "tax_rates"},
}


class PackageNames(dict[str, Any]):
    """The package imports its classes at first use, and its annotations name them before."""

    def __missing__(self, name: str) -> Any:
        plain = name.removesuffix("Resource").removeprefix("Issuing")
        for place in (stripe, stripe.test_helpers, stripe.issuing, stripe.checkout, stripe.billing):
            if hasattr(place, plain):
                return getattr(place, plain)
        raise KeyError(name)


class Documented(Mapping[str, Any]):
    """An object of the `stripe` package with every documented field filled in; any other field is an error."""

    def __init__(self, kind: type, read: set[tuple[str, str]]) -> None:
        self._kind, self._read = kind, read
        self._hints = typing.get_type_hints(kind, localns=PackageNames())

    def __getitem__(self, name: str) -> Any:
        self._read.add((self._kind.__name__, name))
        assert name in self._hints, f"{self._kind.__qualname__} has no field {name!r} at this API version"
        return _filled(self._hints[name], self._read)

    def get(self, name: str, default: Any = None) -> Any:
        return None if name == "deleted" else self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return len(self._hints)


def _filled(hint: Any, read: set[tuple[str, str]]) -> Any:
    """A value of this type; of several types an object of the package, so as to go deep."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        kinds = [kind for kind in inside if kind is not type(None)]
        return _filled(next(filter(_is_object, kinds), kinds[0]), read)
    if origin is stripe.ListObject:
        return {"data": [_filled(inside[0], read)], "has_more": False}
    if origin is list:
        return [_filled(inside[0], read)]
    if origin is typing.Literal:
        return inside[0]
    if _is_object(hint):
        return Documented(hint, read)
    simple: dict[Any, Any] = {str: "text", int: 1, bool: True, float: 0.5, Decimal: Decimal("1.5")}
    return simple.get(hint, {})


def _is_object(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, stripe.StripeObject)


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: kind.__name__)
def test_every_field_read_is_documented(kind: type[stripe.StripeObject]) -> None:
    OBJECTS[kind](Documented(kind, set()))


@pytest.mark.parametrize("kind", REMOVED)
def test_no_removed_field_is_read(kind: str) -> None:
    read: set[tuple[str, str]] = set()
    for documented, parser in OBJECTS.items():
        parser(Documented(documented, read))
    assert {name for where, name in read if where == kind} & REMOVED[kind] == set()


def test_a_field_that_is_not_documented_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="has no field 'payment_intent'"):
        Documented(stripe.Invoice, set())["payment_intent"]


def test_the_api_version_is_the_packages_own() -> None:
    assert stripe.api_version == st.API_VERSION


@pytest.mark.parametrize(
    ("parser", "data"),
    [
        (parse.customer, stub.customer()),
        (parse.invoice, stub.invoice()),
        (parse.invoice_line, stub.line(1)),
        (parse.invoice_payment, stub.payment(1)),
    ],
)
def test_unknown_fields_are_passed_over(parser: Callable[[Any], Any], data: dict[str, Any]) -> None:
    assert parser({**data, "a_field_of_next_year": {"x": 1}}) == parser(data)


def test_an_unknown_status_is_kept_as_text() -> None:
    assert parse.invoice(stub.invoice(status="haunted")).status == "haunted"


def test_a_deleted_customer_is_normal() -> None:
    gone = parse.customer({"id": "cus_1", "object": "customer", "deleted": True})
    assert gone == st.Customer(id="cus_1", deleted=True)


def test_an_invoice_of_a_v2_account_has_no_customer() -> None:
    assert parse.invoice(stub.invoice(customer=None)).customer is None


def test_times_are_utc() -> None:
    assert parse.customer(stub.customer()).created == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)


def test_the_decimal_quantity_wins_over_the_truncated_one() -> None:
    assert parse.invoice_line(stub.line(1, quantity=1, quantity_decimal="1.75")).quantity == Decimal("1.75")


def test_without_a_decimal_quantity_the_whole_one_is_taken() -> None:
    assert parse.invoice_line(stub.line(1, quantity=3)).quantity == Decimal(3)


def test_a_unit_amount_keeps_its_decimals() -> None:
    priced = {"type": "price_details", "unit_amount_decimal": "0.0045", "price_details": {"price": "price_1"}}
    assert parse.invoice_line(stub.line(1, pricing=priced)).unit_amount == Decimal("0.0045")


def test_an_exchange_rate_keeps_the_digits_stripe_sent() -> None:
    moved = {
        "id": "txn_1",
        "amount": 1,
        "currency": "eur",
        "fee": 0,
        "net": 1,
        "type": "charge",
        "reporting_category": "charge",
        "created": 1,
        "available_on": 1,
        "exchange_rate": 0.91234,
    }
    assert parse.balance_transaction(moved).exchange_rate == Decimal("0.91234")


def test_a_proration_names_the_invoice_it_gives_back_from() -> None:
    parent = {
        "type": "subscription_item_details",
        "subscription_item_details": {
            "proration": True,
            "subscription": "sub_1",
            "subscription_item": "si_1",
            "proration_details": {"credited_items": {"invoice": "in_0", "invoice_line_items": ["il_0"]}},
        },
    }
    line = parse.invoice_line(stub.line(1, parent=parent))
    assert (line.proration, line.proration_invoice, line.subscription) == (True, "in_0", "sub_1")


def test_a_tax_on_a_line() -> None:
    tax = {
        "amount": 19,
        "tax_behavior": "inclusive",
        "tax_rate_details": {"tax_rate": "txr_1"},
        "taxable_amount": 100,
        "taxability_reason": "standard_rated",
        "type": "tax_rate_details",
    }
    assert parse.invoice_line(stub.line(1, taxes=[tax])).taxes == (
        st.Tax(
            amount=19,
            behavior="inclusive",
            rate="txr_1",
            taxable_amount=100,
            taxability_reason="standard_rated",
        ),
    )


def test_the_subscription_is_found_in_the_parent() -> None:
    details = {"subscription": "sub_1", "metadata": {"region": "EU"}}
    parent = {"type": "subscription_details", "subscription_details": details, "quote_details": None}
    invoice = parse.invoice(stub.invoice(parent=parent))
    assert invoice.parent == st.InvoiceParent(
        type="subscription_details", subscription="sub_1", metadata={"region": "EU"}
    )


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ({"type": "payment_intent", "payment_intent": "pi_1"}, ("payment_intent", "pi_1", None, None)),
        ({"type": "charge", "charge": {"id": "ch_1"}}, ("charge", None, "ch_1", None)),
        ({"type": "payment_record", "payment_record": "pr_1"}, ("payment_record", None, None, "pr_1")),
    ],
)
def test_how_an_invoice_was_paid(payment: dict[str, Any], expected: tuple[str | None, ...]) -> None:
    paid = parse.invoice_payment(stub.payment(1, payment=payment))
    assert (paid.payment_type, paid.payment_intent, paid.charge, paid.payment_record) == expected


def test_an_applied_credit_balance_shows() -> None:
    # Negative balances are the customer's credit: 300 of 500 were used.
    assert parse.invoice(stub.invoice(starting_balance=-500, ending_balance=-200)).balance_applied == 300


def test_a_listed_invoice_is_marked_incomplete() -> None:
    assert parse.invoice(stub.invoice()).complete is False
