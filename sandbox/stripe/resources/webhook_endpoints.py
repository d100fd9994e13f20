"""Webhook endpoints; the secret is told once, when one is made."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.render import render
from sandbox.stripe.world import Account, Obj

routes = Routes()


def make_endpoint(
    account: Account, *, url: str, enabled_events: list[str], secret: str | None = None, **fields: Any
) -> Obj:
    made: Obj = {
        "id": account.world.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": account.world.clock.timestamp(),
        "description": None,
        "enabled_events": enabled_events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_url": url,
        "_secrets": [secret or account.world.new_id("whsec", 32)],
    }
    return account.add(made | fields)


@routes.post("/v1/webhook_endpoints", "WebhookEndpointCreateParams")
def create(call: Call) -> Obj:
    params = call.params
    if not params["url"].startswith(("http://", "https://")):
        raise InvalidRequest("Invalid URL: an explicit scheme (such as https) must be provided", code="url_invalid")
    fields = {name: params[name] for name in ("api_version", "description", "metadata") if params.get(name)}
    made = make_endpoint(call.account, url=params["url"], enabled_events=params["enabled_events"], **fields)
    return render(call.account, made) | {"secret": made["_secrets"][0]}


@routes.get("/v1/webhook_endpoints", "WebhookEndpointListParams")
def list_(call: Call) -> Obj:
    return paging.listed(call, call.account.kind("webhook_endpoint").values(), "/v1/webhook_endpoints")


@routes.get("/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("webhook_endpoint"))


@routes.post("/v1/webhook_endpoints/{id}", "WebhookEndpointUpdateParams")
def update(call: Call) -> Obj:
    endpoint, params = call.get("webhook_endpoint"), call.params
    update_fields(endpoint, params, ("description", "enabled_events", "url"))
    endpoint["_url"] = endpoint["url"]
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return render(call.account, endpoint)


@routes.delete("/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams")
def delete(call: Call) -> Obj:
    endpoint = call.get("webhook_endpoint")
    call.account.remove(endpoint)
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}
