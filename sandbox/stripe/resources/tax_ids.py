"""Tax ids of customers."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import Missing
from sandbox.stripe.render import render
from sandbox.stripe.world import Account, Obj

routes = Routes()

_PATH = "/v1/customers/{customer}/tax_ids"


def of(account: Account, customer_id: str) -> list[Obj]:
    return [row for row in account.kind("tax_id").values() if row["customer"] == customer_id]


def make(call: Call, customer: Obj, kind: str, value: str) -> Obj:
    made = {
        "id": call.new_id("txi"),
        "object": "tax_id",
        "country": None if kind in ("eu_vat", "unknown", "eu_oss_vat") else kind[:2].upper(),
        "created": call.now,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "owner": {
            "account": None, "application": None, "customer": customer["id"], "customer_account": None,
            "type": "customer",
        },
        "type": kind,
        "value": value,
        "verification": {"status": "unavailable", "verified_address": None, "verified_name": None},
    }  # fmt: skip
    if kind == "eu_vat":
        made["country"] = value[:2].upper()
    return call.add(made, "customer.tax_id.created")


@routes.post(_PATH, "CustomerTaxIdCreateParams")
def create(call: Call) -> Obj:
    customer = call.get("customer", "customer")
    return render(call.account, make(call, customer, call.params["type"], call.params["value"]))


@routes.get(_PATH, "CustomerTaxIdListParams")
def list_(call: Call) -> Obj:
    customer = call.get("customer", "customer")
    return paging.listed(call, of(call.account, customer["id"]), f"/v1/customers/{customer['id']}/tax_ids")


@routes.get(_PATH + "/{id}", "CustomerTaxIdRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, _owned(call))


@routes.delete(_PATH + "/{id}", "CustomerTaxIdDeleteParams")
def delete(call: Call) -> Obj:
    tax_id = _owned(call)
    call.account.remove(tax_id)
    call.emit("customer.tax_id.deleted", tax_id)
    return {"id": tax_id["id"], "object": "tax_id", "deleted": True}


def _owned(call: Call) -> Obj:
    tax_id = call.get("tax_id")
    if tax_id["customer"] != call.ids["customer"]:
        raise Missing("tax_id", tax_id["id"])
    return tax_id
