import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.systems.stripe.normalise import head
from app.systems.stripe.objects import EventHead

SNAPSHOT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "created": 1_760_000_000,
    "livemode": False,
    "api_version": "2026-10-28.endive",
    "account": "acct_9",
    "pending_webhooks": 1,
    "data": {"object": {"id": "in_1", "object": "invoice", "lines": {"data": [{"id": "il_1"}]}}},
    "request": {"id": "req_1", "idempotency_key": "tieout:main:x"},
}
THIN: dict[str, Any] = {
    "id": "evt_2",
    "object": "v2.core.event",
    "type": "v1.invoice.paid",
    "created": "2026-10-30T08:00:00.123Z",
    "livemode": True,
    "context": "acct_9",
    "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"},
    "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "key-1"}},
}


def read(event: dict[str, Any], **changed: Any) -> EventHead:
    return head(json.dumps({**event, **changed}).encode())


def test_a_snapshot_event() -> None:
    assert read(SNAPSHOT) == EventHead(
        id="evt_1",
        type="invoice.paid",
        kind="snapshot",
        object_id="in_1",
        object_type="invoice",
        created=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
        livemode=False,
        api_version="2026-10-28.endive",
        context="acct_9",
        idempotency_key="tieout:main:x",
    )


def test_a_thin_event_loses_its_prefix() -> None:
    assert read(THIN) == EventHead(
        id="evt_2",
        type="invoice.paid",
        kind="thin",
        object_id="in_1",
        object_type="invoice",
        created=datetime(2026, 10, 30, 8, 0, 0, 123000, tzinfo=UTC),
        livemode=True,
        context="acct_9",
        idempotency_key="key-1",
    )


def test_a_v2_type_keeps_its_name() -> None:
    kind = "v2.core.health.event_generation_failure.resolved"
    assert read(THIN, type=kind, related_object=None).type == kind


def test_an_object_without_an_id_is_normal() -> None:
    upcoming = read(SNAPSHOT, type="invoice.upcoming", data={"object": {"object": "invoice"}})
    assert (upcoming.object_id, upcoming.object_type) == (None, "invoice")


def test_an_event_that_no_request_caused() -> None:
    assert read(SNAPSHOT, request=None).idempotency_key is None


def test_the_bare_request_id_of_old_api_versions() -> None:
    assert read(SNAPSHOT, request="req_1").idempotency_key is None


@pytest.mark.parametrize("missing", ["id", "object", "type", "created", "livemode"])
def test_a_missing_part_is_named(missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        head(json.dumps({name: value for name, value in SNAPSHOT.items() if name != missing}).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"nope", b"\xff\xfe", b'{"id": '])
def test_what_is_no_json_object_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a Stripe event"):
        head(body)


def test_another_kind_of_object_is_told() -> None:
    with pytest.raises(ValueError, match="its object is 'invoice'"):
        read(SNAPSHOT, object="invoice")


@pytest.mark.parametrize("name", ["id", "type"])
@pytest.mark.parametrize("value", ["", "a\x00b", "x" * 256])
def test_names_that_no_database_should_see_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        read(SNAPSHOT, **{name: value})


def test_a_time_beyond_the_calendar_is_told() -> None:
    with pytest.raises(ValueError, match="out of range"):
        read(SNAPSHOT, created=10**15)


@given(some.binary() | some.recursive(some.none() | some.text(), some.lists).map(lambda x: json.dumps(x).encode()))
def test_rubbish_is_always_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a Stripe event"):
        head(body)
