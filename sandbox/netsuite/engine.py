"""The record service's one engine: create, update, upsert, delete, transform and void over any record definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.netsuite.bodies import INTEGRATION, PERSON, RESTLET, Actor, Save, fill
from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.errors import (
    NetSuiteError,
    duplicate,
    please_enter,
    record_changed,
    user_error,
)
from sandbox.netsuite.fields import Fields, Json
from sandbox.netsuite.periods import refuse_closed, refuse_closed_edit
from sandbox.netsuite.scripts.execution import Saved

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


__all__ = ["INTEGRATION", "PERSON", "RESTLET", "Actor", "Save", "blank", "create"]
__all__ += ["delete", "fill", "transform", "update", "upsert", "void"]


def create(world: NetSuiteWorld, type: str, body: Mapping[str, Json], save: Save) -> Record:
    definition = world.definition(type)
    record = blank(world, definition)
    return _save(world, definition, record, None, body, save)


def update(world: NetSuiteWorld, type: str, key: str, body: Mapping[str, Json], save: Save) -> Record:
    definition = world.definition(type)
    before = world.locate(definition, key)
    _refuse_changed(world, before, save)
    if before.voided and not all(name.startswith("custbody") for name in body):
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
        refuse_closed(world, record)
    definition.behaviour.may_delete(world, record)
    name = definition.behaviour.name(world, record)
    world.remove(record)
    world.tables.deleted(record, name, definition.code, save.actor.context)
    world.scripts.saved(Saved(record, record, save.event or "delete", save.actor))
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
    """Direct void: the record stays, its amounts are zero. Voiding what is void changes nothing.

    Where voids are reversing journals it gives the journal.
    """
    definition = world.definition(type)
    before = world.locate(definition, key)
    if before.voided or before.fields.ref("voidJournal"):
        return before
    if world.settings.void_with_reversing_journals and definition.behaviour.voids_by_journal:
        return _reverse(world, definition, before, save)
    refuse_closed(world, before)
    draft = before.draft()
    try:
        definition.behaviour.void(world, draft)
    except NotImplementedError:
        raise NetSuiteError(f"Transactions of type {type} cannot be voided.", "INVALID_RCRD_TYPE") from None
    draft.voided = True
    draft.fields["memo"] = "VOID"
    return _commit(world, draft, before, replace(save, event=save.event or "void"))


def _reverse(world: NetSuiteWorld, definition: Definition, before: Record, save: Save) -> Record:
    """A journal entry that undoes the record's posting; gives the journal."""
    fields = before.fields
    lines: list[dict[str, Json]] = [
        {
            "account": {"id": line.account},
            "credit" if line.amount > 0 else "debit": abs(line.amount),
            "entity": {"id": line.entity} if line.entity else None,
        }
        for line in world.books.ledger.get(before.id, [])
        if line.amount
    ]
    body = {
        "currency": {"id": fields.ref("currency")},
        "subsidiary": {"id": fields.ref("subsidiary")},
        "exchangeRate": fields.number("exchangeRate"),
        "memo": f"VOID {definition.behaviour.name(world, before)}",
        "line": {"items": lines},
    }
    journal = create(world, "journalEntry", body, replace(save, event="create"))
    draft = before.draft()
    draft.fields["voidJournal"] = journal.id
    _commit(world, draft, before, replace(save, event=save.event or "edit"))
    return journal


def blank(world: NetSuiteWorld, definition: Definition) -> Record:
    """A new record with its type's defaults and no id yet."""
    now = world.clock.now()
    fields = Fields({one.name: one.default for one in definition.fields if one.default is not None})
    return Record(definition.name, "", fields, {}, now, now)


def _save(
    world: NetSuiteWorld,
    definition: Definition,
    draft: Record,
    before: Record | None,
    body: Mapping[str, Json],
    save: Save,
) -> Record:
    fill(world, definition, draft, body, save)
    required = (one for one in world.fields_of(definition) if one.required and draft.fields.get(one.name) is None)
    missing = ", ".join(one.shown for one in required)
    if missing:
        raise please_enter(missing)
    definition.behaviour.settle(world, draft, before)
    if before is not None and definition.is_transaction:
        refuse_closed_edit(world, definition, draft, before)
    if save.dry:
        return draft
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
    world.scripts.saved(Saved(draft, before, save.event or ("edit" if before else "create"), save.actor))
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
