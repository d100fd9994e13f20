"""The customer payment: applied by document, never above what is due, to its customer's open invoices only."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, payment

NO_LINE = "Unable to find a matching line for sublist apply"


def refused(client: Client, body: dict[str, Any]) -> str:
    return detail(client.post(f"{RECORDS}/customerPayment", json=body))


def test_a_full_payment_pays_the_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    client.payment(customer, found, 100)
    record = client.record(f"invoice/{found}")
    assert (record["status"]["id"], record["amountRemaining"], record["amountPaid"]) == ("B", 0, 100)


def test_a_part_payment_leaves_the_invoice_open(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    client.payment(customer, found, 30)
    record = client.record(f"invoice/{found}")
    assert (record["status"]["id"], record["amountRemaining"]) == ("A", 70)


def test_an_overpayment_leaves_the_rest_unapplied(client: Client) -> None:
    customer = client.customer()
    lines = {"items": [{"doc": {"id": client.invoice(customer, 200)}, "line": 0, "apply": True, "amount": 200}]}
    found = client.payment(customer, None, 250, apply=lines)
    record = client.record(f"customerPayment/{found}")
    assert (record["payment"], record["applied"], record["unapplied"]) == (250, 200, 50)


def test_more_than_is_due_is_refused(client: Client) -> None:
    customer = client.customer()
    assert "greater than the amount due" in refused(client, payment(customer, client.invoice(customer, 100), 101))


def test_more_applied_than_paid_is_refused(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    assert "total amount applied" in refused(client, {**payment(customer, found, 100), "payment": 50})


def test_the_amount_defaults_to_what_is_applied(client: Client) -> None:
    customer = client.customer()
    lines = {"items": [{"doc": {"id": client.invoice(customer, 80)}, "apply": True}]}
    found = client.made("customerPayment", {"customer": {"id": customer}, "autoApply": False, "apply": lines})
    assert client.record(f"customerPayment/{found}")["payment"] == 80


def test_a_paid_invoice_is_not_in_the_list(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    client.payment(customer, found, 100)
    assert NO_LINE in refused(client, payment(customer, found, 1))


def test_another_customers_invoice_is_not_in_the_list(client: Client) -> None:
    found = client.invoice(client.customer(), 100)
    assert NO_LINE in refused(client, payment(client.customer(), found, 100))


def test_another_currencys_invoice_is_not_in_the_list(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    found = client.invoice(customer, 100, currency={"id": ids.EUR})
    assert NO_LINE in refused(client, payment(customer, found, 100, currency={"id": ids.USD}))


def test_another_receivable_accounts_invoice_is_not_in_the_list(client: Client) -> None:
    client.post("/_sandbox/records/account", json={"id": "120", "acctName": "A/R 2", "acctType": {"id": "AcctRec"}})
    customer = client.customer()
    found = client.invoice(customer, 100, account={"id": "120"})
    assert NO_LINE in refused(client, payment(customer, found, 100))
    assert client.payment(customer, found, 100, arAcct={"id": "120"})


def test_the_line_is_the_documents_line_not_a_position(client: Client) -> None:
    customer = client.customer()
    client.invoice(customer, 1)
    found = client.invoice(customer, 100)
    body = payment(customer, found, 100)
    body["apply"]["items"][0]["line"] = 1
    assert f"with key: [doc,line] and value: [{found},1]" in refused(client, body)


def test_entity_is_not_the_payments_customer(client: Client) -> None:
    body = {**payment(client.customer(), None, 10), "entity": {"id": "1"}}
    assert "entity" in refused(client, body)


def test_autoapply_left_on_takes_the_oldest_invoice(client: Client) -> None:
    customer = client.customer()
    old = client.invoice(customer, 100, tranDate="2026-10-01")
    found = client.invoice(customer, 100)
    body = payment(customer, found, 100)
    del body["autoApply"]
    body |= {"payment": 150}
    client.made("customerPayment", body)
    assert client.record(f"invoice/{old}")["amountRemaining"] == 50


def test_undeposited_funds_are_the_default(client: Client) -> None:
    found = client.payment(client.customer(), None, 10)
    record = client.record(f"customerPayment/{found}")
    assert (record["account"]["id"], record["status"]["refName"]) == (ids.UNDEPOSITED_FUNDS, "Not Deposited")


def test_a_payment_into_a_bank_account_is_deposited(client: Client) -> None:
    found = client.payment(client.customer(), None, 10, account={"id": ids.STRIPE_CLEARING["USD"]})
    assert client.record(f"customerPayment/{found}")["status"]["refName"] == "Deposited"


def test_a_bank_account_takes_its_own_currency_only(client: Client) -> None:
    body = payment(client.customer(), None, 10, account={"id": ids.BANK["EUR"]})
    assert refused(client, body).endswith("following field: account")


def test_an_income_account_takes_no_payment(client: Client) -> None:
    body = payment(client.customer(), None, 10, account={"id": ids.SALES_INCOME})
    assert refused(client, body).endswith("following field: account")


@pytest.mark.parametrize("amount", [0, -5])
def test_a_payment_is_of_something(client: Client, amount: float) -> None:
    assert "greater than zero" in refused(client, payment(client.customer(), None, amount))


def test_a_deleted_payment_opens_the_invoice_again(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    client.delete(f"{RECORDS}/customerPayment/{client.payment(customer, found, 100)}")
    assert client.record(f"invoice/{found}")["status"]["id"] == "A"


def test_the_apply_list_shows_what_is_open_too(client: Client) -> None:
    customer = client.customer()
    found, other = client.invoice(customer, 100), client.invoice(customer, 5)
    lines = client.record(f"customerPayment/{client.payment(customer, found, 60)}")["apply"]["items"]
    assert {line["doc"]["id"]: line["apply"] for line in lines} == {found: True, other: False}


def test_a_transform_ticks_its_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    made = client.made(
        f"invoice/{found}/!transform/customerPayment", {"externalId": "stripe-pay-1", "autoApply": False}
    )
    assert client.record(f"customerPayment/{made}")["applied"] == 100


def test_an_upsert_of_the_same_payment_changes_nothing(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    body = payment(customer, client.invoice(customer, 100), 100)
    for _ in range(3):
        client.put_eid("customerPayment", "stripe-pay-1", body, replace="apply")
    assert [(one["payment"], one["applied"]) for one in world.snapshot("customerPayment")] == [(100, 100)]


def test_a_payment_to_several_invoices(client: Client) -> None:
    customer = client.customer()
    found = [client.invoice(customer, amount) for amount in (60, 40)]
    lines = [{"doc": {"id": one}, "apply": True} for one in found]
    client.payment(customer, None, 100, apply={"items": lines})
    assert [client.record(f"invoice/{one}")["status"]["id"] for one in found] == ["B", "B"]


def test_concurrent_payments_never_overpay(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    answers = [client.post(f"{RECORDS}/customerPayment", json=payment(customer, found, 60)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 400]
