"""Whether a NetSuite invoice has a Stripe invoice already, though no link says so: a second one must never be made."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.core.interfaces import Ledger
from app.errors import Held, NotFound, Skipped
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records.stripe_invoice import name

LOOK_BACK = timedelta(days=31)
"""A Stripe invoice of ours is at most this much older than the day on the NetSuite invoice."""


def match(source: ns.Invoice, customer: str, to: Ledger[Any]) -> st.Invoice | None:
    """By the id that NetSuite holds, then by our mark among the invoices of the Stripe customer."""
    return named_in_netsuite(source, to) or marked(source, customer, to)


def named_in_netsuite(source: ns.Invoice, to: Ledger[Any]) -> st.Invoice | None:
    """The invoice whose id NetSuite holds though no link does: an earlier integration's, or a lost link's."""
    named = str(source.custom.get(to.config.fields.invoice_stripe_id) or "")
    if named.startswith(("ch_", "py_", "pi_")):
        raise Skipped(f"The invoice was paid by charge {named}; it is not billed again.", code="charge")
    if not named:
        return None
    try:
        invoice = to.stripe.invoice(named)
    except NotFound:
        raise Held(
            f"NetSuite's field {to.config.fields.invoice_stripe_id} says {named}, which this Stripe account does "
            "not know.",
            code="unknown_stripe_id",
            action="Correct or empty the field on the NetSuite invoice, then replay.",
        ) from None
    return None if of_another(invoice, source, to) else not_void(invoice)


def of_another(invoice: st.Invoice, source: ns.Invoice, to: Ledger[Any]) -> bool:
    """A copy made in NetSuite carries the custom fields of its original, the Stripe id among them."""
    link = to.links.of_stripe(invoice.id, "inv")
    owner = link.netsuite_id if link else invoice.metadata.get(to.config.fields.metadata_invoice_id)
    if owner in (None, source.id):
        return False
    to.note(f"Stripe invoice {invoice.id}, which the field names, belongs to NetSuite invoice {owner}.")
    return True


def marked(source: ns.Invoice, customer: str, to: Ledger[Any]) -> st.Invoice | None:
    """One that an attempt which was cut off has left, found by our mark in a listing that is never behind."""
    key = to.config.fields.metadata_invoice_id
    day = min(source.tran_date or to.clock.now().date(), to.clock.now().date())
    since = datetime.combine(day, time(), UTC) - LOOK_BACK
    ours = [one for one in to.stripe.invoices_of(customer, created_since=since) if one.metadata.get(key) == source.id]
    living = [one for one in ours if one.status != "void"]
    if len(living) > 1:
        raise Held(
            f"Stripe has {len(living)} invoices for NetSuite invoice {name(source)}: "
            + ", ".join(one.id for one in living),
            code="several_invoices",
            action="Void or delete all but one in Stripe, then replay.",
        )
    if ours and not living:
        not_void(ours[0])
    return living[0] if living else None


def not_void(invoice: st.Invoice) -> st.Invoice:
    if invoice.status == "void":
        raise Skipped(f"Its Stripe invoice {invoice.id} is void; this flow makes no second one.", code="void")
    return invoice
