"""A Stripe refund in NetSuite: the revenue given back by a credit memo, the cash by a customer refund.

Refunds and credit notes share it: a refund is posted once, under one external id, whichever of the two is first.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from app.core.config import Books, by_currency
from app.core.fingerprint import fingerprint
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Held, LinkMissing, Skipped
from app.money import from_minor
from app.systems.netsuite.objects import Application, TransactionHead
from app.systems.netsuite.records import Apply, CustomerRefund, Ref
from app.systems.stripe import objects as st
from workers.records import conditions, refund_lines
from workers.records.charged import charged, require_charged
from workers.records.dates import Posting, local_day, posting, zone_of
from workers.records.invoice import Entry, Sheet, lines, tax_details
from workers.records.refund_lines import Given, one_item
from workers.records.reversal import (
    Party,
    against,
    cash_refund,
    credit_memo,
    customer_refund,
    money_out,
    one_line,
    party_of,
    payment_option,
)

KEY = "stripe_refund_to_netsuite"
"""The flow whose options hold for every refund, also for those that credit notes bring along."""
GONE = ("failed", "canceled")


class RefundToNetSuite(Options):
    partial: Literal["proportional", "first_line", "item"] = Field(
        "proportional",
        description="A part of an invoice is given back as a share of each line, on its first line's item, or on "
        "`items.partial_refund`.",
    )
    pending: Literal["wait", "post"] = Field(
        "wait",
        description="A refund on its way waits until Stripe says it arrived, or is posted when it leaves the balance.",
    )
    failed: Literal["void", "delete"] = Field(
        "void", description="The customer refund of a refund that failed is voided (by our RESTlet), or deleted."
    )
    write_back: bool = Field(
        False, description="Write the NetSuite ids of the customer refund and the credit memo into the metadata."
    )


To = Ledger[Any]


@dataclass(frozen=True)
class Noted:
    """What of a refund a credit note speaks for, in minor units."""

    id: str
    number: str
    amount: int


@dataclass(frozen=True)
class Refunded:
    """A refund with its charge, the Stripe invoices that the charge paid, and the credit notes it belongs to."""

    refund: st.Refund
    charge: st.Charge
    invoices: tuple[str, ...] = ()
    notes: tuple[Noted, ...] = ()

    @property
    def noted(self) -> int:
        return sum(note.amount for note in self.notes)

    @property
    def what(self) -> str:
        return f"Refund {self.refund.id}"


def options_of(to: To) -> RefundToNetSuite:
    kept = to.config.flows.get(KEY)
    return RefundToNetSuite.model_validate(kept.options if kept else {})


def refunded(to: To, refund_id: str) -> Refunded:
    refund = to.stripe.refund(refund_id)
    if refund.charge is None:
        raise Skipped("The refund is not of a charge; it moved no money that NetSuite knows of.", code="no_charge")
    charge = to.stripe.charge(refund.charge)
    invoices = invoices_of(charge, to)
    return Refunded(refund, charge, invoices, tuple(note for one in invoices for note in notes_of(refund.id, one, to)))


def invoices_of(charge: st.Charge, to: To) -> tuple[str, ...]:
    if charge.payment_intent is None:
        return ()
    payments = to.stripe.invoice_payments(payment_intent=charge.payment_intent)
    return tuple(dict.fromkeys(one.invoice for one in reversed(payments) if one.status == "paid"))


def notes_of(refund_id: str, invoice: str, to: To) -> list[Noted]:
    issued = [note for note in to.stripe.credit_notes_of(invoice) if note.status == "issued"]
    return [
        Noted(note.id, note.number, part.amount) for note in issued for part in note.refunds if part.refund == refund_id
    ]


def view(source: Refunded) -> dict[str, Any]:
    """What was posted: when this is unchanged there is nothing to do."""
    notes = {note.id: note.amount for note in source.notes}
    return {"amount": source.refund.amount, "currency": source.refund.currency, "notes": notes}


def posted(refund_id: str, to: To) -> Link | None:
    """What the refund became: a customer refund, or a cash refund."""
    return to.links.of_stripe(refund_id, "crf") or to.links.of_stripe(refund_id, "cr")


def is_posted(source: Refunded, to: To) -> bool:
    link = posted(source.refund.id, to)
    return link is not None and link.current and link.stripe_fingerprint == fingerprint(view(source))


def has_arrived(refund: st.Refund, to: To) -> bool:
    left = refund.status == "pending" and refund.balance_transaction is not None
    return refund.status == "succeeded" or (left and options_of(to).pending == "post")


# post ----------------------------------------------------------------------------------------------------------


def post(source: Refunded, to: To) -> None:
    """Safe to repeat, also when a credit note has come to speak for the refund since."""
    paid = charged(source.charge.id, to)
    if paid is None:
        go_without_payment(source, to)
    if paid is not None and paid.role == "cs":
        give_cash_back(source, paid, to)
    else:
        pay_back(source, paid, to)


def go_without_payment(source: Refunded, to: To) -> None:
    """A charge from before the start, which its own flow has left out, has no payment to refund from.

    Raises LinkMissing for any other charge, upon which its own flow runs first.
    """
    start = to.config.start_of("customerPayment")
    older = start is not None and source.charge.created.date() < start
    if not older or to.config.older != "post" or to.why_skipped("pay", source.charge.id) is None:
        require_charged(source.charge.id, to)
    to.note(f"Charge {source.charge.id} is older than the books kept here: refunded without its payment.")


def pay_back(source: Refunded, paid: Link | None, to: To) -> None:
    parts = parts_of(source, paid, to)
    memo = to.links.of_stripe(source.refund.id, "cm")
    there = memo if memo and memo.current else None
    if parts.sheet and there is None:
        there = left_open(source, parts, parts.sheet, to) or write_memo(source, parts, to)
    record = refund_of(source, paid, parts, there, to)
    ref = to.netsuite.upsert(record)
    if there is not None and parts.sheet is None:
        undo(there, to, note="A credit note speaks for the refund now.")
    elif there is not None and parts.sheet and there.facts.get("total") != parts.sheet.total:
        write_memo(source, parts, to)
    memo_ref = Ref("creditMemo", there.netsuite_id) if there and parts.sheet else None
    write_back(source, {"refund": ref, "memo": memo_ref}, to)
    remember(source, "crf", ref, parts.party, record, record.account, to)


@dataclass(frozen=True)
class Parts:
    """Where the money of a refund comes from: credit notes' memos, an unapplied payment, and a memo of its own."""

    party: Party
    memos: tuple[Apply, ...] = ()
    unapplied: Apply | None = None
    sheet: Sheet | None = None


