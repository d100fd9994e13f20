"""Writes that wait at the same time: one call, and to each run its own result, error, exchange and count."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest
import respx
from structlog.testing import capture_logs

from app.core.exchanges import Exchange
from app.errors import Conflict, OutcomeUnknown, PeriodClosed, Throttled, TieoutError, Unavailable
from app.settings import NetSuiteAccount
from app.systems.netsuite import bursts, line
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.records import Apply, CreditMemo, Customer, Invoice, InvoiceLine, Ref
from app.systems.netsuite.slots import LocalSlots
from tests.app.systems.netsuite.conftest import RECORD, RESTLET, FixedClock, Signed, made_location

Item = dict[str, Any]
MISSING = httpx.Response(404, json={"o:errorDetails": [{"detail": "No.", "o:errorCode": "NONEXISTENT_ID"}]})
LOST = httpx.ReadTimeout("no answer")


def until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up_at, "the condition did not come true in time"
        threading.Event().wait(0.001)


def customer(number: int) -> Customer:
    return Customer(external_id=f"stripe-cust-cus_{number}", company_name=f"Acme {number}")


def done(item: Item) -> Item:
    return {"ok": True, "id": item["externalId"].rpartition("_")[2], "created": True}


class Script:
    """The RESTlet: keeps what it was sent and answers item by item, or with what `instead` says for this call."""

    def __init__(self) -> None:
        self.batches: list[list[Item]] = []
        self.result: Callable[[Item], Item] = done
        self.instead: list[httpx.Response | Exception | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        assert asked["action"] == "batch"
        self.batches.append(asked["items"])
        special = self.instead.pop(0) if self.instead else None
        if isinstance(special, Exception):
            raise special
        return special or httpx.Response(
            200, json={"ok": True, "results": [self.result(one) for one in asked["items"]]}
        )

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


class Gate:
    """The record service: a PUT is answered at once, or while `shut` when it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.puts: list[str] = []
        self.refused: dict[str, httpx.Response] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.puts.append(request.url.path.rpartition("eid:")[2])
        assert self.open.wait(10)
        if self.puts[-1] in self.refused:
            return self.refused[self.puts[-1]]
        return made_location("customer", self.puts[-1].rpartition("_")[2] or "0")


@dataclass
class Run:
    gateway: NetSuiteGateway
    exchanges: list[Exchange]
    thread: threading.Thread | None = None
    ref: Any = None
    error: TieoutError | None = None


@dataclass
class World:
    """A client with one lane, so that the first write holds the others up."""

    client: NetSuiteClient
    script: Script
    gate: Gate
    runs: list[Run] = field(default_factory=list)

    def start(self, write: Callable[[NetSuiteGateway], object]) -> Run:
        exchanges: list[Exchange] = []
        run = Run(self.client.bound(exchanges.append, FixedClock()), exchanges)

        def carry_out() -> None:
            try:
                run.ref = write(run.gateway)
            except TieoutError as error:
                run.error = error

        run.thread = threading.Thread(target=carry_out)
        run.thread.start()
        self.runs.append(run)
        return run

    def together(self, *writes: Callable[[NetSuiteGateway], object]) -> list[Run]:
        """Each in line, in this order, behind a first write that goes by itself."""
        assert self.client._bursts is not None
        self.gate.open.clear()
        sent = len(self.gate.puts)
        first = self.start(lambda gateway: gateway.upsert(customer(0)))
        until(lambda: len(self.gate.puts) > sent)
        waiting, started = self.client._bursts._line._waiting, []
        for number, write in enumerate(writes, 1):
            started.append(self.start(write))
            until(partial(_holds, waiting, number))
        self.gate.open.set()
        for run in (first, *started):
            assert run.thread is not None
            run.thread.join(10)
        return started

    def customers(self, numbers: Sequence[int]) -> list[Run]:
        return self.together(*(partial(_upserted, number) for number in numbers))


def _upserted(number: int, gateway: NetSuiteGateway) -> Ref:
    return gateway.upsert(customer(number))


def _holds(waiting: Sized, many: int) -> bool:
    return len(waiting) == many


@pytest.fixture
def world(api: respx.MockRouter) -> Iterator[World]:
    account = NetSuiteAccount(account_id="1234567_SB1", concurrency=1, batch_with="restlet")
    made = World(NetSuiteClient(account, LocalSlots(4), signer=Signed()), Script(), Gate())
    api.post(RESTLET).mock(side_effect=made.script)
    api.put(url__regex=f"{RECORD}/customer/eid:.*").mock(side_effect=made.gate)
    yield made
    made.client.close()


def refs(runs: list[Run]) -> list[Ref | None]:
    return [run.ref for run in runs]


def errors(runs: list[Run]) -> list[type[TieoutError] | None]:
    return [type(run.error) if run.error else None for run in runs]


