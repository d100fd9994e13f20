"""Which lines of an invoice a refund gives back: all of them, their shares of a part, the first, or one item."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from app.core.config import Books, required
from app.core.interfaces import Ledger
from app.errors import AmountMismatch, Held
from app.money import from_minor, quantize
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records import invoice_import
from workers.records.invoice import Entry, Rules, Sheet, documents
from workers.records.items import item_for
from workers.records.stripe_invoice import WITHOUT_AMOUNT

Partial = Literal["proportional", "first_line", "item"]


@dataclass(frozen=True)
class Given:
    """What of the NetSuite invoice `id` a payment has paid; `stripe_id` when it came from Stripe."""

    id: str
    amount: Decimal
    stripe_id: str | None = None


def rules(to: Ledger[Any], subsidiary: str | None = None) -> Rules:
    """As the invoice was posted, but whole: with its prorations, and before the customer's balance."""
    return replace(
        invoice_import.rules(to, subsidiary), prorations="lines", balance="leave", negative_total="open_credit"
    )


def sheet_of(given: Sequence[Given], total: int, iso: str, partial: Partial, to: Ledger[Any]) -> Sheet:
    """The lines that give back `total` (minor units) of these invoices. Raises AmountMismatch when they are less."""
    whole = Sheet(iso, tuple(entry for one in given for entry in entries(one, iso, to)))
    if total > whole.total:
        raise AmountMismatch(
            "What is refunded is more than the invoice", whole.amount, from_minor(total, iso), iso.upper()
        )
    if total == whole.total or partial == "proportional":
        return scaled(whole, total)
    if partial == "first_line":
        return Sheet(iso, (Entry(item=whole.entries[0].item, amount=total, description=whole.entries[0].description),))
    item = one_item(to, subsidiary_of(given[0], to), partial=True)
    return Sheet(iso, (Entry(item=item, amount=total, description="Partial refund"),))


def entries(given: Given, iso: str, to: Ledger[Any]) -> tuple[Entry, ...]:
    if given.stripe_id is not None:
        made = documents(to.stripe.invoice(given.stripe_id), rules(to, subsidiary_of(given, to))).invoice
        return made.entries if made else ()
    invoice = to.netsuite.invoice(given.id)
    books = to.config.for_account(to.account, invoice.subsidiary)
    if books.items.refund:
        return (Entry(item=books.items.refund, amount=minor(invoice.total, iso), description="Refund"),)
    return of_netsuite(invoice, iso, books, to.config.place_of(to.account, invoice.subsidiary))


def subsidiary_of(given: Given, to: Ledger[Any]) -> str | None:
    link = to.links.of_netsuite("invoice", given.id, "inv")
    if link is not None and "subsidiary" in link.facts:
        return str(link.facts["subsidiary"] or "") or None
    return to.netsuite.invoice(given.id).subsidiary


def of_netsuite(invoice: ns.Invoice, iso: str, books: Books, place: str) -> tuple[Entry, ...]:
    """The lines of an invoice that was born in NetSuite; its taxes, shipping and discount as lines of their items."""
    goods = [
        Entry(item=line.item or "", amount=minor(line.amount, iso), description=line.description or line.item_name)
        for line in invoice.lines
        if line.item_type not in WITHOUT_AMOUNT and line.amount
    ]
    shipping = invoice.shipping_cost + invoice.handling_cost
    extras = {"shipping": shipping, "tax": invoice.tax_total}
    goods += [
        Entry(item=item_for(purpose, books, place), amount=minor(amount, iso), description=purpose.capitalize())
        for purpose, amount in extras.items()
        if amount
    ]
    gap = minor(invoice.total, iso) - sum(entry.amount for entry in goods)
    if gap and abs(gap) == abs(minor(invoice.discount_total, iso)):
        goods.append(Entry(item=item_for("discount", books, place), amount=gap, description="Discount"))
    elif gap:
        theirs = from_minor(sum(entry.amount for entry in goods), iso)
        raise AmountMismatch(f"NetSuite invoice {invoice.tran_id or invoice.id}", theirs, invoice.total, iso)
    return tuple(goods)


def scaled(sheet: Sheet, total: int) -> Sheet:
    """Each line's share of `total`; what rounding leaves over is put on the last line."""
    if total == sheet.total:
        return sheet
    shares = [_share(entry, total, sheet.total) for entry in sheet.entries]
    kept = [entry for entry in shares if entry.amount or entry.taxes] or shares[-1:]
    short = total - Sheet(sheet.currency, tuple(kept)).total
    last = replace(kept[-1], amount=kept[-1].amount + short)
    return Sheet(sheet.currency, (*kept[:-1], last))


def _share(entry: Entry, total: int, whole: int) -> Entry:
    taxes = tuple(_tax_share(tax, total, whole) for tax in entry.taxes)
    return replace(entry, amount=_part(entry.amount, total, whole), quantity=Decimal(1), taxes=taxes)


def _tax_share(tax: st.Tax, total: int, whole: int) -> st.Tax:
    taxable = None if tax.taxable_amount is None else _part(tax.taxable_amount, total, whole)
    return replace(tax, amount=_part(tax.amount, total, whole), taxable_amount=taxable)


def _part(amount: int, total: int, whole: int) -> int:
    return int((Decimal(amount) * total / whole).to_integral_value(ROUND_HALF_UP))


def one_item(to: Ledger[Any], subsidiary: str | None = None, *, partial: bool = False) -> str:
    """The item of a refund that is one line. Raises Unmapped when none is set."""
    items, place = to.config.for_account(to.account, subsidiary).items, to.config.place_of(to.account, subsidiary)
    found = (items.partial_refund if partial else None) or items.refund or items.default
    return required(found, f"books.{place}.items.refund", "No NetSuite item is set for refunds.")


def minor(amount: Decimal, iso: str) -> int:
    """NetSuite's amount in minor units; unlike Stripe's own amounts it may be any number of them."""
    if quantize(amount, iso) != amount:
        raise Held(f"{amount} {iso} has more decimals than the currency has.", code="decimals")
    return int(amount / from_minor(1, iso))
