"""What is under /_sandbox of payouts and of the balance's other movements: the doings of Stripe and of banks."""

from __future__ import annotations

from sandbox.stripe.call import Call
from sandbox.stripe.control import doing
from sandbox.stripe.render import render
from sandbox.stripe.resources import balance, payouts
from sandbox.stripe.world import Account, Obj, StripeWorld

CATEGORIES = {
    "adjustment": "other_adjustment",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payment_failure_refund": "charge_failure",
    "payment_refund": "refund",
    "reserve_hold": "risk_reserved_funds",
    "reserve_release": "risk_reserved_funds",
    "reserve_transaction": "risk_reserved_funds",
    "reserved_funds": "risk_reserved_funds",
    "stripe_fee": "fee",
    "stripe_fx_fee": "fee",
    "tax_fee": "tax",
    "transfer_refund": "transfer_reversal",
}
"""https://docs.stripe.com/reports/reporting-categories; a type that isn't named is its own category."""


@doing("POST", "payouts")
def pay_out(_: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """The automatic payout of each settlement currency, or of one `currency`; it arrives after some `days`."""
    call = Call.automatic(account)
    wanted = [given["currency"]] if "currency" in given else payouts.currencies(account)
    made = [payouts.pay_out(call, currency, given.get("days")) for currency in wanted]
    return {"payouts": [render(account, payout) for payout in made if payout is not None]}


@doing("POST", "payouts/*/reconcile")
def reconcile(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    """Its balance transactions can be listed now, not only in an hour."""
    payout = account.get("payout", ids[0])
    payouts.reconcile(Call.automatic(account), payout)
    return render(account, payout)


@doing("POST", "payouts/*/pay")
def pay(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    """It arrives now, not on its arrival date."""
    payout = account.get("payout", ids[0])
    payouts.arrive(Call.automatic(account), payout)
    return render(account, payout)


@doing("POST", "payouts/*/fail")
def fail(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """The bank sends it back, for `code`."""
    payout = account.get("payout", ids[0])
    payouts.fail(Call.automatic(account), payout, given.get("code", "account_closed"))
    return render(account, payout)


@doing("POST", "balance_transactions")
def move(_: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """Any other movement: type, amount (signed), and optionally reporting_category, currency, fee, source ..."""
    kind: str = given["type"]
    currency = given.get("currency", account.settings.settlement_currency)
    detail = {"application": None, "currency": currency, "description": given.get("fee_description")}
    fee = {"amount": given.get("fee", 0), "type": given.get("fee_type", "stripe_fee"), **detail}
    row = balance.record(
        Call.automatic(account),
        amount=given["amount"],
        currency=currency,
        source=given.get("source"),
        kind=kind,
        category=given.get("reporting_category") or CATEGORIES.get(kind) or kind,
        fee_details=[fee] if fee["amount"] else [],
        description=given.get("description"),
    )
    return render(account, row)