def of(*numbers: int) -> list[Ref]:
    return [Ref("customer", str(number)) for number in numbers]


# gathering ----------------------------------------


def test_a_lone_write_goes_by_rest(world: World) -> None:
    gateway = world.client.bound(lambda _: None, FixedClock())
    assert (gateway.upsert(customer(7)), world.script.sizes) == (Ref("customer", "7"), [])


def test_writes_that_wait_go_in_one_call(world: World) -> None:
    assert (refs(world.customers([1, 2, 3])), world.script.sizes) == (of(1, 2, 3), [3])


def test_a_single_one_that_waited_goes_by_rest(world: World) -> None:
    assert (refs(world.customers([1])), world.script.sizes, len(world.gate.puts)) == (of(1), [], 2)


def test_without_the_setting_every_write_is_a_call_of_its_own(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    script = api.post(RESTLET)
    api.put(url__regex=f"{RECORD}/customer/eid:.*").mock(return_value=made_location("customer", "1"))
    netsuite.upsert(customer(1))
    assert (netsuite._bursts, script.call_count) == (None, 0)


def test_a_call_takes_no_more_than_it_may(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.client._bursts is not None
    world.client._bursts._line._most = 3
    assert refs(world.customers(range(1, 8))) == of(1, 2, 3, 4, 5, 6, 7)
    assert (world.script.sizes, len(world.gate.puts)) == ([3, 3], 2)


def test_a_call_does_not_grow_over_netsuite_s_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_BYTES", 150)
    world.customers(range(1, 6))
    assert world.script.sizes == [2, 2]


# what is sent ----------------------------------------

INVOICE = Invoice(
    external_id="stripe-inv-in_1", entity="5", lines=(InvoiceLine(item="101", rate=Decimal("10.10"), price=None),)
)
MEMO = CreditMemo(external_id="stripe-cm-re_2", apply=(Apply(doc="1001", amount=Decimal("3.01"), line=0),))


def test_each_kind_of_write_says_all_that_rest_would_be_told(world: World) -> None:
    world.script.result = lambda item: {"ok": True, "id": "9"}
    runs = world.together(
        lambda gateway: gateway.upsert(INVOICE),
        lambda gateway: gateway.create(customer(3)),
        lambda gateway: gateway.transform(Ref("invoice", "1001"), MEMO),
        lambda gateway: gateway.patch(Ref("customer", "5"), {"memo": "x"}, replace=("addressBook",)),
    )
    assert refs(runs) == [Ref("invoice", "9"), Ref("customer", "9"), Ref("creditMemo", "9"), None]
    name = {"externalId": "stripe-cust-cus_3"}
    assert world.script.batches == [
        [
            {
                "op": "upsert",
                "type": "invoice",
                "externalId": "stripe-inv-in_1",
                "replace": ["item"],
                "body": {
                    "externalId": "stripe-inv-in_1",
                    "entity": {"id": "5"},
                    "toBeEmailed": False,
                    "item": {"items": [{"item": {"id": "101"}, "quantity": 1, "rate": 10.10}]},
                },
            },
            {"op": "create", "type": "customer", **name, "replace": [], "body": {**name, "companyName": "Acme 3"}},
            {
                "op": "transform",
                "from": {"type": "invoice", "id": "1001"},
                "type": "creditMemo",
                "externalId": "stripe-cm-re_2",
                "replace": ["apply"],
                "body": {
                    "externalId": "stripe-cm-re_2",
                    "autoApply": False,
                    "toBeEmailed": False,
                    "apply": {"items": [{"doc": {"id": "1001"}, "line": 0, "apply": True, "amount": 3.01}]},
                },
            },
            {"op": "patch", "type": "customer", "id": "5", "replace": ["addressBook"], "body": {"memo": "x"}},
        ]
    ]


def test_other_kinds_of_records_go_by_rest(world: World, api: respx.MockRouter) -> None:
    patch = api.patch(f"{RECORD}/vendor/7").mock(return_value=httpx.Response(204))
    world.together(
        lambda gateway: gateway.upsert(customer(1)),
        lambda gateway: gateway.upsert(customer(2)),
    )
    world.client.bound(lambda _: None, FixedClock()).patch(Ref("vendor", "7"), {"memo": "x"})
    assert (patch.call_count, world.script.sizes) == (1, [2])


# what each run sees ----------------------------------------


def test_each_run_records_its_own_record_and_no_other(world: World) -> None:
    runs = world.customers([1, 2])
    assert [[(one.request, one.response) for one in run.exchanges] for run in runs] == [
        [
            (
                {
                    "action": "batch",
                    "of": 2,
                    "op": "upsert",
                    "type": "customer",
                    "externalId": f"stripe-cust-cus_{number}",
                    "replace": [],
                    "body": {"externalId": f"stripe-cust-cus_{number}", "companyName": f"Acme {number}"},
                },
                {"ok": True, "id": str(number), "created": True},
            )
        ]
        for number in (1, 2)
    ]


def test_fields_that_are_not_known_to_be_harmless_are_not_shown(world: World) -> None:
    secret = Customer(external_id="stripe-cust-cus_1", custom={"taxIdNum": "12-345"})
    run, _ = world.together(lambda gateway: gateway.upsert(secret), lambda gateway: gateway.upsert(customer(2)))
    assert "12-345" not in json.dumps(run.exchanges[0].as_json())


def test_the_call_is_counted_once(world: World) -> None:
    assert sorted(run.gateway.calls for run in world.customers([1, 2, 3])) == [0, 0, 1]


def refusing(code: str, message: str) -> Callable[[Item], Item]:
    """The second of those that wait."""
    refusal = {"ok": False, "code": code, "message": message}
    return lambda item: refusal if item["externalId"].endswith("_2") else done(item)


def test_a_conflict_is_that_record_s_alone(world: World) -> None:
    world.script.result = refusing("RCRD_HAS_BEEN_CHANGED", "Record has been changed")
    runs = world.customers([1, 2, 3])
    assert (refs(runs), errors(runs)) == ([of(1)[0], None, of(3)[0]], [None, Conflict, None])


def test_a_refusal_is_rest_s_to_make(world: World, api: respx.MockRouter) -> None:
    closed = {"o:errorDetails": [{"detail": "The period is closed.", "o:errorCode": "USER_ERROR"}]}
    api.get(url__regex=f"{RECORD}/customer/eid:.*").mock(return_value=MISSING)
    world.gate.refused["stripe-cust-cus_2"] = httpx.Response(400, json=closed)
    world.script.result = refusing("UNEXPECTED_WORDS", "It is past the end of the period, sort of.")
    runs = world.customers([1, 2, 3])
    assert (refs(runs), errors(runs)) == ([of(1)[0], None, of(3)[0]], [None, PeriodClosed, None])
    assert [one.method for one in runs[1].exchanges] == ["POST", "PUT", "GET"]


@pytest.mark.parametrize("code", ["INVALID_REQUEST", "INVALID_CONTENT", "TYPE_NOT_ALLOWED", "USER_ERROR"])
def test_a_record_that_rest_takes_after_all_is_written_and_told_in_the_log(world: World, code: str) -> None:
    world.script.result = refusing(code, "No.")
    with capture_logs() as logs:
        assert refs(world.customers([1, 2])) == of(1, 2)
    assert world.gate.puts[1:] == ["stripe-cust-cus_2"]
    [line] = [line for line in logs if line["log_level"] == "warning"]
    assert (line["event"], line["type"], line["refusal"]) == ("restlet.overruled", "customer", f"{code}: No.")


def test_a_throttled_call_is_told_to_each_run_and_to_the_slots_once(world: World) -> None:
    blocked = {"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "Request Limit Exceeded"}}
    world.script.instead = [httpx.Response(400, json=blocked)]
    runs = world.customers([1, 2])
    slots = world.client._connection.slots
    assert isinstance(slots, LocalSlots)
    assert (errors(runs), slots.throttles) == ([Throttled, Throttled], 1)


def test_what_was_never_sent_is_tried_again_later(world: World) -> None:
    world.script.instead = [httpx.ConnectError("refused")]
    runs = world.customers([1, 2])
    assert errors(runs) == [Unavailable, Unavailable]
    assert runs[0].error is not runs[1].error


# lost answers ----------------------------------------

STORED = {"id": "1", "companyName": "Acme 1"}


@pytest.mark.parametrize(
    "lost",
    [
        LOST,
        httpx.ReadError("reset"),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(200, text="<html>Log in</html>"),
        httpx.Response(200, json={"ok": True, "results": []}),
        httpx.Response(400, json={"error": {"code": "SSS_TIME_LIMIT_EXCEEDED", "message": "Too long."}}),
        httpx.Response(400, json={"error": {"code": "UNEXPECTED_ERROR", "message": "TypeError"}}),
    ],
    ids=["timeout", "reset", "gateway", "page", "no results", "time limit", "script error"],
)
def test_after_a_lost_answer_each_record_is_looked_up_and_sent_again_only_if_it_is_not_there(
    world: World, api: respx.MockRouter, lost: httpx.Response | Exception
) -> None:
    api.get(f"{RECORD}/customer/eid:stripe-cust-cus_1").mock(return_value=httpx.Response(200, json=STORED))
    api.get(f"{RECORD}/customer/eid:stripe-cust-cus_2").mock(return_value=MISSING)
    world.script.instead = [lost]
    assert refs(world.customers([1, 2])) == of(1, 2)
    assert (world.script.sizes, world.gate.puts) == ([2], ["stripe-cust-cus_0", "stripe-cust-cus_2"])


def test_a_patch_that_would_append_lines_is_not_sent_again(world: World, api: respx.MockRouter) -> None:
    api.get(url__regex=f"{RECORD}/customer/eid:.*").mock(return_value=MISSING)
    lines = {"item": {"items": [{"item": {"id": "1"}}]}}
    world.script.instead = [LOST]
    [run, _] = world.together(
        lambda gateway: gateway.patch(Ref("invoice", "7"), lines), lambda gateway: gateway.upsert(customer(1))
    )
    assert isinstance(run.error, OutcomeUnknown)


def test_after_a_lost_answer_fewer_go_together(world: World, api: respx.MockRouter) -> None:
    api.get(url__regex=f"{RECORD}/customer/eid:.*").mock(return_value=MISSING)
    world.script.instead = [LOST]
    world.customers([1, 2, 3, 4])
    world.customers([1, 2, 3, 4])
    assert world.script.sizes == [4, 2, 2]


# what the RESTlet has not done ----------------------------------------


def not_done_after(many: int) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        items = json.loads(request.content)["items"]
        undone = [{"ok": False, "code": "NOT_DONE", "message": "No units left."}] * (len(items) - many)
        return httpx.Response(200, json={"ok": True, "results": [done(item) for item in items[:many]] + undone})

    return answer


def test_what_it_has_not_come_to_goes_in_the_next_call(world: World, api: respx.MockRouter) -> None:
    post = api.post(RESTLET).mock(side_effect=not_done_after(2))
    assert refs(world.customers([1, 2, 3, 4])) == of(1, 2, 3, 4)
    assert [len(json.loads(call.request.content)["items"]) for call in post.calls] == [4, 2]


def test_what_it_cannot_do_even_first_goes_by_rest(world: World, api: respx.MockRouter) -> None:
    api.post(RESTLET).mock(side_effect=not_done_after(0))
    assert refs(world.customers([1, 2, 3])) == of(1, 2, 3)


def test_a_request_that_it_does_not_take_goes_by_rest(world: World) -> None:
    world.script.instead = [httpx.Response(200, json={"ok": False, "code": "INVALID_REQUEST", "message": "No."})]
    assert (refs(world.customers([1, 2])), refs(world.customers([1, 2]))) == (of(1, 2), of(1, 2))
    assert world.script.sizes == [2, 2]


# no RESTlet ----------------------------------------

GONE = {"error": {"code": "SSS_INVALID_SCRIPTLET_ID", "message": "That Suitelet is invalid."}}


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(404, json=GONE),
        httpx.Response(404, text="<html>Page not found</html>"),
        httpx.Response(403, json={"error": {"code": "INSUFFICIENT_PERMISSION", "message": "No."}}),
        httpx.Response(200, json={"ok": False, "code": "UNKNOWN_ACTION", "message": "The action is not known."}),
    ],
    ids=["not installed", "page", "no permission", "an old version"],
)
def test_without_the_restlet_all_goes_by_rest_and_it_is_said_once(world: World, refusal: httpx.Response) -> None:
    world.script.instead = [refusal]
    with capture_logs() as logs:
        first, later = world.customers([1, 2]), [world.start(lambda gateway: gateway.upsert(customer(3)))]
        assert later[0].thread is not None
        later[0].thread.join(10)
    assert (refs(first), refs(later), world.script.sizes) == (of(1, 2), of(3), [2])
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["restlet.set_aside"]


def test_a_login_without_the_scope_for_restlets_writes_by_rest(world: World) -> None:
    world.script.instead = [httpx.Response(401), httpx.Response(401)]
    assert (refs(world.customers([1, 2])), world.script.sizes) == (of(1, 2), [2, 2])


def test_what_waits_when_the_restlet_is_found_missing_goes_by_rest(world: World) -> None:
    assert world.client._bursts is not None
    world.client._bursts._line._most = 2
    world.script.instead = [httpx.Response(404, json=GONE)]
    assert (refs(world.customers(range(1, 6))), world.script.sizes) == (of(1, 2, 3, 4, 5), [2])


def test_a_restlet_that_fails_again_and_again_is_left_alone(world: World, api: respx.MockRouter) -> None:
    api.get(url__regex=f"{RECORD}/customer/eid:.*").mock(return_value=MISSING)
    world.script.instead = [httpx.Response(400, json={"error": {"code": "UNEXPECTED_ERROR", "message": "x"}})] * 9
    bursting = world.client._bursts
    assert bursting is not None
    asides = []
    for _ in range(bursts.PATIENCE):
        asides.append(bursting.set_aside)
        assert refs(world.customers([1, 2])) == of(1, 2)
    assert (asides, bursting.set_aside) == ([False] * bursts.PATIENCE, True)
