"""A NetSuite invoice as the draft and the lines of a Stripe invoice, whose total is what is left to pay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal

from app.errors import AmountMismatch, Held
from app.money import to_minor
from app.systems.netsuite import objects as ns
from workers.records.dates import end_of_day
from workers.records.text import cut

MOST_LINES = 250
"""docs.stripe.com/api/invoices/add_lines: an invoice holds at most 250 items."""
DESCRIPTION_LENGTH = 500
NUMBER_LENGTH = 26
TRAN_ID_MARK = "netsuite_tran_id"
WITHOUT_AMOUNT = frozenset({"Subtotal", "Description", "Group", "EndGroup"})
"""Line types that only say something about other lines, or add them up."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    part_paid: Literal["line", "hold"] = "line"
    lines: Literal["each", "one"] = "each"
    over_250: Literal["collapse", "hold"] = "collapse"


@dataclass(frozen=True)
class Line:
    description: str
    amount: Decimal

    def params(self, currency: str) -> dict[str, Any]:
        return {"description": cut(self.description, DESCRIPTION_LENGTH), "amount": minor(self.amount, currency)}


def lines(invoice: ns.Invoice, currency: str, rules: Rules) -> list[dict[str, Any]]:
    """Parameters of Stripe's lines. Raises AmountMismatch when they do not make up NetSuite's remaining amount."""
    goods = [_goods(line) for line in invoice.lines if line.item_type not in WITHOUT_AMOUNT]
    extras = _extras(invoice)
    gap = invoice.total - sum((line.amount for line in (*goods, *extras)), Decimal(0))
    if gap and abs(gap) == abs(invoice.discount_total):
        extras.insert(0, Line("Discount", gap))
        gap = Decimal(0)
    if gap:
        raise AmountMismatch(f"NetSuite invoice {name(invoice)}", invoice.total - gap, invoice.total, currency)
    extras += _already_paid(invoice, rules)
    return [line.params(currency) for line in _collapsed(invoice, goods, len(extras), rules) + extras]


def minor(amount: Decimal, currency: str) -> int:
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        raise Held(f"Stripe cannot take this amount: {error}.", code="amount_not_chargeable") from None


def draft(
    invoice: ns.Invoice, customer: str, currency: str, metadata: Mapping[str, str], terms: Mapping[str, Any]
) -> dict[str, Any]:
    """Parameters of the draft. Customer discounts are not inherited: NetSuite's lines have their own."""
    return {
        "customer": customer,
        "currency": currency.lower(),
        "collection_method": "send_invoice",
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "automatic_tax": {"enabled": False},
        "discounts": "",
        "metadata": dict(metadata),
        **({"description": said} if (said := cut(invoice.message or invoice.memo, DESCRIPTION_LENGTH)) else {}),
        **terms,
    }


def due(invoice: ns.Invoice, now: datetime, zone: tzinfo, *, past_due_days: int, usual_days: int) -> dict[str, Any]:
    """When it is due, the end of NetSuite's due day; a past one is refused by Stripe, so it is due some days on."""
    if invoice.due_date is None:
        return {"days_until_due": usual_days}
    last = end_of_day(invoice.due_date, zone)
    return {"due_date": int(last.timestamp())} if last > now else {"days_until_due": past_due_days}


def name(invoice: ns.Invoice) -> str:
    return invoice.tran_id or invoice.id


def view(invoice: ns.Invoice) -> dict[str, Any]:
    """What of the NetSuite invoice is in the Stripe invoice: whether it changed since is seen by its fingerprint."""
    return {
        "tran_id": invoice.tran_id,
        "due_date": f"{invoice.due_date}",
        "memo": invoice.message or invoice.memo,
        "po_number": invoice.other_ref_num,
        **money(invoice),
    }


def money(invoice: ns.Invoice) -> dict[str, Any]:
    """The part of it that Stripe never changes on a finalized invoice: who owes what for what."""
    return {
        "entity": invoice.entity,
        "currency": invoice.currency,
        "total": f"{invoice.total:f}",
        "lines": [[line.item, line.description, f"{line.amount:f}"] for line in invoice.lines],
    }


def _goods(line: ns.InvoiceLine) -> Line:
    said = line.description or line.item_name or f"Item {line.item}"
    if line.quantity not in (None, 0, 1) and line.rate is not None:
        said = f"{said} ({line.quantity:f} × {line.rate:f})"
    return Line(said, line.amount)


def _extras(invoice: ns.Invoice) -> list[Line]:
    named = {"Shipping": invoice.shipping_cost, "Handling": invoice.handling_cost, "Tax": invoice.tax_total}
    return [Line(what, amount) for what, amount in named.items() if amount]


def _already_paid(invoice: ns.Invoice, rules: Rules) -> list[Line]:
    applied = invoice.total - invoice.amount_remaining
    if not applied:
        return []
    if rules.part_paid == "hold":
        raise Held(
            f"NetSuite invoice {name(invoice)} is paid in part, so Stripe would bill less than its total.",
            code="part_paid",
            action="Set the option `part_paid` to line to bill what is left, then replay.",
        )
    return [Line("Payments and credits already applied", -applied)]


def _collapsed(invoice: ns.Invoice, goods: list[Line], extras: int, rules: Rules) -> list[Line]:
    too_many = len(goods) + extras > MOST_LINES
    if too_many and rules.over_250 == "hold":
        raise Held(
            f"NetSuite invoice {name(invoice)} has {len(goods)} lines; a Stripe invoice holds {MOST_LINES}.",
            code="too_many_lines",
            action="Set the option `over_250` to collapse to bill them as one line, then replay.",
        )
    if not too_many and rules.lines == "each":
        return goods
    return [Line(f"Invoice {name(invoice)}, {len(goods)} lines", sum((one.amount for one in goods), Decimal(0)))]
