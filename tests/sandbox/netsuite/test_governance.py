"""The concurrency limit, latency, counts, and the faults in front of it all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from sandbox.netsuite import NetSuiteWorld
from sandbox.netsuite.app import saved
from sandbox.netsuite.calls import Call
from sandbox.netsuite.governance import Governance, pattern
from tests.sandbox.netsuite.conftest import RECORDS, SUITEQL, Client, invoice

RESTLET = "/app/site/hosting/restlet.nl?script=customscript_tieout_restlet&deploy=customdeploy_tieout_restlet"


def at_once(count: int, call: Callable[[], httpx.Response]) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(call())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_request_over_the_limit_is_a_429(client: Client, world: NetSuiteWorld) -> None:
    world.governance.limit, world.governance.latency_ms = 2, 500
    answers = at_once(4, lambda: client.get(f"{RECORDS}/currency/1"))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"


def test_a_restlet_over_the_limit_is_a_400(client: Client, world: NetSuiteWorld) -> None:
    world.governance.limit, world.governance.latency_ms = 1, 500
    answers = at_once(2, lambda: client.post(RESTLET, json={"action": "ping"}))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    refused = next(answer for answer in answers if answer.status_code == 400)
    assert refused.json()["error"]["code"] == "SSS_REQUEST_LIMIT_EXCEEDED"


def test_rest_and_suiteql_share_the_limit(client: Client, world: NetSuiteWorld) -> None:
    world.governance.limit, world.governance.latency_ms = 1, 500
    body, headers = {"q": "SELECT id FROM currency"}, {"Prefer": "transient"}
    entered = threading.Event()
    first: list[int] = []

    def slow() -> None:
        entered.set()
        first.append(client.get(f"{RECORDS}/currency/1").status_code)

    thread = threading.Thread(target=slow)
    thread.start()
    entered.wait()
    while world.governance.in_flight == 0 and thread.is_alive():
        time.sleep(0.005)
    second = client.post(SUITEQL, json=body, headers=headers).status_code
    thread.join()
    assert (first, second) == ([200], 429)


def test_what_was_refused_was_not_done(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    world.governance.limit, world.governance.latency_ms = 1, 400
    answers = at_once(3, lambda: client.post(f"{RECORDS}/invoice", json=invoice(customer)))
    done = [answer for answer in answers if answer.status_code == 204]
    assert len(world.snapshot("invoice")) == len(done) == 1


def test_the_stats_count_calls_places_and_refusals(client: Client, world: NetSuiteWorld) -> None:
    world.governance.limit, world.governance.latency_ms = 2, 300
    at_once(3, lambda: client.get(f"{RECORDS}/currency/1"))
    stats = client.get("/_sandbox/stats").json()
    assert (stats["max_in_flight"], stats["refused"], stats["in_flight"]) == (2, 1, 0)
    assert stats["calls"] == [{"method": "GET", "path": "/record/v1/currency/{id}", "count": 3}]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("GET", "/record/v1/invoice/1"), 0),
        (Call("POST", "/query/v1/suiteql", body=b'{"q": "SELECT 1"}'), 0),
        (Call("PUT", "/record/v1/invoice/eid:x", body=b'{"item": {"items": []}}'), 1),
        (Call("POST", "/app/site/hosting/restlet.nl", body=b'{"action": "batch", "items": [{}, {}, {}]}'), 3),
        (Call("POST", "/app/site/hosting/restlet.nl", body=b"{"), 0),
    ],
)
def test_time_is_taken_for_each_record_that_a_call_saves(call: Call, expected: int) -> None:
    assert saved(call) == expected


def test_a_save_takes_the_time_of_its_record(client: Client, world: NetSuiteWorld) -> None:
    world.governance.record_ms = 50
    world.governance.forget()
    client.customer()
    assert world.governance.stats()["busy_seconds"] >= 0.05


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/record/v1/invoice", "/record/v1/invoice"),
        ("/record/v1/invoice/12", "/record/v1/invoice/{id}"),
        ("/record/v1/invoice/eid:stripe-inv-1", "/record/v1/invoice/eid:{externalId}"),
        ("/record/v1/invoice/12/!transform/creditMemo", "/record/v1/invoice/{id}/!transform/creditMemo"),
        ("/record/v1/invoice/12/item/1", "/record/v1/invoice/{id}/item/{line}"),
        ("/record/v1/metadata-catalog/invoice", "/record/v1/metadata-catalog/invoice"),
        ("/async/v1/job/3/task/1/result", "/async/v1/job/{job}/task/{task}/result"),
        ("/query/v1/suiteql", "/query/v1/suiteql"),
    ],
)
def test_calls_are_counted_by_pattern(path: str, expected: str) -> None:
    assert pattern(path) == expected


def test_the_limit_can_be_read(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"concurrency": 7})
    found = client.get("/services/rest/system/v1/governanceLimits").json()
    assert (found["accountConcurrencyLimit"], found["integrationLimitType"]) == (7, "accountLimit")


def test_the_limit_is_for_administrators_to_read(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"administrator": False})
    assert client.get("/services/rest/system/v1/governanceLimits").status_code == 403


def test_a_connection_cut_after_the_commit_leaves_the_record(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    world.faults.cut_after(method="POST", path="/record/v1/invoice", times=1)
    with pytest.raises(httpx.TransportError):
        client.post(f"{RECORDS}/invoice", json=invoice(customer, externalId="stripe-inv-1"))
    assert client.get(f"{RECORDS}/invoice/eid:stripe-inv-1").status_code == 200


def test_a_connection_cut_before_the_commit_leaves_nothing(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    world.faults.cut_before(method="POST", path="/record/v1/invoice", times=1)
    with pytest.raises(httpx.TransportError):
        client.post(f"{RECORDS}/invoice", json=invoice(customer, externalId="stripe-inv-1"))
    assert client.get(f"{RECORDS}/invoice/eid:stripe-inv-1").status_code == 404


def test_a_gateways_page_of_html_can_be_asked_for(client: Client) -> None:
    rule = {"kind": "status", "status": 503, "body": "<html>Scheduled Maintenance</html>", "times": 1}
    client.post("/_sandbox/faults", json=rule)
    answers = [client.get(f"{RECORDS}/currency/1") for _ in range(2)]
    assert (answers[0].status_code, answers[0].headers["content-type"][:9]) == (503, "text/html")
    assert answers[1].status_code == 200
    client.delete("/_sandbox/faults")


def test_busy_seconds_add_up_the_places_taken() -> None:
    governance = Governance()
    governance.enter("GET", "/x")
    governance.enter("GET", "/x")
    time.sleep(0.05)
    governance.leave()
    governance.leave()
    assert governance.stats()["busy_seconds"] >= 0.1
