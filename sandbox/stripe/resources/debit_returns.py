"""A bank debit that is returned after it had succeeded: the money goes back, and the charge has failed after all."""

from __future__ import annotations

from sandbox.stripe.call import Call
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.resources import balance
from sandbox.stripe.world import Obj

_TEXT = "The customer's bank returned the debit."


def return_debit(call: Call, charge: Obj, code: str = "insufficient_funds") -> None:
    """Fees are kept. What it had paid (payment intent, invoice) still says so: Stripe opens neither again."""
    if charge["status"] != "succeeded" or charge["payment_method_details"]["type"] == "card":
        raise InvalidRequest(f"The charge {charge['id']} is no bank debit that has succeeded.")
    brought = call.account.get("balance_transaction", charge["balance_transaction"])
    row = balance.record(
        call,
        amount=-brought["amount"],
        currency=brought["currency"],
        source=charge["id"],
        kind="payment_failure_refund",
        category="charge_failure",
        exchange_rate=brought["exchange_rate"],
        description="Payment failure refund",
    )
    charge |= {
        "status": "failed",
        "paid": False,
        "failure_balance_transaction": row["id"],
        "failure_code": code,
        "failure_message": _TEXT,
    }
    call.emit("charge.failed", charge)
