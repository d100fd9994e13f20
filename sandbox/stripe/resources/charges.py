"""Charges: made by payment intents, read and annotated by everybody else."""

from __future__ import annotations

from sandbox.stripe import paging, search
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.render import on_expand, render, short_list
from sandbox.stripe.resources import balance
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.resources.payment_methods import behaviour
from sandbox.stripe.world import Account, Obj

routes = Routes()


def make(call: Call, intent: Obj, method: Obj, *, status: str, captured: bool) -> Obj:
    """A charge of the whole intent; told of by whoever made it, since only that one knows how it went."""
    failed = status == "failed"
    card = method["type"] == "card"
    charge = {
        "id": call.new_id("ch" if card else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "TIEOUT SANDBOX" if card else None,
        "captured": captured,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(failed=failed),
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: _details(method, intent)},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None if failed else f"{call.base_url}/receipts/{call.new_id('rcpt')}",
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": None,
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    return call.add(charge)


def _outcome(*, failed: bool) -> Obj:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": "generic_decline" if failed else None,
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details with this decline."
        if failed
        else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def _details(method: Obj, intent: Obj) -> Obj:
    test, own = behaviour(method), method[method["type"]]
    if method["type"] == "card":
        names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
        shown = {name: own[name] for name in names}
        return shown | {
            "amount_authorized": intent["amount"],
            "authorization_code": "123456",
            "installments": None,
            "mandate": None,
            "network": test.brand,
            "three_d_secure": None,
        }
    of_bank = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
    return {name: own[name] for name in of_bank} | {"payment_reference": None}


def settle_funds(call: Call, charge: Obj, intent: Obj) -> None:
    """Give the charge its balance transaction: at once, or, captured asynchronously, just after the answer."""
    if not call.account.settings.async_capture or intent["capture_method"] == "automatic":
        charge["balance_transaction"] = balance.of_charge(call, charge)["id"]
        return

    def fill(later: Call) -> None:
        with later.updating(charge, "charge.updated"):
            charge["balance_transaction"] = balance.of_charge(later, charge)["id"]

    call.account.later(fill)


def capture(call: Call, charge: Obj, intent: Obj, amount: int) -> None:
    charge |= {"captured": True, "amount_captured": amount, "amount_refunded": charge["amount"] - amount}
    settle_funds(call, charge, intent)
    call.emit("charge.captured", charge)


@routes.get("/v1/charges", "ChargeListParams")
def list_(call: Call) -> Obj:
    names = ("customer", "payment_intent", "transfer_group")
    return paging.listed(call, paging.matching(call, call.account.kind("charge").values(), *names), "/v1/charges")


@routes.get("/v1/charges/search", "ChargeSearchParams")
def search_(call: Call) -> Obj:
    return search.found(call, call.account.kind("charge").values(), "/v1/charges/search")


@routes.get("/v1/charges/{id}", "ChargeRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("charge"))


@routes.post("/v1/charges/{id}", "ChargeUpdateParams")
def update(call: Call) -> Obj:
    charge = call.get("charge")
    check_metadata(call.params.get("metadata"))
    with call.updating(charge, "charge.updated"):
        update_fields(charge, call.params, ("description", "receipt_email", "shipping", "transfer_group"))
    return render(call.account, charge)


@on_expand("charge", "refunds")
def _refunds(account: Account, charge: Obj) -> Obj:
    rows = [row for row in account.kind("refund").values() if row["charge"] == charge["id"]]
    return short_list(account, rows, f"/v1/charges/{charge['id']}/refunds")
