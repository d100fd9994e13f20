"""A Stripe credit note in NetSuite: a credit memo with the note's lines, which its refunds are paid out of.

The note is read as an invoice of its own lines, so that items, discounts and taxes are what they were on the invoice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from app.core.config import Items, required
from app.core.fingerprint import fingerprint
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import AmountMismatch, PeriodClosed, Skipped
from app.money import from_minor
from app.systems.netsuite.records import Apply, Ref
from app.systems.stripe import objects as st
from workers.records import dates, refund, refund_lines, refund_posting
from workers.records.dates import Posting
from workers.records.invoice import Entry, Sheet, documents, lines, tax_details
from workers.records.items import item_for
from workers.records.reversal import Party, against, credit_memo, customer_refund, party_of

KEY = "stripe_credit_note_to_netsuite"


class CreditNoteToNetSuite(Options):
    balance: Literal["open_credit", "to_balance"] = Field(
        "open_credit",
        description="What the note gave to the customer's balance stays open credit, or is moved on to the balance "
        "item's account.",
    )
    out_of_band: Literal["open_credit", "refund"] = Field(
        "open_credit",
        description="What is given back outside of Stripe stays open credit, or is a customer refund out of "
        "`out_of_band_account`.",
    )
    out_of_band_account: str | None = Field(
        None, description="Account (internal id) that money given back outside of Stripe leaves."
    )
    voided: Literal["void", "delete"] = Field(
        "void", description="The credit memo of a voided note is voided (by our RESTlet), or deleted."
    )
    write_back: bool = Field(False, description="Write the NetSuite id of the credit memo into the note's metadata.")


To = Ledger[Any]


@dataclass(frozen=True)
class Credited:
    """A credit note, the link of the invoice that it is about, whose that is, and what the note gives as lines."""

    note: st.CreditNote
    invoice: Link
    party: Party
    sheet: Sheet

    @property
    def what(self) -> str:
        return f"Stripe credit note {self.note.number}"

    def money(self, amount: int) -> Decimal:
        return from_minor(amount, self.note.currency)


def options_of(to: To) -> CreditNoteToNetSuite:
    kept = to.config.flows.get(KEY)
    return CreditNoteToNetSuite.model_validate(kept.options if kept else {})


def view(note: st.CreditNote) -> dict[str, Any]:
    """What was posted. Amounts and lines of a note never change; memo and metadata are not booked."""
    refunds = {part.refund or part.payment_record or "": part.amount for part in note.refunds}
    return {"total": note.total, "currency": note.currency, "refunds": refunds}


# the lines -----------------------------------------------------------------------------------------------------


def sheet_of(note: st.CreditNote, subsidiary: str | None, to: To) -> Sheet:
    """Raises Unmapped for a missing item, AmountMismatch when the lines do not add up to the note's total."""
    rules = refund_lines.rules(to, subsidiary)
    try:
        made = documents(as_invoice(note, rules.books.items, to), rules).invoice
    except AmountMismatch as error:
        what = f"Credit note {note.number}"
        raise AmountMismatch(what, error.ours, error.theirs, error.currency) from None
    assert made is not None
    return made


def as_invoice(note: st.CreditNote, items: Items, to: To) -> st.Invoice:
    origin = to.stripe.invoice(note.invoice)
    return replace(
        origin,
        number=note.number,
        total=note.total,
        subtotal=note.subtotal,
        lines=tuple(as_line(line, {one.id: one for one in origin.lines}, items) for line in note.lines),
        shipping_cost=note.shipping_cost,
        total_discount_amounts=note.discount_amounts,
        total_taxes=note.total_taxes,
        starting_balance=0,
        ending_balance=None,
    )


def as_line(line: st.CreditNoteLine, origin: Mapping[str, st.InvoiceLine], items: Items) -> st.InvoiceLine:
    """With price, product and metadata of the invoice's line; a line of the note's own has the item set for those."""
    billed = origin.get(line.invoice_line_item or "")
    own = {items.metadata_key: items.credit_note} if billed is None and items.credit_note else {}
    return st.InvoiceLine(
        id=line.id,
        amount=line.amount,
        currency=billed.currency if billed else "",
        subtotal=line.amount,
        description=line.description,
        quantity=Decimal(line.quantity) if line.quantity else None,
        price=billed.price if billed else None,
        product=billed.product if billed else None,
        period=billed.period if billed else None,
        discount_amounts=line.discount_amounts,
        taxes=line.taxes,
        metadata={**(dict(billed.metadata) if billed else {}), **own, **line.metadata},
    )


def with_balance(credited: Credited, to: To) -> Sheet:
    """The part that Stripe keeps as the customer's balance may be moved out of the memo, onto an account."""
    moved = credited.note.customer_balance_amount
    if not moved or options_of(to).balance == "open_credit":
        return credited.sheet
    rules = refund_lines.rules(to, credited.party.subsidiary)
    item = item_for("balance", rules.books, rules.account)
    entry = Entry(item=item, amount=-moved, description="Stripe customer balance")
    return Sheet(credited.sheet.currency, (*credited.sheet.entries, entry))


# post ----------------------------------------------------------------------------------------------------------


