"""What a careless integration runs into, and must run into here as well."""

from __future__ import annotations

import time

import httpx
import pytest

from sandbox.credentials import Credentials
from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, Server, assertion, detail, invoice, payment, token_answer


def test_an_invoice_has_an_entity_and_no_customer(client: Client) -> None:
    body = invoice("1")
    body["customer"] = body.pop("entity")
    assert "customer" in detail(client.post(f"{RECORDS}/invoice", json=body))


def test_the_payment_method_cannot_be_set_over_rest(client: Client) -> None:
    body = payment(client.customer(), None, 10, paymentMethod={"id": ids.PAYMENT_METHOD_STRIPE})
    assert "paymentMethod" in detail(client.post(f"{RECORDS}/customerPayment", json=body))


def test_a_transform_may_not_have_ticked_its_source(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"transform_applies_source": False})
    found = client.invoice(client.customer(), 100)
    made = client.made(f"invoice/{found}/!transform/creditMemo", {"autoApply": False, "toBeEmailed": False})
    assert client.record(f"creditMemo/{made}")["unapplied"] == 100


def test_an_assertion_of_exactly_sixty_minutes_is_too_long(server: Server, credentials: Credentials) -> None:
    now = int(time.time())
    answer = token_answer(server.url, assertion(credentials, server.url, iat=now, exp=now + 3600))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_client_that_gave_up_waiting_has_made_the_record(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    world.governance.latency_ms = 300
    with pytest.raises(httpx.ReadTimeout):
        client.post(f"{RECORDS}/invoice", json=invoice(customer, externalId="stripe-inv-1"), timeout=0.1)
    world.governance.latency_ms = 0
    deadline = time.monotonic() + 10
    while world.governance.in_flight and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.get(f"{RECORDS}/invoice/eid:stripe-inv-1").status_code == 200


def test_two_currencies_of_a_payment_and_its_invoice_do_not_meet(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.JPY}}]})
    found = client.invoice(customer, 5000, currency={"id": ids.JPY})
    assert "Unable to find a matching line" in detail(
        client.post(f"{RECORDS}/customerPayment", json=payment(customer, found, 50))
    )


def test_an_edited_amount_of_a_shut_month_stays_shut_for_everyone(client: Client) -> None:
    found = client.invoice(client.customer(), tranDate="2026-10-05")
    client.post("/_sandbox/periods/2026-10", json={"state": "locked"})
    assert "locked" in detail(client.patch(f"{RECORDS}/invoice/{found}", json={"exchangeRate": 2, "memo": "x"}))


def test_a_refreshed_account_has_lost_its_certificates(server: Server, credentials: Credentials) -> None:
    httpx.post(f"{server.url}/_sandbox/certificates", json={"mapped": False})
    refused = token_answer(server.url, assertion(credentials, server.url))
    httpx.post(f"{server.url}/_sandbox/certificates", json={"mapped": True})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_put_may_not_say_where_the_record_is(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"location_on_put": False})
    body = {"companyName": "A", "subsidiary": {"id": "1"}}
    answer = client.put(f"{RECORDS}/customer/eid:stripe-cus-1", json=body)
    assert (answer.status_code, "Location" in answer.headers) == (204, False)
    assert client.get(f"{RECORDS}/customer/eid:stripe-cus-1?fields=id").json()["id"]
