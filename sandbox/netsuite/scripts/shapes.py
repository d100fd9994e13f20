"""Records as SuiteScript names them: field ids in lower case, kinds of fields, values in and out of the engine's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.netsuite.bodies import TAX_MODES
from sandbox.netsuite.definitions import Definition
from sandbox.netsuite.fields import Field, Fields, Kind, Sublist, Value, flag, integer, ref, stamp, text

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

KINDS = {
    Kind.TEXT: "text", Kind.BOOL: "checkbox", Kind.INTEGER: "integer", Kind.NUMBER: "float", Kind.MONEY: "currency",
    Kind.PERCENT: "percent", Kind.DATE: "date", Kind.DATETIME: "datetimetz", Kind.REF: "select",
    Kind.MULTI: "multiselect", Kind.ENUM: "select", Kind.SUBRECORD: "summary",
}  # fmt: skip
# boxes in REST, radio buttons on the form
RADIOS = frozenset({"isperson", "undepfunds"})
# a list whose lines are chosen, with its box
TICKS = {"apply": "apply", "payment": "deposit", "deposit": "apply"}
LIST_IDS = {("customer", "currencyList"): "currency"}
_stamps = itertools.count(1)
EXTERNAL = text("externalId")
VOIDED = flag("voided", readonly=True)
CHOSEN: dict[str, tuple[Field, ...]] = {
    "apply": (ref("internalId", "transaction", readonly=True), text("tranType", readonly=True)),
    "payment": (text("refNum", readonly=True), text("type", readonly=True)),
    "deposit": (ref("internalId", "transaction", readonly=True), integer("line", readonly=True)),
}


@dataclass(frozen=True)
class Known:
    """The fields of a record or of its lines, by the ids scripts use."""

    by_id: dict[str, Field]
    stamp: str


def body_fields(world: NetSuiteWorld, definition: Definition) -> Known:
    custom = world.custom_fields.get(definition.custom, {})
    return _kept(world, definition, "", tuple(custom), lambda: _body_fields(world, definition))


def line_fields(world: NetSuiteWorld, definition: Definition, sublist: Sublist) -> Known:
    custom = world.custom_fields["column"]
    return _kept(world, definition, sublist.name, tuple(custom), lambda: _line_fields(world, definition, sublist))


def _kept(
    world: NetSuiteWorld, definition: Definition, part: str, custom: tuple[str, ...], find: Callable[[], list[Field]]
) -> Known:
    """Found once, until the account's custom fields or its way with taxes change."""
    kept = world.scripts.shapes
    key = (definition.name, part, world.settings.tax_mode, custom)
    if key not in kept:
        kept[key] = Known({one.name.lower(): one for one in find()}, f"{definition.name}/{next(_stamps)}")
    return kept[key]


def _body_fields(world: NetSuiteWorld, definition: Definition) -> list[Field]:
    more = (EXTERNAL, VOIDED) if definition.is_transaction else (EXTERNAL,)
    return [*(one for one in world.fields_of(definition) if not _hidden(world, one.name)), *more]


def _line_fields(world: NetSuiteWorld, definition: Definition, sublist: Sublist) -> list[Field]:
    fields = world.line_fields_of(definition, sublist.name)
    if sublist.name != "taxDetails":
        fields = tuple(one for one in fields if not _hidden(world, one.name))
    return [*fields, *(CHOSEN[sublist.name] if ticked(sublist) else ())]


def _hidden(world: NetSuiteWorld, name: str) -> bool:
    return any(name.lower() in names for mode, names in TAX_MODES.items() if mode != world.settings.tax_mode)


def ticked(sublist: Sublist) -> str:
    """The box of a list to choose from; empty for any other list."""
    return TICKS.get(sublist.name, "")


def list_id(definition: Definition, sublist: Sublist) -> str:
    return LIST_IDS.get((definition.name, sublist.name), sublist.name.lower())


def list_named(definition: Definition, id: str) -> Sublist | None:
    return next((one for one in definition.sublists if list_id(definition, one) == id), None)


def shape(world: NetSuiteWorld, definition: Definition) -> dict[str, Any]:
    """What a script's record of this type has."""
    return {
        "fields": _specs(body_fields(world, definition).by_id.values()),
        "lists": {list_id(definition, one): _list(world, definition, one) for one in definition.sublists},
    }


def _list(world: NetSuiteWorld, definition: Definition, sublist: Sublist) -> dict[str, Any]:
    return {
        "fields": _specs(line_fields(world, definition, sublist).by_id.values()),
        "select": ticked(sublist) or None,
        "key": [name.lower() for name in sublist.key],
        "readonly": sublist.readonly,
    }


def _specs(fields: Iterable[Field]) -> dict[str, Any]:
    return {one.name.lower(): _spec(one) for one in fields}


def _spec(one: Field) -> dict[str, Any]:
    kind = "radio" if one.name.lower() in RADIOS else KINDS[one.kind]
    spec = {"kind": kind, "label": one.shown, "mandatory": one.required, "readonly": one.readonly, "to": one.to}
    return {**spec, "of": _specs(one.of)} if one.of else spec


def raws(known: Known, values: Fields) -> dict[str, Any]:
    """The values as the script's side keeps them."""
    return {id: raw(one, values[one.name]) for id, one in known.by_id.items() if values.get(one.name) is not None}


def raw(field: Field, value: Value) -> Any:
    if field.name.lower() in RADIOS:
        return "T" if value in (True, "T") else "F"
    if isinstance(value, Fields):
        return raws(_inside(field), value)
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return stamp(value)
    return list(value) if isinstance(value, tuple) else value


def bodies(known: Known, raws: dict[str, Any]) -> dict[str, Any]:
    """The JSON body that the record service would be sent; unknown ids keep their name, to be refused by it."""
    found = ((known.by_id.get(id), id, value) for id, value in raws.items())
    return {
        one.name if one else id: _json(one, value) if one else value
        for one, id, value in found
        if one is None or not one.readonly
    }


def _inside(field: Field) -> Known:
    return Known({one.name.lower(): one for one in field.of}, "")


def _json(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.kind is Kind.BOOL and field.name.lower() in RADIOS:
        return value == "T"
    if field.kind is Kind.SUBRECORD:
        return bodies(_inside(field), value)
    if field.kind is Kind.MULTI:
        return {"items": [{"id": one} for one in value]}
    if field.kind is Kind.REF and field.name != "id":
        return {"id": str(value)}
    return value if isinstance(value, bool | int | Decimal) else str(value)
