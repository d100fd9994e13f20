"""What N/record and N/transaction write: saves, single fields, deletions and voids, through the one engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.netsuite import engine
from sandbox.netsuite.bodies import Save
from sandbox.netsuite.definitions import Definition
from sandbox.netsuite.scripts import execution as units
from sandbox.netsuite.scripts import shapes
from sandbox.netsuite.scripts.execution import Execution, record_class
from sandbox.netsuite.scripts.records import default_body
from sandbox.netsuite.scripts.refusals import ScriptError

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


def save(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    definition = world.definition(args["type"])
    one.pay(units.SAVE[record_class(definition)])
    body = _body(world, definition, args)
    how = Save(
        one.actor, "error", frozenset(_engine_name(definition, name) for name in args["lists"]), args.get("version")
    )
    match args["mode"]:
        case "load":
            return engine.update(world, definition.name, args["id"], body, how).id
        case "transform":
            source = args["source"]
            return engine.transform(world, source["type"], source["id"], definition.name, body, how).id
        case "create":
            started = default_body(world, definition, args["defaults"])
            return engine.create(world, definition.name, {**started, **body}, how).id
        case "copy":
            return engine.create(world, definition.name, body, how).id
    raise ScriptError("SSS_INVALID_API_USAGE", "The record of an event that is over cannot be saved: load it.")


def _body(world: NetSuiteWorld, definition: Definition, args: dict[str, Any]) -> dict[str, Any]:
    body = shapes.bodies(shapes.body_fields(world, definition), args["values"])
    for name, lines in args["lists"].items():
        sublist = shapes.list_named(definition, name)
        if sublist is None:
            raise ScriptError("SSS_INVALID_SUBLIST_OPERATION", f"There is no sublist {name}.")
        fields = shapes.line_fields(world, definition, sublist)
        body[sublist.name] = {"items": [shapes.bodies(fields, line) for line in lines]}
    return body


def _engine_name(definition: Definition, id: str) -> str:
    sublist = shapes.list_named(definition, id)
    return sublist.name if sublist else id


def submit(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    definition = world.definition(args["type"])
    one.pay(units.SUBMIT[record_class(definition)])
    body = shapes.bodies(shapes.body_fields(world, definition), args["values"])
    world.get(definition.name, args["id"])
    return engine.update(world, definition.name, args["id"], body, Save(one.actor, "error", event="xedit")).id


def delete(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    definition = world.definition(args["type"])
    one.pay(units.SAVE[record_class(definition)])
    world.get(definition.name, args["id"])
    return engine.delete(world, definition.name, args["id"], Save(one.actor)).id


def void(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    one.pay(units.VOID)
    definition = world.definition(args["type"])
    if not definition.is_transaction:
        raise ScriptError("INVALID_RCRD_TYPE", f"Records of type {args['type']} cannot be voided.")
    world.get(definition.name, args["id"])
    return engine.void(world, definition.name, args["id"], Save(one.actor)).id
