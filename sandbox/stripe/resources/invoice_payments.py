"""Invoice payments: which payment pays which invoice, and how much of it."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.render import on_expand, render, short_list
from sandbox.stripe.resources import payment_intents
from sandbox.stripe.resources.customers import change_balance
from sandbox.stripe.world import Account, Obj

routes = Routes()


def of_invoice(account: Account, invoice: Obj) -> list[Obj]:
    kept = account.kind("invoice_payment")
    return [kept[payment] for payment in invoice.get("_payments", [])]


def of_intent(account: Account, intent: Obj) -> list[Obj]:
    kept = account.kind("invoice_payment")
    return [kept[payment] for payment in intent.get("_invoice_payments", [])]


def make_default(call: Call, invoice: Obj) -> None:
    """The payment every open invoice has from finalization on, with a payment intent of its own."""
    intent = payment_intents.for_invoice(call, invoice)
    _make(call, invoice, intent["amount"], {"type": "payment_intent", "payment_intent": intent["id"]}, default=True)


def _make(call: Call, invoice: Obj, requested: int, payment: Obj, *, default: bool) -> Obj:
    made = {
        "id": call.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": requested,
        "created": call.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": default,
        "livemode": False,
        "payment": payment,
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    invoice.setdefault("_payments", []).append(made["id"])
    if "payment_intent" in payment:
        intent = call.account.kind("payment_intent")[payment["payment_intent"]]
        intent.setdefault("_invoice_payments", []).append(made["id"])
    return call.add(made)


def default_intent(account: Account, invoice: Obj) -> Obj:
    for payment in of_invoice(account, invoice):
        if payment["is_default"]:
            return _intent(account, payment) or {}
    raise InvalidRequest("This invoice has no payment to confirm.")


def _intent(account: Account, payment: Obj) -> Obj | None:
    return account.kind("payment_intent").get(payment["payment"].get("payment_intent", ""))


def in_flight(account: Account, invoice: Obj) -> bool:
    """Whether money is on its way: a payment that a bank hasn't confirmed yet."""
    intents = (_intent(account, payment) for payment in of_invoice(account, invoice) if payment["status"] == "open")
    return any(intent is not None and intent["status"] == "processing" for intent in intents)


def has_open(account: Account, invoice: Obj) -> bool:
    """Open payments; the default one counts only once money is on its way."""
    others = (payment for payment in of_invoice(account, invoice) if not payment["is_default"])
    return in_flight(account, invoice) or any(payment["status"] == "open" for payment in others)


def has_money(account: Account, invoice: Obj) -> bool:
    return has_open(account, invoice) or any(p["status"] == "paid" for p in of_invoice(account, invoice))


def attach_intent(call: Call, invoice: Obj, intent: Obj) -> None:
    if intent["currency"] != invoice["currency"]:
        raise InvalidRequest("The payment intent's currency is not that of the invoice.", param="payment_intent")
    if intent["customer"] != invoice["customer"]:
        raise InvalidRequest("The payment intent's customer is not that of the invoice.", param="payment_intent")
    if intent["status"] == "canceled":
        raise InvalidRequest("The payment intent is canceled.", param="payment_intent")
    if any(payment["invoice"] == invoice["id"] for payment in of_intent(call.account, intent)):
        raise InvalidRequest("The payment intent is already attached to this invoice.", param="payment_intent")
    available = intent["amount"] - _spoken_for(call.account, intent)
    if available <= 0 or (intent["amount"] > invoice["amount_remaining"] and not of_intent(call.account, intent)):
        raise InvalidRequest(
            "The payment intent's amount is more than what remains to be paid on the invoice.", param="payment_intent"
        )
    allot(call, invoice, intent, min(available, invoice["amount_remaining"]))


def allot(call: Call, invoice: Obj, intent: Obj, amount: int) -> None:
    """Let the payment intent pay this much of the invoice, now or when it succeeds."""
    paid_by = {"type": "payment_intent", "payment_intent": intent["id"]}
    payment = _make(call, invoice, amount, paid_by, default=False)
    if intent["status"] == "succeeded":
        _credit(call, payment)


def _spoken_for(account: Account, intent: Obj) -> int:
    live = (payment for payment in of_intent(account, intent) if payment["status"] != "canceled")
    return sum(payment["amount_requested"] for payment in live)


