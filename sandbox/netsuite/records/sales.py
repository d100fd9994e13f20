"""Documents with item lines: how lines, discount, tax and total follow from each other, and what they post."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import Posting, Record
from sandbox.netsuite.errors import invalid_value, please_enter, user_error
from sandbox.netsuite.fields import (
    Field,
    Fields,
    Kind,
    Sublist,
    Value,
    day,
    enum,
    flag,
    integer,
    money,
    number,
    ref,
    text,
)
from sandbox.netsuite.records.transactions import in_base

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

PERCENT = Decimal(100)

ITEM_LINES = Sublist(
    "item",
    (
        integer("line"),
        ref("item", "item"),
        text("description", max_length=4000),
        number("quantity"),
        number("rate"),
        money("amount"),
        money("grossAmt"),
        money("tax1Amt"),
        ref("price", "priceLevel"),
        flag("isTaxable"),
        ref("taxCode", "salesTaxItem"),
        number("taxRate1"),
        text("taxDetailsReference"),
        ref("department", "department"),
        ref("class", "classification"),
        ref("location", "location"),
        day("revRecStartDate"),
        day("revRecEndDate"),
        enum("itemType", readonly=True),
    ),
    ("line",),
)

TAX_LINES = Sublist(
    "taxDetails",
    (
        text("taxDetailsReference"),
        ref("taxType", "taxType"),
        ref("taxCode", "salesTaxItem"),
        money("taxBasis"),
        money("taxAmount"),
        number("taxRate"),
    ),
)

SALE_FIELDS: tuple[Field, ...] = (
    ref("entity", "customer", label="Customer"),
    text("otherRefNum", max_length=45),
    text("email"),
    flag("toBeEmailed"),
    flag("toBePrinted", default=False),
    ref("discountItem", "discountItem"),
    Field("discountRate", Kind.PERCENT),
    money("discountTotal", readonly=True),
    money("subtotal", readonly=True),
    flag("taxDetailsOverride"),
    ref("taxItem", "salesTaxItem"),
    number("taxRate"),
    money("taxTotal", readonly=True),
    money("shippingCost"),
    text("message"),
    ref("account", "account"),
)


def settle_lines(world: NetSuiteWorld, record: Record) -> None:
    """Complete the lines and add the document up, in its own currency's decimals."""
    lines = record.lines("item")
    if not lines:
        raise please_enter("Items")
    _number_lines(lines)
    subtotal = Decimal(0)
    for line in lines:
        _settle_line(world, record, line, subtotal)
        subtotal += line.money("amount")
    fields = record.fields
    fields["subtotal"] = subtotal
    fields["discountTotal"] = _discount(world, record, subtotal)
    fields["shippingCost"] = _rounded_or_none(world, record, "shippingCost")
    fields["taxTotal"] = _tax(world, record)
    total = subtotal + fields.money("discountTotal") + fields.money("taxTotal") + fields.money("shippingCost")
    fields["total"] = world.rounded(total, fields.ref("currency"))
    if fields.money("total") < 0:
        raise user_error("The transaction total cannot be negative.", "total")


def _number_lines(lines: list[Fields]) -> None:
    highest = max((line.whole("line") or 0 for line in lines), default=0)
    for line in lines:
        if line.whole("line") is None:
            highest += 1
            line["line"] = highest


def _settle_line(world: NetSuiteWorld, record: Record, line: Fields, subtotal: Decimal) -> None:
    item = world.find("item", line.ref("item"))
    if item is None:
        raise please_enter("Item")
    if item.fields.flag("isInactive") or item.type == "salesTaxItem":
        raise invalid_value("item", item.id, "item.items.item")
    currency = record.fields.ref("currency")
    quantity, rate, amount = line.number("quantity"), line.number("rate"), line.number("amount")
    if item.type == "discountItem":
        amount = rate if amount is None else amount
        if amount is None:
            amount = subtotal * item.fields.money("rate") / PERCENT
    else:
        quantity = Decimal(1) if quantity is None else quantity
        line["quantity"] = quantity
        rate = item.fields.number("basePrice") if rate is None and amount is None else rate
        if rate is None and amount is None:
            raise please_enter("Amount")
        amount = quantity * (rate or Decimal(0)) if amount is None else amount
    line["amount"] = world.rounded(amount, currency)
    line["rate"] = _rate(rate, line.money("amount"), quantity)
    line["itemType"] = world.definition(item.type).code
    line["description"] = line.get("description") or item.fields.get("description")


def _rate(rate: Decimal | None, amount: Decimal, quantity: Decimal | None) -> Value:
    if rate is not None or not quantity:
        return rate if rate is not None else amount
    return (amount / quantity).quantize(Decimal("0.00000001")).normalize()


def forget_stale_amounts(record: Record, before: Record | None) -> None:
    """A changed quantity or rate works the amount out anew, unless the amount was changed too."""
    earlier = {line.whole("line"): line for line in before.lines("item")} if before else {}
    for line in record.lines("item"):
        old = earlier.get(line.whole("line"))
        if old is None or line.get("amount") != old.get("amount"):
            if old is not None and line.get("rate") == old.get("rate"):
                line["rate"] = None
        elif line.get("rate") != old.get("rate") or line.get("quantity") != old.get("quantity"):
            line["amount"] = None


