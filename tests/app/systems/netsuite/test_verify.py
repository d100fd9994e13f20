from decimal import Decimal
from typing import Any

import pytest

from app.systems.netsuite.records import Apply, Customer, CustomerPayment, Invoice, InvoiceLine
from app.systems.netsuite.verify import says

LINE = {"item": {"id": "101", "refName": "Plan"}, "quantity": Decimal("1.0"), "rate": Decimal("10.1"), "line": 1}
THERE: dict[str, Any] = {
    "id": "1001",
    "externalId": "i",
    "entity": {"id": "501", "refName": "Acme"},
    "memo": "ours",
    "tranDate": "2026-11-01",
    "item": {"items": [LINE]},
}


def invoice(**more: Any) -> dict[str, Any]:
    lines = (InvoiceLine(item="101", quantity=Decimal(1), rate=Decimal("10.10")),)
    return Invoice(**({"external_id": "i", "entity": "501", "memo": "ours", "lines": lines} | more)).body()


def test_the_same_values_are_recognised() -> None:
    assert says(THERE, invoice())


@pytest.mark.parametrize(
    "different",
    [
        {"memo": "theirs"},
        {"entity": "502"},
        {"lines": (InvoiceLine(item="101", quantity=Decimal(1), rate=Decimal("10.11")),)},
        {"lines": (InvoiceLine(item="102", quantity=Decimal(1), rate=Decimal("10.10")),)},
        {"lines": (InvoiceLine(item="101"), InvoiceLine(item="101"))},
    ],
    ids=["text", "reference", "amount", "line", "number of lines"],
)
def test_a_different_value_is_seen(different: dict[str, Any]) -> None:
    assert not says(THERE, invoice(**different))


def test_a_field_that_is_not_shown_proves_nothing() -> None:
    assert says(THERE, invoice(other_ref_num="PO-1"))


def test_a_sublist_that_is_not_expanded_proves_nothing() -> None:
    assert says(THERE | {"item": {"links": []}}, invoice())


def test_an_enumeration_in_either_format_is_recognised() -> None:
    assert says(THERE | {"entity": "501"}, invoice())


@pytest.mark.parametrize(("shown", "same"), [(False, True), ("F", True), (True, False)])
def test_booleans_are_compared_by_meaning(shown: object, same: bool) -> None:
    assert says({"id": "1", "isInactive": shown}, Customer(external_id="c", is_inactive=False).body()) is same


def applied(doc: str, amount: str, *, ticked: bool = True) -> dict[str, Any]:
    return {"doc": {"id": doc}, "apply": ticked, "amount": Decimal(amount)}


@pytest.mark.parametrize(
    ("there", "same"),
    [
        ([applied("7", "5.00")], True),
        ([applied("6", "0", ticked=False), applied("7", "5")], True),
        ([applied("7", "4.99")], False),
        ([applied("8", "5.00")], False),
        ([applied("7", "5.00", ticked=False)], False),
        ([applied("7", "5.00"), applied("8", "1.00")], False),
    ],
)
def test_applications_are_compared_by_document(there: list[dict[str, Any]], same: bool) -> None:
    payment = CustomerPayment(
        external_id="p", customer="501", payment=Decimal(5), apply=(Apply(doc="7", amount=Decimal(5)),)
    )
    assert says({"id": "9", "apply": {"items": there}}, payment.body()) is same
