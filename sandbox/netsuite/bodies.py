"""A JSON body laid over a record: which properties are known, and how lines meet the lines that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.errors import invalid_content
from sandbox.netsuite.fields import Field, Fields, Json, Sublist, Value, find_field, parse

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

NOT_PROPERTIES = {"links", "id", "refname", "internalid"}
TAX_MODES = {
    "suitetax": {"taxdetails", "taxdetailsoverride", "taxdetailsreference"},
    "legacy": {"taxitem", "taxrate", "taxcode", "taxrate1"},
}


@dataclass(frozen=True)
class Actor:
    """Who saves, and in which execution context."""

    user: str
    context: str


INTEGRATION = Actor("5", "RESTWEBSERVICES")
RESTLET = Actor("5", "RESTLET")
PERSON = Actor("6", "USERINTERFACE")


@dataclass(frozen=True)
class Save:
    """How a save is asked for. `names` is X-NetSuite-PropertyNameValidation; `seen` the version it
    started from, `dry` asks for the filled-in form only."""

    actor: Actor = INTEGRATION
    names: str = "warning"
    replace: frozenset[str] = field(default_factory=frozenset)
    seen: int | None = None
    event: str = ""
    dry: bool = False


def fill(world: NetSuiteWorld, definition: Definition, record: Record, body: Mapping[str, Json], save: Save) -> None:
    """Lay a JSON body over the draft; unknown names are dropped in silence unless they are to be refused."""
    known = world.fields_of(definition)
    for name, raw in body.items():
        if name.lower() in NOT_PROPERTIES:
            continue
        if name.lower() == "externalid":
            record.external_id = _external_id(raw)
            continue
        sublist = definition.sublist(name)
        found = find_field(known, name)
        if _hidden(world, name) or (sublist is None and found is None):
            _unknown(name, name, save)
        elif sublist is not None:
            _fill_sublist(world, definition, record, sublist, raw, save)
        elif found is not None and not found.readonly:
            record.fields[found.name] = parse(found, raw, found.name, world.resolve)


def _hidden(world: NetSuiteWorld, name: str) -> bool:
    return any(name.lower() in names for mode, names in TAX_MODES.items() if mode != world.settings.tax_mode)


def _unknown(name: str, path: str, save: Save) -> None:
    if save.names == "error":
        raise invalid_content(f"The property '{name}' is unknown for this record.", path)


def _external_id(raw: Json) -> str | None:
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", raw):
        raise invalid_content("The external ID may hold letters, digits, underscores and hyphens only.", "externalId")
    return raw


def _fill_sublist(
    world: NetSuiteWorld, definition: Definition, record: Record, sublist: Sublist, raw: Json, save: Save
) -> None:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("items"), list):
        raise invalid_content(f"The sublist {sublist.name} must be an object with items.", sublist.name)
    if sublist.readonly:
        return
    fields = world.line_fields_of(definition, sublist.name)
    given = [
        _line(world, fields, line, f"{sublist.name}.items[{index}]", save) for index, line in enumerate(raw["items"])
    ]
    replaced = sublist.name.lower() in {one.lower() for one in save.replace}
    record.lists[sublist.name] = merged(sublist, record.lines(sublist.name), given, replaced=replaced)


def _line(world: NetSuiteWorld, fields: tuple[Field, ...], raw: Json, path: str, save: Save) -> Fields:
    if not isinstance(raw, Mapping):
        raise invalid_content("A sublist line must be an object.", path)
    line = Fields()
    for name, value in raw.items():
        found = find_field(fields, name)
        # the tax details have properties of the same names as a legacy line's
        hidden = _hidden(world, name) and not path.startswith("taxDetails.")
        if hidden or found is None:
            if name.lower() not in NOT_PROPERTIES:
                _unknown(name, f"{path}.{name}", save)
        elif not found.readonly:
            line[found.name] = parse(found, value, f"{path}.{found.name}", world.resolve)
    return line


def merged(sublist: Sublist, existing: list[Fields], given: list[Fields], *, replaced: bool) -> list[Fields]:
    """Keyed lines update their match and are appended without one; others are always appended.

    `replaced` keeps nothing that was not given.
    """
    kept: list[Fields] = [] if replaced else list(existing)
    for line in given:
        match = _match(sublist, existing, line)
        if match is None:
            kept.append(line)
            continue
        match.update(line)
        if replaced:
            kept.append(match)
    return kept


def _match(sublist: Sublist, existing: list[Fields], line: Fields) -> Fields | None:
    asked: dict[str, Value] = {name: line[name] for name in sublist.key if line.get(name) is not None}
    if not sublist.key or sublist.key[0] not in asked:
        return None
    return next((one for one in existing if all(one.get(name) == value for name, value in asked.items())), None)
