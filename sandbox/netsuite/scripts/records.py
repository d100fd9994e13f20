"""N/record over the sandbox's own records and engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.netsuite import engine, views
from sandbox.netsuite.bodies import Save
from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.fields import Fields
from sandbox.netsuite.records.applying import remaining
from sandbox.netsuite.scripts import choices, shapes
from sandbox.netsuite.scripts import execution as units
from sandbox.netsuite.scripts.execution import Execution, Saved, record_class
from sandbox.netsuite.scripts.refusals import ScriptError, missing_argument

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

# settings of the form that a new record starts with, beside its fields
FORM_DEFAULTS = frozenset({"disablepaymentfilters", "recordmode"})


def shape(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    """Kept by the script's side under its stamp."""
    definition = world.definition(args["type"])
    return {"stamp": shapes.body_fields(world, definition).stamp, **shapes.shape(world, definition)}


def create(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    definition = world.definition(args["type"])
    one.pay(units.READ[record_class(definition)])
    draft = _started(world, definition, args["defaults"])
    return {**_snapshot(world, draft), "mode": "create", "defaults": args["defaults"]}


def load(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    definition = world.definition(args["type"])
    one.pay(units.READ[record_class(definition)])
    record = world.get(definition.name, args["id"])
    return {**_snapshot(world, record), "mode": "load", "version": record.version}


def copy(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    definition = world.definition(args["type"])
    one.pay(units.READ[record_class(definition)])
    found = _snapshot(world, world.get(definition.name, args["id"]))
    for name in ("externalid", "tranid", "transactionnumber", "entityid", "postingperiod"):
        found["values"].pop(name, None)
    for lines in found["lists"].values():
        for line in lines:
            line.pop("line", None)
    return {**found, "id": None, "mode": "copy", "source": {"type": definition.name, "id": args["id"]}}


def transform(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    one.pay(units.READ[record_class(world.definition(args["type"]))])
    draft = _transformed(world, args["source"], args["type"])
    return {**_snapshot(world, draft), "mode": "transform", "source": args["source"]}


def event_record(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    """`newRecord` and `oldRecord`: after an inline edit, the new one has what was edited and no more."""
    saved = _saved(one)
    record = saved.record if args["which"] == "new" or saved.event == "delete" else saved.before
    found = _snapshot(world, record or saved.record)
    if args["which"] == "new" and saved.event == "xedit":
        edited = _edited(saved)
        found["values"] = {name: value for name, value in found["values"].items() if name in edited}
        found["lists"] = {}
    return {**found, "mode": "event", "source": args["which"]}


def _edited(saved: Saved) -> set[str]:
    before = saved.before.fields if saved.before else Fields()
    after = saved.record.fields
    return {name.lower() for name in {*before, *after} if before.get(name) != after.get(name)}


def _saved(one: Execution) -> Saved:
    if one.saved is None:
        raise ScriptError("UNEXPECTED_ERROR", "This script runs for no record.")
    return one.saved


def _started(world: NetSuiteWorld, definition: Definition, defaults: dict[str, Any]) -> Record:
    draft = engine.blank(world, definition)
    engine.fill(world, definition, draft, default_body(world, definition, defaults), Save(names="error"))
    customer = world.find("customer", draft.fields.ref("entity") or draft.fields.ref("customer"))
    if customer is not None:
        for name in ("currency", "subsidiary"):
            draft.fields[name] = draft.fields.get(name) or customer.fields.get(name)
    return draft


def default_body(world: NetSuiteWorld, definition: Definition, defaults: dict[str, Any]) -> dict[str, Any]:
    fields = shapes.body_fields(world, definition)
    party = "entity" if "entity" in fields.by_id else "customer"
    given = {party if name == "entity" else name: value for name, value in defaults.items()}
    return shapes.bodies(fields, {name: value for name, value in given.items() if name not in FORM_DEFAULTS})


def _transformed(world: NetSuiteWorld, source: dict[str, str], target: str) -> Record:
    definition = world.definition(source["type"])
    wanted = world.definition(target)
    found = world.get(definition.name, source["id"])
    made = definition.transforms.get(wanted.name)
    if made is None:
        sentence = "That type of record transformation is not allowed."
        raise ScriptError("INVALID_RCRD_TRANSFRM", sentence)
    if (definition.name, wanted.name) == ("invoice", "customerPayment") and remaining(world, found) <= 0:
        raise ScriptError(
            "INVALID_INITIALIZE_REF", f"You can not initialize customerpayment: invalid reference {found.id}."
        )
    return made(world, found)


def _snapshot(world: NetSuiteWorld, record: Record) -> dict[str, Any]:
    definition = world.definition(record.type)
    values = views.values_of(world, definition, record)
    values["externalId"] = record.external_id
    if definition.is_transaction:
        values["voided"] = record.voided
    fields = shapes.body_fields(world, definition)
    plain = [one for one in definition.sublists if not shapes.ticked(one)]
    return {
        "type": definition.name.lower(),
        "shape": fields.stamp,
        "id": record.id,
        "values": shapes.raws(fields, values),
        "lists": {
            shapes.list_id(definition, one): _lines(
                world, definition, one.name, definition.behaviour.listed(world, record, one.name)
            )
            for one in plain
        },
    }


def _lines(world: NetSuiteWorld, definition: Definition, name: str, lines: Iterable[Fields]) -> list[dict[str, Any]]:
    sublist = definition.sublist(name)
    assert sublist is not None
    fields = shapes.line_fields(world, definition, sublist)
    return [shapes.raws(fields, line) for line in lines]


def listed(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    """Everything that could be ticked, and what is, as the form shows it when it opens."""
    record = _opened(world, one, args)
    definition = world.definition(record.type)
    sublist = shapes.list_named(definition, args["list"])
    if sublist is None:
        raise ScriptError("SSS_INVALID_SUBLIST_OPERATION", f"There is no sublist {args['list']}.")
    return _lines(world, definition, sublist.name, choices.of(world, record, sublist.name))


def _opened(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Record:
    match args["mode"]:
        case "create":
            return _started(world, world.definition(args["type"]), args["defaults"])
        case "transform":
            return _transformed(world, args["source"], args["type"])
        case "event":
            saved = _saved(one)
            return saved.record if args["source"] == "new" or saved.before is None else saved.before
        case "copy":
            return world.get(world.definition(args["type"]).name, args["source"]["id"])
    return world.get(world.definition(args["type"]).name, args["id"])


def name(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    """What a reference shows; a choice that is not a reference shows its own value."""
    if not args.get("id"):
        raise missing_argument("id")
    ids = args["id"] if isinstance(args["id"], list) else [args["id"]]
    return ", ".join(world.name_of(args["to"], str(id)) if args.get("to") else str(id) for id in ids)
