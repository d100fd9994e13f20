"""What a credit note comes to: its lines with their shares of discounts and taxes, shipping, and the sums."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.stripe import totals
from sandbox.stripe.call import Call
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import rounded
from sandbox.stripe.render import copy
from sandbox.stripe.world import Account, Obj


@dataclass(frozen=True)
class DrawnUp:
    """`fields`: the amounts of the note."""

    lines: list[Obj]
    fields: Obj


def drawn_up(call: Call, invoice: Obj) -> DrawnUp:
    params = call.params
    shipping = _shipping(invoice, params.get("shipping_cost"))
    lines = [_line(call, invoice, given) for given in params.get("lines") or []]
    if not lines and not shipping:
        lines = [_of_amount(call, params)]
    fields = _sums(call.account, lines, shipping)
    asked = params.get("amount")
    if asked is not None and asked != fields["total"]:
        raise InvalidRequest(f"The amount ({asked}) is not the sum of the lines ({fields['total']}).", param="amount")
    return DrawnUp(lines, fields)


def _of_amount(call: Call, params: Obj) -> Obj:
    """A note of an amount alone: what Stripe makes of it is one line without taxes."""
    if params.get("amount") is None:
        raise InvalidRequest("You must provide one of: amount, lines, shipping_cost.", param="amount")
    return _new(call, "custom_line_item", params["amount"], params.get("memo"), 1, unit=Decimal(params["amount"]))


def _shipping(invoice: Obj, given: Obj | None) -> Obj | None:
    cost = invoice["shipping_cost"]
    if not given:
        return None
    if not cost or given.get("shipping_rate") != cost["shipping_rate"]:
        raise InvalidRequest("The shipping rate is not that of the invoice.", param="shipping_cost[shipping_rate]")
    return dict(copy(cost))


def _line(call: Call, invoice: Obj, given: Obj) -> Obj:
    if given["type"] == "invoice_line_item":
        return _of_invoice_line(call, invoice, given)
    if given["type"] != "custom_line_item":
        raise InvalidRequest("Invalid type of line.", param="lines[type]")
    if "amount" in given or not {"unit_amount", "unit_amount_decimal"} & set(given):
        raise InvalidRequest("A custom line takes unit_amount and quantity.", param="lines[unit_amount]")
    unit, quantity = Decimal(str(given.get("unit_amount_decimal", given.get("unit_amount")))), given.get("quantity", 1)
    made = _new(
        call, "custom_line_item", rounded(unit * quantity), given.get("description"), quantity, unit=unit, given=given
    )
    rates = [call.account.get("tax_rate", rate, "lines[tax_rates]") for rate in given.get("tax_rates") or []]
    made["tax_rates"], made["taxes"] = rates, [_tax_at(rate, made["amount"]) for rate in rates]
    return made


def _of_invoice_line(call: Call, invoice: Obj, given: Obj) -> Obj:
    named = str(given.get("invoice_line_item"))
    if named not in invoice["_lines"]:
        raise InvalidRequest("The line is not one of the invoice's.", param="lines[invoice_line_item]")
    line: Obj = call.account.kind("line_item")[named]
    amount, quantity = _credited(line, given)
    already = sum(one["amount"] for one in _earlier(call.account, invoice, named))
    if not 0 < amount <= line["amount"] - already:
        raise InvalidRequest(
            f"The amount ({amount}) is more than what is left to credit of the line ({line['amount'] - already}).",
            param="lines[amount]",
        )
    made = _new(call, "invoice_line_item", amount, line["description"], quantity, given=given)
    made["invoice_line_item"] = named
    made["discount_amounts"] = [
        one | {"amount": _share(one["amount"], amount, line["amount"])} for one in line["discount_amounts"]
    ]
    made["discount_amount"] = sum(one["amount"] for one in made["discount_amounts"])
    made["taxes"] = _taxes(line, amount, given)
    made["tax_rates"] = [call.account.get("tax_rate", tax["tax_rate_details"]["tax_rate"]) for tax in made["taxes"]]
    return made


def _credited(line: Obj, given: Obj) -> tuple[int, int | None]:
    if ("amount" in given) == ("quantity" in given):
        raise InvalidRequest("A line takes either amount or quantity.", param="lines[amount]")
    if "amount" in given:
        return given["amount"], None
    quantity = Decimal(str(line["quantity_decimal"] or line["quantity"] or 1))
    return rounded(line["amount"] * given["quantity"] / quantity), given["quantity"]


def _earlier(account: Account, invoice: Obj, line: str) -> list[Obj]:
    notes = [note for note in account.kind("credit_note").values() if note["invoice"] == invoice["id"]]
    kept = account.kind("credit_note_line_item")
    own = (kept[each] for note in notes if note["status"] == "issued" for each in note["_lines"])
    return [each for each in own if each["invoice_line_item"] == line]


def _share(whole: int, part: int, of: int) -> int:
    return rounded(Decimal(whole) * part / of) if of else 0


def _taxes(line: Obj, amount: int, given: Obj) -> list[Obj]:
    if given.get("tax_amounts"):
        raise InvalidRequest("The sandbox computes taxes from the invoice's line only.", param="lines[tax_amounts]")
    names = ("amount", "taxable_amount")
    return [tax | {name: _share(tax[name], amount, line["amount"]) for name in names} for tax in line["taxes"]]


def _tax_at(rate: Obj, amount: int) -> Obj:
    percentage = Decimal(str(rate["percentage"]))
    inclusive = rate["inclusive"]
    net = rounded(Decimal(amount) * 100 / (100 + percentage)) if inclusive else amount
    return {
        "amount": amount - net if inclusive else rounded(amount * percentage / 100),
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": "not_available",
        "taxable_amount": net,
        "type": "tax_rate_details",
    }


def _new(
    call: Call,
    kind: str,
    amount: int,
    description: str | None,
    quantity: int | None,
    *,
    unit: Decimal | None = None,
    given: Obj | None = None,
) -> Obj:
    return {
        "id": call.new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": dict((given or {}).get("metadata") or {}),
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "tax_rates": [],
        "taxes": [],
        "type": kind,
        "unit_amount": int(unit) if unit is not None and unit == int(unit) else None,
        "unit_amount_decimal": None if unit is None else f"{unit.normalize():f}",
    }


def _sums(account: Account, lines: list[Obj], shipping: Obj | None) -> Obj:
    """Discounts of the invoice are taken off after `subtotal`, those of a line before it."""
    gross = sum(line["amount"] for line in lines)
    own = sum(each["amount"] for line in lines for each in line["discount_amounts"] if _of_line(account, each))
    discount = sum(line["discount_amount"] for line in lines)
    taxes = totals._total_taxes([totals._Line(line, line["amount"]) for line in lines])
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    shipped = shipping["amount_total"] if shipping else 0
    total = gross - discount + exclusive + shipped
    return {
        "amount": total,
        "amount_shipping": shipped,
        "discount_amount": discount,
        "discount_amounts": _total_discounts(lines),
        "shipping_cost": shipping,
        "subtotal": gross - own,
        "subtotal_excluding_tax": gross - own - inclusive,
        "total": total,
        "total_excluding_tax": total - exclusive - inclusive,
        "total_taxes": taxes,
    }


def _of_line(account: Account, each: Obj) -> bool:
    return bool(account.kind("discount").get(each["discount"], {}).get("invoice_item"))


def _total_discounts(lines: list[Obj]) -> list[Obj]:
    sums: dict[str, int] = {}
    for each in (each for line in lines for each in line["discount_amounts"]):
        sums[each["discount"]] = sums.get(each["discount"], 0) + each["amount"]
    return [{"amount": amount, "discount": discount} for discount, amount in sums.items()]