def parts_of(source: Refunded, paid: Link | None, to: To) -> Parts:
    notes = noted_memos(source, to)
    memos = tuple(against(link.netsuite_id, money(source, amount)) for link, amount in notes)
    rest = source.refund.amount - source.noted
    party = party_of(notes[0][0], to) if notes else None
    if rest <= 0:
        return Parts(party or own_party(source, to), memos)
    if paid is None:
        return Parts(party or own_party(source, to), memos, sheet=one_entry(source, rest, to))
    return of_payment(source, paid, rest, Parts(party or party_of(paid, to), memos), to)


def noted_memos(source: Refunded, to: To) -> list[tuple[Link, int]]:
    """The credit notes' memos. Raises LinkMissing, upon which the notes are brought over first."""
    found = [(note, to.links.of_stripe(note.id, "cm")) for note in source.notes]
    missing = [("cm", note.id) for note, link in found if link is None]
    if missing:
        number = next(note.number for note, link in found if link is None)
        raise LinkMissing(
            *missing[0],
            sentence=f"The refund belongs to credit note {number}, which goes first.",
            others=missing[1:],
        )
    return [(link, note.amount) for note, link in found if link is not None]


def of_payment(source: Refunded, paid: Link, rest: int, parts: Parts, to: To) -> Parts:
    """First what of the payment is not applied; what is beyond that was revenue, and takes a credit memo."""
    head = living(paid, to)
    refuse_too_much(source, head, to)
    applied = [one for one in to.netsuite.applications_of(paid.netsuite_id) if not is_own(one, source, to)]
    free = max(head.total - sum((one.amount for one in applied), Decimal(0)), Decimal(0))
    direct = min(money(source, rest), free)
    parts = replace(parts, unapplied=against(paid.netsuite_id, direct) if direct else None)
    beyond = rest - refund_lines.minor(direct, source.refund.currency)
    if not beyond:
        return parts
    given = invoices_paid(applied, to)
    if not given:
        raise Held(
            f"Payment {head.tran_id or head.id} is applied to something that is not an invoice.",
            code="not_an_invoice",
            action="Book the refund by hand in NetSuite, then dismiss.",
        )
    sheet = refund_lines.sheet_of(given, beyond, source.refund.currency, options_of(to).partial, to)
    return replace(parts, party=party_of_invoice(given[0], parts.party, to), sheet=sheet)


