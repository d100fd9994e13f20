"""What is under /_sandbox of refunds: the doings of banks."""

from __future__ import annotations

from sandbox.stripe.call import Call
from sandbox.stripe.control import doing
from sandbox.stripe.render import render
from sandbox.stripe.resources import refunds
from sandbox.stripe.world import Account, Obj, StripeWorld


@doing("POST", "refunds/*/succeed")
def succeed(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    """The money of a pending refund has arrived."""
    refund = account.get("refund", ids[0])
    refunds.succeed(Call.automatic(account), refund)
    return render(account, refund)


@doing("POST", "refunds/*/fail")
def fail(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """The money of a refund, pending or long succeeded, comes back, for `reason`."""
    refund = account.get("refund", ids[0])
    refunds.fail(Call.automatic(account), refund, given.get("reason", "lost_or_stolen_card"))
    return render(account, refund)
