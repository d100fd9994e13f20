"""Payouts to the bank: automatic ones, which take what is available, and those that a person asks for."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import check_currency, rounded
from sandbox.stripe.render import render
from sandbox.stripe.resources import balance
from sandbox.stripe.resources.customers import check_metadata
from sandbox.stripe.world import Account, Obj

routes = Routes()

_DAY = 86_400
_SUBMITTED_AFTER = 3600
_INSTANT_AFTER = 1800
_FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "could_not_process": "The bank could not process this payout.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located with "
    "those details.",
}


# what Stripe does ----------------------------------------------------------------------------------------------


def pay_out(call: Call, currency: str, days: int | None = None) -> Obj | None:
    """All that is available in the currency and in no payout yet; None when that comes to nothing."""
    rows = [row for row in _rows(call.account) if row["currency"] == currency and not row.get("_payout")]
    rows = [row for row in rows if row["available_on"] <= call.now]
    amount = sum(row["net"] for row in rows)
    if not amount:
        return None
    payout = _new(call, amount, currency, automatic=True)
    payout["arrival_date"] = _midnight(call.now + _DAY * (call.account.settings.payout_days if days is None else days))
    for row in (*rows, _take(call, payout)):
        row["_payout"] = payout["id"]
    call.emit("payout.created", payout)
    call.account.at(call.now + _SUBMITTED_AFTER, lambda later: reconcile(later, payout))
    call.account.at(payout["arrival_date"], lambda later: arrive(later, payout))
    return payout


def currencies(account: Account) -> list[str]:
    return list(dict.fromkeys(row["currency"] for row in _rows(account)))


def reconcile(call: Call, payout: Obj) -> None:
    """From now on its balance transactions can be listed."""
    if payout["reconciliation_status"] == "in_progress":
        with call.updating(payout, "payout.updated", "payout.reconciliation_completed"):
            payout["reconciliation_status"] = "completed"


def arrive(call: Call, payout: Obj) -> None:
    """The bank has it, as far as Stripe knows."""
    if payout["status"] in ("pending", "in_transit"):
        with call.updating(payout, "payout.updated", "payout.paid"):
            payout |= {"status": "paid", "trace_id": {"status": "supported", "value": payout["_trace"]}}


def fail(call: Call, payout: Obj, code: str = "account_closed") -> None:
    """The bank sends it back, maybe days after it was paid; the money is available again."""
    if payout["status"] in ("failed", "canceled"):
        raise InvalidRequest(f"The payout {payout['id']} is {payout['status']} already.")
    row = _give_back(call, payout, "payout_failure")
    with call.updating(payout, "payout.updated", "payout.failed"):
        payout |= {
            "status": "failed",
            "failure_code": code,
            "failure_message": _FAILURES.get(code, "The payout could not be paid."),
            "failure_balance_transaction": row["id"],
        }


def _rows(account: Account) -> list[Obj]:
    return list(account.kind("balance_transaction").values())


def _take(call: Call, payout: Obj, fee: int = 0) -> Obj:
    """The payout's own row: what leaves the balance."""
    detail = {"application": None, "currency": payout["currency"], "description": "Instant payout fee"}
    row = balance.record(
        call,
        amount=-payout["amount"],
        currency=payout["currency"],
        source=payout["id"],
        kind="payout",
        category="payout",
        fee_details=[{"amount": fee, "type": "stripe_fee", **detail}] if fee else [],
        description=payout["description"],
    )
    payout["balance_transaction"] = row["id"]
    return row


def _give_back(call: Call, payout: Obj, kind: str) -> Obj:
    return balance.record(
        call,
        amount=payout["amount"],
        currency=payout["currency"],
        source=payout["id"],
        kind=kind,
        category="payout_reversal",
        description=f"Payout {'failure' if kind == 'payout_failure' else 'cancellation'}",
    )


def _new(call: Call, amount: int, currency: str, *, automatic: bool) -> Obj:
    bank = bank_account(call, currency)
    payout = {
        "id": call.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": call.now,
        "automatic": automatic,
        "balance_transaction": None,
        "created": call.now,
        "currency": currency,
        "description": "STRIPE PAYOUT" if automatic else None,
        "destination": bank["id"],
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit" if automatic else "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
        "_trace": f"11000061{len(call.account.kind('payout')) + 1:07}",
    }
    return call.add(payout)


