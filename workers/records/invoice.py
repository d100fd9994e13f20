"""A Stripe invoice as NetSuite lines: items, discounts, taxes, prorations, shipping, customer balance.

Everything is counted in Stripe's minor units until the lines are proven to add up to Stripe's total.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from app.core.config import Books, required
from app.errors import AmountMismatch
from app.money import from_minor
from app.systems.netsuite.records import InvoiceLine
from app.systems.stripe import objects as st
from workers.records.items import item_for, item_of
from workers.records.text import cut

DESCRIPTION_LENGTH = 999


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Finance's choices that shape the lines. `account` is where they are set (`Config.place_of`)."""

    books: Books
    account: str
    discounts: Literal["line", "document", "net"] = "line"
    prorations: Literal["lines", "credit_memo"] = "lines"
    balance: Literal["line", "credit_memo", "leave"] = "line"
    negative_total: Literal["open_credit", "to_balance"] = "open_credit"
    department: str | None = None
    class_: str | None = None
    location: str | None = None
    period_start_field: str | None = None
    period_end_field: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line to come: minor units, without those taxes that have a place of their own (`taxes`)."""

    item: str
    amount: int
    description: str | None = None
    quantity: Decimal = Decimal(1)
    period: st.Period | None = None
    taxes: tuple[st.Tax, ...] = ()

    def negated(self) -> "Entry":
        taxes = tuple(replace(tax, amount=-tax.amount, taxable_amount=_minus(tax.taxable_amount)) for tax in self.taxes)
        return replace(self, amount=-self.amount, taxes=taxes)


@dataclass(frozen=True)
class Sheet:
    """The lines of one document. `total`: with the taxes that stand beside the lines."""

    currency: str
    entries: tuple[Entry, ...]

    @property
    def total(self) -> int:
        return sum(entry.amount + sum(tax.amount for tax in entry.taxes) for entry in self.entries)

    @property
    def amount(self) -> Decimal:
        return from_minor(self.total, self.currency)

    def negated(self) -> "Sheet":
        return Sheet(self.currency, tuple(entry.negated() for entry in self.entries))


@dataclass(frozen=True)
class Documents:
    """What one Stripe invoice becomes. `credits`: further credit memos, applied to the invoice, by what they are for.

    Without an `invoice`, the first of the credits stands for the whole, and is applied to nothing.
    """

    invoice: Sheet | None
    credits: dict[str, Sheet] = field(default_factory=dict)


WHOLE = ""
PRORATION = "proration"
BALANCE = "balance"


def documents(invoice: st.Invoice, rules: Rules) -> Documents:
    """Raises Unmapped for a missing item, AmountMismatch when the lines do not add up to Stripe's total."""
    parts = [_line_part(line, rules) for line in invoice.lines]
    rest = _rest(invoice, rules)
    whole = _sheet(invoice, [*parts, rest], rules)
    _prove(invoice, whole)
    if invoice.total < 0:
        return Documents(None, {WHOLE: _credit(invoice, whole, rules)})
    credited = [part for part in parts if rules.prorations == "credit_memo" and part.gives_back]
    kept = [part for part in parts if part not in credited]
    credits = {PRORATION: _sheet(invoice, credited, rules).negated()} if credited else {}
    return _with_balance(invoice, Documents(_sheet(invoice, [*kept, rest], rules), credits), rules)


def lines(sheet: Sheet, rules: Rules) -> tuple[InvoiceLine, ...]:
    return tuple(_line(entry, number, sheet.currency, rules) for number, entry in enumerate(sheet.entries))


def tax_details(sheet: Sheet, rules: Rules) -> dict[str, Any]:
    """SuiteTax's sublist, tied to the lines by reference; nothing in the other tax modes."""
    details = [
        _tax_detail(tax, number, sheet.currency, rules)
        for number, entry in enumerate(sheet.entries)
        for tax in entry.taxes
    ]
    return {"taxDetailsOverride": True, "taxDetails": {"items": details}} if details else {}


# the parts of the sum ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one Stripe line contributes."""

    entries: tuple[Entry, ...] = ()
    discounts: tuple[tuple[str | None, int], ...] = ()
    taxes: tuple[st.Tax, ...] = ()
    gives_back: bool = False


