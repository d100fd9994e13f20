"""The RESTlet: void, which REST does not have, in envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import RECORDS, Client, detail

RESTLET = "/app/site/hosting/restlet.nl"
SCRIPT = {"script": "customscript_tieout_restlet", "deploy": "customdeploy_tieout_restlet"}


def void(client: Client, type: str, id: str) -> dict[str, Any]:
    body = {"action": "void", "type": type, "id": id}
    answer = client.post(RESTLET, params=SCRIPT, json=body)
    assert answer.status_code == 200
    return dict(answer.json())


def test_rest_has_no_void(client: Client) -> None:
    found = client.invoice(client.customer())
    assert client.post(f"{RECORDS}/invoice/{found}/@void").status_code == 400


def test_an_invoice_is_voided_directly(client: Client) -> None:
    found = client.invoice(client.customer())
    assert void(client, "invoice", found) == {"ok": True, "id": found, "method": "direct"}
    record = client.record(f"invoice/{found}")
    assert (record["status"]["refName"], record["total"], record["amountRemaining"]) == ("Voided", 0, 0)


def test_a_voided_invoice_posts_nothing(client: Client) -> None:
    found = client.invoice(client.customer())
    void(client, "invoice", found)
    assert client.get("/_sandbox/ledger", params={"record": found}).json()["lines"] == []


def test_a_second_void_changes_nothing(client: Client) -> None:
    found = client.invoice(client.customer())
    assert void(client, "invoice", found) == void(client, "invoice", found)


def test_a_paid_invoice_is_not_voided(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    client.payment(customer, found, 100)
    answer = void(client, "invoice", found)
    assert (answer["ok"], "applied" in answer["message"]) == (False, True)


def test_a_voided_payment_opens_its_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    void(client, "customerPayment", client.payment(customer, found, 100))
    assert client.record(f"invoice/{found}")["status"]["id"] == "A"


def test_a_voided_transaction_is_not_changed(client: Client) -> None:
    found = client.invoice(client.customer())
    void(client, "invoice", found)
    assert "voided" in detail(client.patch(f"{RECORDS}/invoice/{found}", json={"memo": "x"}))


def test_direct_voids_can_be_off(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"void_with_reversing_journals": True})
    answer = void(client, "invoice", client.invoice(client.customer()))
    assert (answer["ok"], "reversing journals" in answer["message"]) == (False, True)


def test_a_closed_period_blocks_a_void(client: Client) -> None:
    found = client.invoice(client.customer(), tranDate="2026-10-31")
    client.post("/_sandbox/periods/2026-10", json={"state": "closed"})
    assert "closed" in void(client, "invoice", found)["message"]


@pytest.mark.parametrize(("type", "id"), [("invoice", "999"), ("unicorn", "1"), ("customer", "5")])
def test_what_cannot_be_voided_is_an_envelope(client: Client, type: str, id: str) -> None:
    assert void(client, type, id)["ok"] is False


def test_ping(client: Client) -> None:
    answer = client.post(RESTLET, params=SCRIPT, json={"action": "ping"})
    assert answer.json() == {"ok": True, "account": "TSTDRV1234567"}


def test_an_unknown_action_is_an_envelope(client: Client) -> None:
    assert client.post(RESTLET, params=SCRIPT, json={"action": "dance"}).json()["code"] == "UNKNOWN_ACTION"


def test_a_body_that_breaks_the_script_is_a_400(client: Client) -> None:
    answer = client.post(RESTLET, params=SCRIPT, content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UNEXPECTED_ERROR")


def test_another_script_is_not_there(client: Client) -> None:
    assert client.post(RESTLET, params={"script": "1", "deploy": "1"}, json={}).status_code == 404