def _discount(world: NetSuiteWorld, record: Record, subtotal: Decimal) -> Decimal:
    rate = record.fields.get("discountRate")
    item = world.find("discountItem", record.fields.ref("discountItem"))
    if rate is None and item is not None:
        rate = item.fields.get("rate")
        rate = f"{rate}%" if isinstance(rate, Decimal) else rate
    if item is None or rate is None:
        return Decimal(0)
    if isinstance(rate, str):
        return world.rounded(subtotal * Decimal(rate.rstrip("%")) / PERCENT, record.fields.ref("currency"))
    return world.rounded(Decimal(str(rate)), record.fields.ref("currency"))


def _rounded_or_none(world: NetSuiteWorld, record: Record, name: str) -> Decimal | None:
    amount = record.fields.number(name)
    return None if amount is None else world.rounded(amount, record.fields.ref("currency"))


def _tax(world: NetSuiteWorld, record: Record) -> Decimal:
    currency = record.fields.ref("currency")
    if world.settings.tax_mode == "suitetax" and record.fields.flag("taxDetailsOverride"):
        _check_references(record)
        return sum(
            (world.rounded(line.money("taxAmount"), currency) for line in record.lines("taxDetails")), Decimal(0)
        )
    if world.settings.tax_mode in ("suitetax", "legacy"):
        taxed = (_line_tax(world, record, line) for line in record.lines("item"))
        return sum((world.rounded(each, currency) for each in taxed), Decimal(0))
    return Decimal(0)


def _check_references(record: Record) -> None:
    known = {line.text("taxDetailsReference") for line in record.lines("item")}
    for line in record.lines("taxDetails"):
        reference = line.text("taxDetailsReference")
        if not reference or reference not in known:
            raise invalid_value("taxDetailsReference", reference, "taxDetails.items.taxDetailsReference")


def _line_tax(world: NetSuiteWorld, record: Record, line: Fields) -> Decimal:
    if line.get("isTaxable") is False:
        return Decimal(0)
    rate = line.number("taxRate1") if line.number("taxRate1") is not None else record.fields.number("taxRate")
    for code in (line.ref("taxCode"), record.fields.ref("taxItem")):
        found = world.find("salesTaxItem", code)
        rate = found.fields.number("rate") if rate is None and found is not None else rate
    return line.money("amount") * (world.settings.tax_rate if rate is None else rate) / PERCENT


def sale_postings(
    world: NetSuiteWorld, record: Record, account: str, sign: int, kind: str = "receivable"
) -> list[Posting]:
    """Debit the receivable (or the money, by `kind`), credit income, discount, tax and shipping.

    The other way round for `sign` -1.
    """
    fields = record.fields
    parts: list[tuple[str, Decimal, str, Fields | None]] = [(account, fields.money("total"), kind, None)]
    parts += [(_income(world, line), -line.money("amount"), "item", line) for line in record.lines("item")]
    parts.append((_discount_account(world, record), -fields.money("discountTotal"), "discount", None))
    parts.append((ids.TAX_LIABILITY, -fields.money("taxTotal"), "tax", None))
    parts.append((ids.SHIPPING_INCOME, -fields.money("shippingCost"), "shipping", None))
    wanted = [part for part in parts if part[1] or part[2] in (kind, "item")]
    highest = max((line.whole("line") or 0 for line in record.lines("item")), default=0)
    return [_posting(world, record, part, sign, index, highest) for index, part in enumerate(wanted)]


def _posting(
    world: NetSuiteWorld,
    record: Record,
    part: tuple[str, Decimal, str, Fields | None],
    sign: int,
    index: int,
    highest: int,
) -> Posting:
    account, amount, kind, line = part
    number = (
        0 if kind in ("receivable", "money") else (line.whole("line") or 0) if line is not None else highest + index
    )
    quantity = line.number("quantity") if line is not None else None
    return Posting(
        account, sign * amount, in_base(world, sign * amount, record), record.fields.ref("entity"),
        memo=line.text("description") if line is not None else record.fields.text("memo"),
        item=line.ref("item") if line is not None else "",
        quantity=-sign * quantity if quantity is not None else None,
        line=number, kind=kind, custom=line if line is not None else Fields(),
    )  # fmt: skip


def _income(world: NetSuiteWorld, line: Fields) -> str:
    item = world.find("item", line.ref("item"))
    if item is None:
        return ids.SALES_INCOME
    return item.fields.ref("incomeAccount") or item.fields.ref("account") or ids.SALES_INCOME


def _discount_account(world: NetSuiteWorld, record: Record) -> str:
    item = world.find("discountItem", record.fields.ref("discountItem"))
    return item.fields.ref("account") if item and item.fields.ref("account") else ids.SALES_DISCOUNTS


def settle_email_default(world: NetSuiteWorld, record: Record, before: Record | None, customer: Record) -> None:
    """Where nobody says otherwise, NetSuite may e-mail the document to the customer at its first save."""
    fields = record.fields
    fields["email"] = fields.get("email") or customer.fields.get("email")
    if fields.get("toBeEmailed") is None:
        fields["toBeEmailed"] = before is None and world.settings.to_be_emailed and bool(fields.text("email"))
    elif before is not None and before.fields.flag("toBeEmailed"):
        fields["toBeEmailed"] = False


def zero_amounts(record: Record) -> None:
    """What a direct void leaves: the lines without their amounts."""
    for line in record.lines("item"):
        line.update(amount=Decimal(0), rate=Decimal(0))
    for name in ("subtotal", "discountTotal", "taxTotal", "shippingCost", "total"):
        record.fields[name] = Decimal(0)
    record.lists["apply"] = []
