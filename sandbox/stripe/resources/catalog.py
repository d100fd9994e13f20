"""Products and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_currency, rounded
from sandbox.stripe.render import render
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.world import Obj

routes = Routes()

_PRODUCT = ("active", "description", "images", "name", "statement_descriptor", "tax_code", "unit_label", "url")


@routes.post("/v1/products", "ProductCreateParams")
def create_product(call: Call) -> Obj:
    product = new_product(call, call.params)
    if call.params.get("id"):
        product["id"] = call.params["id"]
    call.add(product, "product.created")
    if call.params.get("default_price_data"):
        given = call.params["default_price_data"]
        price = call.add(new_price(call, given | {"product": product["id"]}), "price.created")
        with call.updating(product, "product.updated"):
            product["default_price"] = price["id"]
    return render(call.account, product)


def new_product(call: Call, given: Obj) -> Obj:
    product: Obj = {
        "id": call.new_id("prod"),
        "object": "product",
        "active": True,
        "created": call.now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": call.now,
        "url": None,
        "name": "",
    }
    update_fields(product, given, _PRODUCT)
    return product


@routes.get("/v1/products", "ProductListParams")
def list_products(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("product").values(), "active", "url")
    ids = call.params.get("ids")
    return paging.listed(call, [row for row in rows if not ids or row["id"] in ids], "/v1/products")


@routes.get("/v1/products/{id}", "ProductRetrieveParams")
def retrieve_product(call: Call) -> Obj:
    return render(call.account, call.get("product"))


@routes.post("/v1/products/{id}", "ProductUpdateParams")
def update_product(call: Call) -> Obj:
    product = call.get("product")
    check_metadata(call.params.get("metadata"))
    with call.updating(product, "product.updated"):
        update_fields(product, call.params, (*_PRODUCT, "default_price"))
        product["updated"] = call.now
    return render(call.account, product)


@routes.delete("/v1/products/{id}", "ProductDeleteParams")
def delete_product(call: Call) -> Obj:
    product = call.get("product")
    if any(price["product"] == product["id"] for price in call.account.kind("price").values()):
        raise InvalidRequest("This product cannot be deleted because it has one or more user-created prices.")
    call.account.remove(product)
    call.emit("product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


@routes.post("/v1/prices", "PriceCreateParams")
def create_price(call: Call) -> Obj:
    given = dict(call.params)
    if given.get("product_data"):
        product = new_product(call, given["product_data"])
        given["product"] = call.add(product, "product.created")["id"]
    if not given.get("product"):
        raise InvalidRequest("You must specify either `product` or `product_data`", param="product")
    call.account.get("product", given["product"], "product")
    return render(call.account, call.add(new_price(call, given), "price.created"))


def new_price(call: Call, given: Obj, *, active: bool = True) -> Obj:
    unit = unit_amount(given)
    whole = unit is not None and unit == unit.to_integral_value()
    recurring = given.get("recurring")
    return {
        "id": call.new_id("price"),
        "object": "price",
        "active": given.get("active", active),
        "billing_scheme": given.get("billing_scheme", "per_unit"),
        "created": call.now,
        "currency": check_currency(given["currency"]),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": given.get("lookup_key"),
        "metadata": given.get("metadata") or {},
        "nickname": given.get("nickname"),
        "product": given["product"],
        "recurring": {"interval_count": 1, "meter": None, "usage_type": "licensed", **recurring} if recurring else None,
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": int(unit) if unit is not None and whole else None,
        "unit_amount_decimal": decimal_text(unit) if unit is not None else None,
    }


def unit_amount(given: Obj) -> Decimal | None:
    if given.get("unit_amount_decimal") is not None:
        return Decimal(str(given["unit_amount_decimal"]))
    return Decimal(given["unit_amount"]) if given.get("unit_amount") is not None else None


def decimal_text(value: Any) -> str:
    """A decimal as Stripe writes it: no exponent, no trailing zeros."""
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def extended(unit: Decimal, quantity: Decimal) -> int:
    """Unit amount times quantity, rounded half up to a minor unit."""
    return rounded(unit * quantity)


@routes.get("/v1/prices", "PriceListParams")
def list_prices(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("price").values(), "active", "currency", "product", "type")
    keys = call.params.get("lookup_keys")
    return paging.listed(call, [row for row in rows if not keys or row["lookup_key"] in keys], "/v1/prices")


@routes.get("/v1/prices/{id}", "PriceRetrieveParams")
def retrieve_price(call: Call) -> Obj:
    return render(call.account, call.get("price"))


@routes.post("/v1/prices/{id}", "PriceUpdateParams")
def update_price(call: Call) -> Obj:
    price = call.get("price")
    with call.updating(price, "price.updated"):
        update_fields(price, call.params, ("active", "nickname", "lookup_key", "tax_behavior"))
    return render(call.account, price)
