"""Customers, with their credit balance."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import paging, search
from sandbox.stripe.call import Call, Routes, merged_metadata, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_currency
from sandbox.stripe.render import on_expand, render, short_list
from sandbox.stripe.resources import tax_ids
from sandbox.stripe.world import Account, Obj

routes = Routes()

PLAIN = (
    "address", "balance", "business_name", "description", "email", "individual_name", "invoice_prefix", "name",
    "next_invoice_sequence", "phone", "preferred_locales", "shipping", "tax_exempt",
)  # fmt: skip
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


@routes.post("/v1/customers", "CustomerCreateParams")
def create(call: Call) -> Obj:
    customer = _blank(call)
    _set(call, customer)
    call.add(customer, "customer.created")
    for given in call.params.get("tax_id_data") or []:
        tax_ids.make(call, customer, given["type"], given["value"])
    return render(call.account, customer)


def _blank(call: Call) -> Obj:
    return {
        "id": call.new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": call.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_prefix": call.account.world.new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }  # fmt: skip


@routes.get("/v1/customers", "CustomerListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("customer").values(), "email")
    return paging.listed(call, rows, "/v1/customers")


@routes.get("/v1/customers/search", "CustomerSearchParams")
def search_(call: Call) -> Obj:
    return search.found(call, call.account.kind("customer").values(), "/v1/customers/search")


@routes.get("/v1/customers/{id}", "CustomerRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.account.get("customer", call.ids["id"], even_deleted=True))


@routes.post("/v1/customers/{id}", "CustomerUpdateParams")
def update(call: Call) -> Obj:
    customer = call.get("customer")
    with call.updating(customer, "customer.updated"):
        _set(call, customer)
    return render(call.account, customer)


@routes.delete("/v1/customers/{id}", "CustomerDeleteParams")
def delete(call: Call) -> Obj:
    customer = call.get("customer")
    call.emit("customer.deleted", customer)
    customer_id, number = customer["id"], customer["_n"]
    customer.clear()
    customer.update({"id": customer_id, "object": "customer", "deleted": True, "_n": number})
    return render(call.account, customer)


def _set(call: Call, customer: Obj) -> None:
    params = call.params
    _check(params)
    update_fields(customer, params, PLAIN)
    for name in ("tax_exempt", "balance"):
        customer[name] = customer[name] or ("none" if name == "tax_exempt" else 0)
    if params.get("address"):
        customer["address"] = address(params["address"])
    if params.get("shipping"):
        given = params["shipping"]
        customer["shipping"] = {"phone": None, **given, "address": address(given.get("address") or {})}
    if params.get("invoice_settings"):
        customer["invoice_settings"] = customer["invoice_settings"] | params["invoice_settings"]
    if params.get("payment_method"):
        _attach(call, customer, params["payment_method"])


def _check(params: Obj) -> None:
    email, prefix = params.get("email"), params.get("invoice_prefix")
    if email is not None and (email.count("@") != 1 or len(email) > 512 or " " in email.strip()):
        raise InvalidRequest(f"Invalid email address: {email}", code="email_invalid", param="email")
    if prefix is not None and not (prefix.isalnum() and prefix == prefix.upper() and 1 <= len(prefix) <= 12):
        raise InvalidRequest("Invoice prefix must be 1-12 uppercase letters or numbers", param="invoice_prefix")
    merged_metadata({}, check_metadata(params.get("metadata")))


def check_metadata(given: Any) -> Any:
    """Refuse more than 50 keys, keys over 40 and values over 500 characters."""
    for key, value in (given or {}).items():
        if len(key) > 40 or "[" in key or "]" in key:
            raise InvalidRequest(f"Invalid metadata key: {key}", param="metadata")
        if len(str(value)) > 500:
            raise InvalidRequest(
                f"Metadata values can have up to 500 characters, but you passed in a value that is {len(value)} "
                f"characters. Invalid value: {value}",
                param=f"metadata[{key}]",
            )
    if len(given or {}) > 50:
        raise InvalidRequest("Metadata can have up to 50 keys", param="metadata")
    return given


def address(given: Obj) -> Obj:
    return {name: given.get(name) for name in _ADDRESS}


def _attach(call: Call, customer: Obj, payment_method: str) -> None:
    from sandbox.stripe.resources.payment_methods import attach_to, usable

    attach_to(call, usable(call, payment_method), customer)


def change_balance(call: Call, customer: Obj, amount: int, kind: str, invoice: Obj) -> Obj:
    """Move the balance (credit is negative) and write down why."""
    with call.updating(customer, "customer.updated"):
        customer["balance"] += amount
        customer["currency"] = customer["currency"] or invoice["currency"]
    return call.add(_balance_transaction(call, customer, amount, kind, invoice["currency"], invoice["id"], None))


def _balance_transaction(
    call: Call, customer: Obj, amount: int, kind: str, currency: str, invoice: str | None, text: str | None
) -> Obj:
    return {
        "id": call.new_id("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": call.now,
        "credit_note": None,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "description": text,
        "ending_balance": customer["balance"],
        "invoice": invoice,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


@routes.post("/v1/customers/{id}/balance_transactions", "CustomerBalanceTransactionCreateParams")
def adjust_balance(call: Call) -> Obj:
    customer = call.get("customer")
    params = call.params
    currency = check_currency(params["currency"])
    with call.updating(customer, "customer.updated"):
        customer["balance"] += params["amount"]
        customer["currency"] = customer["currency"] or currency
    made = _balance_transaction(
        call, customer, params["amount"], "adjustment", currency, None, params.get("description")
    )
    return render(call.account, call.add(made | {"metadata": params.get("metadata") or {}}))


@routes.get("/v1/customers/{id}/balance_transactions", "CustomerBalanceTransactionListParams")
def balance_transactions(call: Call) -> Obj:
    customer = call.get("customer")
    rows = call.account.kind("customer_balance_transaction").values()
    own = [row for row in rows if row["customer"] == customer["id"]]
    return paging.listed(call, own, f"/v1/customers/{customer['id']}/balance_transactions")


@on_expand("customer", "tax_ids")
def _tax_ids(account: Account, customer: Obj) -> Obj:
    return short_list(account, tax_ids.of(account, customer["id"]), f"/v1/customers/{customer['id']}/tax_ids")


@on_expand("customer", "sources")
def _sources(account: Account, customer: Obj) -> Obj:
    return short_list(account, [], f"/v1/customers/{customer['id']}/sources")


@on_expand("customer", "subscriptions")
def _subscriptions(account: Account, customer: Obj) -> Obj:
    return short_list(account, [], f"/v1/customers/{customer['id']}/subscriptions")


@on_expand("customer", "invoice_credit_balance")
def _credit_balance(_: Account, customer: Obj) -> Obj:
    return {customer["currency"]: customer["balance"]} if customer["currency"] else {}
