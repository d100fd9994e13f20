"""Payment records: payments made elsewhere and reported to Stripe."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_amount, check_currency
from sandbox.stripe.render import render
from sandbox.stripe.world import Obj

routes = Routes()


@routes.post("/v1/payment_records/report_payment", "PaymentRecordReportPaymentParams")
def report_payment(call: Call) -> Obj:
    params = call.params
    asked = params["amount_requested"]
    currency = check_currency(asked["currency"], "amount_requested[currency]")
    value = check_amount(asked["value"], currency, "amount_requested[value]")
    outcome = params.get("outcome")
    if outcome and not params.get(outcome):
        raise InvalidRequest(f"Missing required param: {outcome}.", code="parameter_missing", param=outcome)
    none = {"currency": currency, "value": 0}
    whole = {"currency": currency, "value": value}
    made = {
        "id": call.new_id("pr"),
        "object": "payment_record",
        "amount": whole,
        "amount_authorized": whole if outcome == "guaranteed" else none,
        "amount_canceled": whole if outcome == "canceled" else none,
        "amount_failed": whole if outcome == "failed" else none,
        "amount_guaranteed": whole if outcome == "guaranteed" else none,
        "amount_refunded": none,
        "amount_requested": whole,
        "application": None,
        "created": call.now,
        "customer_details": _customer_details(params),
        "customer_presence": params.get("customer_presence"),
        "description": params.get("description"),
        "latest_payment_attempt_record": call.new_id("par"),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "payment_method_details": _method_details(call, params["payment_method_details"]),
        "processor_details": _processor(params.get("processor_details")),
        "reported_by": "self",
        "shipping_details": params.get("shipping_details"),
    }
    return render(call.account, call.add(made))


def _customer_details(params: Obj) -> Obj | None:
    given = params.get("customer_details")
    return {name: (given or {}).get(name) for name in ("customer", "email", "name", "phone")} if given else None


def _method_details(call: Call, given: Obj) -> Obj:
    kind = given.get("type", "custom")
    details: Obj = {
        "billing_details": given.get("billing_details"),
        "payment_method": given.get("payment_method"),
        "type": kind,
    }
    if kind == "custom":
        custom = given.get("custom") or {}
        details["custom"] = {"display_name": custom.get("display_name") or "Custom", "type": custom.get("type")}
    return details


def _processor(given: Obj | None) -> Obj:
    custom = (given or {}).get("custom") or {}
    return {"type": "custom", "custom": {"payment_reference": custom.get("payment_reference")}}


@routes.get("/v1/payment_records", "PaymentRecordListParams")
def list_(call: Call) -> Obj:
    after, before = call.params.get("created_after", 0), call.params.get("created_before")
    rows = [
        row
        for row in call.account.kind("payment_record").values()
        if row["created"] > after and (before is None or row["created"] < before)
    ]
    return paging.listed(call, rows, "/v1/payment_records")


@routes.get("/v1/payment_records/{id}", "PaymentRecordRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("payment_record"))
