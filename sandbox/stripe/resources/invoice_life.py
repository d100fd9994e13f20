"""An invoice's life from finalization on: open, paid, void or uncollectible."""

from __future__ import annotations

from sandbox.stripe import totals
from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import CardError, InvalidRequest
from sandbox.stripe.money import minimum
from sandbox.stripe.render import always, on_expand, render
from sandbox.stripe.resources import invoice_payments, payment_intents, tax_ids
from sandbox.stripe.resources.customers import change_balance
from sandbox.stripe.world import Account, Obj

routes = Routes()

FROZEN = ("address", "email", "name", "phone", "shipping", "tax_exempt")


@routes.post("/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams")
def finalize_(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["status"] != "draft":
        raise InvalidRequest(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    if "auto_advance" in call.params:
        invoice["auto_advance"] = call.params["auto_advance"]
    finalize(call, invoice)
    if invoice["auto_advance"] and invoice["status"] == "open" and _is_automatic(invoice):
        call.account.later(lambda later: collect(later, invoice))
    return render(call.account, invoice)


def _is_automatic(invoice: Obj) -> bool:
    return bool(invoice["collection_method"] == "charge_automatically")


def finalize(call: Call, invoice: Obj) -> None:
    """draft -> open, or straight to paid when nothing is due."""
    customer = call.account.get("customer", invoice["customer"], "customer")
    with call.updating(invoice, "invoice.finalized", "invoice.updated"):
        _freeze(call, invoice, customer)
        totals.compute(call.account, invoice)
        _number(call, invoice, customer)
        _open(call, invoice)
        _use_balance(call, invoice, customer)
        if invoice["amount_due"] > 0:
            invoice_payments.make_default(call, invoice)
    _void_original(call, invoice)
    if invoice["amount_due"] == 0:
        mark_paid(call, invoice)


def _freeze(call: Call, invoice: Obj, customer: Obj) -> None:
    for name in FROZEN:
        invoice[f"customer_{name}"] = customer[name]
    invoice["customer_tax_ids"] = tax_ids_of(call.account, customer["id"])


def tax_ids_of(account: Account, customer_id: str) -> list[Obj]:
    return [{"type": own["type"], "value": own["value"]} for own in tax_ids.of(account, customer_id)]


def _number(call: Call, invoice: Obj, customer: Obj) -> None:
    with call.updating(customer, "customer.updated"):
        customer["currency"] = customer["currency"] or invoice["currency"]
        if invoice["number"] is None:
            invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
            customer["next_invoice_sequence"] += 1


def _open(call: Call, invoice: Obj) -> None:
    token = call.new_id("test")
    page = f"{call.base_url}/i/{call.account.id}/{token}"
    invoice["_token"] = token
    invoice |= {"status": "open", "hosted_invoice_url": f"{page}?s=ap", "invoice_pdf": f"{page}/pdf?s=ap"}
    invoice["automatically_finalizes_at"] = None
    invoice["effective_at"] = invoice["effective_at"] or call.now
    invoice["status_transitions"]["finalized_at"] = call.now
    if invoice["_days_until_due"] is not None:
        invoice["due_date"] = call.now + invoice["_days_until_due"] * 86_400


@always("invoice", "hosted_invoice_url")
def _hosted_url(account: Account, invoice: Obj) -> str | None:
    """The page's address says until when it is good; fetched anew, it is good for longer."""
    url = invoice["hosted_invoice_url"]
    return url and f"{url}&e={_good_until(invoice, account.world.clock.timestamp())}"


def _good_until(invoice: Obj, now: int) -> int:
    """docs.stripe.com/invoicing/hosted-invoice-page: 30 days after it is due, 120 at most; fetched late, 10 days."""
    day, finalized = 86_400, invoice["status_transitions"]["finalized_at"]
    usual = (invoice["due_date"] or finalized) + 30 * day
    return int(max(min(usual, finalized + 120 * day), now + 10 * day))


def _use_balance(call: Call, invoice: Obj, customer: Obj) -> None:
    """Credit pays first; what is left over of a negative invoice, or too small to charge, goes to the balance."""
    total, due, before = invoice["total"], invoice["amount_due"], customer["balance"]
    if total < 0:
        change_balance(call, customer, total, "applied_to_invoice", invoice)
    elif 0 < due < minimum(invoice["currency"]):
        invoice["amount_due"] = invoice["amount_remaining"] = 0
        change_balance(call, customer, total, "invoice_too_small", invoice)
    elif due != total:
        change_balance(call, customer, total - due, "applied_to_invoice", invoice)
    moved = customer["balance"] - before
    invoice["_balance_used"] = moved
    invoice["ending_balance"] = invoice["starting_balance"] + moved


def _void_original(call: Call, invoice: Obj) -> None:
    if not invoice["from_invoice"]:
        return
    original = call.account.get("invoice", invoice["from_invoice"]["invoice"])
    original["latest_revision"] = invoice["id"]
    if original["status"] in ("open", "uncollectible"):
        void(call, original)


def mark_paid(call: Call, invoice: Obj, *, attempted: bool = True) -> None:
    """Nothing remains: the invoice is paid. invoice.payment_succeeded tells of payments only, not of out-of-band."""
    events = ["invoice.updated", "invoice.paid"] + (["invoice.payment_succeeded"] if attempted else [])
    with call.updating(invoice, *events):
        invoice |= {"status": "paid", "next_payment_attempt": None, "attempted": True}
        invoice["status_transitions"]["paid_at"] = call.now
    invoice_payments.cancel_open(call, invoice)


def check_no_money(call: Call, invoice: Obj, what: str) -> None:
    if invoice_payments.has_money(call.account, invoice):
        raise InvalidRequest(
            f"You can't {what} an invoice that has payments that are open or paid.", code="invoice_has_payments"
        )


@routes.post("/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams")
def void_(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["status"] not in ("open", "uncollectible"):
        raise InvalidRequest(
            "You can only pass in open or uncollectible invoices. "
            f"This invoice isn't: its status is {invoice['status']}.",
            code="invoice_not_editable",
        )
    check_no_money(call, invoice, "void")
    void(call, invoice)
    return render(call.account, invoice)


def void(call: Call, invoice: Obj) -> None:
    with call.updating(invoice, "invoice.updated", "invoice.voided"):
        invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
        invoice["status_transitions"]["voided_at"] = call.now
    invoice_payments.cancel_open(call, invoice, "void_invoice")
    customer = call.account.kind("customer").get(invoice["customer"], {})
    if invoice.get("_balance_used") and customer and not customer.get("deleted"):
        change_balance(call, customer, -invoice["_balance_used"], "unapplied_from_invoice", invoice)


@routes.post("/v1/invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams")
def mark_uncollectible(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["status"] != "open":
        raise InvalidRequest(
            f"You can only mark open invoices as uncollectible; this one is {invoice['status']}.",
            code="invoice_not_editable",
        )
    if invoice_payments.has_open(call.account, invoice):
        raise InvalidRequest(
            "You can't mark an invoice uncollectible that has payments that are open.", code="invoice_has_payments"
        )
    with call.updating(invoice, "invoice.updated", "invoice.marked_uncollectible"):
        invoice |= {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
        invoice["status_transitions"]["marked_uncollectible_at"] = call.now
        invoice["status_details"] = {"uncollectible": {"reason": None}}
    return render(call.account, invoice)


@routes.post("/v1/invoices/{id}/send", "InvoiceSendInvoiceParams")
def send(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["collection_method"] != "send_invoice":
        raise InvalidRequest("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] not in ("draft", "open", "uncollectible"):
        raise InvalidRequest(f"You can't send an invoice that is {invoice['status']}.")
    customer = call.account.kind("customer").get(invoice["customer"], {})
    if not (customer.get("email") or invoice["customer_email"]):
        raise InvalidRequest("The customer must have an email to be sent an invoice.", param="customer")
    if invoice["status"] == "draft":
        finalize(call, invoice)
    call.emit("invoice.sent", invoice)
    return render(call.account, invoice)


@routes.post("/v1/invoices/{id}/pay", "InvoicePayParams")
def pay(call: Call) -> Obj:
    invoice = call.get("invoice")
    if invoice["status"] == "draft":
        finalize(call, invoice)
    if invoice["status"] == "paid":
        raise InvalidRequest("Invoice is already paid")
    if invoice["status"] == "void":
        raise InvalidRequest("Cannot pay a voided invoice", code="invoice_not_editable")
    if invoice_payments.in_flight(call.account, invoice):
        raise InvalidRequest("This invoice has a payment that is still processing.", code="invoice_has_payments")
    if call.params.get("paid_out_of_band"):
        pay_out_of_band(call, invoice)
    else:
        pay_with(call, invoice, _payment_method(call, invoice))
    return render(call.account, invoice)


def pay_out_of_band(call: Call, invoice: Obj) -> None:
    with call.updating(invoice, "invoice.updated", "invoice.paid"):
        invoice["_off_stripe"] += invoice["amount_remaining"]
        invoice |= {"amount_paid": invoice["amount_due"], "amount_remaining": 0, "attempted": True, "status": "paid"}
        invoice["next_payment_attempt"] = None
        invoice["status_transitions"]["paid_at"] = call.now
    invoice_payments.cancel_open(call, invoice)


def _payment_method(call: Call, invoice: Obj) -> str:
    given = call.params.get("payment_method") or call.params.get("source") or invoice["default_payment_method"]
    if given:
        return str(given)
    customer = call.account.get("customer", invoice["customer"], "customer")
    if not customer["invoice_settings"]["default_payment_method"]:
        raise InvalidRequest(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set one in order to use "
            "this endpoint, or pass `payment_method`.",
            code="resource_missing",
        )
    return str(customer["invoice_settings"]["default_payment_method"])


def pay_with(call: Call, invoice: Obj, payment_method: str) -> None:
    """Confirm the invoice's own payment intent; raises CardError after telling of the failure."""
    intent = invoice_payments.default_intent(call.account, invoice)
    payment_intents.confirm(call, intent, payment_method)
    if invoice["status"] != "paid":
        attempted(call, invoice, failed=intent["status"] == "requires_action")
    if intent["status"] == "requires_action":
        call.emit("invoice.payment_action_required", invoice)
        raise CardError(
            "Payment for this invoice requires additional user action before it can be completed successfully.",
            code="invoice_payment_intent_requires_action",
        )


def attempted(call: Call, invoice: Obj, *, failed: bool) -> None:
    """Count an attempt at the invoice's own payment, and tell when it failed."""
    with call.updating(invoice, "invoice.updated"):
        invoice["attempt_count"] += 1
        invoice["attempted"] = True
        if failed and invoice["auto_advance"] and _is_automatic(invoice):
            invoice["next_payment_attempt"] = call.now + 3 * 86_400
    if failed:
        call.emit("invoice.payment_failed", invoice)


def advance(call: Call, invoice: Obj) -> None:
    """What auto_advance does an hour after the draft was made."""
    if invoice["status"] != "draft" or not invoice["auto_advance"] or call.account.find(invoice["id"]) is None:
        return
    finalize(call, invoice)
    if _is_automatic(invoice):
        collect(call, invoice)
    else:
        call.emit("invoice.sent", invoice)


def collect(call: Call, invoice: Obj) -> None:
    """Try to charge the payment method on file; a failure is told by its events."""
    if invoice["status"] != "open":
        return
    try:
        pay_with(call, invoice, _payment_method(call, invoice))
    except CardError:
        return
    except InvalidRequest:
        attempted(call, invoice, failed=True)


@routes.post("/v1/invoices/{id}/attach_payment", "InvoiceAttachPaymentParams")
def attach_payment(call: Call) -> Obj:
    invoice = call.get("invoice")
    intent = call.named("payment_intent", "payment_intent")
    record = call.named("payment_record", "payment_record")
    if (intent is None) == (record is None):
        raise InvalidRequest("You must provide exactly one of payment_intent and payment_record.")
    if invoice["status"] not in ("open", "uncollectible"):
        raise InvalidRequest(f"You can't attach a payment to an invoice that is {invoice['status']}.")
    if intent is not None:
        invoice_payments.attach_intent(call, invoice, intent)
    elif record is not None:
        invoice_payments.attach_record(call, invoice, record)
    return render(call.account, invoice)


@on_expand("invoice", "amount_paid_off_stripe")
def _off_stripe(_: Account, invoice: Obj) -> int:
    return int(invoice["_off_stripe"])


@on_expand("invoice", "confirmation_secret")
def _confirmation_secret(account: Account, invoice: Obj) -> Obj | None:
    if invoice["status"] != "open":
        return None
    intent = invoice_payments.default_intent(account, invoice)
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}
