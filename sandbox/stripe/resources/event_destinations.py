"""Event destinations: endpoints of the v2 API, for thin events or snapshots."""

from __future__ import annotations

from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.events import rfc3339
from sandbox.stripe.render import copy
from sandbox.stripe.world import Obj

routes = Routes()

_KIND = "v2.core.event_destination"
_PATH = "/v2/core/event_destinations"


@routes.post(_PATH, "v2.core.EventDestinationCreateParams")
def create(call: Call) -> Obj:
    params = call.params
    url = (params.get("webhook_endpoint") or {}).get("url")
    if params["type"] != "webhook_endpoint" or not url:
        raise InvalidRequest("Only destinations of type webhook_endpoint exist here", param="type")
    made = {
        "id": call.new_id("ed_test"),
        "object": _KIND,
        "created": rfc3339(call.now),
        "description": params.get("description", ""),
        "enabled_events": params["enabled_events"],
        "event_payload": params["event_payload"],
        "events_from": params.get("events_from") or ["@self"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "name": params["name"],
        "snapshot_api_version": params.get("snapshot_api_version"),
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": rfc3339(call.now),
        "webhook_endpoint": {},
        "_url": url,
        "_secrets": [call.account.world.new_id("whsec", 32)],
    }
    return _shown(call.add(made), params.get("include") or [])


@routes.get(_PATH)
def list_(call: Call) -> Obj:
    shown = [_shown(row, []) for row in call.account.kind(_KIND).values()]
    return {"data": shown, "next_page_url": None, "previous_page_url": None}


@routes.get(_PATH + "/{id}")
def retrieve(call: Call) -> Obj:
    return _shown(call.get(_KIND), list((call.params.get("include") or {}).values()))


@routes.post(_PATH + "/{id}/disable")
def disable(call: Call) -> Obj:
    return _switched(call, "disabled")


@routes.post(_PATH + "/{id}/enable")
def enable(call: Call) -> Obj:
    return _switched(call, "enabled")


@routes.delete(_PATH + "/{id}")
def delete(call: Call) -> Obj:
    destination = call.get(_KIND)
    call.account.remove(destination)
    return {"id": destination["id"], "object": _KIND, "deleted": True}


def _switched(call: Call, status: str) -> Obj:
    destination = call.get(_KIND)
    destination["status"] = status
    return _shown(destination, [])


def _shown(destination: Obj, include: list[str]) -> Obj:
    """Without `include`, neither the URL nor the secret are told."""
    shown: Obj = copy(destination)
    hook = {"signing_secret": None, "url": None}
    if "webhook_endpoint.url" in include:
        hook["url"] = destination["_url"]
    if "webhook_endpoint.signing_secret" in include:
        hook["signing_secret"] = destination["_secrets"][0]
    return shown | {"webhook_endpoint": hook}
