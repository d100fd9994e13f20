"""Payment intents: from requires_payment_method to succeeded, by card at once, by bank debit some days later."""

from __future__ import annotations

from sandbox.stripe import paging, search
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_chargeable, check_currency
from sandbox.stripe.render import render
from sandbox.stripe.resources import charges, disputes
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.resources.payment_methods import Test, attach_to, behaviour, declined, usable
from sandbox.stripe.world import Obj

routes = Routes()

_REMOVED = ("payment_method_types",)
_PLAIN = (
    "description", "receipt_email", "setup_future_usage", "shipping", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_group",
)  # fmt: skip
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@routes.post("/v1/payment_intents", "PaymentIntentCreateParams", before_endive=_REMOVED)
def create(call: Call) -> Obj:
    params = call.params
    check_metadata(params.get("metadata"))
    currency = check_currency(params["currency"])
    customer = call.named("customer", "customer")
    intent = new_intent(call, check_chargeable(params["amount"], currency), currency)
    intent["customer"] = customer["id"] if customer else None
    update_fields(intent, params, _PLAIN)
    intent["capture_method"] = params.get("capture_method") or "automatic_async"
    intent["confirmation_method"] = params.get("confirmation_method") or "automatic"
    if params.get("payment_method"):
        _use(call, intent, params["payment_method"])
    elif params.get("payment_method_data") or params.get("confirm"):
        _refuse_without_method(params)
    call.add(intent, "payment_intent.created")
    if params.get("confirm"):
        confirm(call, intent)
    return render(call.account, intent)


def _refuse_without_method(params: Obj) -> None:
    if params.get("payment_method_data"):
        raise InvalidRequest(
            "The sandbox takes `payment_method`, not `payment_method_data`.", param="payment_method_data"
        )
    raise InvalidRequest(
        "You cannot confirm this PaymentIntent because it's missing a payment method.",
        code="payment_intent_unexpected_state",
    )


def new_intent(call: Call, amount: int, currency: str) -> Obj:
    intent_id = call.new_id("pi")
    secret = call.account.world.new_id("secret", 25)
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_{secret}",
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card", "us_bank_account"] if currency == "usd" else ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def for_invoice(call: Call, invoice: Obj) -> Obj:
    intent = new_intent(call, invoice["amount_due"], invoice["currency"])
    types = invoice["payment_settings"]["payment_method_types"]
    intent |= {
        "customer": invoice["customer"],
        "description": "Payment for Invoice",
        "payment_method_types": types or intent["payment_method_types"],
        "_of_invoice": invoice["id"],
    }
    return call.add(intent, "payment_intent.created")


def _use(call: Call, intent: Obj, payment_method_id: str) -> None:
    payment_method = usable(call, payment_method_id)
    if payment_method["customer"] is not None and payment_method["customer"] != intent["customer"]:
        raise InvalidRequest(
            "The provided PaymentMethod belongs to a Customer other than that of the PaymentIntent.",
            param="payment_method",
        )
    intent["payment_method"] = payment_method["id"]
    intent["status"] = "requires_confirmation"


def confirm(call: Call, intent: Obj, payment_method: str | None = None) -> None:
    """Pay with it, or with the one set before. Raises CardError when declined, after telling so by events."""
    if intent["status"] not in _CONFIRMABLE:
        raise InvalidRequest(
            f"This PaymentIntent's status is {intent['status']}: it can't be confirmed.",
            code="payment_intent_unexpected_state",
        )
    if payment_method:
        _use(call, intent, payment_method)
    if not intent["payment_method"]:
        _refuse_without_method({})
    method = call.account.get("payment_method", intent["payment_method"])
    test = behaviour(method)
    intent["last_payment_error"] = None
    if test.action:
        _ask_for_action(call, intent)
    elif test.kind == "us_bank_account":
        _debit(call, intent, method)
    elif test.decline:
        raise _decline(call, intent, method, test)
    else:
        _succeed_by_card(call, intent, method)


def _ask_for_action(call: Call, intent: Obj) -> None:
    intent["status"] = "requires_action"
    intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    call.emit("payment_intent.requires_action", intent)


def _succeed_by_card(call: Call, intent: Obj, method: Obj) -> None:
    manual = intent["capture_method"] == "manual"
    charge = charges.make(call, intent, method, status="succeeded", captured=not manual)
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    if intent["setup_future_usage"] and intent["customer"]:
        attach_to(call, method, call.account.get("customer", intent["customer"]))
    if manual:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.amount_capturable_updated", intent)
        return
    charges.settle_funds(call, charge, intent)
    call.emit("charge.succeeded", charge)
    _succeeded(call, intent, intent["amount"])


def _succeeded(call: Call, intent: Obj, received: int) -> None:
    from sandbox.stripe.resources import invoice_payments

    intent |= {"status": "succeeded", "amount_received": received, "amount_capturable": 0, "processing": None}
    call.emit("payment_intent.succeeded", intent)
    invoice_payments.intent_succeeded(call, intent)
    charge = call.account.get("charge", intent["latest_charge"])
    method = call.account.get("payment_method", charge["payment_method"])
    disputes.as_test_card(call, charge, behaviour(method).disputes)


def _decline(call: Call, intent: Obj, method: Obj, test: Test) -> Exception:
    charge = charges.make(call, intent, method, status="failed", captured=False)
    error = declined(test, charge=charge["id"])
    charge |= {"failure_code": error.code, "failure_message": error.message}
    _failed(call, intent, charge, error.envelope("")["error"], method)
    return declined(test, charge=charge["id"], payment_intent=render(call.account, intent))


