"""/_sandbox: what people, banks and administrators do, and what a test wants to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.netsuite import dataset, engine, views
from sandbox.netsuite.callbacks import ChaosRule
from sandbox.netsuite.calls import Call, Reply, refusal
from sandbox.netsuite.engine import PERSON
from sandbox.netsuite.errors import NetSuiteError, nonexistent
from sandbox.netsuite.fields import Field, Kind
from sandbox.netsuite.rest import save_of

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

JSON = "application/json"
PREFIX = "/_sandbox"
STATES = {
    "open": {"closed": False, "allLocked": False, "arLocked": False},
    "closed": {"closed": True, "allLocked": True, "arLocked": True},
    "locked": {"closed": False, "allLocked": True, "arLocked": True},
}

Command = Callable[["NetSuiteWorld", Call, list[str]], Any]


def answer(world: NetSuiteWorld, call: Call) -> Reply:
    """`call.path` is below /_sandbox. Refusals have the record service's shape."""
    name, *rest = [part for part in call.path.split("/") if part] or [""]
    command = COMMANDS.get(name)
    if command is None:
        return Reply(404, {"error": f"unknown: {name}", "known": sorted(COMMANDS)}, media=JSON)
    try:
        with world.lock:
            found = command(world, call, rest)
    except NetSuiteError as error:
        return refusal(error)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        return Reply(400, {"error": f"{type(error).__name__}: {error}"}, media=JSON)
    return found if isinstance(found, Reply) else Reply(200, found, media=JSON)


def _body(call: Call) -> dict[str, Any]:
    return call.json() if call.body.strip() else {}


