"""Which Stripe invoice an open NetSuite invoice without a link belongs to: one that is there, never a new one."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Ambiguous, Candidate, Held, NotFound, Skipped
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records import conditions
from workers.records.invoice_adoption import adopt, held

To = Ledger[Any]
Rule = Literal["metadata", "number"]
CHARGES = ("ch_", "py_", "pi_")
LOOK_BACK = timedelta(days=31)
"""A Stripe invoice is at most this much older than the day on the NetSuite invoice."""


def found_for(internal_id: str, rules: Sequence[Rule], to: To) -> Link:
    """The link, made now. Raises Skipped when there is no Stripe invoice, Ambiguous when there are several."""
    invoice = existing(internal_id, to)
    conditions.owned(invoice.subsidiary, f"Invoice {invoice.tran_id or invoice.id}", to)
    named = str(invoice.custom.get(to.config.fields.invoice_stripe_id) or "")
    if named.startswith(CHARGES):
        raise Skipped(f"The invoice is paid by charge {named}, not billed by a Stripe invoice.", code="charge")
    if named:
        return by_field(named, to)
    for rule in rules:
        hit = the_only_one(invoice, rule, to)
        if hit is not None:
            whole = to.stripe.invoice(hit.id)
            return adopt(whole, invoice, "its metadata names it" if rule == "metadata" else "the numbers agree", to)
    raise Skipped(f"No Stripe invoice is found for NetSuite invoice {invoice.tran_id or invoice.id}.", code="no_match")


def existing(internal_id: str, to: To) -> ns.Invoice:
    try:
        return to.netsuite.invoice(internal_id)
    except NotFound:
        raise Skipped(f"Invoice {internal_id} no longer exists in NetSuite.", code="gone") from None


def by_field(stripe_id: str, to: To) -> Link:
    if to.links.of_stripe(stripe_id, "inv") is not None:
        raise Skipped(f"{stripe_id}, which the field names, belongs to another NetSuite invoice.", code="copied")
    try:
        link = held(to.stripe.invoice(stripe_id), to)
    except NotFound:
        raise Skipped(f"This Stripe account does not know {stripe_id}.", code="unknown_stripe_id") from None
    assert link is not None
    return link


def the_only_one(invoice: ns.Invoice, rule: Rule, to: To) -> st.Invoice | None:
    hits = [one for one in candidates(invoice, to) if fits(one, invoice, rule, to)]
    if len(hits) > 1:
        raise Ambiguous(
            f"{len(hits)} Stripe invoices could be NetSuite invoice {invoice.tran_id or invoice.id}.",
            action="Write the id of the right one into the Stripe id field of the NetSuite invoice, then replay.",
            candidates=[candidate(one, rule) for one in hits],
        )
    if hits and rule == "number" and from_minor(hits[0].total, hits[0].currency) != invoice.total:
        raise other_amount(invoice, hits[0])
    return hits[0] if hits else None


def candidates(invoice: ns.Invoice, to: To) -> Sequence[st.Invoice]:
    """The customer's that stand and are not linked yet."""
    customer = to.links.of_netsuite("customer", invoice.entity, "cust")
    if customer is None:
        raise Skipped(f"NetSuite customer {invoice.entity} is not in Stripe.", code="no_customer")
    day = min(invoice.tran_date or to.clock.now().date(), to.clock.now().date())
    since = datetime.combine(day, time(), UTC) - LOOK_BACK
    standing = (one for one in to.stripe.invoices_of(customer.stripe_id, created_since=since))
    return [one for one in standing if one.status not in (None, "draft", "void") and free(one, to)]


def free(one: st.Invoice, to: To) -> bool:
    return to.links.of_stripe(one.id, "inv") is None


def fits(one: st.Invoice, invoice: ns.Invoice, rule: Rule, to: To) -> bool:
    if rule == "metadata":
        return one.metadata.get(to.config.fields.metadata_invoice_id) == invoice.id
    return one.number is not None and one.number == invoice.tran_id


def candidate(one: st.Invoice, rule: Rule) -> Candidate:
    amount = f"{from_minor(one.total, one.currency)} {one.currency.upper()}"
    why = "its metadata names the NetSuite invoice" if rule == "metadata" else "it has the same number"
    return Candidate("stripe", "invoice", one.id, f"{one.number or one.id}, {amount}", why)


def other_amount(invoice: ns.Invoice, one: st.Invoice) -> Held:
    iso = one.currency.upper()
    return Ambiguous(
        f"Stripe invoice {one.number} has the number of NetSuite invoice {invoice.id}, but its total is "
        f"{from_minor(one.total, one.currency)} {iso}, not {invoice.total}.",
        code="amount_mismatch",
        action="If they belong together, write the Stripe id into the field of the NetSuite invoice, then replay.",
        candidates=[candidate(one, "number")],
    )
