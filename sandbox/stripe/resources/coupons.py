"""Coupons, and the discounts they become on invoices."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_currency
from sandbox.stripe.render import render
from sandbox.stripe.world import Account, Obj

routes = Routes()


@routes.post("/v1/coupons", "CouponCreateParams")
def create(call: Call) -> Obj:
    params = call.params
    if (params.get("percent_off") is None) == (params.get("amount_off") is None):
        raise InvalidRequest("You must pass either `amount_off` or `percent_off`, and not both.")
    if params.get("amount_off") is not None and not params.get("currency"):
        raise InvalidRequest("You must pass `currency` when passing `amount_off`.", param="currency")
    coupon = {
        "id": params.get("id") or call.new_id("coupon")[7:15],
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": call.now,
        "currency": check_currency(params["currency"]) if params.get("currency") else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": params.get("percent_off"),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    return render(call.account, call.add(coupon, "coupon.created"))


@routes.get("/v1/coupons", "CouponListParams")
def list_(call: Call) -> Obj:
    return paging.listed(call, paging.matching(call, call.account.kind("coupon").values()), "/v1/coupons")


@routes.get("/v1/coupons/{id}", "CouponRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("coupon"))


@routes.post("/v1/coupons/{id}", "CouponUpdateParams")
def update(call: Call) -> Obj:
    coupon = call.get("coupon")
    with call.updating(coupon, "coupon.updated"):
        update_fields(coupon, call.params, ("name",))
    return render(call.account, coupon)


@routes.delete("/v1/coupons/{id}", "CouponDeleteParams")
def delete(call: Call) -> Obj:
    coupon = call.get("coupon")
    call.account.remove(coupon)
    call.emit("coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def make_discounts(call: Call, given: Iterable[Obj] | None, **of: str | None) -> list[str]:
    """Discount ids for the `discounts` parameter; `of` says what they are on."""
    return [_discount(call, each, of)["id"] for each in given or []]


def _discount(call: Call, given: Obj, of: dict[str, str | None]) -> Obj:
    if given.get("discount"):
        return call.account.get("discount", given["discount"], "discounts")
    if not given.get("coupon"):
        raise InvalidRequest("Each discount needs a coupon or an existing discount.", param="discounts")
    coupon = call.account.get("coupon", given["coupon"], "discounts[coupon]")
    coupon["times_redeemed"] += 1
    made: Obj = {
        "id": call.new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": None,
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": call.now,
        "subscription": None,
        "subscription_item": None,
        "_percent_off": coupon["percent_off"],
        "_amount_off": coupon["amount_off"],
    }
    return call.add(made | of)


def taken_off(account: Account, discount_id: str, base: int) -> Decimal:
    """What a discount takes off `base` minor units, never more than all of it."""
    discount = account.kind("discount")[discount_id]
    if discount["_percent_off"] is not None:
        return Decimal(base) * Decimal(str(discount["_percent_off"])) / 100
    return min(Decimal(discount["_amount_off"]), Decimal(max(base, 0)))