def post(note: st.CreditNote, to: To) -> None:
    """Safe to repeat: the memo once, then whatever refunds have arrived, then what goes outside of Stripe."""
    invoice = to.links.require(note.invoice, "inv")
    party = party_of(invoice, to)
    credited = Credited(note, invoice, party, sheet_of(note, party.subsidiary, to))
    memo = to.links.of_stripe(note.id, "cm") or write_memo(credited, to)
    waiting = [part.refund for part in note.refunds if part.refund and not bring(part.refund, to)]
    if options_of(to).out_of_band == "refund" and outside(note):
        pay_outside(credited, memo, to)
    if options_of(to).write_back:
        write_back(note, memo, to)
    if waiting:
        to.note(f"Refund {', '.join(waiting)} is on its way; its own flow posts it when it has arrived.")
    to.links.save(
        "cm",
        note.id,
        Ref(memo.netsuite_type, memo.netsuite_id),
        origin="stripe",
        stripe_fingerprint=fingerprint(view(note)),
    )


def write_memo(credited: Credited, to: To) -> Link:
    note, sheet, party = credited.note, with_balance(credited, to), credited.party
    rules = refund_lines.rules(to, party.subsidiary)
    day = posted_on(note, "creditMemo", None, party, to)
    record = credit_memo(
        note.id,
        party,
        lines(sheet, rules),
        sheet.amount,
        day,
        said(credited),
        apply=on_invoice(credited),
        custom={**custom_of(note, day, to), **tax_details(sheet, rules)},
    )
    facts = party.facts(sheet.total) | {"tran_date": f"{day.day}"}
    return to.links.save("cm", note.id, to.netsuite.upsert(record), origin="stripe", facts=facts)


def on_invoice(credited: Credited) -> tuple[Apply, ...]:
    """What lowered the amount due is put against the open invoice."""
    before = credited.note.pre_payment_amount
    return (against(credited.invoice.netsuite_id, credited.money(before)),) if before else ()


def bring(refund_id: str, to: To) -> bool:
    """Post a refund of the note, if its money has arrived."""
    source = refund.refunded(to, refund_id)
    if source.refund.status in refund.GONE:
        to.note(f"Refund {refund_id} has {source.refund.status}; its part of the credit memo stays open.")
        return True
    if not refund.has_arrived(source.refund, to):
        return False
    if not refund.is_posted(source, to):
        refund_posting.post(source, to)
    return True


def outside(note: st.CreditNote) -> int:
    """Given back outside of Stripe, in minor units: as an amount, or as refunds of payment records."""
    return note.out_of_band_amount + sum(part.amount for part in note.refunds if part.refund is None)


def pay_outside(credited: Credited, memo: Link, to: To) -> None:
    note, link = credited.note, to.links.of_stripe(credited.note.id, "crf")
    if link is not None:
        return
    account = required(
        options_of(to).out_of_band_account,
        f"flows.{KEY}.options.out_of_band_account",
        "No account is set for money that is given back outside of Stripe.",
    )
    party = party_of(memo, to)
    day = posted_on(note, "customerRefund", link, party, to)
    applied = (against(memo.netsuite_id, credited.money(outside(note))),)
    text = f"{credited.what}, given back outside of Stripe"
    record = customer_refund(note.id, party, account, day, text, apply=applied, custom=custom_of(note, day, to))
    facts = {**party.facts(), "money": account, "tran_date": f"{day.day}"}
    to.links.save("crf", note.id, to.netsuite.upsert(record), origin="stripe", facts=facts)


def posted_on(note: st.CreditNote, record_type: str, link: Link | None, party: Party, to: To) -> Posting:
    return dates.posted_on(note.effective_at or note.created, record_type, link, party.subsidiary, to)


def said(credited: Credited) -> str:
    reason = credited.note.memo or (credited.note.reason or "").replace("_", " ")
    return f"{credited.what}: {reason}" if reason else credited.what


def custom_of(note: st.CreditNote, day: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    known = {fields.transaction_stripe_id: note.id, fields.invoice_stripe_number: note.number}
    return known | day.custom(fields.original_date)


def write_back(note: st.CreditNote, memo: Link, to: To) -> None:
    key = to.config.fields.metadata_credit_memo_id
    if note.metadata.get(key) != memo.netsuite_id:
        to.stripe.update_metadata("credit_note", note.id, {key: memo.netsuite_id})


# void ----------------------------------------------------------------------------------------------------------


def void(note: st.CreditNote, to: To) -> None:
    link = to.links.of_stripe(note.id, "cm")
    if link is None:
        raise Skipped("The credit note is void, and was never posted.", code="void")
    if not link.current:
        raise Skipped("The credit note is void, and its credit memo is undone already.", code="echo")
    refuse_closed(link, to)
    ref = Ref(link.netsuite_type, link.netsuite_id)
    if options_of(to).voided == "delete":
        to.netsuite.delete(ref)
    else:
        to.netsuite.void(ref)
    to.links.retire(link, note="The credit note was voided in Stripe.")
    to.note(f"NetSuite {ref} is {'deleted' if options_of(to).voided == 'delete' else 'void'}.")


def refuse_closed(link: Link, to: To) -> None:
    """A void changes the period of the memo itself: no policy can move it. Raises PeriodClosed."""
    day = link.facts.get("tran_date")
    if day and not to.netsuite.period_open(date.fromisoformat(day)):
        raise PeriodClosed(
            f"The credit note was voided, but the accounting period of its credit memo ({day}) is closed.",
            action="Open the period and replay, or take the credit back by hand and dismiss.",
        )
