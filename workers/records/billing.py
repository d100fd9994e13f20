"""What the flows that bill NetSuite invoices in Stripe share: finance's choices, the terms, the proof, what is kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from app.core.config import FlowConfig, required
from app.core.fingerprint import fingerprint
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import AmountMismatch, Held, Rejected
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import stripe_invoice
from workers.records.dates import zone_of
from workers.records.text import cut

To = Ledger[Any]
FLOW = "netsuite_invoice_to_stripe"
APPLIED_BEFORE = "netsuite_applied_before"
"""Metadata: the NetSuite transactions whose amounts were taken off before the Stripe invoice was made."""
METADATA_LENGTH = 500


class Billing(Options):
    """How a Stripe invoice of a NetSuite invoice looks, whichever flow makes it."""

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


def chosen(to: To) -> Billing:
    """The options of the flow that bills, for the others too."""
    given = to.config.flows.get(FLOW, FlowConfig()).options
    return Billing.model_validate(given)


def rules(to: To) -> stripe_invoice.Rules:
    choice = chosen(to)
    return stripe_invoice.Rules(part_paid=choice.part_paid, lines=choice.lines, over_250=choice.over_250)


def linked(internal_id: str, to: To) -> Link | None:
    return to.links.of_netsuite("invoice", internal_id, "inv")


def currency_of(source: ns.Invoice, to: To) -> str:
    """ISO code. Without NetSuite's multiple currencies an invoice names none: then it is the first of the books."""
    if source.currency:
        return to.netsuite.iso_currency(source.currency)
    known = to.config.for_account(to.account).currencies
    sentence = "The NetSuite invoice names no currency, and none is set for the books."
    return required(next(iter(known), None), f"books.{to.account}.currencies", sentence)


# the Stripe invoice --------------------------------------------------------------------------------------------


def metadata(source: ns.Invoice, to: To) -> dict[str, str]:
    marks = {to.config.fields.metadata_invoice_id: source.id, stripe_invoice.TRAN_ID_MARK: source.tran_id or ""}
    if source.total == source.amount_remaining:
        return marks
    return {**marks, APPLIED_BEFORE: _joined([one.doc for one in to.netsuite.applications_of(source.id)])}


def applied_before(invoice: st.Invoice) -> frozenset[str]:
    return frozenset(invoice.metadata.get(APPLIED_BEFORE, "").split(",")) - {""}


def terms(source: ns.Invoice, currency: str, to: To) -> dict[str, Any]:
    """When it is due and how it is presented."""
    choice, zone = chosen(to), zone_of(to, source.subsidiary)
    due = stripe_invoice.due(
        source, to.clock.now(), zone, past_due_days=choice.past_due_days, usual_days=choice.days_until_due
    )
    if source.due_date and "days_until_due" in due:
        to.note(f"NetSuite's due date {source.due_date} has passed; due in {choice.past_due_days} days in Stripe.")
    return {**due, **presentation(source, currency, to)}


def presentation(source: ns.Invoice, currency: str, to: To) -> dict[str, Any]:
    choice, shown = chosen(to), dict[str, Any]()
    methods = ["card"] * choice.card + ["us_bank_account"] * (choice.ach_for_usd and currency.upper() == "USD")
    if methods:
        shown["payment_settings"] = {"payment_method_types": methods}
    if choice.footer:
        shown["footer"] = choice.footer
    if choice.show_po_number and source.other_ref_num:
        shown["custom_fields"] = [{"name": "PO number", "value": source.other_ref_num[:140]}]
    if choice.number == "netsuite" and source.tran_id:
        shown["number"] = source.tran_id[: stripe_invoice.NUMBER_LENGTH]
    return shown


def soft(source: ns.Invoice, currency: str, to: To) -> dict[str, Any]:
    """What changes no amount; empty where NetSuite has nothing, so that an older text goes away."""
    said = cut(source.message or source.memo, stripe_invoice.DESCRIPTION_LENGTH)
    empty = {"description": said or "", "footer": "", "custom_fields": ""}
    return {**empty, **{key: value for key, value in terms(source, currency, to).items() if key != "number"}}


def draft(source: ns.Invoice, customer: str, currency: str, to: To) -> dict[str, Any]:
    return stripe_invoice.draft(source, customer, currency, metadata(source, to), terms(source, currency, to))


