"""The record service's one engine: create, update, upsert, delete, transform and void over any record definition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.errors import (
    NetSuiteError,
    duplicate,
    invalid_content,
    please_enter,
    record_changed,
    user_error,
)
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
    """How a save is asked for. `names` is X-NetSuite-PropertyNameValidation; `seen` the version it started from."""

    actor: Actor = INTEGRATION
    names: str = "warning"
    replace: frozenset[str] = field(default_factory=frozenset)
    seen: int | None = None
    event: str = ""


def create(world: NetSuiteWorld, type: str, body: Mapping[str, Json], save: Save) -> Record:
    definition = world.definition(type)
    record = blank(world, definition)
    return _save(world, definition, record, None, body, save)


def update(world: NetSuiteWorld, type: str, key: str, body: Mapping[str, Json], save: Save) -> Record:
    definition = world.definition(type)
    before = world.locate(definition, key)
    _refuse_changed(world, before, save)
    if before.voided:
        raise user_error("This transaction has been voided and cannot be changed.")
    return _save(world, definition, before.draft(), before, body, save)


def upsert(world: NetSuiteWorld, type: str, external_id: str, body: Mapping[str, Json], save: Save) -> Record:
    definition = world.definition(type)
    before = world.by_external_id(definition.namespace, external_id)
    if before is None:
        return create(world, type, {**body, "externalId": external_id}, save)
    if before.type != definition.name:
        raise duplicate()
    return update(world, type, before.id, body, save)


def delete(world: NetSuiteWorld, type: str, key: str, save: Save) -> Record:
    definition = world.definition(type)
    record = world.locate(definition, key)
    _refuse_changed(world, record, save)
    if world.books.applied.get(record.id) and definition.is_transaction:
        raise user_error("This record cannot be deleted because it has dependent records.")
    if definition.is_transaction:
        _refuse_closed(world, record)
    definition.behaviour.may_delete(world, record)
    name = definition.behaviour.name(world, record)
    world.remove(record)
    world.tables.deleted(record, name, definition.code, save.actor.context)
    world.callbacks.saved(record, save.event or "delete", save.actor.context)
    return record


def transform(world: NetSuiteWorld, type: str, key: str, target: str, body: Mapping[str, Json], save: Save) -> Record:
    source_definition = world.definition(type)
    source = world.locate(source_definition, key)
    wanted = world.definition(target)
    made = source_definition.transforms.get(wanted.name)
    if made is None:
        raise user_error(f"The transformation from {type} to {target} is not supported.")
    return _save(world, wanted, made(world, source), None, body, save)


def void(world: NetSuiteWorld, type: str, key: str, save: Save) -> Record:
    """Direct void: the record stays, its amounts are zero. Voiding what is void changes nothing."""
    definition = world.definition(type)
    before = world.locate(definition, key)
    if before.voided:
        return before
    _refuse_closed(world, before)
    draft = before.draft()
    try:
        definition.behaviour.void(world, draft)
    except NotImplementedError:
        raise NetSuiteError(f"Transactions of type {type} cannot be voided.", "INVALID_RCRD_TYPE") from None
    draft.voided = True
    draft.fields["memo"] = "VOID"
    return _commit(world, draft, before, replace(save, event=save.event or "void"))


def blank(world: NetSuiteWorld, definition: Definition) -> Record:
    """A new record with its type's defaults and no id yet."""
    now = world.clock.now()
    fields = Fields({one.name: one.default for one in definition.fields if one.default is not None})
    return Record(definition.name, "", fields, {}, now, now)


def _save(
    world: NetSuiteWorld, definition: Definition, draft: Record, before: Record | None, body: Mapping[str, Json], save: Save
) -> Record:
    fill(world, definition, draft, body, save)
    required = (one for one in world.fields_of(definition) if one.required and draft.fields.get(one.name) is None)
    missing = ", ".join(one.shown for one in required)
    if missing:
        raise please_enter(missing)
    if before is not None and definition.is_transaction:
        _refuse_closed_edit(world, definition, draft, before)
    definition.behaviour.settle(world, draft, before)
    if before is not None and definition.is_transaction:
        _refuse_closed_edit(world, definition, draft, before)
    return _commit(world, draft, before, save)


def _commit(world: NetSuiteWorld, draft: Record, before: Record | None, save: Save) -> Record:
    definition = world.definition(draft.type)
    if definition.is_transaction:
        world.postings(draft, definition)
    _move_external_id(world, definition, draft, before)
    draft.modified = world.clock.now()
    draft.fields["lastModifiedBy"] = save.actor.user
    if before is None:
        draft.id = draft.id or world.next_id(definition)
        draft.created = draft.modified
        draft.fields["createdBy"] = save.actor.user
        draft.fields["source"] = "restWebServices" if save.actor.context == INTEGRATION.context else None
    else:
        draft.version = before.version + 1
    world.put(draft)
    _mail(world, draft)
    world.callbacks.saved(draft, save.event or ("edit" if before else "create"), save.actor.context)
    return draft


def _move_external_id(world: NetSuiteWorld, definition: Definition, draft: Record, before: Record | None) -> None:
    if draft.external_id is not None:
        holder = world.by_external_id(definition.namespace, draft.external_id)
        if holder is not None and (before is None or holder.id != before.id):
            raise duplicate()
    if before is not None and before.external_id and before.external_id != draft.external_id:
        world.books.external.pop((definition.namespace, before.external_id), None)


def _mail(world: NetSuiteWorld, record: Record) -> None:
    if record.fields.flag("toBeEmailed"):
        to = record.fields.text("email")
        world.books.outbox.append({"type": record.type, "id": record.id, "to": to})


def _refuse_changed(world: NetSuiteWorld, record: Record, save: Save) -> None:
    if world.conflicts and world.conflicts[0] in ("", record.type):
        world.conflicts.popleft()
        raise record_changed()
    stale = save.seen is not None and save.seen != record.version
    if stale and world.settings.refuse_concurrent_edits:
        raise record_changed()


# Accounting periods


def period_shut(world: NetSuiteWorld, period: Record | None) -> str:
    """Why nothing may be posted into the period, or the empty text."""
    if period is None:
        return "missing"
    fields = period.fields
    if fields.flag("closed"):
        return "closed"
    locked = fields.flag("allLocked") or fields.flag("arLocked")
    return "locked" if locked and not world.settings.override_period_restrictions else ""


def _refuse_closed(world: NetSuiteWorld, record: Record) -> None:
    shut = period_shut(world, world.find("accountingPeriod", record.fields.ref("postingPeriod")))
    if shut:
        raise user_error(f"This transaction cannot be changed because its accounting period is {shut}.", "postingPeriod")


def _refuse_closed_edit(world: NetSuiteWorld, definition: Definition, draft: Record, before: Record) -> None:
    period = world.find("accountingPeriod", before.fields.ref("postingPeriod"))
    if not period_shut(world, period):
        return
    if period is not None and not period.fields.flag("allowNonGLChanges"):
        _refuse_closed(world, before)
    names = ("tranDate", "postingPeriod")
    moved = any(draft.fields.get(one) != before.fields.get(one) for one in names)
    if moved or _ledger_key(world, definition, draft) != _ledger_key(world, definition, before):
        _refuse_closed(world, before)


def _ledger_key(world: NetSuiteWorld, definition: Definition, record: Record) -> list[tuple[object, ...]]:
    return [(line.account, line.amount, line.base) for line in world.postings(record, definition)]


# A body laid over a record


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
        if _hidden(world, name) or found is None:
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
