"""The project's own RESTlet, run in V8: void, which REST does not have, and many writes at once, in envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteWorld
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice, payment

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
    answer = client.post(RESTLET, params=SCRIPT, json={"action": "ping"}).json()
    assert (answer["ok"], answer["account"]) == (True, "TSTDRV1234567")
    assert {"ping", "void", "batch"} <= set(answer["actions"])
    assert (answer["remaining"], "customerPayment" in answer["types"]) == (5000, True)


def test_an_unknown_action_is_an_envelope(client: Client) -> None:
    assert client.post(RESTLET, params=SCRIPT, json={"action": "dance"}).json()["code"] == "UNKNOWN_ACTION"


def test_a_body_that_breaks_the_script_is_a_400(client: Client) -> None:
    answer = client.post(RESTLET, params=SCRIPT, content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UNEXPECTED_ERROR")


def test_another_script_is_not_there(client: Client) -> None:
    assert client.post(RESTLET, params={"script": "1", "deploy": "1"}, json={}).status_code == 404


def batch(client: Client, *items: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post(RESTLET, params=SCRIPT, json={"action": "batch", "items": items}).json()
    assert answer["ok"], answer
    return list(answer["results"])


def upsert(type: str, external_id: str, body: dict[str, Any], *replace: str) -> dict[str, Any]:
    return {"op": "upsert", "type": type, "externalId": external_id, "replace": replace, "body": body}


def test_a_batch_makes_what_puts_would_make(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    body = invoice(customer, 100, memo="m", tranDate="2026-11-02", custbody_tieout_stripe_id="in_1")
    client.put_eid("invoice", "stripe-inv-1", body, replace="item")
    [made] = batch(client, upsert("invoice", "stripe-inv-2", body, "item"))
    by_put, by_batch = world.snapshot("invoice")
    assert made == {"ok": True, "id": by_batch["id"], "created": True}
    own = {"id", "links", "externalId", "tranId", "transactionNumber", "source", "item", "createdDate"}
    own |= {"lastModifiedDate", "taxDetails"}
    assert {**by_put, **dict.fromkeys(own)} == {**by_batch, **dict.fromkeys(own)}
    assert amounts(by_put) == amounts(by_batch) == [("10", 100)]


def amounts(record: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(line["item"]["id"], line["amount"]) for line in record["item"]["items"]]


def test_a_batch_twice_makes_its_records_once(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    body = payment(customer, found, 60)
    items = [upsert("invoice", "stripe-inv-1", invoice(customer), "item")]
    items.append(upsert("customerPayment", "stripe-pay-1", body, "apply"))
    first, again = batch(client, *items), batch(client, *items)
    assert [one["created"] for one in (*first, *again)] == [True, True, False, False]
    assert [one["id"] for one in first] == [one["id"] for one in again]
    assert client.record(f"invoice/{found}")["amountRemaining"] == 40


def test_one_that_fails_leaves_no_trace_and_the_others_go_on(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    wrong = invoice(customer, entity={"id": "999"})
    results = batch(
        client,
        upsert("invoice", "stripe-inv-1", wrong, "item"),
        upsert("invoice", "stripe-inv-2", {**invoice(customer), "nonsense": 1}, "item"),
        upsert("invoice", "stripe-inv-3", invoice(customer), "item"),
    )
    assert [(one["ok"], one.get("code")) for one in results] == [
        (False, "INVALID_FLD_VALUE"),
        (False, "INVALID_CONTENT"),
        (True, None),
    ]
    assert [one["externalId"] for one in world.snapshot("invoice")] == ["stripe-inv-3"]


def test_what_a_batch_saves_is_skipped_by_the_user_event(client: Client, world: NetSuiteWorld) -> None:
    world.deliver_to("http://127.0.0.1:1/")
    batch(client, upsert("customer", "stripe-cus-1", {"companyName": "A", "subsidiary": {"id": "1"}}))
    assert dict(world.callbacks.counts) == {"skipped": 1}
    last = [(one["script"], one["event"]) for one in world.scripts.last]
    assert last == [("customscript_tieout_user_event", "create"), ("customscript_tieout_restlet", None)]


def test_fifty_in_a_batch_stay_within_their_units(client: Client) -> None:
    customer = client.customer()
    items = [upsert("invoice", f"stripe-inv-{number}", invoice(customer), "item") for number in range(50)]
    assert all(one["ok"] for one in batch(client, *items))
    assert client.get("/_sandbox/stats").json()["scripts"]["last"][-1]["usage"] == 50 * 30 + 10
