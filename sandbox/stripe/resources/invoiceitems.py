"""Invoice items: pending ones, and those that are lines of a draft."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_amount, check_currency
from sandbox.stripe.render import render
from sandbox.stripe.resources import catalog, invoice_lines
from sandbox.stripe.resources.coupons import make_discounts
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.world import Obj

routes = Routes()


@routes.post("/v1/invoiceitems", "InvoiceItemCreateParams")
def create(call: Call) -> Obj:
    params = call.params
    invoice = call.named("invoice", "invoice")
    customer = call.named("customer", "customer")
    if customer is None and invoice is None:
        raise InvalidRequest("Missing required param: customer.", code="parameter_missing", param="customer")
    if invoice is not None:
        invoice_lines.check_editable(invoice)
        invoice_lines.check_room(invoice, 1)
    customer_id = customer["id"] if customer else invoice["customer"]  # type: ignore[index]
    if invoice is not None and customer_id != invoice["customer"]:
        raise InvalidRequest("The customer of the invoice item is not that of the invoice.", param="customer")
    item = make_item(call, customer_id, params, invoice)
    if invoice is not None:
        with invoice_lines.changing(call, invoice):
            invoice_lines.add_line(call, invoice, item)
    call.add(item, "invoiceitem.created")
    return render(call.account, item)


def make_item(call: Call, customer_id: str, given: Obj, invoice: Obj | None) -> Obj:
    """A new item of the customer, not yet stored; `given` as in the parameters of invoice items and of lines."""
    check_metadata(given.get("metadata"))
    currency = _currency(call, given, invoice)
    item_id = call.new_id("ii")
    amount, pricing, quantity = priced(call, given, currency)
    return {
        "id": item_id,
        "object": "invoiceitem",
        "amount": amount,
        "currency": currency,
        "customer": customer_id,
        "customer_account": None,
        "date": call.now,
        "description": given.get("description"),
        "discountable": given.get("discountable", amount >= 0),
        "discounts": make_discounts(call, given.get("discounts"), customer=customer_id, invoice_item=item_id),
        "invoice": invoice["id"] if invoice else None,
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "net_amount": amount,
        "parent": None,
        "period": given.get("period") or {"start": call.now, "end": call.now},
        "pricing": pricing,
        "proration": False,
        "proration_details": None,
        "quantity": int(quantity),
        "quantity_decimal": catalog.decimal_text(quantity),
        "tax_rates": [call.account.get("tax_rate", rate, "tax_rates") for rate in given.get("tax_rates") or []],
        "test_clock": None,
        "_tax_rates": _tax_rates(given),
    }


def _tax_rates(given: Obj) -> list[str] | None:
    return list(given["tax_rates"] or []) if "tax_rates" in given else None


def _currency(call: Call, given: Obj, invoice: Obj | None) -> str:
    asked = given.get("currency") or (given.get("price_data") or {}).get("currency")
    if not asked and (given.get("pricing") or {}).get("price"):
        asked = call.account.get("price", given["pricing"]["price"], "pricing[price]")["currency"]
    if invoice is not None:
        if asked and asked.lower() != invoice["currency"]:
            raise InvalidRequest(
                f"The currency of the invoice item ({asked}) is not that of the invoice ({invoice['currency']}).",
                param="currency",
            )
        return str(invoice["currency"])
    return check_currency(asked or call.account.settings.settlement_currency)


def priced(call: Call, given: Obj, currency: str) -> tuple[int, Obj, Decimal]:
    """Amount, `pricing` and quantity: from an amount, a unit amount, a price, or data for one."""
    ways = [way for way in ("amount", "unit_amount_decimal", "pricing", "price_data") if given.get(way) is not None]
    if len(ways) > 1:
        raise InvalidRequest(f"You may only specify one of these parameters: {', '.join(ways)}.", param=ways[1])
    quantity = Decimal(str(given.get("quantity_decimal") or given.get("quantity", 1)))
    if given.get("amount") is not None:
        if "quantity" in given or "quantity_decimal" in given:
            raise InvalidRequest("You may only specify one of these parameters: amount, quantity.", param="quantity")
        quantity, unit, price = Decimal(1), Decimal(given["amount"]), None
    else:
        price = _price(call, given, currency)
        unit = Decimal(str(given.get("unit_amount_decimal") or (price or {}).get("unit_amount_decimal") or 0))
    amount = check_amount(catalog.extended(unit, quantity), currency)
    price = price or _one_off_price(call, given, currency, unit)
    return amount, _pricing(price, unit), quantity


def _pricing(price: Obj, unit: Decimal) -> Obj:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": catalog.decimal_text(unit),
    }


def _price(call: Call, given: Obj, currency: str) -> Obj | None:
    if given.get("pricing"):
        price = call.account.get("price", given["pricing"]["price"], "pricing[price]")
        if price["currency"] != currency or price["type"] != "one_time" or not price["active"]:
            raise InvalidRequest(
                f"The price {price['id']} must be active, one-time and in {currency}.", param="pricing[price]"
            )
        return price
    if given.get("price_data"):
        data = dict(given["price_data"])
        if data.get("product_data"):
            data["product"] = call.add(catalog.new_product(call, data["product_data"]), "product.created")["id"]
        call.account.get("product", data.get("product", ""), "price_data[product]")
        return call.add(catalog.new_price(call, data, active=False))
    return None


def _one_off_price(call: Call, given: Obj, currency: str, unit: Decimal) -> Obj:
    # a line made of an amount alone still names a price and a product, made for it and not active
    product = catalog.new_product(call, {"name": given.get("description") or "Invoice item", "active": False})
    call.add(product)
    data = {"currency": currency, "product": product["id"], "unit_amount_decimal": unit}
    return call.add(catalog.new_price(call, data, active=False))


@routes.get("/v1/invoiceitems", "InvoiceItemListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("invoiceitem").values(), "customer", "invoice")
    rows = [row for row in rows if paging.within(row["date"], call.params.get("created"))]
    if "pending" in call.params:
        rows = [row for row in rows if (row["invoice"] is None) == call.params["pending"]]
    return paging.listed(call, rows, "/v1/invoiceitems")


@routes.get("/v1/invoiceitems/{id}", "InvoiceItemRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("invoiceitem"))


@routes.post("/v1/invoiceitems/{id}", "InvoiceItemUpdateParams")
def update(call: Call) -> Obj:
    item = call.get("invoiceitem")
    invoice = call.account.kind("invoice").get(item["invoice"] or "")
    if invoice is None:
        change(call, item, call.params)
        return render(call.account, item)
    invoice_lines.check_editable(invoice)
    with invoice_lines.changing(call, invoice):
        change(call, item, call.params)
        invoice_lines.copy_from_item(call.account, invoice, item)
    return render(call.account, item)


def change(call: Call, item: Obj, given: Obj) -> None:
    """Set what is given on an item that isn't frozen yet."""
    check_metadata(given.get("metadata"))
    update_fields(item, given, ("description", "discountable", "period"))
    repriced: Any = {"amount", "unit_amount_decimal", "pricing", "price_data", "quantity", "quantity_decimal"}
    if repriced & set(given):
        kept = {} if {"amount", "pricing", "price_data", "unit_amount_decimal"} & set(given) else _as_priced(item)
        if "amount" not in given and not {"quantity", "quantity_decimal"} & set(given):
            kept = kept | {"quantity_decimal": item["quantity_decimal"]}
        amount, pricing, quantity = priced(call, kept | given, item["currency"])
        item |= {"amount": amount, "net_amount": amount, "pricing": pricing}
        item |= {"quantity": int(quantity), "quantity_decimal": catalog.decimal_text(quantity)}
    if "discounts" in given:
        item["discounts"] = make_discounts(call, given["discounts"], customer=item["customer"], invoice_item=item["id"])
    if "tax_rates" in given:
        item["_tax_rates"] = _tax_rates(given)
        item["tax_rates"] = [call.account.get("tax_rate", rate, "tax_rates") for rate in given["tax_rates"] or []]


def _as_priced(item: Obj) -> Obj:
    return {"unit_amount_decimal": item["pricing"]["unit_amount_decimal"]}


@routes.delete("/v1/invoiceitems/{id}", "InvoiceItemDeleteParams")
def delete(call: Call) -> Obj:
    item = call.get("invoiceitem")
    invoice = call.account.kind("invoice").get(item["invoice"] or "")
    if invoice is not None:
        invoice_lines.check_editable(invoice)
        with invoice_lines.changing(call, invoice):
            invoice_lines.drop_line(call.account, invoice, item["_line"])
    call.account.remove(item)
    call.emit("invoiceitem.deleted", item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}
