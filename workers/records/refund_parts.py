"""Where the money of a refund comes from: credit notes' memos, what of the payment is not applied, and revenue."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Held, LinkMissing
from app.systems.netsuite.objects import Application, TransactionHead
from app.systems.netsuite.records import Apply
from workers.records import refund_lines
from workers.records.invoice import Entry, Sheet
from workers.records.older_charge import payer
from workers.records.refund import GONE, Refunded, money, options_of
from workers.records.refund_lines import Given, one_item
from workers.records.reversal import Party, against, party_of

To = Ledger[Any]


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
        return Parts(party or payer(source.charge, to), memos)
    if paid is None:
        party = party or payer(source.charge, to)
        return Parts(party, memos, sheet=one_entry(source, rest, party, to))
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


def one_entry(source: Refunded, amount: int, party: Party, to: To) -> Sheet:
    entry = Entry(item=one_item(to, party.subsidiary), amount=amount, description=source.what)
    return Sheet(source.refund.currency, (entry,))
