"""NetSuite invoice -> Stripe invoice.

What is left to pay on an open NetSuite invoice is billed by Stripe, line by line, payable by card or bank debit. The
revenue stays booked in NetSuite alone; Stripe only collects. The Stripe invoice is finalized only when its total is
NetSuite's remaining amount to the cent, and there is never a second one for the same NetSuite invoice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from app.core.config import required
from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import AmountMismatch, Held, NotFound, Rejected, Skipped
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import conditions, stripe_invoice
from workers.records.dates import zone_of
from workers.records.stripe_invoice_match import match


class InvoiceToStripe(Options):
    card: bool = Field(True, description="Offer cards.")
    ach_for_usd: bool = Field(True, description="Offer US bank debits on invoices in US dollars.")
    days_until_due: int = Field(30, ge=0, description="Due this many days on, when NetSuite has no due date.")
    past_due_days: int = Field(7, ge=0, description="Due this many days on, when NetSuite's due date has passed.")
    part_paid: Literal["line", "hold"] = Field(
        "line", description="Paid in part already: a negative line takes that off, or the invoice is held."
    )
    lines: Literal["each", "one"] = Field("each", description="Each NetSuite line, or all of them as one line.")
    over_250: Literal["collapse", "hold"] = Field(
        "collapse", description="More lines than Stripe takes: bill them as one line, or hold the invoice."
    )
    number: Literal["stripe", "netsuite"] = Field(
        "stripe", description="Number of the Stripe invoice: Stripe's own, or NetSuite's document number."
    )
    footer: str | None = Field(None, description="Footer of the Stripe invoice.")
    show_po_number: bool = Field(True, description="Show NetSuite's PO number on the Stripe invoice.")
    send: bool = Field(False, description="Have Stripe e-mail the invoice to the customer.")
    link: Literal["ours", "hosted"] = Field(
        "ours", description="Payment link written to NetSuite: ours, which never expires, or Stripe's own page."
    )
    only_if_checked: str | None = Field(None, description="Only invoices with this NetSuite checkbox ticked.")


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
        what = "its changes are not sent by this flow" if changed else "unchanged"
        raise Skipped(f"It is in Stripe as {link.stripe_id}; {what}.", code="changed_later" if changed else "echo")


@flow.when
def to_be_billed(source: ns.Invoice, to: To) -> None:
    what = f"Invoice {stripe_invoice.name(source)}"
    conditions.owned(source.subsidiary, what, to)
    conditions.ticked(source.custom, to.options.only_if_checked, what)
    if source.tran_date:
        conditions.after_start(source.tran_date, what, to)
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
    to.netsuite.patch(Ref("invoice", source.id), written_back(source, invoice, to))
    remember(source, invoice, to, done=True)


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


def currency_of(source: ns.Invoice, to: To) -> str:
    """ISO code. Without NetSuite's multiple currencies an invoice names none: then it is the first of the books."""
    if source.currency:
        return to.netsuite.iso_currency(source.currency)
    known = to.config.for_account(to.account).currencies
    sentence = "The NetSuite invoice names no currency, and none is set for the books."
    return required(next(iter(known), None), f"books.{to.account}.currencies", sentence)


def finalized(source: ns.Invoice, made: st.Invoice, currency: str, to: To) -> st.Invoice:
    if made.total != expected(source, currency):
        to.stripe.delete_draft_invoice(made.id)
        raise mismatch(source, made, currency)
    invoice = to.stripe.finalize_invoice(made.id)
    if invoice.total != made.total:
        raise mismatch(source, invoice, currency)
    if invoice.balance_applied:
        applied = from_minor(invoice.balance_applied, currency)
        to.note(f"The customer's Stripe balance paid {applied} {currency} of it; NetSuite does not know of that yet.")
    return invoice


def mismatch(source: ns.Invoice, made: st.Invoice, currency: str) -> AmountMismatch:
    what = f"Stripe's invoice for NetSuite invoice {stripe_invoice.name(source)}"
    return AmountMismatch(what, from_minor(made.total, currency), source.amount_remaining, currency)


def expected(source: ns.Invoice, currency: str) -> int:
    return stripe_invoice.minor(source.amount_remaining, currency)


def rules(to: To) -> stripe_invoice.Rules:
    return stripe_invoice.Rules(part_paid=to.options.part_paid, lines=to.options.lines, over_250=to.options.over_250)


def draft(source: ns.Invoice, customer: str, currency: str, to: To) -> dict[str, Any]:
    chosen = to.options
    zone = zone_of(to, source.subsidiary)
    terms = stripe_invoice.due(
        source, to.clock.now(), zone, past_due_days=chosen.past_due_days, usual_days=chosen.days_until_due
    )
    if source.due_date and "days_until_due" in terms:
        to.note(f"NetSuite's due date {source.due_date} has passed; due in {chosen.past_due_days} days in Stripe.")
    metadata = {to.config.fields.metadata_invoice_id: source.id, stripe_invoice.TRAN_ID_MARK: source.tran_id or ""}
    return stripe_invoice.draft(source, customer, currency, metadata, {**terms, **presentation(source, currency, to)})


def presentation(source: ns.Invoice, currency: str, to: To) -> dict[str, Any]:
    chosen, shown = to.options, dict[str, Any]()
    methods = ["card"] * chosen.card + ["us_bank_account"] * (chosen.ach_for_usd and currency.upper() == "USD")
    if methods:
        shown["payment_settings"] = {"payment_method_types": methods}
    if chosen.footer:
        shown["footer"] = chosen.footer
    if chosen.show_po_number and source.other_ref_num:
        shown["custom_fields"] = [{"name": "PO number", "value": source.other_ref_num[:140]}]
    if chosen.number == "netsuite" and source.tran_id:
        shown["number"] = source.tran_id[: stripe_invoice.NUMBER_LENGTH]
    return shown


# what is kept --------------------------------------------------------------------------------------------------


def written_back(source: ns.Invoice, invoice: st.Invoice, to: To) -> dict[str, Any]:
    fields = to.config.fields
    link = to.public.pay(to.account, source.id) if to.options.link == "ours" else invoice.hosted_invoice_url
    said = {
        fields.invoice_stripe_id: invoice.id,
        fields.invoice_stripe_number: invoice.number,
        fields.invoice_stripe_status: invoice.status,
        fields.invoice_payment_link: link,
        fields.invoice_pdf_url: invoice.invoice_pdf,
    }
    return {name: value for name, value in said.items() if value}


def remember(source: ns.Invoice, invoice: st.Invoice, to: To, *, done: bool = False) -> None:
    """Payments find the invoice from now on; with `done` nothing is left to do for it."""
    to.links.save(
        "inv",
        invoice.id,
        Ref("invoice", source.id),
        origin="netsuite",
        netsuite_fingerprint=fingerprint(stripe_invoice.view(source)) if done else None,
        facts={
            "customer": source.entity,
            "subsidiary": source.subsidiary,
            "currency": invoice.currency.upper(),
            "account": source.account,
            "total": invoice.total,
        },
    )
