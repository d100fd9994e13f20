from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.systems.netsuite import wire
from app.systems.netsuite.objects import (
    Customer,
    Invoice,
    InvoiceHead,
    InvoiceLine,
    Period,
    Subsidiary,
    boolean,
    number,
)
from app.systems.netsuite.records import Address

INVOICE = """{
  "id": "1001", "externalId": "stripe-inv-in_1", "tranId": "INV7",
  "entity": {"id": "501", "refName": "Acme"}, "subsidiary": {"id": "1"}, "currency": {"id": "2", "refName": "EUR"},
  "status": {"id": "A", "refName": "Open"}, "tranDate": "2026-11-01", "dueDate": "2026-12-01",
  "total": 12.10, "subtotal": 11.00, "taxTotal": 1.10, "amountPaid": 0.0, "amountRemaining": 12.10,
  "account": {"id": "10"}, "lastModifiedDate": "2026-11-02T03:04:05Z", "custbody_tieout_stripe_id": "in_1",
  "item": {"items": [{"line": 1, "item": {"id": "101", "refName": "Plan"}, "quantity": 2.0, "rate": 5.50,
    "amount": 11.00, "description": "Two", "custcol_note": "x"}]}
}"""
CUSTOMER = """{
  "id": "501", "entityId": "CUST7", "isPerson": true, "firstName": "Ada", "lastName": "King", "email": "a@b.test",
  "subsidiary": {"id": "1"}, "currency": {"id": "2"}, "isInactive": false, "taxable": true,
  "currencyList": {"items": [{"currency": {"id": "2"}}, {"currency": {"id": "5"}}]},
  "addressBook": {"items": [{"defaultBilling": true, "defaultShipping": false, "label": "Home",
    "addressBookAddress": {"addr1": "1 Main St", "city": "Dover", "zip": "19901", "country": {"id": "US"}}}]},
  "custentity_tieout_stripe_id": "cus_1"
}"""


def test_an_invoice_is_read_whole() -> None:
    assert Invoice.parse(wire.loads(INVOICE)) == Invoice(
        id="1001",
        external_id="stripe-inv-in_1",
        tran_id="INV7",
        entity="501",
        subsidiary="1",
        currency="2",
        status="A",
        tran_date=date(2026, 11, 1),
        due_date=date(2026, 12, 1),
        subtotal=Decimal("11.00"),
        tax_total=Decimal("1.10"),
        total=Decimal("12.10"),
        amount_remaining=Decimal("12.10"),
        account="10",
        last_modified=datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC),
        lines=(
            InvoiceLine(
                line=1,
                item="101",
                item_name="Plan",
                description="Two",
                quantity=Decimal(2),
                rate=Decimal("5.50"),
                amount=Decimal("11.00"),
                custom={"custcol_note": "x"},
            ),
        ),
        custom={"custbody_tieout_stripe_id": "in_1"},
    )


def test_a_customer_is_read_whole() -> None:
    address = Address(addr1="1 Main St", city="Dover", zip="19901", country="US", label="Home", default_billing=True)
    assert Customer.parse(wire.loads(CUSTOMER)) == Customer(
        id="501",
        entity_id="CUST7",
        is_person=True,
        first_name="Ada",
        last_name="King",
        email="a@b.test",
        subsidiary="1",
        currency="2",
        currencies=("2", "5"),
        billing=address,
        addresses=(address,),
        taxable=True,
        custom={"custentity_tieout_stripe_id": "cus_1"},
    )


def test_sublists_that_were_not_expanded_are_empty() -> None:
    body = {"id": "1", "entity": {"id": "2"}, "item": {"links": [{"rel": "self", "href": "x"}]}}
    assert Invoice.parse(body).lines == ()


@pytest.mark.parametrize("status", ["V", {"id": "V"}, {"id": "CustInvc:V"}])
def test_a_voided_invoice_is_seen_by_its_letter(status: object) -> None:
    assert Invoice.parse({"id": "1", "entity": {"id": "2"}, "status": status}).voided


def test_a_suiteql_row_without_its_nulls_is_read() -> None:
    row = {"id": "7", "entity": "501", "status": "A", "foreigntotal": "12.10", "foreignamountunpaid": "2.1"}
    assert InvoiceHead.from_row(row) == InvoiceHead(
        id="7", entity="501", status="A", total=Decimal("12.10"), amount_remaining=Decimal("2.1")
    )


def test_a_person_s_name_wins_over_the_company_s() -> None:
    assert Customer(id="1", is_person=True, first_name="Ada", last_name="King", company_name="Acme").name == "Ada King"


def test_a_company_keeps_its_name() -> None:
    assert Customer(id="1", company_name="Acme", first_name="Ada").name == "Acme"


@pytest.mark.parametrize(("closed", "locked", "expected"), [("F", "F", True), ("T", "F", False), ("F", "T", False)])
def test_a_period_takes_postings_when_neither_closed_nor_locked(closed: str, locked: str, expected: bool) -> None:
    row = {
        "id": "1",
        "periodname": "Nov 2026",
        "startdate": "2026-11-01",
        "enddate": "2026-11-30",
        "closed": closed,
        "arlocked": locked,
    }
    assert Period.from_row(row).open is expected


@pytest.mark.parametrize(("told", "expected"), [(True, True), ("T", True), ("F", False), (None, False), ("true", True)])
def test_booleans_of_both_services_are_read(told: object, expected: bool) -> None:
    assert boolean(told) is expected


def test_a_float_is_no_amount() -> None:
    with pytest.raises(ValueError, match="exact"):
        number(0.1)


@pytest.mark.parametrize(
    ("told", "expected"),
    [("Europe/Berlin", "Europe/Berlin"), ("(GMT-05:00) Eastern Time (US & Canada)", None), (None, None)],
)
def test_only_a_real_time_zone_is_taken(told: str | None, expected: str | None) -> None:
    assert Subsidiary.from_row({"id": "1", "timezone": told}).time_zone == expected