def living(paid: Link, to: To) -> TransactionHead:
    head = to.netsuite.transaction(paid.netsuite_type, paid.netsuite_id)
    if head.voided:
        raise Held(
            f"The payment of the charge, {paid.netsuite_type} {head.tran_id or head.id}, is void in NetSuite.",
            code="payment_void",
            action="Book the refund by hand in NetSuite, then dismiss.",
        )
    return head


def refuse_too_much(source: Refunded, head: TransactionHead, to: To) -> None:
    """What has been given back of the charge must not be more than the payment in NetSuite is."""
    others = [one for one in to.stripe.refunds_of(source.charge.id) if one.status not in GONE]
    given = money(source, sum(one.amount for one in others))
    if given > head.total:
        code = source.refund.currency.upper()
        raise Held(
            f"{given} {code} has been refunded of charge {source.charge.id}, whose payment in NetSuite is {head.total} "
            f"{code}.",
            code="over_refund",
            action="Correct the payment in NetSuite and replay, or book the refund by hand and dismiss.",
        )


def is_own(one: Application, source: Refunded, to: To) -> bool:
    """Whether this application is the refund itself, posted before."""
    if one.doc_type != "customerRefund":
        return False
    link = to.links.of_stripe(source.refund.id, "crf")
    name = external_id("crf", source.refund.id)
    found = link.netsuite_id if link else getattr(to.netsuite.find("customerRefund", name), "id", None)
    return one.doc == found


def invoices_paid(applied: list[Application], to: To) -> list[Given]:
    """Also those that a customer deposit has been put against, by its deposit applications."""
    found = [one for one in applied if one.doc_type == "invoice"]
    for one in applied:
        if one.doc_type == "depositApplication":
            found += [each for each in to.netsuite.applications_of(one.doc) if each.doc_type == "invoice"]
    return [Given(one.doc, one.amount, born_in_stripe(one.doc, to)) for one in found]


def born_in_stripe(invoice: str, to: To) -> str | None:
    link = to.links.of_netsuite("invoice", invoice, "inv")
    return link.stripe_id if link and link.origin == "stripe" and link.stripe_id.startswith("in_") else None


def party_of_invoice(given: Given, paid: Party, to: To) -> Party:
    link = to.links.of_netsuite("invoice", given.id, "inv")
    if link is not None and link.facts.get("customer"):
        return party_of(link, to)
    invoice = to.netsuite.invoice(given.id)
    return replace(paid, customer=invoice.entity, subsidiary=invoice.subsidiary, receivable=invoice.account)


def own_party(source: Refunded, to: To) -> Party:
    """Whose refund it is when no payment says so: the charge's customer, else the catch-all."""
    books, code = to.config.for_account(to.account), source.refund.currency.upper()
    link = to.links.require(source.charge.customer, "cust") if source.charge.customer else None
    customer = link.netsuite_id if link else books.catch_all_customer
    if customer is None:
        raise Held(f"{source.what} is of a charge without a customer.", code="no_customer")
    return Party(
        customer=customer,
        iso=code,
        currency=to.netsuite.currency(code).id,
        subsidiary=(link.facts.get("subsidiary") if link else None) or books.subsidiary,
        receivable=by_currency(books.accounts.receivable, code),
    )


