"""Tax rates."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.render import render
from sandbox.stripe.world import Obj

routes = Routes()

_FIELDS = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")


@routes.post("/v1/tax_rates", "TaxRateCreateParams")
def create(call: Call) -> Obj:
    if not 0 <= call.params["percentage"] <= 100:
        raise InvalidRequest("Percentage must be between 0 and 100", param="percentage")
    rate = {
        "id": call.new_id("txr"),
        "object": "tax_rate",
        "active": True,
        "country": None,
        "created": call.now,
        "description": None,
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": call.params["inclusive"],
        "jurisdiction": None,
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": {},
        "percentage": call.params["percentage"],
        "rate_type": "percentage",
        "state": None,
        "tax_type": None,
    }
    update_fields(rate, call.params, _FIELDS)
    return render(call.account, call.add(rate, "tax_rate.created"))


@routes.get("/v1/tax_rates", "TaxRateListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("tax_rate").values(), "active", "inclusive")
    return paging.listed(call, rows, "/v1/tax_rates")


@routes.get("/v1/tax_rates/{id}", "TaxRateRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("tax_rate"))


@routes.post("/v1/tax_rates/{id}", "TaxRateUpdateParams")
def update(call: Call) -> Obj:
    rate = call.get("tax_rate")
    with call.updating(rate, "tax_rate.updated"):
        update_fields(rate, call.params, _FIELDS)
    return render(call.account, rate)
