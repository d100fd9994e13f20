"""Links that a lesser flow needs: it waits for an object to be brought over, but does not want it for itself alone."""

from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import LinkMissing, Skipped

MAKERS = {
    "cust": ("stripe_customer_to_netsuite",),
    "inv": ("stripe_invoice_to_netsuite_realtime", "stripe_invoice_to_netsuite"),
}


def brought(stripe_id: str, role: str, to: Ledger[Any]) -> Link:
    """The link, after the object's own flow has run. Raises Skipped when that is switched off, or has skipped it."""
    found = to.links.of_stripe(stripe_id, role)
    if found is not None:
        return found
    why = to.why_skipped(role, stripe_id)
    if why is not None:
        raise Skipped(f"{stripe_id} is not in NetSuite: {why}", code="not_in_netsuite")
    if all(switched_off(flow, to) for flow in MAKERS[role]):
        raise Skipped(f"{stripe_id} is not in NetSuite, and {MAKERS[role][0]} is switched off.", code="not_in_netsuite")
    raise LinkMissing(role, stripe_id)


def switched_off(flow: str, to: Ledger[Any]) -> bool:
    kept = to.config.flows.get(flow)
    return kept is not None and kept.enabled is False
