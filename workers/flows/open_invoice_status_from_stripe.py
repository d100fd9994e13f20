"""Stripe's status -> what is still open in NetSuite.

An invoice that is open in NetSuite follows what became of it in Stripe. Paid: the customer payment, the same one as
of the flow for paid invoices. Uncollectible: a credit memo to the bad-debt item closes what is left, which is an
expense and not less revenue. Void: the invoice is voided, or credited in full, so that revenue and receivable are gone.
It does not matter in which of the two systems the invoice was born.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, NotFound, Permanent, Skipped
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import conditions, write_off
from workers.records.invoice_adoption import is_current, linked
from workers.records.payment import CHOICES, book
from workers.records.receipts import out_of_band, paid, receipts, why_no_payment
from workers.records.soft_fields import describe


class OpenInvoiceStatus(Options):
    uncollectible: Literal["credit_memo", "status_only"] = Field(
        "credit_memo", description="Close what is left by a credit memo to the bad-debt item, or only show the status."
    )
    void: Literal["void_else_credit_memo", "void", "credit_memo", "status_only"] = Field(
        "void_else_credit_memo",
        description="Void the NetSuite invoice, credit it in full, the latter where the first cannot be, or neither.",
    )


To = Ledger[OpenInvoiceStatus]


def known(to: To, subject: str) -> st.Invoice:
    try:
        return to.stripe.invoice(subject)
    except NotFound:
        raise Skipped(f"This Stripe account does not know {subject}.", code="unknown_stripe_id") from None


def open_in_netsuite(to: To, since: datetime) -> Iterator[str]:
    """Their Stripe invoices, but not those of another Stripe account; charges are for the flow of payments."""
    field = to.config.fields.invoice_stripe_id
    for head in to.netsuite.open_invoices(stripe_id_field=field):
        stripe_id = str(head.custom.get(field) or "")
        link = to.links.of_stripe(stripe_id, "inv") if stripe_id.startswith("in_") else None
        if stripe_id.startswith("in_") and (link is None or link.account == to.account):
            yield stripe_id


flow = Flow(
    "open_invoice_status_from_stripe",
    title="Update Open NetSuite Invoice Status with Stripe Details",
    source="stripe",
    reads=known,
    on=("invoice.voided", "invoice.marked_uncollectible"),
    sweep=Sweep(every=timedelta(hours=4), ids=open_in_netsuite),
    options=OpenInvoiceStatus,
    subjects=("in_",),
)


@flow.when
def finalized(source: st.Invoice, to: To) -> None:
    if source.status in (None, "draft"):
        raise Skipped("The invoice is a draft.", code="draft")
    day = (source.finalized_at or source.created).date()
    conditions.after_start(day, f"Invoice {source.number or source.id}", to, "invoice")


@flow.push
def push(source: st.Invoice, to: To) -> None:
    link = linked(source, to)
    if link is None:
        raise Skipped("The invoice is not in NetSuite.", code="not_in_netsuite")
    if not is_current(link, to) or replaced(source, link, to):
        raise Skipped(f"Another one stands for NetSuite invoice {link.netsuite_id} now.", code="replaced")
    written = [follow(source, link, to), show_status(source, link, to)]
    if not any(written):
        raise Skipped(f"NetSuite invoice {link.netsuite_id} says so already: {source.status}.", code="echo")


def replaced(source: st.Invoice, link: Link, to: To) -> bool:
    """Voided to make room for another one, whose link may not be there yet."""
    if source.status != "void" or link.origin != "netsuite":
        return False
    key = to.config.fields.metadata_invoice_id
    later = to.stripe.invoices_of(source.customer or "", created_since=source.created)
    ours = (one for one in later if one.metadata.get(key) == link.netsuite_id and one.id != source.id)
    return bool(source.latest_revision) or any(one.status != "void" for one in ours)


def show_status(source: st.Invoice, link: Link, to: To) -> bool:
    """Also when NetSuite refuses it is not sent again, until the status changes."""
    if link.facts.get("status") == source.status:
        return False
    invoice = Ref("invoice", link.netsuite_id)
    shown = describe(invoice, {to.config.fields.invoice_stripe_status: source.status}, to)
    to.links.add_facts(link, {"status": source.status})
    return shown


# what follows from the status ----------------------------------------------------------------------------------


def follow(source: st.Invoice, link: Link, to: To) -> bool:
    """Whether anything was posted."""
    match source.status:
        case "paid":
            return bool(pay(source, to))
        case "uncollectible" if to.options.uncollectible == "credit_memo":
            return give_up(source, link, to)
        case "void" if to.options.void != "status_only":
            return withdraw(source, link, to)
    return False


def pay(source: st.Invoice, to: To) -> Decimal:
    """How much had to be booked."""
    if not paid(source) and not out_of_band(source):
        to.note(why_no_payment(source))
        return Decimal(0)
    kept = to.config.flows.get(CHOICES)
    outside = kept is None or kept.options.get("include_out_of_band", True)
    received = receipts(source, to, outside=bool(outside))
    return sum((money.payment for money in received if book(money, to)), Decimal(0))


def give_up(source: st.Invoice, link: Link, to: To) -> bool:
    """Part payments are booked before, so that only what is really lost is written off."""
    if write_off.done(source, "uncollectible", to):
        return False
    booked = pay(source, to) if paid(source) or out_of_band(source) else Decimal(0)
    invoice = open_invoice(link, to)
    if not write_off.something_left(source, "uncollectible", invoice, to):
        return bool(booked)
    write_off.write_off(source, invoice, booked, to)
    return True


def withdraw(source: st.Invoice, link: Link, to: To) -> bool:
    if link.facts.get("withdrawn") or write_off.done(source, "void", to) or write_off.done(source, "uncollectible", to):
        return False
    invoice = open_invoice(link, to)
    left = write_off.something_left(source, "void", invoice, to)
    if left:
        write_off.all_open(source, invoice)
        if not voided(source, invoice, to):
            write_off.credit_whole(source, invoice, to)
    to.links.add_facts(link, {"withdrawn": True})
    return left


def open_invoice(link: Link, to: To) -> ns.Invoice:
    try:
        return to.netsuite.invoice(link.netsuite_id)
    except NotFound:
        raise Skipped(f"NetSuite invoice {link.netsuite_id} no longer exists.", code="gone") from None


def voided(source: st.Invoice, invoice: ns.Invoice, to: To) -> bool:
    """Whether NetSuite could void it. A void in a closed period would change what was reported."""
    only = to.options.void == "void"
    if to.options.void == "credit_memo":
        return False
    if invoice.tran_date and not to.netsuite.period_open(invoice.tran_date):
        if only:
            raise write_off.closed_period(invoice)
        return False
    try:
        against = to.netsuite.void(Ref("invoice", invoice.id))
    except (Held, Permanent) as refused:
        if only:
            raise
        to.note(f"NetSuite does not void the invoice ({refused.sentence}); it is credited instead.")
        return False
    if against is not None and against.type == "creditMemo":
        write_off.remember(source, "void", against, invoice, to)
    return True
