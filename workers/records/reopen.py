"""What of a payment is free, and how a payment is taken off the invoices that it had paid."""

from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.systems.netsuite.records import Ref

Opened = dict[str, Decimal]
"""Invoice (internal id) -> what became due on it again."""


def free(paid: Link, to: Ledger[Any]) -> Decimal:
    """What of a customer payment or deposit is neither applied nor given back. A cash sale has nothing of the kind."""
    if paid.role not in ("pay", "cdep"):
        return Decimal(0)
    total = to.netsuite.transaction(paid.netsuite_type, paid.netsuite_id).total
    used = sum((one.amount for one in to.netsuite.applications_of(paid.netsuite_id)), Decimal(0))
    return max(Decimal(0), total - used)


def reopen(paid: Link, wanted: Decimal, name: str, to: Ledger[Any]) -> Decimal:
    """Take up to `wanted` of the payment off its invoices, the last one first; gives how much that was.

    What is opened is kept on the payment's link under `name` before, so that a replay and a reversal know it. The
    link's content stays: the payment's own flow finds it unchanged, and does not apply it again.
    """
    standing = [one for one in to.netsuite.applications_of(paid.netsuite_id) if one.doc_type == "invoice"]
    left, lines, taken = wanted, [], {}
    for one in reversed(standing):
        part = min(left, one.amount)
        if part > 0:
            left -= part
            taken[one.doc] = f"{part:f}"
            kept = one.amount - part
            lines.append({"doc": {"id": one.doc}, "apply": kept > 0, "amount": kept})
    if taken:
        keep(paid, name, taken, to)
        body = {"customer": {"id": paid.facts["customer"]}, "apply": {"items": lines}}
        to.netsuite.patch(Ref(paid.netsuite_type, paid.netsuite_id), body)
    return wanted - left


def keep(paid: Link, name: str, taken: dict[str, str], to: Ledger[Any]) -> None:
    ref = Ref(paid.netsuite_type, paid.netsuite_id)
    known = {**paid.facts.get("opened", {}), name: taken}
    to.links.save(paid.role, paid.stripe_id, ref, origin=paid.origin, facts={"opened": known})


def opened(paid: Link, name: str) -> Opened:
    found = paid.facts.get("opened", {}).get(name, {})
    return {doc: Decimal(amount) for doc, amount in found.items()}
