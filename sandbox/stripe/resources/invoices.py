"""Invoices: made, changed, listed and deleted. What happens to them from finalization on is in `invoice_life`."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import paging, search, totals
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_currency
from sandbox.stripe.render import always, copy, render
from sandbox.stripe.resources import invoice_life, invoice_lines
from sandbox.stripe.resources.coupons import make_discounts
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.world import Account, Obj

routes = Routes()
routes.all.extend(invoice_life.routes.all)

DAY = 86_400

_PLAIN = (
    "account_tax_ids", "auto_advance", "custom_fields", "default_payment_method", "default_source", "description",
    "effective_at", "footer", "number", "rendering", "shipping_details", "statement_descriptor",
)  # fmt: skip
_WITH_REVISION = frozenset(("auto_advance", "expand", "from_invoice", "metadata"))
_AFTER_FINALIZATION = frozenset(
    ("auto_advance", "default_payment_method", "default_source", "expand", "metadata", "payment_settings")
)


@routes.post("/v1/invoices", "InvoiceCreateParams")
def create(call: Call) -> Obj:
    revised = call.params.get("from_invoice")
    invoice = _revision(call, revised) if revised else _new(call)
    call.add(invoice)
    _take_pending_items(call, invoice)
    totals.compute(call.account, invoice)
    call.emit("invoice.created", invoice)
    if invoice["auto_advance"]:
        invoice["automatically_finalizes_at"] = invoice["automatically_finalizes_at"] or call.now + 3600
        call.account.at(invoice["automatically_finalizes_at"], lambda later: invoice_life.advance(later, invoice))
    return render(call.account, invoice)


def _new(call: Call) -> Obj:
    customer = call.named("customer", "customer")
    if customer is None:
        raise InvalidRequest("Missing required param: customer.", code="parameter_missing", param="customer")
    default = customer["currency"] or call.account.settings.settlement_currency
    invoice = _blank(call, customer, check_currency(call.params.get("currency") or default))
    _set(call, invoice)
    return invoice


def _blank(call: Call, customer: Obj, currency: str) -> Obj:
    return {
        "id": call.new_id("in"),
        "object": "invoice",
        "account_country": call.account.country,
        "account_name": call.account.name,
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": call.now,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": call.now,
        "period_start": call.now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": call.now,
        "_lines": [],
        "_default_tax_rates": [],
        "_days_until_due": None,
        "_off_stripe": 0,
    }  # fmt: skip


def _set(call: Call, invoice: Obj) -> None:
    params = call.params
    _check(call, params, str(params.get("collection_method", invoice["collection_method"])))
    update_fields(invoice, params, (*_PLAIN, "automatically_finalizes_at"))
    invoice["auto_advance"] = bool(invoice["auto_advance"])
    if "collection_method" in params:
        invoice["collection_method"] = params["collection_method"]
    if "days_until_due" in params:
        invoice["_days_until_due"] = params["days_until_due"]
        invoice["due_date"] = invoice["created"] + params["days_until_due"] * DAY
    if "due_date" in params:
        invoice["due_date"], invoice["_days_until_due"] = params["due_date"], None
    if "default_tax_rates" in params:
        rates = params["default_tax_rates"] or []
        invoice["default_tax_rates"] = [call.account.get("tax_rate", r, "default_tax_rates") for r in rates]
        invoice["_default_tax_rates"] = list(rates)
    if "discounts" in params:
        of = {"customer": invoice["customer"], "invoice": invoice["id"]}
        invoice["discounts"] = make_discounts(call, params["discounts"], **of)
    if params.get("payment_settings"):
        invoice["payment_settings"] = invoice["payment_settings"] | params["payment_settings"]
    if "shipping_cost" in params:
        invoice["shipping_cost"] = _shipping(call, invoice, params["shipping_cost"])
    _check_named(call, params)


def _check(call: Call, params: Obj, collection_method: str) -> None:
    check_metadata(params.get("metadata"))
    for name in ("days_until_due", "due_date"):
        if params.get(name) is not None and collection_method != "send_invoice":
            raise InvalidRequest(f"You can only set `{name}` if `collection_method` is `send_invoice`.", param=name)
    if params.get("days_until_due") is not None and params.get("due_date") is not None:
        raise InvalidRequest(
            "You may only specify one of these parameters: days_until_due, due_date.", param="due_date"
        )
    if params.get("due_date") is not None and params["due_date"] <= call.now:
        raise InvalidRequest("The due date must be in the future.", param="due_date")
    if len(params.get("custom_fields") or []) > 4:
        raise InvalidRequest("You may have up to 4 custom fields.", param="custom_fields")
    if len(params.get("number") or "") > 26:
        raise InvalidRequest("Invoice numbers can have up to 26 characters.", param="number")


def _check_named(call: Call, params: Obj) -> None:
    if params.get("default_payment_method"):
        call.account.get("payment_method", params["default_payment_method"], "default_payment_method")


def _shipping(call: Call, invoice: Obj, given: Any) -> Obj | None:
    if not given:
        return None
    if not given.get("shipping_rate_data"):
        raise InvalidRequest("The sandbox takes shipping_cost[shipping_rate_data] only.", param="shipping_cost")
    fixed = given["shipping_rate_data"].get("fixed_amount") or {"amount": 0, "currency": invoice["currency"]}
    if fixed["currency"].lower() != invoice["currency"]:
        raise InvalidRequest("The shipping rate's currency is not that of the invoice.", param="shipping_cost")
    return {
        "amount_subtotal": fixed["amount"],
        "amount_tax": 0,
        "amount_total": fixed["amount"],
        "shipping_rate": call.new_id("shr"),
        "taxes": [],
    }


def _take_pending_items(call: Call, invoice: Obj) -> None:
    if call.params.get("pending_invoice_items_behavior", "exclude") != "include":
        return
    pending = [
        item
        for item in call.account.kind("invoiceitem").values()
        if item["invoice"] is None
        and (item["customer"], item["currency"]) == (invoice["customer"], invoice["currency"])
    ]
    for item in pending[: invoice_lines.MOST_LINES]:
        invoice_lines.add_line(call, invoice, item)


def _revision(call: Call, given: Obj) -> Obj:
    """A draft with everything the original has; finalizing it voids the original."""
    original = call.account.get("invoice", given["invoice"], "from_invoice[invoice]")
    if original["status"] not in ("open", "uncollectible"):
        raise InvalidRequest("You can only revise invoices that are open or uncollectible.", param="from_invoice")
    if original["parent"] and original["parent"]["type"] == "subscription_details":
        raise InvalidRequest("You can't revise an invoice of a subscription.", param="from_invoice")
    other = sorted(set(call.params) - _WITH_REVISION)
    if other:
        raise InvalidRequest(f"The sandbox takes no {other[0]} with from_invoice.", param=other[0])
    check_metadata(call.params.get("metadata"))
    invoice_life.check_no_money(call, original, "revise")
    invoice = _blank(call, call.account.get("customer", original["customer"]), original["currency"])
    kept = (*_PLAIN, "collection_method", "discounts", "default_tax_rates", "_default_tax_rates", "shipping_cost")
    invoice |= {name: original[name] for name in (*kept, "metadata", "payment_settings", "due_date")}
    invoice |= {"number": None, "effective_at": None, "auto_advance": bool(call.params.get("auto_advance"))}
    update_fields(invoice, call.params, ())
    invoice["from_invoice"] = {"action": "revision", "invoice": original["id"]}
    call.account.add(invoice)
    for line in totals.lines_of(call.account, original):
        item = call.account.kind("invoiceitem")[line["parent"]["invoice_item_details"]["invoice_item"]]
        clone = item | {"id": call.new_id("ii"), "date": call.now}
        invoice_lines.add_line(call, invoice, call.account.add(clone))
    return invoice


@routes.get("/v1/invoices", "InvoiceListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("invoice").values(), "customer", "status", "collection_method")
    if "subscription" in call.params:
        rows = []
    if "due_date" in call.params:
        rows = [row for row in rows if paging.within(row["due_date"] or 0, call.params["due_date"])]
    return paging.listed(call, rows, "/v1/invoices")


@routes.get("/v1/invoices/search", "InvoiceSearchParams")
def search_(call: Call) -> Obj:
    return search.found(call, call.account.kind("invoice").values(), "/v1/invoices/search")


@routes.get("/v1/invoices/{id}", "InvoiceRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("invoice"))


@routes.post("/v1/invoices/{id}", "InvoiceUpdateParams")
def update(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["status"] != "draft":
        _check_soft(call.params)
    with call.updating(invoice, "invoice.updated"):
        if invoice["status"] == "draft":
            _set(call, invoice)
            totals.compute(call.account, invoice)
        else:
            _set_soft(invoice, call.params)
    return render(call.account, invoice)


def _check_soft(params: Obj) -> None:
    refused = sorted(set(params) - _AFTER_FINALIZATION)
    if refused:
        raise InvalidRequest(
            f"Finalized invoices can't be updated in this way: {', '.join(refused)}",
            code="invoice_not_editable",
            param=refused[0],
        )
    check_metadata(params.get("metadata"))


def _set_soft(invoice: Obj, params: Obj) -> None:
    update_fields(invoice, params, ("auto_advance", "default_payment_method", "default_source"))
    if params.get("payment_settings"):
        invoice["payment_settings"] = invoice["payment_settings"] | params["payment_settings"]


@routes.delete("/v1/invoices/{id}", "InvoiceDeleteParams")
def delete(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["status"] != "draft":
        raise InvalidRequest("You can only delete draft invoices.", code="invoice_not_editable")
    for line in list(invoice["_lines"]):
        item = call.account.kind("line_item")[line]["parent"]["invoice_item_details"]["invoice_item"]
        call.account.remove(call.account.kind("invoiceitem")[item])
    call.emit("invoice.deleted", invoice)
    call.account.remove(invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def _of_customer(name: str) -> None:
    """Until finalization the invoice shows what the customer has now, from then on what it had."""

    @always("invoice", f"customer_{name}")
    def now_or_then(account: Account, invoice: Obj) -> Any:
        customer = account.kind("customer").get(invoice["customer"] or "", {})
        if invoice["status"] != "draft" or customer.get("deleted"):
            return invoice[f"customer_{name}"]
        return copy(customer.get(name))


@always("invoice", "customer_tax_ids")
def _tax_ids(account: Account, invoice: Obj) -> Any:
    draft = invoice["status"] == "draft"
    return invoice_life.tax_ids_of(account, invoice["customer"]) if draft else invoice["customer_tax_ids"]


for _name in invoice_life.FROZEN:
    _of_customer(_name)
