"""What the user-event script tells the other side: thin, signed, once, and never in the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.faults import Receive, Scope, Send
from sandbox.netsuite import NetSuiteWorld
from sandbox.serve import serving
from tests.sandbox.netsuite.conftest import Client, invoice, payment


class Inbox:
    """A receiver that keeps what it is sent."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.received.append((headers, message.get("body", b"")))
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def inbox(client: Client, world: NetSuiteWorld) -> Iterator[Inbox]:
    inbox = Inbox()
    with serving(inbox) as url:
        world.deliver_to(f"{url}/webhooks/netsuite/main")
        yield inbox
        world.callbacks.wait_idle()
        world.callbacks.deliver_to(None)


def saved(client: Client, type: str, body: dict[str, Any]) -> str:
    answer = client.post(f"/_sandbox/ui/{type}", json=body)
    assert answer.status_code == 200, answer.text
    client.post("/_sandbox/callbacks/wait")
    return str(answer.json()["id"])


CUSTOMER = {"companyName": "Acme", "subsidiary": {"id": "1"}}


def test_a_persons_save_is_told(client: Client, inbox: Inbox) -> None:
    found = saved(client, "customer", CUSTOMER)
    [event] = inbox.events
    told = {name: event[name] for name in ("account", "record_type", "id", "event", "context")}
    assert told == {
        "account": "TSTDRV1234567", "record_type": "customer", "id": found, "event": "create",
        "context": "USERINTERFACE",
    }  # fmt: skip
    assert set(event) == {*told, "event_id", "at"}


def test_the_signature_is_of_timestamp_and_body_in_real_time(
    client: Client, inbox: Inbox, world: NetSuiteWorld
) -> None:
    saved(client, "customer", CUSTOMER)
    [(headers, body)] = inbox.received
    stamp = headers["x-tieout-timestamp"]
    secret = world.credentials.netsuite_callback_secret.encode()
    expected = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-tieout-signature"] == f"v1={expected}"
    assert abs(time.time() - int(stamp)) < 60


def test_each_kind_of_save_has_its_event(client: Client, inbox: Inbox) -> None:
    customer = saved(client, "customer", CUSTOMER)
    found = saved(client, "invoice", invoice(customer))
    client.patch(f"/_sandbox/ui/invoice/{found}", json={"memo": "m"})
    client.patch(f"/_sandbox/ui/invoice/{found}?event=xedit", json={"memo": "n"})
    client.post(f"/_sandbox/ui/invoice/{found}/void")
    client.delete(f"/_sandbox/ui/customer/{saved(client, 'customer', CUSTOMER)}")
    client.post("/_sandbox/callbacks/wait")
    told = [(event["record_type"], event["event"]) for event in inbox.events]
    assert told == [
        ("customer", "create"),
        ("invoice", "create"),
        ("invoice", "edit"),
        ("invoice", "xedit"),
        ("invoice", "void"),
        ("customer", "create"),
        ("customer", "delete"),
    ]


def test_a_payment_is_told_but_not_its_invoice(client: Client, inbox: Inbox) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    saved(client, "customerPayment", payment(customer, found, 100))
    assert [event["record_type"] for event in inbox.events] == ["customerpayment"]


def test_event_ids_differ_even_within_a_second(client: Client, inbox: Inbox) -> None:
    found = saved(client, "customer", CUSTOMER)
    for phone in "123":
        client.patch(f"/_sandbox/ui/customer/{found}", json={"phone": phone})
    client.post("/_sandbox/callbacks/wait")
    assert len({event["event_id"] for event in inbox.events}) == 4


def test_what_the_integration_writes_is_skipped(client: Client, inbox: Inbox, world: NetSuiteWorld) -> None:
    client.invoice(client.customer())
    world.callbacks.wait_idle()
    assert (inbox.events, world.callbacks.counts["skipped"]) == ([], 2)


def test_echoes_can_be_switched_on(client: Client, inbox: Inbox, world: NetSuiteWorld) -> None:
    client.patch("/_sandbox/settings", json={"callback_echoes": True})
    client.customer()
    world.callbacks.wait_idle()
    assert [event["context"] for event in inbox.events] == ["RESTWEBSERVICES"]


def test_a_list_record_has_no_script(client: Client, inbox: Inbox) -> None:
    saved(client, "department", {"name": "D"})
    assert inbox.events == []


def test_a_refused_callback_is_not_tried_again(client: Client, inbox: Inbox, world: NetSuiteWorld) -> None:
    inbox.status = 503
    saved(client, "customer", CUSTOMER)
    assert (len(inbox.received), world.callbacks.counts["refused"]) == (1, 1)


def test_an_unreachable_receiver_does_not_break_the_save(client: Client, world: NetSuiteWorld) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        world.deliver_to(f"http://127.0.0.1:{taken.getsockname()[1]}/hook")
        saved(client, "customer", CUSTOMER)
    assert world.callbacks.counts["failed"] == 1


@pytest.mark.parametrize(("kind", "expected"), [("drop", 1), ("duplicate", 3)])
def test_callbacks_can_be_lost_or_doubled(client: Client, inbox: Inbox, kind: str, expected: int) -> None:
    client.post("/_sandbox/callbacks/chaos", json={"kind": kind, "times": 1})
    for _ in range(2):
        saved(client, "customer", CUSTOMER)
    assert len(inbox.received) == expected


def test_callbacks_can_be_signed_wrongly(client: Client, inbox: Inbox, world: NetSuiteWorld) -> None:
    client.post("/_sandbox/callbacks/chaos", json={"kind": "wrong_signature", "times": 1})
    for _ in range(2):
        saved(client, "customer", CUSTOMER)
    secret = world.credentials.netsuite_callback_secret.encode()

    def good(headers: dict[str, str], body: bytes) -> bool:
        made = hmac.new(secret, headers["x-tieout-timestamp"].encode() + b"." + body, hashlib.sha256)
        return headers["x-tieout-signature"] == f"v1={made.hexdigest()}"

    assert [good(*one) for one in inbox.received] == [False, True]


def test_callbacks_can_be_late(client: Client, inbox: Inbox) -> None:
    client.post("/_sandbox/callbacks/chaos", json={"kind": "delay", "times": 1, "ms": 200})
    started = time.monotonic()
    saved(client, "customer", CUSTOMER)
    assert (len(inbox.received), time.monotonic() - started >= 0.2) == (1, True)
