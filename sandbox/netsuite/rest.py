"""The REST web services: record service, SuiteQL, jobs and limits, from one call to one reply."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.netsuite import engine, jobs, suiteql, views
from sandbox.netsuite.bodies import TAX_MODES
from sandbox.netsuite.calls import COLLECTION, Call, Reply, number, refusal
from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.engine import Save
from sandbox.netsuite.errors import NetSuiteError, invalid_content, nonexistent
from sandbox.netsuite.filters import matching

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

PAGE = 1000


def answer(world: NetSuiteWorld, call: Call) -> Reply:
    """What the service answers; refusals are replies too."""
    try:
        with world.lock:
            return _answer(world, call)
    except NetSuiteError as error:
        return refusal(error)


def version_seen(world: NetSuiteWorld, call: Call) -> int | None:
    """The version of the record a write is about, as it stands when the request arrives."""
    found = re.fullmatch(r"/record/v1/([^/]+)/([^/]+)", call.path)
    if found is None or call.method not in ("PATCH", "PUT", "DELETE"):
        return None
    try:
        with world.lock:
            return world.locate(world.definition(found[1]), found[2]).version
    except NetSuiteError:
        return None


def _answer(world: NetSuiteWorld, call: Call) -> Reply:
    if "RESTWEBSERVICES" in world.settings.features_off:
        raise NetSuiteError("The feature REST Web Services is not enabled.", "FEATURE_DISABLED", 403)
    if call.path.startswith("/async/v1/"):
        return jobs.shown(world, call)
    if call.path == "/query/v1/suiteql":
        return _suiteql(world, call)
    if call.path == "/system/v1/governanceLimits":
        return _limits(world, call)
    if not call.path.startswith("/record/v1/"):
        raise nonexistent("The requested resource does not exist.")
    if call.prefers("respond-async"):
        return jobs.accept(world, call)
    return perform(world, call)


def perform(world: NetSuiteWorld, call: Call) -> Reply:
    """A record service call, done now."""
    parts = [part for part in call.path.removeprefix("/record/v1/").split("/") if part]
    if parts and parts[0] == "metadata-catalog":
        return _metadata(world, call, parts[1:])
    if parts and parts[0].lower() in (kind.lower() for kind in world.settings.forbidden):
        sentence = f"Permission Violation: The role does not have permission to {parts[0]}."
        raise NetSuiteError(sentence, "INSUFFICIENT_PERMISSION", 403)
    match parts:
        case [type]:
            return _collection(world, call, world.definition(type))
        case [type, key]:
            return _single(world, call, world.definition(type), key)
        case [type, key, "!transform", target] if call.method == "POST":
            return _transform(world, call, type, key, target)
        case [type, key, action] if action.startswith("@"):
            raise NetSuiteError(f"The record action {action[1:]} is not available.", "INVALID_REQUEST")
        case [type, key, sublist, *rest] if call.method == "GET" and len(rest) < 2:
            record = world.locate(world.definition(type), key)
            how = views.look(world, call.root)
            return Reply(200, views.sub_resource(world, record, sublist, rest[0] if rest else None, how))
    raise nonexistent("The requested resource does not exist.")


def save_of(call: Call, actor: engine.Actor = engine.INTEGRATION) -> Save:
    names = call.headers.get("x-netsuite-propertynamevalidation", "warning").lower()
    if names not in ("ignore", "warning", "error"):
        raise NetSuiteError("Invalid value of the header X-NetSuite-PropertyNameValidation.", "INVALID_HEADER")
    form = "type=create-form" in call.headers.get("accept", "") or "type=edit-form" in call.headers.get("accept", "")
    return Save(actor, names, frozenset(call.listed("replace")), call.seen, call.query.get("event", ""), form)


def _written(world: NetSuiteWorld, call: Call, record: Record, save: Save) -> Reply:
    if save.dry:
        record.id = record.id or "form"
        return Reply(200, views.shown(world, record, views.look(world, call.root), expand=True))
    return Reply(204, headers={"Location": f"{call.root}/record/v1/{record.type}/{record.id}"})


def _collection(world: NetSuiteWorld, call: Call, definition: Definition) -> Reply:
    if call.method == "POST":
        _refuse_batch(call)
        save = save_of(call)
        return _written(world, call, engine.create(world, definition.name, call.json(), save), save)
    if call.method == "GET":
        return _list(world, call, definition)
    raise NetSuiteError(
        "The method is not allowed for a collection; batches are asynchronous only.", "INVALID_REQUEST", 405
    )


def _refuse_batch(call: Call) -> None:
    if "type=collection" in call.headers.get("content-type", ""):
        raise invalid_content("Batch operations are asynchronous: set the header Prefer to respond-async.")


def _list(world: NetSuiteWorld, call: Call, definition: Definition) -> Reply:
    limit, offset = _paging(call)
    found = matching(world, definition, call.query.get("q", ""))
    page = found[offset : offset + limit]
    items = [
        {"links": [{"rel": "self", "href": f"{call.root}/record/v1/{one.type}/{one.id}"}], "id": one.id} for one in page
    ]
    return Reply(200, _page(call, items, limit, offset, len(found)), media=COLLECTION)


def _paging(call: Call) -> tuple[int, int]:
    limit, offset = number(call, "limit", PAGE), number(call, "offset", 0)
    if not 1 <= limit <= PAGE:
        raise NetSuiteError(
            f"Invalid value for the query parameter limit: it must be 1 to {PAGE}.", "INVALID_PARAMETER"
        )
    if offset % limit:
        raise NetSuiteError(
            "Invalid value for the query parameter offset: it must be divisible by limit.", "INVALID_PARAMETER"
        )
    return limit, offset


def _page(call: Call, items: list[Any], limit: int, offset: int, total: int) -> dict[str, Any]:
    address = f"{call.root}{call.path}"
    links = [{"rel": "self", "href": f"{address}?limit={limit}&offset={offset}"}]
    more = offset + limit < total
    if more:
        links.append({"rel": "next", "href": f"{address}?limit={limit}&offset={offset + limit}"})
    if offset:
        links.append({"rel": "previous", "href": f"{address}?limit={limit}&offset={max(0, offset - limit)}"})
    return {
        "links": links,
        "count": len(items),
        "hasMore": more,
        "items": items,
        "offset": offset,
        "totalResults": total,
    }


def _single(world: NetSuiteWorld, call: Call, definition: Definition, key: str) -> Reply:
    action = _SINGLE.get(call.method)
    if action is None:
        raise NetSuiteError("The method is not allowed.", "INVALID_REQUEST", 405)
    return action(world, call, definition, key)


def _get(world: NetSuiteWorld, call: Call, definition: Definition, key: str) -> Reply:
    record = world.locate(definition, key)
    how = views.look(world, call.root, simple_enums=call.flag("simpleEnumFormat"))
    expand = call.flag("expandSubResources")
    return Reply(200, views.shown(world, record, how, expand=expand, only=call.listed("fields")))


def _patch(world: NetSuiteWorld, call: Call, definition: Definition, key: str) -> Reply:
    save = save_of(call)
    body = call.json()
    if call.flag("replaceSelectedFields"):
        chosen = {name.lower() for name in save.replace}
        body = {name: raw for name, raw in body.items() if raw is not None or name.lower() in chosen}
    return _written(world, call, engine.update(world, definition.name, key, body, save), save)


def _put(world: NetSuiteWorld, call: Call, definition: Definition, key: str) -> Reply:
    if not key.startswith("eid:"):
        raise NetSuiteError("PUT needs an external ID: use eid:<external ID>.", "INVALID_REQUEST")
    save = save_of(call)
    external_id = key[4:]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", external_id):
        raise invalid_content("The external ID may hold letters, digits, underscores and hyphens only.", "externalId")
    answer = _written(world, call, engine.upsert(world, definition.name, external_id, call.json(), save), save)
    # Help promises the Location for POST and PATCH only
    return answer if world.settings.location_on_put or save.dry else Reply(204)


def _delete(world: NetSuiteWorld, call: Call, definition: Definition, key: str) -> Reply:
    engine.delete(world, definition.name, key, save_of(call))
    return Reply(204)


_SINGLE: dict[str, Callable[[NetSuiteWorld, Call, Definition, str], Reply]] = {
    "GET": _get,
    "PATCH": _patch,
    "PUT": _put,
    "DELETE": _delete,
}


def _transform(world: NetSuiteWorld, call: Call, type: str, key: str, target: str) -> Reply:
    save = save_of(call)
    body = call.json() if call.body.strip() else {}
    return _written(world, call, engine.transform(world, type, key, target, body, save), save)


def _metadata(world: NetSuiteWorld, call: Call, rest: list[str]) -> Reply:
    accept = call.headers.get("accept", "")
    if rest:
        return Reply(200, _schema(world, call, rest[0]), media="application/schema+json")
    names = call.listed("select")
    if "swagger+json" in accept:
        return Reply(200, views.open_api(world, names, call.root), media="application/swagger+json")
    if "schema+json" in accept and len(names) == 1:
        return Reply(200, _schema(world, call, names[0]), media="application/schema+json")
    return Reply(200, views.catalogue(world, names, call.root), media=COLLECTION)


def _schema(world: NetSuiteWorld, call: Call, name: str) -> dict[str, Any]:
    """Without the properties of the tax engine that the account has not."""
    shown = views.schema(world, world.definition(name), call.root)
    others = set().union(*(names for mode, names in TAX_MODES.items() if mode != world.settings.tax_mode))
    shown["properties"] = {key: value for key, value in shown["properties"].items() if key.lower() not in others}
    return shown


def _suiteql(world: NetSuiteWorld, call: Call) -> Reply:
    if call.method != "POST":
        raise NetSuiteError("The method is not allowed.", "INVALID_REQUEST", 405)
    if not call.prefers("transient"):
        raise NetSuiteError("The required header 'Prefer' is missing: set it to 'transient'.", "INVALID_HEADER")
    body = call.json()
    query, params = body.get("q"), body.get("params", [])
    if not isinstance(query, str) or not isinstance(params, list):
        raise invalid_content("The body must hold the query text in q, and a list if it has params.", "q")
    limit, offset = _paging(call)
    found = suiteql.run(world, query, params, limit, offset)
    page = _page(call, found["items"], limit, offset, found["totalResults"])
    return Reply(200, page, media=COLLECTION)


def _limits(world: NetSuiteWorld, call: Call) -> Reply:
    if not world.settings.administrator:
        raise NetSuiteError("You do not have permissions to view the limits.", "INSUFFICIENT_PERMISSION", 403)
    limit = world.governance.limit
    return Reply(
        200,
        {
            "links": [{"rel": "self", "href": f"{call.root}{call.path}"}],
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit,
            "integrationLimitType": "accountLimit",
        },
    )
