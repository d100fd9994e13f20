"""Reading events: snapshots under v1, thin ones under v2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.stripe import events, forms, paging
from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import InvalidRequest, Missing
from sandbox.stripe.render import copy, render
from sandbox.stripe.world import Obj

routes = Routes()


@routes.get("/v1/events", "EventListParams")
def list_(call: Call) -> Obj:
    params = call.params
    types = params.get("types")
    if types and params.get("type"):
        raise InvalidRequest("You may only specify one of these parameters: type, types.")
    if types and len(types) > 20:
        raise InvalidRequest("You may pass up to 20 event types.", param="types")
    wanted = [params["type"]] if params.get("type") else types
    rows = [
        event
        for event in events.kept(call.account)
        if (not wanted or any(_like(event["type"], pattern) for pattern in wanted))
        and paging.within(event["created"], params.get("created"))
        and _delivered_as(event, params.get("delivery_success"))
    ]
    return paging.listed(call, rows, "/v1/events")


def _like(event_type: str, pattern: str) -> bool:
    return event_type.startswith(pattern[:-1]) if pattern.endswith("*") else event_type == pattern


def _delivered_as(event: Obj, success: bool | None) -> bool:
    return success is None or success == (not event["_pending"])


@routes.get("/v1/events/{id}", "EventRetrieveParams")
def retrieve(call: Call) -> Obj:
    event = call.get("event")
    if not any(event is kept for kept in events.kept(call.account)):
        raise Missing("event", event["id"])
    return render(call.account, event)


@routes.get("/v2/core/events/{id}", "v2.core.EventRetrieveParams")
def retrieve_thin(call: Call) -> Obj:
    return _thin(call.get("v2.core.event"))


@routes.get("/v2/core/events")
def list_thin(call: Call) -> Obj:
    params = call.params
    types = forms.as_list(params["types"]) if "types" in params else None
    rows = [
        event
        for event in reversed(events.kept(call.account, "v2.core.event"))
        if (not types or event["type"] in types)
        and params.get("object_id", event["related_object"]["id"]) == event["related_object"]["id"]
        and all(_OF_TIMES[edge](_time(event["created"]), _time(limit)) for edge, limit in _range(params))
    ]
    start, limit = int(params.get("page") or 0), int(params.get("limit") or 20)
    more = len(rows) > start + limit
    query = {**{name: params[name] for name in ("object_id",) if name in params}, "limit": limit}
    following = "/v2/core/events?" + urlencode(query | {"page": start + limit}) if more else None
    shown = [_thin(event) for event in rows[start : start + limit]]
    return {"data": shown, "next_page_url": following, "previous_page_url": None}


_OF_TIMES: dict[str, Callable[[datetime, datetime], bool]] = {
    "gt": datetime.__gt__,
    "gte": datetime.__ge__,
    "lt": datetime.__lt__,
    "lte": datetime.__le__,
}


def _range(params: Obj) -> list[tuple[str, Any]]:
    return list((params.get("created") or {}).items())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _thin(event: Obj) -> Obj:
    shown: Obj = copy(event)
    return shown
