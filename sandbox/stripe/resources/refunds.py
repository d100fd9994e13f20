"""Refunds: of a charge, in whole or in part, at once for cards, some days later for bank debits; they may fail."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import minor_rate, rounded
from sandbox.stripe.render import render
from sandbox.stripe.resources import balance, disputes
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.resources.payment_methods import behaviour
from sandbox.stripe.world import Account, Obj

routes = Routes()

_GONE = ("failed", "canceled")
_TOLD = ("refund.updated", "charge.refund.updated")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@routes.post("/v1/refunds", "RefundCreateParams")
def create(call: Call) -> Obj:
    params = call.params
    check_metadata(params.get("metadata"))
    if params.get("origin") or params.get("customer"):
        raise InvalidRequest("The sandbox refunds charges only.", param="origin")
    charge = _charge(call)
    amount = params.get("amount")
    refund = make(call, charge, remaining(charge) if amount is None else amount, reason=params.get("reason"))
    refund["metadata"] = {key: value for key, value in (params.get("metadata") or {}).items() if value != ""}
    tell(call, refund)
    return render(call.account, refund)


def _charge(call: Call) -> Obj:
    charge, intent = call.named("charge", "charge"), call.named("payment_intent", "payment_intent")
    if charge is None and intent is None:
        raise InvalidRequest("One of the following params should be provided: charge, payment_intent.")
    if charge is not None or intent is None:
        return charge or {}
    if not intent["latest_charge"]:
        raise InvalidRequest("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return call.account.get("charge", intent["latest_charge"])


def remaining(charge: Obj) -> int:
    return int(charge["amount"] - charge["amount_refunded"])


def make(call: Call, charge: Obj, amount: int, *, reason: str | None = None) -> Obj:
    """The refund, not told of yet, because whoever asked for it may have more to write on it."""
    _check(call.account, charge, amount)
    how = behaviour(call.account.get("payment_method", charge["payment_method"]))
    refund = call.account.add(_new(call, charge, amount, reason if reason in _REASONS else None))
    if call.params.get("instructions_email"):
        refund |= {"status": "requires_action", "instructions_email": call.params["instructions_email"]}
        refund["next_action"] = _instructions(call)
    else:
        _withdraw(call, refund, charge)
    _count(charge, amount)
    if how.refund == "pending" or (how.kind != "card" and refund["status"] == "succeeded"):
        refund |= {"status": "pending", "pending_reason": "processing"}
        _later(call, lambda later: succeed(later, refund) if refund["status"] == "pending" else None)
    if how.refund == "fails":
        _later(call, lambda later: fail(later, refund) if refund["status"] == "succeeded" else None)
    return refund


def _later(call: Call, act: object) -> None:
    days = call.account.settings.debit_settles_after_days
    call.account.at(call.now + days * 86_400, act)  # type: ignore[arg-type]


def _check(account: Account, charge: Obj, amount: int) -> None:
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise InvalidRequest(
            f"Charge {charge['id']} cannot be refunded: it is not captured.", code="charge_not_refundable"
        )
    if charge["refunded"]:
        raise InvalidRequest(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not disputes.refundable(account, charge):
        raise InvalidRequest(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if amount < 1:
        raise InvalidRequest("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > remaining(charge):
        raise InvalidRequest(
            f"Refund amount ({amount} {charge['currency']}) is greater than unrefunded amount on charge "
            f"({remaining(charge)} {charge['currency']})",
            param="amount",
        )


def _new(call: Call, charge: Obj, amount: int, reason: str | None) -> Obj:
    card = charge["payment_method_details"]["type"] == "card"
    return {
        "id": call.new_id("re" if card else "pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": _destination(charge, card),
        "failure_balance_transaction": None,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _destination(charge: Obj, card: bool) -> Obj:
    if not card:
        kind = charge["payment_method_details"]["type"]
        return {"type": "us_bank_transfer" if kind == "us_bank_account" else kind}
    shown = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {"card": shown, "type": "card"}


def _instructions(call: Call) -> Obj:
    sent = {"email_sent_at": call.now, "email_sent_to": call.params["instructions_email"]}
    return {
        "type": "display_details",
        "display_details": {"email_sent": sent, "expires_at": call.now + 45 * 86_400},
    }


def _withdraw(call: Call, refund: Obj, charge: Obj) -> None:
    """Out of the balance at today's rate. Fees are not given back: https://docs.stripe.com/refunds."""
    to, rate, amount = call.account.settlement(refund["currency"]), None, refund["amount"]
    if refund["currency"] != to:
        rate = minor_rate(refund["currency"], to, call.account.rate(refund["currency"], to))
        amount = rounded(amount * rate)
    card = charge["payment_method_details"]["type"] == "card"
    row = balance.record(
        call,
        amount=-amount,
        currency=to,
        source=refund["id"],
        kind="refund" if card else "payment_refund",
        category="refund",
        exchange_rate=rate,
        description=f"REFUND FOR {charge['payment_method_details']['type'].upper()}",
    )
    refund["balance_transaction"] = row["id"]


