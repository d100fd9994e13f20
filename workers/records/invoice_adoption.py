"""A NetSuite invoice and a Stripe invoice that belong together, though no link of ours says so yet.

An earlier integration wrote the one's id into the other, or our link was lost. A copy made in NetSuite carries the
custom fields of its original, and a revision in Stripe the metadata of its own: what is linked otherwise is not taken.
"""

from typing import Any

from app.core.fingerprint import fingerprint
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Ambiguous, Candidate, Held, NotFound, NotReady
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import invoice_import, stripe_invoice

To = Ledger[Any]


def linked(source: st.Invoice, to: To) -> Link | None:
    """The link; made now when the metadata in Stripe or the field in NetSuite names the other one."""
    return to.links.of_stripe(source.id, "inv") or named(source, to) or held(source, to)


def is_current(link: Link, to: To) -> bool:
    """Not so of an invoice that another one has replaced, whose address the NetSuite invoice shows now."""
    standing = to.links.of_netsuite("invoice", link.netsuite_id, "inv")
    return link.current and (standing is None or standing.stripe_id == link.stripe_id)


def named(source: st.Invoice, to: To) -> Link | None:
    """By the metadata of the Stripe invoice."""
    internal_id = source.metadata.get(to.config.fields.metadata_invoice_id, "")
    if not internal_id.isdigit() or taken(source, internal_id, to):
        return None
    try:
        found = to.netsuite.invoice(internal_id)
    except NotFound:
        to.note(f"The metadata of {source.id} names NetSuite invoice {internal_id}, which does not exist.")
        return None
    return adopt(source, found, "its metadata names it", to) if same_customer(source, found, to) else None


def held(source: st.Invoice, to: To) -> Link | None:
    """By the field of the NetSuite invoice. Raises Ambiguous when several hold this id."""
    heads = to.netsuite.invoices_holding(to.config.fields.invoice_stripe_id, [source.id])
    free = [head for head in heads if not taken(source, head.id, to)]
    if len(free) > 1:
        raise Ambiguous(
            f"{len(free)} NetSuite invoices hold the id {source.id}.",
            action="Empty the field on all but the right one, then replay.",
            candidates=[candidate(head, f"holds {source.id}") for head in free],
        )
    return adopt(source, to.netsuite.invoice(free[0].id), "it holds the Stripe id", to) if free else None


def taken(source: st.Invoice, internal_id: str, to: To) -> bool:
    """Whether the NetSuite invoice has another Stripe invoice. Raises NotReady while that is being replaced."""
    link = to.links.of_netsuite("invoice", internal_id, "inv")
    if link is None or link.stripe_id == source.id:
        return False
    if source.from_invoice is not None:
        raise NotReady(f"{source.id} revises {source.from_invoice.invoice}; its link is not there yet.")
    to.note(f"NetSuite invoice {internal_id} belongs to {link.stripe_id}.")
    belongs = Candidate("netsuite", "invoice", internal_id, internal_id, f"it belongs to {link.stripe_id}")
    to.rejected(belongs, "an invoice that names it")
    return True


def same_customer(source: st.Invoice, found: ns.Invoice, to: To) -> bool:
    customer = to.links.of_stripe(source.customer, "cust") if source.customer else None
    if customer is None or customer.netsuite_id == found.entity:
        return True
    to.note(f"NetSuite invoice {found.id} belongs to customer {found.entity}, not to {customer.netsuite_id}.")
    said = f"it is of customer {found.entity}, not {customer.netsuite_id}"
    to.rejected(Candidate("netsuite", "invoice", found.id, found.tran_id or found.id, said), "an invoice that names it")
    return False


def adopt(source: st.Invoice, found: ns.Invoice, why: str, to: To) -> Link:
    """Save the link, so that neither flow that makes invoices makes a second one."""
    origin = origin_of(source, found, to)
    to.chose(Candidate("netsuite", "invoice", found.id, found.tran_id or found.id, why), "an invoice that is there")
    to.note(f"Linked to NetSuite invoice {found.id}, because {why}; taken as born in {origin.title()}.")
    return to.links.save(
        "inv",
        source.id,
        Ref("invoice", found.id),
        origin=origin,
        stripe_fingerprint=fingerprint(invoice_import.view(source)),
        netsuite_fingerprint=None if marked(source, found, to) else fingerprint(stripe_invoice.view(found)),
        note=f"linked because {why}",
        facts={
            "customer": found.entity,
            "subsidiary": found.subsidiary,
            "currency": currency_of(source, found, to),
            "account": found.account,
            "total": source.total,
            "money": fingerprint(stripe_invoice.money(found)),
        },
    )


def origin_of(source: st.Invoice, found: ns.Invoice, to: To) -> str:
    """Our external id, a subscription, or Stripe's own number say Stripe; all else was numbered by NetSuite first."""
    ours = found.external_id == external_id("inv", source.id)
    numbered = source.number is not None and source.number == found.tran_id
    return "stripe" if ours or (not marked(source, found, to) and (source.subscription or numbered)) else "netsuite"


def marked(source: st.Invoice, found: ns.Invoice, to: To) -> bool:
    """Made from this NetSuite invoice. The flow that made it may still have something to write back."""
    return source.metadata.get(to.config.fields.metadata_invoice_id) == found.id


def currency_of(source: st.Invoice, found: ns.Invoice, to: To) -> str:
    code = source.currency.upper()
    theirs = to.netsuite.iso_currency(found.currency) if found.currency else code
    if theirs != code:
        raise Held(
            f"{source.id} is in {code}, NetSuite invoice {found.tran_id or found.id} in {theirs}.",
            code="other_currency",
            action="Correct the Stripe id on the NetSuite invoice, then replay.",
        )
    return code


def candidate(head: ns.InvoiceHead, why: str) -> Candidate:
    return Candidate("netsuite", "invoice", head.id, f"{head.tran_id or head.id}, {head.total}", why)
