"""A charge or a refund, with what Stripe made of it in the settlement currency."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.interfaces import Ledger
from app.systems.stripe import objects as st
from workers.records.refund import invoices_of

REFUNDS = ("re_", "pyr_")


@dataclass(frozen=True)
class Moved:
    """A charge or a refund. `amount` in minor units; `why_not`: why it moved no money, if it did not."""

    id: str
    amount: int
    currency: str
    created: datetime
    balance: st.BalanceTransaction | None
    root: str
    why_not: str | None = None

    @property
    def role(self) -> str:
        return "crf" if self.id.startswith(REFUNDS) else "pay"


def moved(to: Ledger[Any], subject: str) -> Moved:
    if not subject.startswith(REFUNDS):
        return of_charge(to.stripe.charge(subject), to)
    refund = to.stripe.refund(subject)
    why = f"The refund has {refund.status}." if refund.status in ("failed", "canceled") else None
    balance, root = refund.balance_transaction, refund.charge or refund.id
    return Moved(refund.id, refund.amount, refund.currency, refund.created, balance, root, why)


def of_charge(charge: st.Charge, to: Ledger[Any]) -> Moved:
    why = f"The charge has {charge.status}." if charge.status == "failed" else None
    if charge.status == "succeeded" and not charge.captured:
        why = "The charge is not captured yet."
    balance = charge.balance_transaction
    invoices = invoices_of(charge, to) if balance and balance.exchange_rate else ()
    root = invoices[0] if invoices else charge.id
    amount = charge.amount_captured or charge.amount
    return Moved(charge.id, amount, charge.currency, charge.created, balance, root, why)