def bank_account(call: Call, currency: str) -> Obj:
    """Where payouts in the currency go to; made when first needed."""
    known = call.account.kind("bank_account").values()
    found = next((one for one in known if one["currency"] == currency), None)
    return found or call.add(
        {
            "id": call.new_id("ba"),
            "object": "bank_account",
            "account": call.account.id,
            "account_holder_name": call.account.name,
            "account_holder_type": "company",
            "account_type": None,
            "available_payout_methods": ["standard", "instant"],
            "bank_name": "STRIPE TEST BANK",
            "country": call.account.country,
            "currency": currency,
            "default_for_currency": True,
            "fingerprint": call.new_id("fp")[-16:],
            "last4": "6789",
            "metadata": {},
            "routing_number": "110000000",
            "status": "new",
        }
    )


def _midnight(moment: int) -> int:
    return moment - moment % _DAY


# the API -------------------------------------------------------------------------------------------------------


@routes.get("/v1/payouts", "PayoutListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("payout").values(), "destination", "status")
    wanted = [row for row in rows if paging.within(row["arrival_date"], call.params.get("arrival_date"))]
    return paging.listed(call, wanted, "/v1/payouts")


@routes.get("/v1/payouts/{id}", "PayoutRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("payout"))


@routes.post("/v1/payouts", "PayoutCreateParams")
def create(call: Call) -> Obj:
    """What a person asks for; it is paid out of what is available, and can not be itemised."""
    params = call.params
    currency = check_currency(params["currency"])
    instant = params.get("method") == "instant"
    fee = max(50, rounded(params["amount"] * call.account.settings.instant_fee)) if instant else 0
    check_metadata(params.get("metadata"))
    _refuse_amount(call, params["amount"], fee, currency)
    payout = _new(call, params["amount"], currency, automatic=False)
    bank = call.named("bank_account", "destination")
    payout["destination"] = bank["id"] if bank else payout["destination"]
    update_fields(payout, params, ("description", "method", "source_type", "statement_descriptor", "metadata"))
    _take(call, payout, fee)
    _send(call, payout, instant=instant)
    call.emit("payout.created", payout)
    return render(call.account, payout)


def _refuse_amount(call: Call, amount: int, fee: int, currency: str) -> None:
    if amount <= 0:
        raise InvalidRequest("This value must be greater than or equal to 1.", param="amount")
    rows = [row for row in _rows(call.account) if row["currency"] == currency and row["available_on"] <= call.now]
    if sum(row["net"] for row in rows) < amount + fee:
        raise InvalidRequest(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low.",
            code="balance_insufficient",
        )


def _send(call: Call, payout: Obj, *, instant: bool) -> None:
    if instant:
        payout["arrival_date"] = call.now + _INSTANT_AFTER
    else:
        payout["arrival_date"] = _midnight(call.now + _DAY * call.account.settings.payout_days)
        call.account.at(call.now + _SUBMITTED_AFTER, lambda later: _submit(later, payout))
    call.account.at(payout["arrival_date"], lambda later: arrive(later, payout))


def _submit(call: Call, payout: Obj) -> None:
    if payout["status"] == "pending":
        with call.updating(payout, "payout.updated"):
            payout["status"] = "in_transit"


@routes.post("/v1/payouts/{id}", "PayoutUpdateParams")
def update(call: Call) -> Obj:
    payout = call.get("payout")
    check_metadata(call.params.get("metadata"))
    with call.updating(payout, "payout.updated"):
        update_fields(payout, call.params, ())
    return render(call.account, payout)


@routes.post("/v1/payouts/{id}/cancel", "PayoutCancelParams")
def cancel(call: Call) -> Obj:
    payout = call.get("payout")
    if payout["automatic"] or payout["status"] != "pending":
        raise InvalidRequest(
            "Payouts can only be canceled while they are pending, and only those you created yourself.",
            code="payouts_not_allowed",
        )
    _give_back(call, payout, "payout_cancel")
    with call.updating(payout, "payout.updated", "payout.canceled"):
        payout["status"] = "canceled"
    return render(call.account, payout)


@routes.post("/v1/payouts/{id}/reverse", "PayoutReverseParams")
def reverse(call: Call) -> Obj:
    """Takes the money back from the bank, as a payout of its own."""
    payout = call.get("payout")
    if payout["automatic"] or payout["status"] != "paid" or payout["reversed_by"]:
        raise InvalidRequest(f"The payout {payout['id']} can't be reversed.")
    back = _new(call, -payout["amount"], payout["currency"], automatic=False)
    back |= {"destination": payout["destination"], "original_payout": payout["id"]}
    update_fields(back, call.params, ())
    _take(call, back)
    _send(call, back, instant=False)
    call.emit("payout.created", back)
    with call.updating(payout, "payout.updated"):
        payout["reversed_by"] = back["id"]
    return render(call.account, back)