def one_entry(source: Refunded, amount: int, to: To) -> Sheet:
    entry = Entry(item=one_item(to), amount=amount, description=source.what)
    return Sheet(source.refund.currency, (entry,))


def left_open(source: Refunded, parts: Parts, sheet: Sheet, to: To) -> Link | None:
    """The memo of an earlier refund of the same money that failed: the revenue is given back already."""
    for other in to.stripe.refunds_of(source.charge.id):
        ref = memo_of(other.id, to) if other.status in GONE else None
        if ref is None or not is_open_for(source, ref, sheet, to):
            continue
        to.note(f"Credit memo {ref.id} of refund {other.id}, which failed, is used.")
        return to.links.save("cm", other.id, ref, origin="stripe", facts=parts.party.facts(sheet.total))
    return None


def memo_of(refund_id: str, to: To) -> Ref | None:
    link = to.links.of_stripe(refund_id, "cm")
    if link is not None:
        return Ref(link.netsuite_type, link.netsuite_id) if link.current else None
    return to.netsuite.find("creditMemo", external_id("cm", refund_id))


def is_open_for(source: Refunded, memo: Ref, sheet: Sheet, to: To) -> bool:
    """Of this very amount, and put against nothing but perhaps this refund itself."""
    head = to.netsuite.transaction(memo.type, memo.id)
    others = [one for one in to.netsuite.applications_of(memo.id) if not is_own(one, source, to)]
    return not head.voided and head.total == sheet.amount and not others


# the records ---------------------------------------------------------------------------------------------------


def write_memo(source: Refunded, parts: Parts, to: To) -> Link:
    assert parts.sheet is not None
    rules = refund_lines.rules(to)
    there = to.links.of_stripe(source.refund.id, "cm")
    day = posted_on(source, "creditMemo", there, parts.party, to)
    record = credit_memo(
        source.refund.id,
        parts.party,
        lines(parts.sheet, rules),
        parts.sheet.amount,
        day,
        f"{source.what} of charge {source.charge.id}",
        custom={**custom_of(source, day, to), **tax_details(parts.sheet, rules)},
    )
    facts = parts.party.facts(parts.sheet.total) | {"tran_date": f"{day.day}"}
    return to.links.save("cm", source.refund.id, to.netsuite.upsert(record), origin="stripe", facts=facts)


def refund_of(source: Refunded, paid: Link | None, parts: Parts, memo: Link | None, to: To) -> CustomerRefund:
    link = to.links.of_stripe(source.refund.id, "crf")
    day = posted_on(source, "customerRefund", link, parts.party, to)
    of_deposit = paid is not None and paid.role == "cdep"
    own = (against(memo.netsuite_id, parts.sheet.amount),) if memo and parts.sheet else ()
    direct = (parts.unapplied,) if parts.unapplied else ()
    record = customer_refund(
        source.refund.id,
        parts.party,
        money_out(paid, parts.party.iso, to),
        day,
        f"{source.what} of charge {source.charge.id}",
        apply=(*parts.memos, *own, *(() if of_deposit else direct)),
        deposits=direct if of_deposit else (),
        option=payment_option(books_of(parts.party, to), source.charge.payment_method_type),
        custom=custom_of(source, day, to) | {to.config.fields.payment_charge_id: source.charge.id},
    )
    prove(source, record)
    return record


def prove(source: Refunded, record: CustomerRefund) -> None:
    found = sum((one.amount for one in (*record.apply, *record.deposits)), Decimal(0))
    whole = money(source, source.refund.amount)
    if found != whole:
        raise Held(
            f"{source.what}: credit of {found} {source.refund.currency.upper()} is found for it, but it is of {whole}.",
            code="amount_mismatch",
            action="Compare the refund with its credit notes in Stripe, then replay.",
        )


