"""Disputes: opened by a bank, answered with evidence, won or lost; and the money that they take and give back."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import minor_rate, rounded
from sandbox.stripe.render import always, render
from sandbox.stripe.resources import balance
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.world import Account, Obj

routes = Routes()

_DAYS_TO_ANSWER = 8
_CLOSED = ("won", "lost", "warning_closed", "prevented")
_REFUNDABLE = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented", "won")
_NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1"}
_EVIDENCE = (
    "access_activity_log", "appeal", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


# what a bank does ----------------------------------------------------------------------------------------------


def as_test_card(call: Call, charge: Obj, flavours: Iterable[str]) -> None:
    """What a test card brings about right after its charge: https://docs.stripe.com/testing#disputes."""
    kinds = list(flavours)
    shares = _parts(charge["amount_captured"], len(kinds))

    def bring(later: Call) -> None:
        for kind, amount in zip(kinds, shares, strict=True):
            inquiry = kind == "inquiry"
            reason = "product_not_received" if inquiry else kind
            open_dispute(later, charge, amount=amount, reason=reason, inquiry=inquiry)

    if kinds:
        call.account.later(bring)


def _parts(amount: int, count: int) -> list[int]:
    """`amount` in `count` parts, the odd rest in the last."""
    each = amount // count if count else 0
    return [each] * (count - 1) + [amount - each * (count - 1)] if count else []


def open_dispute(
    call: Call,
    charge: Obj,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    inquiry: bool = False,
    status: str | None = None,
) -> Obj:
    """`amount` may differ from the charge's, and be more. An inquiry, and what is prevented, moves no money."""
    _refuse_undisputable(charge)
    dispute = _new(call, charge, charge["amount_captured"] if amount is None else amount, reason, inquiry)
    dispute["status"] = status or dispute["status"]
    charge["disputed"] = True
    call.add(dispute)
    moves = not dispute["status"].startswith("warning_") and dispute["status"] != "prevented"
    if moves:
        _move(call, dispute, -dispute["amount"])
    call.emit("charge.dispute.created", dispute)
    if moves:
        call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _refuse_undisputable(charge: Obj) -> None:
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise InvalidRequest(f"The charge {charge['id']} has brought no money that could be disputed.")