def _clock(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    asked = _body(call)
    if "set" in asked:
        world.clock.set(datetime.fromisoformat(asked["set"]))
    if "advance_seconds" in asked:
        world.clock.advance(timedelta(seconds=float(asked["advance_seconds"])))
    if asked.get("freeze") is True:
        world.clock.freeze()
    if asked.get("freeze") is False:
        world.clock.unfreeze()
    return {"now": world.clock.now().isoformat(), "frozen": world.clock.frozen, "company_date": str(world.today())}


def _stats(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    if call.method == "DELETE":
        world.governance.forget()
    counts = {"tokens_minted": world.gatekeeper.minted, "crashes": list(world.crashes)}
    return {
        **world.governance.stats(),
        **counts,
        "callbacks": dict(world.callbacks.counts),
        "scripts": world.scripts.stats(),
    }


def _settings(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    if call.method in ("PATCH", "POST"):
        for name, value in _body(call).items():
            _set(world, name, value)
    own = {one.name: getattr(world.settings, one.name) for one in dataclass_fields(world.settings)}
    limits = {"concurrency": world.governance.limit, "latency_ms": world.governance.latency_ms}
    limits["record_ms"] = world.governance.record_ms
    told = {"callback_echoes": world.callbacks.echoes, "callbacks": world.callbacks.enabled}
    return {**own, **limits, **told, "scripts": world.scripts.shown()}


def _set(world: NetSuiteWorld, name: str, value: Any) -> None:
    match name:
        case "concurrency":
            world.governance.limit = int(value)
        case "latency_ms":
            world.governance.latency_ms = int(value)
        case "record_ms":
            world.governance.record_ms = int(value)
        case "callback_echoes":
            world.callbacks.echoes = bool(value)
        case "callbacks":
            world.callbacks.enabled = bool(value)
        case _ if hasattr(world.settings, name):
            kind = type(getattr(world.settings, name))
            if not isinstance(value, bool) and kind is bool:
                raise ValueError(f"{name} is true or false")
            setattr(world.settings, name, kind(value))
        case _:
            raise KeyError(name)


def _reset(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    world.reset()
    return {"ok": True}


def _state(world: NetSuiteWorld, call: Call, rest: list[str]) -> Any:
    types = [world.definition(rest[0]).name] if rest else list(world.definitions)
    return {type: world.snapshot(type) for type in types}


def _tokens(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    return {"expired": world.gatekeeper.expire_tokens()}


def _certificates(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    """A refresh of a NetSuite sandbox account clears the mapping of certificates."""
    if call.method == "POST":
        world.gatekeeper.mapped = bool(_body(call)["mapped"])
    return {"mapped": world.gatekeeper.mapped}


def _trial_balance(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    return views.trial_balance(world)


def _ledger(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    asked = call.query.get("record")
    records = [world.get("transaction", asked)] if asked else list(world.space("transaction").values())
    return {"lines": [line for one in records for line in views.ledger_of(world, one)]}


def _periods(world: NetSuiteWorld, call: Call, rest: list[str]) -> Any:
    if rest:
        period = _period(world, rest[0])
        asked = _body(call)
        period.fields.update(STATES[asked["state"]])
        if "allow_non_gl" in asked:
            period.fields["allowNonGLChanges"] = bool(asked["allow_non_gl"])
        period.modified = world.clock.now()
        world.put(period)
        return views.shown(world, period, views.look(world, ""))
    return {"periods": world.snapshot("accountingPeriod")}


def _period(world: NetSuiteWorld, named: str) -> Any:
    """By internal id, or by a month such as 2026-11."""
    if "-" in named:
        found = world.period_of(datetime.fromisoformat(f"{named}-01").date())
        if found is None:
            raise nonexistent()
        return found
    return world.get("accountingPeriod", named)


def _records(world: NetSuiteWorld, call: Call, rest: list[str]) -> Any:
    """A record of a reference list (item, account, department...), under an id of one's own if one is given."""
    body = _body(call)
    definition = world.definition(rest[0])
    draft = engine.blank(world, definition)
    if "id" in body and world.find(definition.name, str(body["id"])):
        raise ValueError(f"{definition.name} {body['id']} exists")
    draft.id = str(body.get("id") or world.next_id(definition))
    engine.fill(world, definition, draft, body, engine.Save(PERSON, names="error"))
    world.put(draft)
    return {"id": draft.id}


def _currencies(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    body = _body(call)
    id = str(body.get("id") or world.next_id(world.definition("currency")))
    name, worth = body.get("name", body["symbol"]), str(body.get("worth", 1))
    dataset.add_currency(world, id, body["symbol"], name, int(body.get("precision", 2)), worth)
    return {"id": id}


def _rates(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    """What one unit of each currency is worth in USD."""
    by_symbol = {one.fields.text("symbol"): one.id for one in world.all("currency")}
    for symbol, worth in _body(call).items():
        world.books.rates[by_symbol[symbol]] = Decimal(str(worth))
    return {symbol: str(world.books.rates[id]) for symbol, id in by_symbol.items()}


def _custom_fields(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    body = _body(call)
    field = Field(
        body["name"], Kind(body.get("kind", "text")), to=body.get("to", ""), max_length=body.get("max_length", 0)
    )
    dataset.add_custom_field(world, field)
    return {"name": field.name}


def _outbox(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    return {"emails": world.books.outbox}


def _conflicts(world: NetSuiteWorld, call: Call, _: list[str]) -> Any:
    """The next saves (of a type) are refused with "Record has been changed"."""
    body = _body(call)
    world.conflicts.extend([body.get("type", "")] * int(body.get("times", 1)))
    return {"waiting": list(world.conflicts)}


def _callbacks(world: NetSuiteWorld, call: Call, rest: list[str]) -> Any:
    callbacks = world.callbacks
    if rest == ["chaos"] and call.method == "POST":
        callbacks.rules.append(ChaosRule(**_body(call)))
    elif rest == ["chaos"] and call.method == "DELETE":
        callbacks.rules.clear()
    elif call.method == "POST":
        callbacks.deliver_to(_body(call)["url"], _body(call).get("secret"))
    return {
        "url": callbacks.url,
        "counts": dict(callbacks.counts),
        "waiting": callbacks.queue.unfinished_tasks,
        "sent": list(callbacks.sent),
    }


def _ui(world: NetSuiteWorld, call: Call, rest: list[str]) -> Any:
    """A person's save: /ui/{type}, /ui/{type}/{id}, /ui/{type}/{id}/void, /ui/{type}/{id}/!transform/{target}."""
    save = save_of(call, PERSON)
    match call.method, rest:
        case "GET", [type, key]:
            record = world.locate(world.definition(type), key)
        case "POST", [type]:
            record = engine.create(world, type, _body(call), save)
        case "PATCH", [type, key]:
            record = engine.update(world, type, key, _body(call), save)
        case "DELETE", [type, key]:
            return {"id": engine.delete(world, type, key, save).id}
        case "POST", [type, key, "void"]:
            record = engine.void(world, type, key, save)
        case "POST", [type, key, "!transform", target]:
            record = engine.transform(world, type, key, target, _body(call), save)
        case _:
            raise nonexistent("There is no such form.")
    return views.shown(world, record, views.look(world, f"{call.base}/services/rest"), expand=True)


COMMANDS: dict[str, Command] = {
    "clock": _clock,
    "stats": _stats,
    "settings": _settings,
    "reset": _reset,
    "state": _state,
    "tokens": _tokens,
    "certificates": _certificates,
    "trial-balance": _trial_balance,
    "ledger": _ledger,
    "periods": _periods,
    "records": _records,
    "currencies": _currencies,
    "rates": _rates,
    "custom-fields": _custom_fields,
    "outbox": _outbox,
    "conflicts": _conflicts,
    "callbacks": _callbacks,
    "ui": _ui,
}
