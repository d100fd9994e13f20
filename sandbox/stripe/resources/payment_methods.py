"""Payment methods: the usual test tokens, and those made from test numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import CardError, InvalidRequest
from sandbox.stripe.render import render
from sandbox.stripe.world import Obj

routes = Routes()


@dataclass(frozen=True)
class Test:
    """How a test payment method behaves: pays, is declined with a code, or asks for authentication."""

    kind: str = "card"
    brand: str = "visa"
    last4: str = "4242"
    decline: str | None = None
    code: str = "card_declined"
    action: bool = False
    attaches: bool = True
    country: str = "US"
    disputes: tuple[str, ...] = ()
    refund: str | None = None


# https://docs.stripe.com/testing
TOKENS = {
    "pm_card_visa": Test(),
    "pm_card_visa_debit": Test(last4="5556"),
    "pm_card_mastercard": Test(brand="mastercard", last4="4444"),
    "pm_card_amex": Test(brand="amex", last4="8431"),
    "pm_card_discover": Test(brand="discover", last4="9424"),
    "pm_card_jcb": Test(brand="jcb", last4="0505", country="JP"),
    "pm_card_gb": Test(last4="0003", country="GB"),
    "pm_card_de": Test(last4="0003", country="DE"),
    "pm_card_bypassPending": Test(last4="0077"),
    "pm_card_refundFail": Test(last4="5126", refund="fails"),
    "pm_card_pendingRefund": Test(last4="7726", refund="pending"),
    "pm_card_createDispute": Test(last4="0259", disputes=("fraudulent",)),
    "pm_card_createDisputeProductNotReceived": Test(last4="2685", disputes=("product_not_received",)),
    "pm_card_createDisputeInquiry": Test(last4="1976", disputes=("inquiry",)),
    "pm_card_createMultipleDisputes": Test(last4="0079", disputes=("fraudulent", "product_not_received")),
    "pm_card_chargeDeclined": Test(last4="0002", decline="generic_decline", attaches=False),
    "pm_card_visa_chargeDeclined": Test(last4="0002", decline="generic_decline", attaches=False),
    "pm_card_chargeDeclinedInsufficientFunds": Test(last4="9995", decline="insufficient_funds", attaches=False),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Test(last4="9995", decline="insufficient_funds", attaches=False),
    "pm_card_chargeDeclinedLostCard": Test(last4="9987", decline="lost_card", attaches=False),
    "pm_card_chargeDeclinedExpiredCard": Test(last4="0069", decline="expired_card", code="expired_card"),
    "pm_card_chargeDeclinedProcessingError": Test(last4="0119", decline="processing_error", code="processing_error"),
    "pm_card_chargeCustomerFail": Test(last4="0341", decline="generic_decline"),
    "pm_card_authenticationRequired": Test(last4="3184", action=True),
    "pm_card_threeDSecure2Required": Test(last4="3220", action=True),
    "pm_card_threeDSecureRequired": Test(last4="3063", action=True),
    "pm_usBankAccount": Test("us_bank_account", "STRIPE TEST BANK", "6789"),
    "pm_usBankAccount_success": Test("us_bank_account", "STRIPE TEST BANK", "6789"),
    "pm_usBankAccount_accountClosed": Test("us_bank_account", "STRIPE TEST BANK", "1113", "account_closed"),
    "pm_usBankAccount_noAccount": Test("us_bank_account", "STRIPE TEST BANK", "1116", "no_account"),
    "pm_usBankAccount_insufficientFunds": Test("us_bank_account", "STRIPE TEST BANK", "2227", "insufficient_funds"),
    "pm_usBankAccount_debitNotAuthorized": Test("us_bank_account", "STRIPE TEST BANK", "3335", "debit_not_authorized"),
}
_BY_NUMBER = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000000341": "pm_card_chargeCustomerFail",
    "4000000000005126": "pm_card_refundFail",
    "4000000000007726": "pm_card_pendingRefund",
    "4000000000000259": "pm_card_createDispute",
    "4000000000002685": "pm_card_createDisputeProductNotReceived",
    "4000000000001976": "pm_card_createDisputeInquiry",
    "4000000404000079": "pm_card_createMultipleDisputes",
    "4000002500003155": "pm_card_authenticationRequired",
    "000123456789": "pm_usBankAccount_success",
    "000111111113": "pm_usBankAccount_accountClosed",
    "000111111116": "pm_usBankAccount_noAccount",
    "000222222227": "pm_usBankAccount_insufficientFunds",
    "000333333335": "pm_usBankAccount_debitNotAuthorized",
}


def behaviour(payment_method: Obj) -> Test:
    return TOKENS[payment_method["_token"]]


def usable(call: Call, payment_method_id: str, param: str = "payment_method") -> Obj:
    """The payment method; a test token becomes a new one. Raises Missing."""
    token = "pm_card_" + payment_method_id[4:] if payment_method_id.startswith("tok_") else payment_method_id
    if token in TOKENS:
        return call.add(_made(call, token))
    return call.account.get("payment_method", payment_method_id, param)


def _made(call: Call, token: str) -> Obj:
    test = TOKENS[token]
    blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "id": call.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": blank, "email": None, "name": None, "phone": None, "tax_id": None},
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": test.kind,
        test.kind: details(test),
        "_token": token,
    }


def details(test: Test) -> Obj:
    if test.kind == "card":
        return {
            "brand": test.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": test.country,
            "display_brand": test.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": f"sandbox{test.brand}{test.last4}",
            "funding": "credit",
            "generated_from": None,
            "last4": test.last4,
            "networks": {"available": [test.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }
    if test.kind == "us_bank_account":
        return {
            "account_holder_type": "company",
            "account_type": "checking",
            "bank_name": test.brand,
            "financial_connections_account": None,
            "fingerprint": f"sandboxbank{test.last4}",
            "last4": test.last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": "110000000",
            "status_details": {},
        }
    return {}


@routes.post("/v1/payment_methods", "PaymentMethodCreateParams")
def create(call: Call) -> Obj:
    params = call.params
    kind = params.get("type")
    if kind not in ("card", "us_bank_account"):
        raise InvalidRequest(f"The sandbox makes no payment methods of type {kind}.", param="type")
    made = _made(call, _token(params.get(kind) or {}, kind))
    _set_billing(made, params)
    made["metadata"] = params.get("metadata") or {}
    call.add(made)
    if params.get("customer"):
        attach_to(call, made, call.account.get("customer", params["customer"], "customer"))
    return render(call.account, made)


def _token(given: Obj, kind: str) -> str:
    if given.get("token"):
        return f"pm_card_{given['token'].removeprefix('tok_')}"
    number = given.get("number") or given.get("account_number") or ""
    default = "pm_card_visa" if kind == "card" else "pm_usBankAccount"
    return _BY_NUMBER.get(number, default)


def _set_billing(payment_method: Obj, params: Obj) -> None:
    given = params.get("billing_details") or {}
    own = payment_method["billing_details"]
    address = own["address"] | (given.get("address") or {})
    payment_method["billing_details"] = own | given | {"address": address}


@routes.get("/v1/payment_methods", "PaymentMethodListParams")
def list_(call: Call) -> Obj:
    return _of_customer(call, call.params.get("customer"), "/v1/payment_methods")


@routes.get("/v1/customers/{customer}/payment_methods", "CustomerPaymentMethodListParams")
def list_of_customer(call: Call) -> Obj:
    customer = call.get("customer", "customer")
    return _of_customer(call, customer["id"], f"/v1/customers/{customer['id']}/payment_methods")


def _of_customer(call: Call, customer_id: str | None, url: str) -> Obj:
    rows = paging.matching(call, call.account.kind("payment_method").values(), "type")
    return paging.listed(call, [row for row in rows if customer_id and row["customer"] == customer_id], url)


@routes.get("/v1/payment_methods/{id}", "PaymentMethodRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, usable(call, call.ids["id"], "id"))


@routes.post("/v1/payment_methods/{id}", "PaymentMethodUpdateParams")
def update(call: Call) -> Obj:
    payment_method = call.get("payment_method")
    with call.updating(payment_method, "payment_method.updated"):
        update_fields(payment_method, call.params, ("allow_redisplay",))
        _set_billing(payment_method, call.params)
    return render(call.account, payment_method)


@routes.post("/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams")
def attach(call: Call) -> Obj:
    customer = call.named("customer", "customer")
    if customer is None:
        raise InvalidRequest("Missing required param: customer.", code="parameter_missing", param="customer")
    payment_method = usable(call, call.ids["id"], "id")
    attach_to(call, payment_method, customer)
    return render(call.account, payment_method)


def attach_to(call: Call, payment_method: Obj, customer: Obj) -> None:
    test = behaviour(payment_method)
    if payment_method["customer"] not in (None, customer["id"]):
        raise InvalidRequest("The payment method you provided has already been attached to a customer.")
    if test.decline and not test.attaches:
        raise declined(test)
    if payment_method["customer"] is None:
        payment_method["customer"] = customer["id"]
        call.emit("payment_method.attached", payment_method)


@routes.post("/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams")
def detach(call: Call) -> Obj:
    payment_method = call.get("payment_method")
    if payment_method["customer"] is None:
        raise InvalidRequest(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    customer = call.account.kind("customer").get(payment_method["customer"], {})
    settings = customer.get("invoice_settings") or {}
    if settings.get("default_payment_method") == payment_method["id"]:
        customer["invoice_settings"] = settings | {"default_payment_method": None}
    with call.updating(payment_method, "payment_method.detached"):
        payment_method["customer"] = None
    return render(call.account, payment_method)


_TEXTS = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


def declined(test: Test, **extra: Any) -> CardError:
    text = _TEXTS.get(test.decline or "", "Your card was declined.")
    if test.code == "card_declined":
        extra["decline_code"] = test.decline
    return CardError(text, code=test.code, **extra)