def _count(charge: Obj, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def tell(call: Call, refund: Obj) -> None:
    """What goes out when a refund was made."""
    call.emit("charge.refunded", call.account.get("charge", refund["charge"]))
    call.emit("refund.created", refund)


def succeed(call: Call, refund: Obj) -> None:
    _refuse_unless(refund, "pending", "requires_action")
    with call.updating(refund, *_TOLD):
        refund["status"] = "succeeded"
        refund.pop("pending_reason", None)
        refund.pop("next_action", None)
        if refund["balance_transaction"] is None:
            _withdraw(call, refund, call.account.get("charge", refund["charge"]))


def fail(call: Call, refund: Obj, reason: str = "lost_or_stolen_card") -> None:
    """The bank sends the money back; it returns to the balance, and the charge can be refunded again."""
    _refuse_unless(refund, "pending", "requires_action", "succeeded")
    with call.updating(refund, *_TOLD, "refund.failed"):
        refund |= {"status": "failed", "failure_reason": reason}
        refund.pop("pending_reason", None)
        refund.pop("next_action", None)
        if refund["balance_transaction"]:
            refund["failure_balance_transaction"] = _returned(call, refund)
    _uncount(call, refund)


def _returned(call: Call, refund: Obj) -> str:
    taken = call.account.get("balance_transaction", refund["balance_transaction"])
    row = balance.record(
        call,
        amount=-taken["amount"],
        currency=taken["currency"],
        source=refund["id"],
        kind="refund_failure",
        category="refund_failure",
        exchange_rate=taken["exchange_rate"],
        description="REFUND FAILURE",
    )
    return str(row["id"])


def _uncount(call: Call, refund: Obj) -> None:
    with call.updating(call.account.get("charge", refund["charge"]), "charge.updated") as charge:
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False


def _refuse_unless(refund: Obj, *statuses: str) -> None:
    if refund["status"] not in statuses:
        raise InvalidRequest(f"The refund {refund['id']} is {refund['status']}.")


@routes.post("/v1/refunds/{id}/cancel", "RefundCancelParams")
def cancel(call: Call) -> Obj:
    refund = call.get("refund")
    if refund["status"] != "requires_action":
        raise InvalidRequest("You can only cancel a refund whose status is `requires_action`.")
    with call.updating(refund, *_TOLD):
        refund["status"] = "canceled"
        refund.pop("next_action", None)
    _uncount(call, refund)
    return render(call.account, refund)


@routes.get("/v1/refunds", "RefundListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("refund").values(), "charge", "payment_intent")
    return paging.listed(call, rows, "/v1/refunds")


@routes.get("/v1/refunds/{id}", "RefundRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("refund"))


@routes.post("/v1/refunds/{id}", "RefundUpdateParams")
def update(call: Call) -> Obj:
    refund = call.get("refund")
    check_metadata(call.params.get("metadata"))
    with call.updating(refund, *_TOLD):
        update_fields(refund, call.params, ())
    return render(call.account, refund)


def given_back(account: Account, charge: Obj) -> list[Obj]:
    """Its refunds that have not failed."""
    rows = account.kind("refund").values()
    return [row for row in rows if row["charge"] == charge["id"] and row["status"] not in _GONE]