def _new(call: Call, charge: Obj, amount: int, reason: str, inquiry: bool) -> Obj:
    due_by = call.now + _DAYS_TO_ANSWER * 86_400
    return {
        "id": call.new_id("du"),
        "object": "dispute",
        "amount": amount,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(_EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by - due_by % 86_400 + 86_399,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _method_details(charge, reason, inquiry),
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_moved": [],
    }


def _method_details(charge: Obj, reason: str, inquiry: bool) -> Obj | None:
    card = charge["payment_method_details"].get("card")
    if card is None:
        return None
    shown = {
        "brand": card["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network": card["network"],
        "network_reason_code": "10" if inquiry else _NETWORK_REASONS.get(reason, "12"),
    }
    return {"type": "card", "card": shown}


def withdraw(call: Call, dispute: Obj, amount: int | None = None, status: str | None = None) -> None:
    """Once more, as when a dispute that was won is appealed."""
    _move(call, dispute, -(dispute["amount"] if amount is None else amount))
    _turn(call, dispute, status or dispute["status"])
    call.emit("charge.dispute.funds_withdrawn", dispute)


def reinstate(call: Call, dispute: Obj, amount: int | None = None) -> None:
    _move(call, dispute, dispute["amount"] if amount is None else amount)
    call.emit("charge.dispute.funds_reinstated", dispute)


def escalate(call: Call, dispute: Obj) -> None:
    """An inquiry becomes a chargeback."""
    if not dispute["status"].startswith("warning_") or dispute["status"] in _CLOSED:
        raise InvalidRequest(f"The dispute {dispute['id']} is {dispute['status']}: it is no open inquiry.")
    details = dispute["payment_method_details"]
    if details is not None:
        details["card"]["case_type"] = "chargeback"
    withdraw(call, dispute, status="needs_response")


def decide(call: Call, dispute: Obj, status: str, *, amount: int | None = None) -> None:
    """Won or lost; an inquiry is closed either way. What was won comes back, all of it or `amount`."""
    _refuse_closed(dispute)
    inquiry = dispute["status"].startswith("warning_")
    dispute["status"] = "warning_closed" if inquiry else status
    if dispute["status"] == "won":
        reinstate(call, dispute, amount)
    call.emit("charge.dispute.closed", dispute)


def _turn(call: Call, dispute: Obj, status: str) -> None:
    with call.updating(dispute, "charge.dispute.updated"):
        dispute["status"] = status


def _refuse_closed(dispute: Obj) -> None:
    if dispute["status"] in _CLOSED:
        raise InvalidRequest("This dispute is already closed")


# money ---------------------------------------------------------------------------------------------------------


def _move(call: Call, dispute: Obj, signed: int) -> None:
    """In the settlement currency, at today's rate; a withdrawal costs a fee."""
    settings = call.account.settings
    to, rate, amount = call.account.settlement(dispute["currency"]), None, signed
    if dispute["currency"] != to:
        rate = minor_rate(dispute["currency"], to, call.account.rate(dispute["currency"], to))
        amount = rounded(signed * rate)
    withdrawn = signed < 0
    fee = settings.dispute_fee if withdrawn else -settings.dispute_fee if settings.dispute_fee_returned else 0
    row = balance.record(
        call,
        amount=amount,
        currency=to,
        source=dispute["id"],
        kind="adjustment",
        category="dispute" if withdrawn else "dispute_reversal",
        fee_details=[_fee(fee, to)] if fee else [],
        exchange_rate=rate,
        description=f"Chargeback {'withdrawal' if withdrawn else 'reversal'} for {dispute['charge']}",
    )
    dispute["_moved"] = [*dispute["_moved"], row["id"]]


def _fee(amount: int, currency: str) -> Obj:
    return {
        "amount": amount,
        "application": None,
        "currency": currency,
        "description": "Dispute fee",
        "type": "stripe_fee",
    }


@always("dispute", "balance_transactions")
def _balance_transactions(account: Account, dispute: Obj) -> list[Obj]:
    """Whole, not as ids; oldest first."""
    return [render(account, account.get("balance_transaction", row)) for row in dispute["_moved"]]


@always("dispute", "is_charge_refundable")
def _is_charge_refundable(_: Account, dispute: Obj) -> bool:
    return dispute["status"] in _REFUNDABLE


def refundable(account: Account, charge: Obj) -> bool:
    """Whether no dispute keeps the charge from being refunded (`charge_disputed`)."""
    disputes = account.kind("dispute").values()
    return all(_is_charge_refundable(account, one) for one in disputes if one["charge"] == charge["id"])


# the API -------------------------------------------------------------------------------------------------------


@routes.get("/v1/disputes", "DisputeListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("dispute").values(), "charge", "payment_intent")
    return paging.listed(call, rows, "/v1/disputes")


@routes.get("/v1/disputes/{id}", "DisputeRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("dispute"))


@routes.post("/v1/disputes/{id}", "DisputeUpdateParams")
def update(call: Call) -> Obj:
    dispute, params = call.get("dispute"), call.params
    _refuse_closed(dispute)
    check_metadata(params.get("metadata"))
    evidence = params.get("evidence") or {}
    submits = params.get("submit", bool(evidence))
    with call.updating(dispute, "charge.dispute.updated"):
        update_fields(dispute, params, ("intended_submission_method",))
        dispute["evidence"] = dispute["evidence"] | evidence
        if evidence:
            dispute["evidence_details"] = dispute["evidence_details"] | {"has_evidence": True}
        if submits:
            _submit(dispute)
    if submits:
        call.account.later(lambda later: _as_test_evidence(later, dispute))
    return render(call.account, dispute)


def _submit(dispute: Obj) -> None:
    details = dispute["evidence_details"]
    count = details["submission_count"] + 1
    dispute["evidence_details"] = details | {"submission_count": count, "submission_method": "manual"}
    dispute["status"] = dispute["status"].replace("needs_response", "under_review")


def _as_test_evidence(call: Call, dispute: Obj) -> None:
    """What the texts of https://docs.stripe.com/testing#evidence bring about, shortly after they were submitted."""
    text = dispute["evidence"]["uncategorized_text"]
    if dispute["status"] in _CLOSED:
        return
    if text == "winning_evidence":
        decide(call, dispute, "won")
    elif text == "losing_evidence":
        decide(call, dispute, "lost")
    elif text == "escalate_inquiry_evidence" and dispute["status"].startswith("warning_"):
        escalate(call, dispute)


@routes.post("/v1/disputes/{id}/close", "DisputeCloseParams")
def close(call: Call) -> Obj:
    """Give in."""
    dispute = call.get("dispute")
    decide(call, dispute, "lost")
    return render(call.account, dispute)
