"""Asynchronous batches: jobs, tasks and their single results."""

import json

import httpx
import pytest
import respx

from app.core.exchanges import Exchange
from app.errors import DuplicateName, OutcomeUnknown
from app.systems.netsuite.batch import Batches, BatchResult
from app.systems.netsuite.client import NetSuiteClient
from app.systems.netsuite.records import Customer, Ref
from app.systems.netsuite.transport import Calls
from tests.app.systems.netsuite.conftest import BASE, RECORD, FixedClock, made_location

JOB = f"{BASE}/services/rest/async/v1/job"
COLLECTION = f"{RECORD}/customer"
ACCEPTED = httpx.Response(202, headers={"Location": f"{JOB}/12"})


def customers(count: int) -> list[Customer]:
    return [Customer(external_id=f"stripe-cust-cus_{number}") for number in range(count)]


def tasks(count: int) -> httpx.Response:
    items = [{"links": [{"rel": "self", "href": f"{JOB}/12/task/{n + 1}"}]} for n in range(count)]
    return httpx.Response(200, json={"items": items})


def finished(completed: bool = True) -> httpx.Response:
    return httpx.Response(200, json={"completed": completed})


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def batches(client: NetSuiteClient, exchanges: list[Exchange], waits: list[float]) -> Batches:
    gateway = client.bound(exchanges.append, FixedClock())
    return Batches(Calls(client._connection, exchanges.append), gateway.find, waits.append)


@pytest.fixture
def job(api: respx.MockRouter) -> respx.MockRouter:
    api.get(f"{JOB}/12").mock(return_value=finished())
    return api


def test_each_record_gets_its_own_result(batches: Batches, job: respx.MockRouter) -> None:
    job.put(COLLECTION).mock(return_value=ACCEPTED)
    job.get(f"{JOB}/12/task").mock(return_value=tasks(2))
    job.get(f"{JOB}/12/task/1/result").mock(return_value=made_location("customer", "501"))
    clash = {"o:errorDetails": [{"detail": "You must enter a unique customer ID.", "o:errorCode": "USER_ERROR"}]}
    job.get(f"{JOB}/12/task/2/result").mock(return_value=httpx.Response(400, json=clash))
    first, second = batches.upsert(customers(2))
    assert first == BatchResult("stripe-cust-cus_0", ref=Ref("customer", "501"))
    assert isinstance(second.error, DuplicateName)


def test_a_batch_is_asked_for_asynchronously_and_by_name(batches: Batches, job: respx.MockRouter) -> None:
    put = job.put(COLLECTION).mock(return_value=ACCEPTED)
    job.get(f"{JOB}/12/task").mock(return_value=tasks(1))
    job.get(f"{JOB}/12/task/1/result").mock(return_value=made_location("customer", "501"))
    batches.upsert(customers(1))
    headers = put.calls.last.request.headers
    assert (headers["Prefer"], headers["Content-Type"]) == (
        "respond-async",
        "application/vnd.oracle.resource+json; type=collection",
    )


def test_the_same_records_have_the_same_key(batches: Batches, job: respx.MockRouter) -> None:
    put = job.put(COLLECTION).mock(return_value=ACCEPTED)
    job.get(f"{JOB}/12/task").mock(return_value=tasks(1))
    job.get(f"{JOB}/12/task/1/result").mock(return_value=made_location("customer", "501"))
    batches.upsert(customers(1))
    batches.upsert(customers(1))
    first, second = (call.request.headers["X-NetSuite-Idempotency-Key"] for call in put.calls)
    assert first == second


def test_a_batch_whose_acceptance_is_lost_finds_its_job(batches: Batches, job: respx.MockRouter) -> None:
    known = httpx.Response(
        400,
        headers={"Location": f"{JOB}/12"},
        json={"title": "Conflict", "o:errorDetails": [{"detail": "Used.", "o:errorCode": "IDEMPOTENCY_ERROR"}]},
    )
    job.put(COLLECTION).mock(side_effect=[httpx.ReadTimeout("lost"), known])
    job.get(f"{JOB}/12/task").mock(return_value=tasks(1))
    job.get(f"{JOB}/12/task/1/result").mock(return_value=made_location("customer", "501"))
    assert batches.upsert(customers(1))[0].ref == Ref("customer", "501")


def test_no_more_than_a_hundred_go_into_one_job(batches: Batches, job: respx.MockRouter) -> None:
    put = job.put(COLLECTION).mock(return_value=ACCEPTED)
    job.get(f"{JOB}/12/task").mock(side_effect=[tasks(100), tasks(1)])
    job.get(url__regex=r".*/task/\d+/result").mock(return_value=made_location("customer", "501"))
    batches.upsert(customers(101))
    assert [len(json.loads(call.request.content)["items"]) for call in put.calls] == [100, 1]


def test_an_unfinished_job_is_waited_for(batches: Batches, api: respx.MockRouter, waits: list[float]) -> None:
    api.put(COLLECTION).mock(return_value=ACCEPTED)
    api.get(f"{JOB}/12").mock(side_effect=[finished(False), httpx.Response(503), finished()])
    api.get(f"{JOB}/12/task").mock(return_value=tasks(1))
    api.get(f"{JOB}/12/task/1/result").mock(return_value=made_location("customer", "501"))
    batches.upsert(customers(1))
    assert len(waits) == 2


def test_tasks_that_do_not_add_up_are_answered_by_look_ups(batches: Batches, job: respx.MockRouter) -> None:
    job.put(COLLECTION).mock(return_value=ACCEPTED)
    job.get(f"{JOB}/12/task").mock(return_value=tasks(1))
    job.get(f"{RECORD}/customer/eid:stripe-cust-cus_0").mock(return_value=httpx.Response(200, json={"id": "501"}))
    job.get(f"{RECORD}/customer/eid:stripe-cust-cus_1").mock(return_value=httpx.Response(404))
    first, second = batches.upsert(customers(2))
    assert first.ref == Ref("customer", "501")
    assert isinstance(second.error, OutcomeUnknown)