def give_cash_back(source: Refunded, sale: Link, to: To) -> None:
    """The charge was sold for cash: one document gives back income and money."""
    party, whole = party_of(sale, to), money(source, source.refund.amount)
    refuse_too_much(source, living(sale, to), to)
    items = books_of(party, to).items
    item = source.charge.metadata.get(items.metadata_key) or items.refund or items.charge or one_item(to)
    day = posted_on(source, "cashRefund", to.links.of_stripe(source.refund.id, "cr"), party, to)
    record = cash_refund(
        source.refund.id,
        party,
        money_out(sale, party.iso, to),
        (one_line(item, whole, source.what),),
        whole,
        day,
        f"{source.what} of charge {source.charge.id}",
        option=payment_option(books_of(party, to), source.charge.payment_method_type),
        custom=custom_of(source, day, to) | {to.config.fields.payment_charge_id: source.charge.id},
    )
    ref = to.netsuite.upsert(record)
    write_back(source, {"refund": ref}, to)
    remember(source, "cr", ref, party, record, record.account, to)


def books_of(party: Party, to: To) -> Books:
    return to.config.for_account(to.account, party.subsidiary)


def posted_on(source: Refunded, record_type: str, link: Link | None, party: Party, to: To) -> Posting:
    """A refund that is there keeps its day, though its period may be closed by now."""
    if link and "tran_date" in link.facts:
        return Posting(date.fromisoformat(link.facts["tran_date"]))
    zone = zone_of(to, party.subsidiary)
    return posting(to, record_type, local_day(source.refund.created, zone), zone)


def custom_of(source: Refunded, day: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    return {fields.transaction_stripe_id: source.refund.id} | day.custom(fields.original_date)


def write_back(source: Refunded, written: dict[str, Ref | None], to: To) -> None:
    if not options_of(to).write_back:
        return
    fields = to.config.fields
    keys = {"refund": fields.metadata_refund_id, "memo": fields.metadata_credit_memo_id}
    said = {keys[name]: ref.id for name, ref in written.items() if ref is not None}
    if any(source.refund.metadata.get(key) != value for key, value in said.items()):
        to.stripe.update_metadata("refund", source.refund.id, said)


def remember(source: Refunded, role: str, ref: Ref, party: Party, record: Any, account: str | None, to: To) -> None:
    facts = {**party.facts(), "money": account, "tran_date": f"{record.tran_date}"}
    to.links.save(
        role,
        source.refund.id,
        ref,
        origin="stripe",
        stripe_fingerprint=fingerprint(view(source)),
        netsuite_fingerprint=to.content(record),
        facts=facts,
    )


def money(source: Refunded, amount: int) -> Decimal:
    return from_minor(amount, source.refund.currency)


# undo ----------------------------------------------------------------------------------------------------------


def reverse(source: Refunded, to: To) -> None:
    """The money of a refund came back: the customer refund is undone, the credit memo stays open for the customer."""
    link = posted(source.refund.id, to) or found(source, to)
    if link is None:
        raise Skipped(f"The refund has {source.refund.status}; it was never posted.", code=source.refund.status)
    if not link.current:
        raise Skipped("The refund has failed and is reversed in NetSuite already.", code="echo")
    undo(link, to, note=f"The refund has {source.refund.status}: {source.refund.failure_reason or 'no reason given'}.")


def found(source: Refunded, to: To) -> Link | None:
    """One that an attempt which was cut off has left without a link."""
    for role, kind in (("crf", "customerRefund"), ("cr", "cashRefund")):
        ref = to.netsuite.find(kind, external_id(role, source.refund.id))
        if ref is not None:
            return to.links.save(role, source.refund.id, ref, origin="stripe")
    return None


def undo(link: Link, to: To, *, note: str) -> None:
    """Void it, or delete it, as finance chose; the link is history from then on."""
    ref = Ref(link.netsuite_type, link.netsuite_id)
    if options_of(to).failed == "delete":
        to.netsuite.delete(ref)
        done = "deleted"
    else:
        journal = to.netsuite.void(ref)
        done = f"voided by journal {journal.id}" if journal else "voided"
    to.note(f"NetSuite {ref} is {done}. {note}")
    to.links.retire(link, note=note)


def after_start(source: Refunded, to: To) -> None:
    """Raises Skipped or Held for refunds of older charges, unless the charge is in NetSuite all the same."""
    conditions.after_start(source.refund.created.date(), source.what, to, "customerRefund")
    if charged(source.charge.id, to) is None:
        conditions.of_older(source.charge.created.date(), source.what, to)
