"""NetSuite invoice -> Stripe invoice.

What is left to pay on an open NetSuite invoice is billed by Stripe, line by line, payable by card or bank debit. The
revenue stays booked in NetSuite alone; Stripe only collects. The Stripe invoice is finalized only when its total is
NetSuite's remaining amount to the cent, and there is never a second one for the same NetSuite invoice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, NotFound, Rejected, Skipped
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records import conditions, stripe_invoice
from workers.records.billing import Billing, currency_of, draft, expected, finalized, finish, remember, rules
from workers.records.stripe_invoice_match import match


class InvoiceToStripe(Billing):
    pass


To = Ledger[InvoiceToStripe]


def existing(to: To, internal_id: str) -> ns.Invoice:
    try:
        return to.netsuite.invoice(internal_id)
    except NotFound:
        raise Skipped(f"Invoice {internal_id} no longer exists in NetSuite.", code="gone") from None


def changed_since(to: To, since: datetime) -> Iterator[str]:
    return to.netsuite.invoices_since(since)


flow = Flow(
    "netsuite_invoice_to_stripe",
    title="NetSuite Invoice to Stripe Invoice Add",
    source="netsuite",
    reads=existing,
    on=("invoice.create", "invoice.edit", "invoice.xedit"),
    sweep=Sweep(every=timedelta(minutes=15), ids=changed_since),
    options=InvoiceToStripe,
    makes=("inv",),
)


@flow.when
def born_in_netsuite(source: ns.Invoice, to: To) -> None:
    link = linked(source, to)
    if (source.external_id or "").startswith("stripe-inv-") or (link and link.origin == "stripe"):
        raise Skipped("The invoice came from Stripe.", code="echo")
    if link and link.netsuite_fingerprint:
        changed = link.netsuite_fingerprint != fingerprint(stripe_invoice.view(source))
        what = "its changes are the update flow's" if changed else "unchanged"
        raise Skipped(f"It is in Stripe as {link.stripe_id}; {what}.", code="changed_later" if changed else "echo")


@flow.when
def to_be_billed(source: ns.Invoice, to: To) -> None:
    what = f"Invoice {stripe_invoice.name(source)}"
    conditions.owned(source.subsidiary, what, to)
    conditions.ticked(source.custom, to.options.only_if_checked, what)
    if source.tran_date:
        conditions.after_start(source.tran_date, what, to, "invoice")
    refused = {ns.PENDING_APPROVAL: "is waiting for approval", ns.REJECTED: "was rejected"}
    if source.status in refused:
        raise Skipped(f"{what} {refused[source.status]} in NetSuite.", code="not_approved")
    if source.voided:
        raise Skipped(f"{what} is void in NetSuite.", code="void")


@flow.when
def something_left_to_pay(source: ns.Invoice, to: To) -> None:
    if begun(source, to) is None and (source.status == ns.PAID_IN_FULL or source.amount_remaining <= 0):
        raise Skipped("Nothing is left to pay on the invoice.", code="nothing_due")


@flow.push
def push(source: ns.Invoice, to: To) -> None:
    link = begun(source, to)
    invoice = to.stripe.invoice(link.stripe_id) if link else billed(source, to)
    if link is None:
        remember(source, invoice, to)
    if to.options.send and invoice.status == "open":
        send(invoice, to)
    finish(source, invoice, to)


def linked(source: ns.Invoice, to: To) -> Link | None:
    return to.links.of_netsuite("invoice", source.id, "inv")


def begun(source: ns.Invoice, to: To) -> Link | None:
    """The link of an attempt that was cut off between Stripe and the write-back."""
    link = linked(source, to)
    return link if link and not link.netsuite_fingerprint else None


# the Stripe invoice --------------------------------------------------------------------------------------------


def billed(source: ns.Invoice, to: To) -> st.Invoice:
    """The finalized invoice: one that is there already, or a draft that is proven first."""
    currency = currency_of(source, to)
    customer = to.links.require_netsuite("customer", source.entity, "cust")
    lines = stripe_invoice.lines(source, currency, rules(to))
    known = match(source, customer.stripe_id, to)
    if known is not None and known.status != "draft":
        to.note(f"Stripe invoice {known.id} was made from it before; it is used.")
        if known.total != expected(source, currency):
            to.note(f"What is left to pay has changed since: it was {from_minor(known.total, currency)} {currency}.")
        return known
    if known is not None and known.total != expected(source, currency):
        to.stripe.delete_draft_invoice(known.id)
        known = None
    if known is None:
        known = to.stripe.add_invoice_lines(started(source, customer.stripe_id, currency, to).id, lines)
    return finalized(source, known, currency, to)


def started(source: ns.Invoice, customer: str, currency: str, to: To) -> st.Invoice:
    """The empty draft."""
    try:
        return to.stripe.create_invoice(draft(source, customer, currency, to), of=f"invoice:{source.id}")
    except Rejected as refused:
        if "email" not in f"{refused.sentence} {refused.detail} {refused.fields}".lower():
            raise
        raise Held(
            f"Stripe wants an e-mail address of the customer it bills ({customer}).",
            code="no_email",
            action=f"Give NetSuite customer {source.entity} an e-mail, then replay.",
        ) from refused


def send(invoice: st.Invoice, to: To) -> None:
    if invoice.customer_email:
        to.stripe.send_invoice(invoice.id)
    else:
        to.note("It was not e-mailed: the customer has no e-mail address in Stripe.")
