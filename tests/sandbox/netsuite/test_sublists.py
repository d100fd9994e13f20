"""Lines: keyed ones are matched, others appended; `replace` keeps only what is given."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import ids
from tests.sandbox.netsuite.conftest import Client, invoice


def line(amount: float, **more: Any) -> dict[str, Any]:
    return {"item": {"id": ids.ITEM_STRIPE}, "amount": amount, **more}


def lines(client: Client, found: str) -> list[tuple[int, float]]:
    return [(one["line"], one["amount"]) for one in client.record(f"invoice/{found}")["item"]["items"]]


def test_a_repeated_upsert_without_replace_duplicates_the_lines(client: Client) -> None:
    body = invoice(client.customer(), 10)
    found, _ = (client.put_eid("invoice", "stripe-inv-1", body) for _ in range(2))
    assert lines(client, found) == [(1, 10), (2, 10)]


def test_a_repeated_upsert_with_replace_does_not(client: Client) -> None:
    body = invoice(client.customer(), 10)
    found, _ = (client.put_eid("invoice", "stripe-inv-1", body, replace="item") for _ in range(2))
    assert [amount for _, amount in lines(client, found)] == [10]


def test_a_line_with_its_key_is_updated(client: Client) -> None:
    found = client.invoice(client.customer(), 10)
    client.patched(f"invoice/{found}", {"item": {"items": [line(12, line=1)]}})
    assert lines(client, found) == [(1, 12)]


def test_a_line_with_an_unknown_key_is_appended(client: Client) -> None:
    found = client.invoice(client.customer(), 10)
    client.patched(f"invoice/{found}", {"item": {"items": [line(12, line=7)]}})
    assert lines(client, found) == [(1, 10), (7, 12)]


def test_a_line_without_its_key_is_appended(client: Client) -> None:
    found = client.invoice(client.customer(), 10)
    client.patched(f"invoice/{found}", {"item": {"items": [line(12)]}})
    assert lines(client, found) == [(1, 10), (2, 12)]


def test_replace_removes_what_is_not_given_and_keeps_what_is(client: Client) -> None:
    customer = client.customer()
    found = client.made("invoice", {**invoice(customer), "item": {"items": [line(1), line(2), line(3)]}})
    client.patched(f"invoice/{found}", {"item": {"items": [{"line": 2}, line(4)]}}, replace="item")
    assert lines(client, found) == [(2, 2), (3, 4)]


def test_addresses_without_a_key_are_appended(client: Client) -> None:
    address = {"items": [{"addressBookAddress": {"addr1": "Street 1", "country": {"id": "US"}}}]}
    customer = client.customer(addressBook=address)
    client.patched(f"customer/{customer}", {"addressBook": address})
    assert len(client.record(f"customer/{customer}")["addressBook"]["items"]) == 2


def test_addresses_can_be_replaced(client: Client) -> None:
    address = {"items": [{"addressBookAddress": {"addr1": "Street 1", "country": {"id": "US"}}}]}
    customer = client.customer(addressBook=address)
    client.patched(f"customer/{customer}", {"addressBook": address}, replace="addressBook")
    assert len(client.record(f"customer/{customer}")["addressBook"]["items"]) == 1


def test_currencies_are_matched_by_currency(client: Client) -> None:
    currencies = {"items": [{"currency": {"id": ids.EUR}}]}
    customer = client.customer(currencyList=currencies)
    client.patched(f"customer/{customer}", {"currencyList": currencies})
    found = client.record(f"customer/{customer}")["currencyList"]["items"]
    assert sorted(one["currency"]["id"] for one in found) == sorted([ids.EUR, ids.USD])


def test_apply_lines_are_matched_by_document(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    payment = client.payment(customer, found, 60)
    body = {"customer": {"id": customer}, "apply": {"items": [{"doc": {"id": found}, "amount": 40}]}}
    client.patched(f"customerPayment/{payment}", body)
    record = client.record(f"customerPayment/{payment}")
    assert (record["applied"], record["unapplied"]) == (40, 20)


def test_an_applied_line_is_taken_back(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    payment = client.payment(customer, found, 100)
    client.patched(f"customerPayment/{payment}", {"apply": {"items": [{"doc": {"id": found}, "apply": False}]}})
    assert client.record(f"invoice/{found}")["status"]["id"] == "A"
