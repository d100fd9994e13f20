"""What is under /_sandbox of disputes and returned debits: the doings of banks."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.call import Call
from sandbox.stripe.control import _charge, doing
from sandbox.stripe.render import render
from sandbox.stripe.resources import debit_returns, disputes
from sandbox.stripe.world import Account, Obj, StripeWorld


@doing("POST", "charges/*/dispute")
def dispute_charge(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """The cardholder disputes: `amount` (of the charge's), `reason`, `status`, `inquiry`."""
    names = ("amount", "reason", "status", "inquiry")
    chosen: dict[str, Any] = {name: given[name] for name in names if name in given}
    return render(account, disputes.open_dispute(Call.automatic(account), _charge(account, ids[0]), **chosen))


@doing("POST", "charges/*/return")
def return_charge(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """The bank takes back a debit that had succeeded, for `code`."""
    charge = _charge(account, ids[0])
    debit_returns.return_debit(Call.automatic(account), charge, given.get("code", "insufficient_funds"))
    return render(account, charge)


@doing("POST", "disputes/*/win")
def win(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """Won: the money comes back, all of it or `amount`."""
    dispute = account.get("dispute", ids[0])
    disputes.decide(Call.automatic(account), dispute, "won", amount=given.get("amount"))
    return render(account, dispute)


@doing("POST", "disputes/*/lose")
def lose(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    dispute = account.get("dispute", ids[0])
    disputes.decide(Call.automatic(account), dispute, "lost")
    return render(account, dispute)


@doing("POST", "disputes/*/withdraw_funds")
def withdraw_funds(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """Once more, of a dispute that was won: `amount`, and the `status` that it turns to."""
    dispute = account.get("dispute", ids[0])
    status = given.get("status", "appeal_needs_response")
    disputes.withdraw(Call.automatic(account), dispute, given.get("amount"), status)
    return render(account, dispute)


@doing("POST", "disputes/*/reinstate")
def reinstate(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """Money comes back, all of it or `amount`, and the status stays as it is."""
    dispute = account.get("dispute", ids[0])
    disputes.reinstate(Call.automatic(account), dispute, given.get("amount"))
    return render(account, dispute)


@doing("POST", "disputes/*/close_inquiry")
def close_inquiry(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    dispute = account.get("dispute", ids[0])
    if not dispute["status"].startswith("warning_"):
        raise ValueError(f"{dispute['id']} is {dispute['status']}: it is no inquiry")
    disputes.decide(Call.automatic(account), dispute, "warning_closed")
    return render(account, dispute)


@doing("POST", "disputes/*/escalate")
def escalate(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    """An inquiry becomes a chargeback, which withdraws the money."""
    dispute = account.get("dispute", ids[0])
    disputes.escalate(Call.automatic(account), dispute)
    return render(account, dispute)