def attach_record(call: Call, invoice: Obj, record: Obj) -> None:
    amount = record["amount_guaranteed"]
    if amount["currency"] != invoice["currency"] or not 0 < amount["value"] <= invoice["amount_remaining"]:
        raise InvalidRequest(
            "The payment record must be guaranteed, in the invoice's currency, and of no more than what remains.",
            param="payment_record",
        )
    if record.get("_invoice"):
        raise InvalidRequest("The payment record is already attached to an invoice.", param="payment_record")
    record["_invoice"] = invoice["id"]
    payment = {"type": "payment_record", "payment_record": record["id"]}
    _credit(call, _make(call, invoice, amount["value"], payment, default=False))


def intent_succeeded(call: Call, intent: Obj) -> None:
    """Credit the invoices that this payment is for; called by payment intents."""
    for payment in of_intent(call.account, intent):
        if payment["status"] == "open":
            _credit(call, payment)


def intent_failed(call: Call, intent: Obj, *, at_once: bool) -> None:
    """Tell of the failure of an invoice's own payment; a debit's attempt was counted when it was made."""
    from sandbox.stripe.resources import invoice_life

    for payment in of_intent(call.account, intent):
        invoice = call.account.get("invoice", payment["invoice"])
        if at_once and payment["is_default"]:
            invoice_life.attempted(call, invoice, failed=True)
        else:
            call.emit("invoice.payment_failed", invoice)


def _credit(call: Call, payment: Obj) -> None:
    from sandbox.stripe.resources import invoice_life

    invoice = call.account.get("invoice", payment["invoice"])
    received = payment["amount_requested"]
    applied = min(received, invoice["amount_remaining"])
    payment |= {"amount_paid": received, "status": "paid"}
    payment["status_transitions"]["paid_at"] = call.now
    call.emit("invoice_payment.paid", payment)
    with call.updating(invoice, *([] if applied == invoice["amount_remaining"] else ["invoice.updated"])):
        invoice["amount_paid"] += applied
        invoice["amount_remaining"] -= applied
        invoice["_off_stripe"] += applied if payment["payment"]["type"] == "payment_record" else 0
        if payment["is_default"]:
            invoice["attempt_count"] += 1
    if received > applied:
        _overpaid(call, invoice, received - applied)
    if invoice["amount_remaining"]:
        _resize_default(call, invoice)
    elif invoice["status"] != "paid":
        invoice_life.mark_paid(call, invoice)


def _overpaid(call: Call, invoice: Obj, excess: int) -> None:
    with call.updating(invoice, "invoice.updated", "invoice.overpaid"):
        invoice["amount_overpaid"] += excess
    customer = call.account.get("customer", invoice["customer"])
    change_balance(call, customer, -excess, "invoice_overpaid", invoice)


def _resize_default(call: Call, invoice: Obj) -> None:
    for payment in of_invoice(call.account, invoice):
        intent = _intent(call.account, payment)
        if payment["is_default"] and payment["status"] == "open" and intent and intent["status"] != "processing":
            payment["amount_requested"] = intent["amount"] = invoice["amount_remaining"]


def cancel_open(call: Call, invoice: Obj, reason: str = "automatic") -> None:
    """Call off the default payment when nothing is left for it to do; others keep waiting for their money."""
    for payment in of_invoice(call.account, invoice):
        intent = _intent(call.account, payment)
        if payment["status"] != "open" or not payment["is_default"] or (intent and intent["status"] == "processing"):
            continue
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = call.now
        if intent is not None:
            payment_intents.cancel(call, intent, reason)


@on_expand("invoice", "payments")
def _payments(account: Account, invoice: Obj) -> Obj:
    rows = list(reversed(of_invoice(account, invoice)))
    return short_list(account, rows, f"/v1/invoice_payments?invoice={invoice['id']}")


@routes.get("/v1/invoice_payments", "InvoicePaymentListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, _scope(call), "invoice", "status")
    asked = call.params.get("payment")
    return paging.listed(call, [row for row in rows if _is_of(row, asked)], "/v1/invoice_payments")


def _scope(call: Call) -> list[Obj]:
    intent = call.account.kind("payment_intent").get((call.params.get("payment") or {}).get("payment_intent", ""))
    if intent is not None:
        return of_intent(call.account, intent)
    invoice = call.account.kind("invoice").get(call.params.get("invoice", ""))
    if invoice is not None:
        return of_invoice(call.account, invoice)
    return list(call.account.kind("invoice_payment").values())


def _is_of(row: Obj, asked: Any) -> bool:
    if not asked:
        return True
    kind = asked["type"]
    if kind not in asked:
        raise InvalidRequest(f"Missing required param: payment[{kind}].", code="parameter_missing", param="payment")
    return bool(row["payment"].get(kind) == asked[kind])


@routes.get("/v1/invoice_payments/{id}", "InvoicePaymentRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("invoice_payment"))
