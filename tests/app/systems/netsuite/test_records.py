from datetime import date
from decimal import Decimal

import pytest

from app.systems.netsuite.records import (
    Address,
    Apply,
    CreditMemo,
    Customer,
    CustomerPayment,
    Invoice,
    InvoiceLine,
    InvoiceLink,
)


def test_a_customer_reads_like_netsuite_s_own() -> None:
    customer = Customer(
        external_id="stripe-cust-cus_1",
        is_person=False,
        company_name="Acme",
        auto_name=True,
        email="a@acme.test",
        subsidiary="1",
        currency="2",
        currencies=("2", "5"),
        addresses=(Address(addr1="1 Main St", city="Dover", country="US", default_billing=True),),
        custom={"custentity_tieout_stripe_id": "cus_1"},
    )
    assert customer.body() == {
        "externalId": "stripe-cust-cus_1",
        "isPerson": False,
        "companyName": "Acme",
        "autoName": True,
        "email": "a@acme.test",
        "subsidiary": {"id": "1"},
        "currency": {"id": "2"},
        "currencyList": {"items": [{"currency": {"id": "2"}}, {"currency": {"id": "5"}}]},
        "addressBook": {
            "items": [
                {
                    "defaultBilling": True,
                    "defaultShipping": False,
                    "addressBookAddress": {"addr1": "1 Main St", "city": "Dover", "country": {"id": "US"}},
                }
            ]
        },
        "custentity_tieout_stripe_id": "cus_1",
    }


def test_an_invoice_reads_like_netsuite_s_own() -> None:
    invoice = Invoice(
        external_id="stripe-inv-in_1",
        entity="501",
        subsidiary="1",
        currency="2",
        tran_date=date(2026, 11, 1),
        due_date=date(2026, 12, 1),
        tran_id="INV-7",
        account="10",
        lines=(InvoiceLine(item="101", quantity=Decimal(2), rate=Decimal("5.25"), amount=Decimal("10.50")),),
    )
    assert invoice.body() == {
        "externalId": "stripe-inv-in_1",
        "entity": {"id": "501"},
        "subsidiary": {"id": "1"},
        "currency": {"id": "2"},
        "tranDate": date(2026, 11, 1),
        "dueDate": date(2026, 12, 1),
        "tranId": "INV-7",
        "account": {"id": "10"},
        "toBeEmailed": False,
        "item": {
            "items": [
                {
                    "item": {"id": "101"},
                    "quantity": Decimal(2),
                    "price": {"id": "-1"},
                    "rate": Decimal("5.25"),
                    "amount": Decimal("10.50"),
                }
            ]
        },
    }


def test_a_payment_names_its_customer_customer() -> None:
    payment = CustomerPayment(
        external_id="stripe-pay-ch_1",
        customer="501",
        payment=Decimal("10.50"),
        account="20",
        ar_account="10",
        apply=(Apply(doc="1001", line=0, amount=Decimal("10.50")),),
    )
    assert payment.body() == {
        "externalId": "stripe-pay-ch_1",
        "customer": {"id": "501"},
        "payment": Decimal("10.50"),
        "account": {"id": "20"},
        "arAcct": {"id": "10"},
        "autoApply": False,
        "toBeEmailed": False,
        "apply": {"items": [{"doc": {"id": "1001"}, "line": 0, "apply": True, "amount": Decimal("10.50")}]},
    }


def test_undeposited_money_goes_into_no_account() -> None:
    body = CustomerPayment(external_id="p", customer="1", payment=Decimal(1), account="20", undeposited=True).body()
    assert ("account" in body, body["undepFunds"]) == (False, {"id": "T"})


def test_a_credit_memo_never_eats_the_oldest_invoice() -> None:
    assert CreditMemo(external_id="m", entity="501").body() == {
        "externalId": "m",
        "entity": {"id": "501"},
        "autoApply": False,
        "toBeEmailed": False,
    }


def test_only_the_sublists_that_are_sent_are_replaced() -> None:
    memo = CreditMemo(external_id="m", entity="501", lines=(InvoiceLine(item="1"),))
    assert memo.replaced() == ("item",)


def test_a_field_rule_can_fill_any_field() -> None:
    invoice = Invoice(external_id="i", entity="1", lines=(), memo="ours", custom={"memo": "theirs"})
    assert invoice.body()["memo"] == "theirs"


@pytest.mark.parametrize("name", ["", "a|b", "a b", "é", "x" * 151])
def test_an_external_id_netsuite_cannot_take_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="external id"):
        Customer(external_id=name)


def test_an_invoice_link_without_an_address_empties_what_was_there() -> None:
    body = InvoiceLink(external_id="stripe-url-in_1", name="A-1", invoice="7", stripe_id="in_1", status="paid").body()
    assert body == {
        "externalId": "stripe-url-in_1",
        "name": "A-1",
        "custrecord_tieout_invoice": {"id": "7"},
        "custrecord_tieout_stripe_id": "in_1",
        "custrecord_tieout_status": "paid",
        "custrecord_tieout_url": None,
        "custrecord_tieout_pdf": None,
        "custrecord_tieout_expires": None,
    }
