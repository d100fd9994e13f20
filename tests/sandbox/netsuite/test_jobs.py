"""Asynchronous calls and batches: accepted at once, done later, idempotent by key."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.sandbox.netsuite.conftest import RECORDS, Client, invoice, payment

ASYNC = {"Prefer": "respond-async"}
BATCH = {**ASYNC, "Content-Type": "application/vnd.oracle.resource+json; type=collection"}


def completed(client: Client, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        job = client.get(answer.headers["Location"]).json()
        if job["completed"]:
            return dict(job)
        time.sleep(0.01)
    raise AssertionError("the job was not completed in time")


def results(client: Client, answer: httpx.Response) -> list[httpx.Response]:
    completed(client, answer)
    tasks = client.get(f"{answer.headers['Location']}/task").json()["items"]
    return [client.get(f"{task['links'][0]['href']}/result") for task in tasks]


def test_a_job_does_what_the_call_would_have_done(client: Client) -> None:
    answer = client.post(f"{RECORDS}/invoice", json=invoice(client.customer()), headers=ASYNC)
    [result] = results(client, answer)
    assert (result.status_code, result.content) == (204, b"")
    assert client.get(result.headers["Location"]).json()["total"] == 100


def test_a_failed_job_has_the_refusal_as_its_result(client: Client) -> None:
    answer = client.post(f"{RECORDS}/invoice", json=invoice("999"), headers=ASYNC)
    assert completed(client, answer)["progress"] == "failed"
    assert results(client, answer)[0].status_code == 400


def test_the_same_idempotency_key_again_points_to_the_first_job(client: Client) -> None:
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": "key-1"}
    body = invoice(client.customer())
    first, second = (client.post(f"{RECORDS}/invoice", json=body, headers=headers) for _ in range(2))
    assert (second.status_code, second.json()["title"]) == (400, "Conflict")
    assert second.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert second.headers["Location"] == first.headers["Location"]


def test_a_batch_has_a_result_for_each_record(client: Client) -> None:
    customer = client.customer()
    items = [payment(customer, None, 1, externalId="p-1"), payment(customer, None, 0), payment(customer, None, 2)]
    answer = client.post(f"{RECORDS}/customerPayment", json={"items": items}, headers=BATCH)
    assert [one.status_code for one in results(client, answer)] == [204, 400, 204]


def test_a_batch_upserts_by_external_id(client: Client) -> None:
    items = [{"externalId": f"c-{n}", "companyName": f"C{n}", "subsidiary": {"id": "1"}} for n in range(3)]
    for _ in range(2):
        answer = client.put(f"{RECORDS}/customer", json={"items": items}, headers=BATCH)
        assert {one.status_code for one in results(client, answer)} == {204}
    assert len(client.suiteql("SELECT id FROM customer")) == 3


def test_a_batch_of_deletes(client: Client) -> None:
    found = [client.customer() for _ in range(2)]
    answer = client.delete(f"{RECORDS}/customer", params={"ids": ",".join(found)}, headers=ASYNC)
    assert [one.status_code for one in results(client, answer)] == [204, 204]


def test_a_batch_holds_a_hundred_records_at_most(client: Client) -> None:
    answer = client.post(f"{RECORDS}/customer", json={"items": [{}] * 101}, headers=BATCH)
    assert answer.status_code == 400


def test_a_synchronous_batch_is_refused(client: Client) -> None:
    headers = {"Content-Type": BATCH["Content-Type"]}
    assert client.post(f"{RECORDS}/customer", json={"items": [{}]}, headers=headers).status_code == 400


def test_an_unknown_job_is_a_404(client: Client) -> None:
    assert client.get("/services/rest/async/v1/job/999").status_code == 404
