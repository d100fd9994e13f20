"""A refund whose money came back: its record in NetSuite is voided or deleted, and its link is history."""

from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Skipped
from app.systems.netsuite.records import Ref
from workers.records.refund import Refunded, options_of, posted

To = Ledger[Any]


def reverse(source: Refunded, to: To) -> None:
    """The money of a refund came back: the customer refund is undone, the credit memo stays open for the customer."""
    link = posted(source.refund.id, to) or found(source, to)
    if link is None:
        raise Skipped(f"The refund has {source.refund.status}; it was never posted.", code=source.refund.status)
    if not link.current:
        raise Skipped("The refund has failed and is reversed in NetSuite already.", code="echo")
    undo(link, to, note=f"The refund has {source.refund.status}: {source.refund.failure_reason or 'no reason given'}.")


def found(source: Refunded, to: To) -> Link | None:
    """One that an attempt which was cut off has left without a link."""
    for role, kind in (("crf", "customerRefund"), ("cr", "cashRefund")):
        ref = to.netsuite.find(kind, external_id(role, source.refund.id))
        if ref is not None:
            return to.links.save(role, source.refund.id, ref, origin="stripe")
    return None


def undo(link: Link, to: To, *, note: str) -> None:
    """Void it, or delete it, as finance chose; the link is history from then on."""
    ref = Ref(link.netsuite_type, link.netsuite_id)
    if options_of(to).failed == "delete":
        to.netsuite.delete(ref)
        done = "deleted"
    else:
        journal = to.netsuite.void(ref)
        done = f"voided by journal {journal.id}" if journal else "voided"
    to.note(f"NetSuite {ref} is {done}. {note}")
    to.links.retire(link, note=note)
