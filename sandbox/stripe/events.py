"""Events: what happened, kept for thirty days, sent to every endpoint that asked for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.stripe import render, versions
from sandbox.stripe.webhooks import Delivery
from sandbox.stripe.world import Account, Obj

if TYPE_CHECKING:
    from sandbox.stripe.call import Call

KEPT_DAYS = 30


def emit(call: Call, event_type: str, obj: Obj, previous: Obj | None = None) -> Obj:
    """Write the event down and send it; the object in it never changes again."""
    account = call.account
    data: Obj = {"object": render.render(account, obj)}
    if previous is not None and event_type.endswith("updated"):
        data["previous_attributes"] = previous
    event = account.add(_snapshot(call, event_type, data))
    thin = account.add(_thin(call, event, obj))
    for endpoint in account.kind("webhook_endpoint").values():
        _send(account, endpoint, event, versions.rendered(event, endpoint["api_version"]))
    for destination in account.kind("v2.core.event_destination").values():
        if destination["event_payload"] == "thin":
            _send(account, destination, thin, notification(thin))
        else:
            _send(account, destination, event, versions.rendered(event, destination["snapshot_api_version"]))
    return event


def _snapshot(call: Call, event_type: str, data: Obj) -> Obj:
    return {
        "id": call.new_id("evt"),
        "object": "event",
        "api_version": call.account.api_version,
        "created": call.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": event_type,
        "_pending": set(),
    }


def _thin(call: Call, event: Obj, obj: Obj) -> Obj:
    request = {"id": call.request_id, "idempotency_key": call.idempotency_key}
    return {
        "id": call.new_id("evt_test_65"),
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": rfc3339(event["created"]),
        "livemode": False,
        "context": None,
        "reason": {"type": "request", "request": request} if call.request_id else None,
        "related_object": {
            "id": obj["id"],
            "type": obj["object"],
            "url": f"/v1/{_PATHS.get(obj['object'], obj['object'] + 's')}/{obj['id']}",
        },
        "changes": _changes(event),
        "snapshot_event": event["id"],
        "_pending": set(),
    }


_PATHS = {"tax_id": "tax_ids", "invoiceitem": "invoiceitems", "balance": "balance"}


def _changes(event: Obj) -> Obj | None:
    before = event["data"].get("previous_attributes")
    if before is None:
        return None
    return {"before": before, "after": {name: event["data"]["object"].get(name) for name in before}}


def notification(thin: Obj) -> Obj:
    """What is delivered of a thin event: never its data."""
    names = ("id", "object", "type", "created", "livemode", "context", "reason", "related_object")
    return {name: thin[name] for name in names}


def rfc3339(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _send(account: Account, endpoint: Obj, event: Obj, payload: Obj) -> None:
    if endpoint["status"] != "enabled" or not wants(endpoint["enabled_events"], event["type"]):
        return
    event["_pending"].add(endpoint["id"])
    public = {name: value for name, value in payload.items() if name[0] != "_"}
    body = render.encoded(public | _pending(event))
    delivery = Delivery(
        event_id=event["id"],
        event_type=event["type"],
        endpoint_id=endpoint["id"],
        url=endpoint["_url"],
        secrets=partial(_secrets, endpoint),
        body=body,
        alive=partial(_alive, account, endpoint),
        delivered=partial(event["_pending"].discard, endpoint["id"]),
    )
    account.world.deliveries.send(delivery)


def _pending(event: Obj) -> dict[str, Any]:
    return {"pending_webhooks": len(event["_pending"])} if event["object"] == "event" else {}


def wants(enabled: list[str], event_type: str) -> bool:
    return "*" in enabled or event_type in enabled


def _secrets(endpoint: Obj) -> list[str]:
    return list(endpoint["_secrets"])


def _alive(account: Account, endpoint: Obj) -> bool:
    kept = account.kind(endpoint["object"]).get(endpoint["id"])
    return kept is endpoint and endpoint["status"] == "enabled"


def kept(account: Account, kind: str = "event") -> list[Obj]:
    """Events that can still be retrieved, oldest first; older ones are forgotten."""
    oldest = account.world.clock.timestamp() - KEPT_DAYS * 86_400
    floor: Any = rfc3339(oldest) if kind == "v2.core.event" else oldest
    return [event for event in account.kind(kind).values() if event["created"] >= floor]


@render.always("event", "pending_webhooks")
def _pending_webhooks(_: Account, event: Obj) -> int:
    return len(event["_pending"])