def _failed(call: Call, intent: Obj, charge: Obj, error: Obj, method: Obj, *, at_once: bool = True) -> None:
    from sandbox.stripe.resources import invoice_payments

    kept = {name: value for name, value in error.items() if name != "request_log_url"}
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "payment_method": None,
        "processing": None,
        "last_payment_error": kept | {"charge": charge["id"], "payment_method": render(call.account, method)},
    }
    call.emit("charge.failed", charge)
    call.emit("payment_intent.payment_failed", intent)
    invoice_payments.intent_failed(call, intent, at_once=at_once)


def _debit(call: Call, intent: Obj, method: Obj) -> None:
    if intent["currency"] != "usd":
        raise InvalidRequest("us_bank_account payments are in usd only.", param="payment_method")
    charge = charges.make(call, intent, method, status="pending", captured=True)
    intent |= {"status": "processing", "latest_charge": charge["id"], "processing": None}
    call.emit("charge.pending", charge)
    call.emit("payment_intent.processing", intent)
    due = call.now + call.account.settings.debit_settles_after_days * 86_400
    call.account.at(due, lambda later: _bank_decides(later, charge, method))


def _bank_decides(call: Call, charge: Obj, method: Obj) -> None:
    if charge["status"] == "pending":
        decline = behaviour(method).decline
        fail_debit(call, charge, decline) if decline else settle_debit(call, charge)


def settle_debit(call: Call, charge: Obj) -> None:
    """The bank has paid a debit that was processing."""
    intent = _processing(call, charge)
    charge |= {"status": "succeeded", "paid": True}
    charges.settle_funds(call, charge, intent)
    call.emit("charge.succeeded", charge)
    _succeeded(call, intent, intent["amount"])


def fail_debit(call: Call, charge: Obj, code: str = "insufficient_funds") -> None:
    """The bank has refused a debit that was processing."""
    intent = _processing(call, charge)
    method = call.account.get("payment_method", charge["payment_method"])
    text = "The customer's bank account could not be debited."
    charge |= {"status": "failed", "captured": False, "failure_code": code, "failure_message": text}
    charge["amount_captured"] = 0
    error = {"type": "invalid_request_error", "code": code, "message": text}
    _failed(call, intent, charge, error, method, at_once=False)


def _processing(call: Call, charge: Obj) -> Obj:
    if charge["status"] != "pending":
        raise InvalidRequest(f"The charge {charge['id']} isn't pending: it is {charge['status']}.")
    return call.account.get("payment_intent", charge["payment_intent"])


@routes.post("/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams", before_endive=_REMOVED)
def confirm_(call: Call) -> Obj:
    intent = call.get("payment_intent")
    confirm(call, intent, call.params.get("payment_method"))
    return render(call.account, intent)


@routes.post("/v1/payment_intents/{id}/capture", "PaymentIntentCaptureParams")
def capture(call: Call) -> Obj:
    intent = call.get("payment_intent")
    if intent["status"] != "requires_capture":
        raise InvalidRequest(
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    asked = call.params.get("amount_to_capture")
    amount: int = intent["amount"] if asked is None else asked
    if not 0 < amount <= intent["amount"]:
        raise InvalidRequest("amount_to_capture is more than what was authorized", param="amount_to_capture")
    charge = call.account.get("charge", intent["latest_charge"])
    charges.capture(call, charge, intent, amount)
    _succeeded(call, intent, amount)
    return render(call.account, intent)


@routes.post("/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams")
def cancel_(call: Call) -> Obj:
    intent = call.get("payment_intent")
    if intent.get("_of_invoice"):
        raise InvalidRequest(
            "You cannot cancel a PaymentIntent that was created by an Invoice; void the invoice instead."
        )
    if intent["status"] not in (*_CONFIRMABLE, "requires_capture"):
        raise InvalidRequest(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    cancel(call, intent, call.params.get("cancellation_reason"))
    return render(call.account, intent)


def cancel(call: Call, intent: Obj, reason: str | None) -> None:
    if intent["status"] in ("succeeded", "canceled"):
        return
    intent |= {"status": "canceled", "canceled_at": call.now, "cancellation_reason": reason, "amount_capturable": 0}
    call.emit("payment_intent.canceled", intent)


@routes.get("/v1/payment_intents", "PaymentIntentListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("payment_intent").values(), "customer")
    return paging.listed(call, rows, "/v1/payment_intents")


@routes.get("/v1/payment_intents/search", "PaymentIntentSearchParams")
def search_(call: Call) -> Obj:
    return search.found(call, call.account.kind("payment_intent").values(), "/v1/payment_intents/search")


@routes.get("/v1/payment_intents/{id}", "PaymentIntentRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("payment_intent"))


@routes.post("/v1/payment_intents/{id}", "PaymentIntentUpdateParams", before_endive=_REMOVED)
def update(call: Call) -> Obj:
    intent, params = call.get("payment_intent"), call.params
    check_metadata(params.get("metadata"))
    hard = {"amount", "currency", "customer", "payment_method"} & set(params)
    if hard and intent["status"] not in _CONFIRMABLE:
        raise InvalidRequest(
            f"This PaymentIntent's {min(hard)} could not be updated because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    if "currency" in params:
        intent["currency"] = check_currency(params["currency"])
    if "amount" in params:
        intent["amount"] = check_chargeable(params["amount"], intent["currency"])
    if params.get("customer"):
        intent["customer"] = call.account.get("customer", params["customer"], "customer")["id"]
    if params.get("payment_method"):
        _use(call, intent, params["payment_method"])
    update_fields(intent, params, _PLAIN)
    return render(call.account, intent)