def _line_part(line: st.InvoiceLine, rules: Rules) -> Part:
    item = item_of(line, rules.books, rules.account)
    amount, discount = _net(line, rules.books.tax_mode)
    entry = Entry(
        item=item,
        amount=amount - (discount if rules.discounts == "net" else 0),
        description=line.description,
        quantity=line.quantity or Decimal(1),
        period=line.period,
    )
    entries, discounts = [entry], []
    if discount and rules.discounts == "line":
        entries.append(_discount(-discount, f"Discount: {line.description or ''}", rules))
    if discount and rules.discounts == "document":
        discounts = _shares(line, discount)
    if rules.books.tax_mode == "suitetax":
        entries[0] = replace(entry, taxes=line.taxes)
    taxes = line.taxes if rules.books.tax_mode == "line" else ()
    return Part(tuple(entries), tuple(discounts), taxes, gives_back=line.proration and line.amount < 0)


def _net(line: st.InvoiceLine, tax_mode: str) -> tuple[int, int]:
    """Amount and discount as they are posted: without inclusive tax where tax has a place of its own.

    Stripe's amount and discount both contain inclusive tax, its tax is that of the discounted amount.
    """
    inclusive = sum(tax.amount for tax in line.taxes if tax.inclusive)
    if tax_mode == "none":
        return line.amount + sum(tax.amount for tax in line.taxes if not tax.inclusive), line.discount
    after = line.amount - line.discount
    if not (inclusive and line.discount and after):
        return line.amount - inclusive, line.discount
    discount = int((Decimal(line.discount) * (after - inclusive) / after).to_integral_value())
    return after - inclusive + discount, discount


def _rest(invoice: st.Invoice, rules: Rules) -> Part:
    """Shipping, and discounts that no line carries."""
    part = _shipping_part(invoice.shipping_cost, rules) if invoice.shipping_cost else Part()
    on_lines = sum(line.discount for line in invoice.lines)
    beyond = sum(given.amount for given in invoice.total_discount_amounts) - on_lines
    if not (invoice.total_discount_amounts and beyond):
        return part
    return replace(part, entries=(*part.entries, _discount(-beyond, "Discount", rules)))


def _shipping_part(cost: st.ShippingCost, rules: Rules) -> Part:
    if not cost.amount_total:
        return Part()
    taxes = cost.taxes or _untold_tax(cost)
    mode = rules.books.tax_mode
    entry = Entry(
        item=item_for("shipping", rules.books, rules.account),
        amount=cost.amount_total - (0 if mode == "none" else cost.amount_tax),
        description="Shipping",
        taxes=taxes if mode == "suitetax" else (),
    )
    return Part((entry,), taxes=taxes if mode == "line" else ())


def _untold_tax(cost: st.ShippingCost) -> tuple[st.Tax, ...]:
    net = cost.amount_total - cost.amount_tax
    return (st.Tax(amount=cost.amount_tax, behavior="exclusive", taxable_amount=net),) if cost.amount_tax else ()


def _sheet(invoice: st.Invoice, parts: Sequence[Part], rules: Rules) -> Sheet:
    entries = [entry for part in parts for entry in part.entries]
    entries += _document_discounts((one for part in parts for one in part.discounts), rules)
    entries += _tax_entries([tax for part in parts for tax in part.taxes], rules)
    return Sheet(invoice.currency, tuple(entries))


def _shares(line: st.InvoiceLine, discount: int) -> list[tuple[str | None, int]]:
    """One amount for each discount; a rounding difference stays with the last."""
    given = [(one.discount, one.amount) for one in line.discount_amounts if one.amount]
    apart = discount - sum(amount for _, amount in given)
    last, amount = given[-1]
    return [*given[:-1], (last, amount + apart)]


def _document_discounts(shares: Iterable[tuple[str | None, int]], rules: Rules) -> list[Entry]:
    sums: dict[str | None, int] = {}
    for name, amount in shares:
        sums[name] = sums.get(name, 0) + amount
    return [_discount(-amount, f"Discount {name or ''}", rules) for name, amount in sums.items() if amount]


def _discount(amount: int, description: str, rules: Rules) -> Entry:
    item = item_for("discount", rules.books, rules.account)
    return Entry(item=item, amount=amount, description=description.rstrip(": "))


def _tax_entries(taxes: Sequence[st.Tax], rules: Rules) -> list[Entry]:
    sums: dict[tuple[str | None, Decimal | None], int] = {}
    for tax in taxes:
        key = (tax.rate, tax.percentage)
        sums[key] = sums.get(key, 0) + tax.amount
    return [
        Entry(item=item_for("tax", rules.books, rules.account), amount=amount, description=_tax_name(rate, percentage))
        for (rate, percentage), amount in sums.items()
        if amount
    ]


def _tax_name(rate: str | None, percentage: Decimal | None) -> str:
    said = f"Tax {percentage.normalize():f}%" if percentage is not None else "Tax"
    return f"{said} ({rate})" if rate else said


# the customer balance ------------------------------------------------------------------------------------------