def finalized(source: ns.Invoice, made: st.Invoice, currency: str, to: To) -> st.Invoice:
    """Raises AmountMismatch, and deletes the draft, when its total is not what is left to pay in NetSuite."""
    prove(source, made, currency, to)
    invoice = to.stripe.finalize_invoice(made.id)
    if invoice.total != made.total:
        raise mismatch(source, invoice, currency)
    if invoice.balance_applied:
        applied = from_minor(invoice.balance_applied, currency)
        to.note(f"The customer's Stripe balance paid {applied} {currency} of it; NetSuite does not know of that yet.")
    return invoice


def prove(source: ns.Invoice, made: st.Invoice, currency: str, to: To) -> None:
    if made.total != expected(source, currency):
        to.stripe.delete_draft_invoice(made.id)
        raise mismatch(source, made, currency)


def mismatch(source: ns.Invoice, made: st.Invoice, currency: str) -> AmountMismatch:
    what = f"Stripe's invoice for NetSuite invoice {stripe_invoice.name(source)}"
    return AmountMismatch(what, from_minor(made.total, currency), source.amount_remaining, currency)


def expected(source: ns.Invoice, currency: str) -> int:
    return stripe_invoice.minor(source.amount_remaining, currency)


# what is kept --------------------------------------------------------------------------------------------------


def finish(source: ns.Invoice, invoice: st.Invoice, to: To) -> None:
    """Write back, retire the link of the one it replaces, and remember that nothing is left to do."""
    to.netsuite.patch(Ref("invoice", source.id), written_back(source, invoice, to))
    link = to.links.of_stripe(invoice.id, "inv")
    before = to.links.of_stripe(link.facts["replaces"], "inv") if link and link.facts.get("replaces") else None
    if before is not None and before.current:
        to.links.retire(before, note=f"Replaced by {invoice.id}.")
    remember(source, invoice, to, done=True)


def written_back(source: ns.Invoice, invoice: st.Invoice, to: To) -> dict[str, Any]:
    fields = to.config.fields
    link = to.public.pay(to.account, source.id) if chosen(to).link == "ours" else invoice.hosted_invoice_url
    said = {
        fields.invoice_stripe_id: invoice.id,
        fields.invoice_stripe_number: invoice.number,
        fields.invoice_stripe_status: invoice.status,
        fields.invoice_payment_link: link,
        fields.invoice_pdf_url: invoice.invoice_pdf,
    }
    return {name: value for name, value in said.items() if value}


def remember(
    source: ns.Invoice, invoice: st.Invoice, to: To, *, done: bool = False, more: Mapping[str, Any] | None = None
) -> None:
    """Payments find the invoice from now on; with `done` nothing is left to do for it."""
    facts = {
        "customer": source.entity,
        "subsidiary": source.subsidiary,
        "currency": invoice.currency.upper(),
        "account": source.account,
        "total": invoice.total,
        "money": fingerprint(stripe_invoice.money(source)),
    }
    to.links.save(
        "inv",
        invoice.id,
        Ref("invoice", source.id),
        origin="netsuite",
        netsuite_fingerprint=fingerprint(stripe_invoice.view(source)) if done else None,
        facts={**facts, **(more or {})},
    )


def write_status(source: ns.Invoice, status: str | None, to: To, *, clear_link: bool = False) -> bool:
    """Stripe's status onto the NetSuite invoice, unless it says so already; whether it had to be written."""
    fields, body = to.config.fields, dict[str, Any]()
    if status and source.custom.get(fields.invoice_stripe_status) != status:
        body[fields.invoice_stripe_status] = status
    if clear_link and source.custom.get(fields.invoice_payment_link):
        body[fields.invoice_payment_link] = None
    return bool(body) and _patched(source, body, to)


def _patched(source: ns.Invoice, body: Mapping[str, Any], to: To) -> bool:
    try:
        to.netsuite.patch(Ref("invoice", source.id), body)
    except (Held, Rejected) as refused:
        if not source.voided:
            raise
        to.note(f"NetSuite does not take Stripe's status on the voided invoice: {refused.sentence}")
        return False
    return True


def _joined(docs: Sequence[str]) -> str:
    return ",".join(dict.fromkeys(docs))[:METADATA_LENGTH]
