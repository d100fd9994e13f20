"""What an invoice comes to: discounts, then taxes, line by line, and the sums above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.stripe.money import rounded
from sandbox.stripe.resources.coupons import taken_off
from sandbox.stripe.world import Account, Obj


@dataclass
class _Line:
    """A line on its way: what is left of it, and what is left before invoice-level discounts."""

    obj: Obj
    left: int
    before_invoice_discounts: int = 0
    discounts: list[Obj] = field(default_factory=list)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` by weight into whole minor units that add up to it (largest remainders first)."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    exact = [Decimal(total) * weight / whole for weight in weights]
    shares = [int(share) for share in exact]
    short = total - sum(shares)
    step = 1 if short > 0 else -1
    order = sorted(range(len(weights)), key=lambda n: abs(exact[n] - shares[n]), reverse=True)
    for n in order[: abs(short)]:
        shares[n] += step
    return shares


def lines_of(account: Account, invoice: Obj) -> list[Obj]:
    kept = account.kind("line_item")
    return [kept[line_id] for line_id in invoice["_lines"]]


def compute(account: Account, invoice: Obj) -> None:
    """Set every amount of a draft from its lines, discounts, tax rates, shipping and the customer's balance."""
    lines = [_Line(line, line["amount"]) for line in lines_of(account, invoice)]
    _discount_lines(account, lines)
    _discount_invoice(account, invoice, lines)
    excluded = sum(_inclusive_part(account, invoice, line) for line in lines)
    for line in lines:
        _tax(account, invoice, line)
    _sum_up(invoice, lines, excluded)
    apply_balance(account, invoice)


def _discount_lines(account: Account, lines: list[_Line]) -> None:
    for line in lines:
        for discount in line.obj["discounts"]:
            _take(line, discount, rounded(taken_off(account, discount, line.left)))
        line.before_invoice_discounts = line.left


def _discount_invoice(account: Account, invoice: Obj, lines: list[_Line]) -> None:
    eligible = [line for line in lines if line.obj["discountable"]]
    for discount in invoice["discounts"]:
        off = rounded(taken_off(account, discount, sum(line.left for line in eligible)))
        for line, share in zip(eligible, allocate(off, [line.left for line in eligible]), strict=True):
            _take(line, discount, share)


def _take(line: _Line, discount: str, amount: int) -> None:
    line.discounts.append({"amount": amount, "discount": discount})
    line.left -= amount


def _rates(account: Account, invoice: Obj, line: Obj) -> list[Obj]:
    ids = line["_tax_rates"] if line["_tax_rates"] is not None else invoice["_default_tax_rates"]
    return [account.kind("tax_rate")[rate] for rate in ids]


def _split(rates: list[Obj], gross: int) -> list[tuple[Obj, Decimal]]:
    """Each rate with its tax on `gross`, which includes the inclusive ones."""
    inclusive = sum(Decimal(str(rate["percentage"])) for rate in rates if rate["inclusive"])
    net = Decimal(gross) * 100 / (100 + inclusive)
    return [(rate, net * Decimal(str(rate["percentage"])) / 100) for rate in rates]


def _inclusive_part(account: Account, invoice: Obj, line: _Line) -> int:
    split = _split(_rates(account, invoice, line.obj), line.before_invoice_discounts)
    return sum(rounded(tax) for rate, tax in split if rate["inclusive"])


def _tax(account: Account, invoice: Obj, line: _Line) -> None:
    exempt = invoice["customer_tax_exempt"] in ("exempt", "reverse")
    split = _split(_rates(account, invoice, line.obj), line.left)
    inclusive = sum(rounded(tax) for rate, tax in split if rate["inclusive"])
    line.obj["taxes"] = [
        {
            "amount": 0 if exempt else rounded(tax),
            "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
            "tax_rate_details": {"tax_rate": rate["id"]},
            "taxability_reason": _reason(invoice),
            "taxable_amount": line.left - inclusive,
            "type": "tax_rate_details",
        }
        for rate, tax in split
    ]
    line.obj["discount_amounts"] = line.discounts
    line.obj["subtotal"] = line.obj["amount"]


def _reason(invoice: Obj) -> str:
    return {"exempt": "customer_exempt", "reverse": "reverse_charge"}.get(
        invoice["customer_tax_exempt"], "not_available"
    )


def _sum_up(invoice: Obj, lines: list[_Line], inclusive_in_subtotal: int) -> None:
    shipping = invoice["shipping_cost"] or {"amount_total": 0, "amount_subtotal": 0}
    taxes = _total_taxes(lines)
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    invoice["total_taxes"] = taxes
    invoice["total_discount_amounts"] = _total_discounts(lines)
    invoice["subtotal"] = sum(line.before_invoice_discounts for line in lines)
    invoice["subtotal_excluding_tax"] = invoice["subtotal"] - inclusive_in_subtotal
    invoice["amount_shipping"] = shipping["amount_total"]
    invoice["total"] = sum(line.left for line in lines) + exclusive + shipping["amount_total"]
    invoice["total_excluding_tax"] = invoice["total"] - sum(tax["amount"] for tax in taxes)


def _total_taxes(lines: list[_Line]) -> list[Obj]:
    totals: dict[str, Obj] = {}
    for tax in (tax for line in lines for tax in line.obj["taxes"]):
        total = totals.setdefault(tax["tax_rate_details"]["tax_rate"], tax | {"amount": 0, "taxable_amount": 0})
        total["amount"] += tax["amount"]
        total["taxable_amount"] += tax["taxable_amount"]
    return list(totals.values())


def _total_discounts(lines: list[_Line]) -> list[Obj]:
    totals: dict[str, Obj] = {}
    for each in (each for line in lines for each in line.discounts):
        totals.setdefault(each["discount"], {"amount": 0, "discount": each["discount"]})["amount"] += each["amount"]
    return list(totals.values())


def apply_balance(account: Account, invoice: Obj) -> None:
    """Amount due after the customer's balance (credit is negative), as it will be at finalization."""
    customer = account.kind("customer").get(invoice["customer"] or "", {})
    same = customer.get("currency") in (None, invoice["currency"])
    balance = customer.get("balance", 0) if same else 0
    invoice["starting_balance"] = balance
    invoice["amount_due"] = max(0, invoice["total"] + balance) if invoice["total"] > 0 else 0
    invoice["amount_remaining"] = max(0, invoice["amount_due"] - invoice["amount_paid"])