def _with_balance(invoice: st.Invoice, made: Documents, rules: Rules) -> Documents:
    """A balance that paid a part is a negative line or an applied credit memo; a debt taken up is always a line."""
    applied = invoice.balance_applied
    if not applied or rules.balance == "leave" or made.invoice is None:
        return made
    if applied > 0 and rules.balance == "credit_memo":
        memo = Sheet(invoice.currency, (_balance(applied, rules),))
        return replace(made, credits={**made.credits, BALANCE: memo})
    return replace(made, invoice=Sheet(invoice.currency, (*made.invoice.entries, _balance(-applied, rules))))


def _credit(invoice: st.Invoice, whole: Sheet, rules: Rules) -> Sheet:
    """What a negative invoice gives: open credit, or moved on to the account that customer balances lie in."""
    memo = whole.negated()
    if rules.negative_total == "open_credit":
        return memo
    return Sheet(invoice.currency, (*memo.entries, _balance(-memo.total, rules)))


def _balance(amount: int, rules: Rules) -> Entry:
    item = item_for("balance", rules.books, rules.account)
    return Entry(item=item, amount=amount, description="Stripe customer balance")


# proof and form ------------------------------------------------------------------------------------------------


def _prove(invoice: st.Invoice, whole: Sheet) -> None:
    if whole.total != invoice.total:
        theirs = from_minor(invoice.total, invoice.currency)
        raise AmountMismatch(
            f"Stripe invoice {invoice.number or invoice.id}", whole.amount, theirs, invoice.currency.upper()
        )


def _line(entry: Entry, number: int, currency: str, rules: Rules) -> InvoiceLine:
    amount = from_minor(entry.amount, currency)
    quantity, rate = _priced(amount, entry.quantity)
    return InvoiceLine(
        item=entry.item,
        quantity=quantity,
        rate=rate,
        amount=amount,
        description=_described(entry, quantity),
        department=rules.department,
        class_=rules.class_,
        location=rules.location,
        custom=_line_custom(entry, number, rules),
    )


def _priced(amount: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Quantity and rate whose product is the amount exactly; quantity 1 where there is no such rate."""
    if quantity in (0, 1):
        return Decimal(1), amount
    rate = (amount / quantity).normalize()
    exact = rate * quantity == amount and -int(rate.as_tuple().exponent) <= 8
    return (quantity, rate + Decimal(0)) if exact else (Decimal(1), amount)


def _described(entry: Entry, quantity: Decimal) -> str | None:
    said = entry.description
    if quantity != entry.quantity and entry.quantity != 0:
        said = f"{said or ''} (quantity {entry.quantity.normalize():f})".strip()
    return cut(said, DESCRIPTION_LENGTH)


def _line_custom(entry: Entry, number: int, rules: Rules) -> dict[str, Any]:
    custom: dict[str, Any] = {"taxDetailsReference": _reference(number)} if entry.taxes else {}
    if entry.period and rules.period_start_field:
        custom[rules.period_start_field] = entry.period.start.date()
    if entry.period and rules.period_end_field:
        custom[rules.period_end_field] = entry.period.end.date()
    return custom


def _reference(number: int) -> str:
    """How SuiteTax's details name a line that does not exist yet."""
    return f"NEW_ITEM_{number}"


def _tax_detail(tax: st.Tax, number: int, currency: str, rules: Rules) -> dict[str, Any]:
    code, kind = _tax_code(tax, rules)
    amount = from_minor(tax.amount, currency)
    basis = None if tax.taxable_amount is None else from_minor(tax.taxable_amount, currency)
    rate = tax.percentage
    if rate is None and basis:
        rate = (amount * 100 / basis).quantize(Decimal("0.0001"))
    said = {"taxType": {"id": kind}, "taxCode": {"id": code}, "taxBasis": basis, "taxAmount": amount, "taxRate": rate}
    return {"taxDetailsReference": _reference(number), **said}


def _tax_code(tax: st.Tax, rules: Rules) -> tuple[str, str]:
    taxes, where = rules.books.taxes, f"books.{rules.account}.taxes"
    code = taxes.code_by_rate.get(tax.rate or "") or taxes.code
    sentence = f"No SuiteTax code is set for tax rate {tax.rate or 'without an id'}."
    code = required(code, f"{where}.code_by_rate.{tax.rate}" if tax.rate else f"{where}.code", sentence)
    kind = taxes.type_by_rate.get(tax.rate or "") or taxes.type
    return code, required(kind, f"{where}.type", "No SuiteTax tax type is set.")


def _minus(amount: int | None) -> int | None:
    return None if amount is None else -amount
