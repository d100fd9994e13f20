"""Accounting periods: what may be posted into and what may still be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.errors import user_error

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


def period_shut(world: NetSuiteWorld, period: Record | None) -> str:
    """Why nothing may be posted into the period, or the empty text."""
    if period is None:
        return "missing"
    fields = period.fields
    if fields.flag("closed"):
        return "closed"
    locked = fields.flag("allLocked") or fields.flag("arLocked")
    return "locked" if locked and not world.settings.override_period_restrictions else ""


def refuse_closed(world: NetSuiteWorld, record: Record) -> None:
    shut = period_shut(world, world.find("accountingPeriod", record.fields.ref("postingPeriod")))
    if shut:
        raise user_error(
            f"This transaction cannot be changed because its accounting period is {shut}.", "postingPeriod"
        )


def refuse_closed_edit(world: NetSuiteWorld, definition: Definition, draft: Record, before: Record) -> None:
    period = world.find("accountingPeriod", before.fields.ref("postingPeriod"))
    if not period_shut(world, period):
        return
    if period is not None and not period.fields.flag("allowNonGLChanges"):
        refuse_closed(world, before)
    names = ("tranDate", "postingPeriod")
    moved = any(draft.fields.get(one) != before.fields.get(one) for one in names)
    if moved or _ledger_key(world, definition, draft) != _ledger_key(world, definition, before):
        refuse_closed(world, before)


def _ledger_key(world: NetSuiteWorld, definition: Definition, record: Record) -> list[tuple[object, ...]]:
    return [(line.account, line.amount, line.base) for line in world.postings(record, definition)]
