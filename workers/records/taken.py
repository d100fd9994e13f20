"""Money that a bank took back from us, and gave again: by disputes, and by returning debits that had succeeded."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.errors import Held
from app.money import from_minor
from app.systems.stripe import objects as st
from workers.records import conditions
from workers.records.charge_money import Received, with_payments
from workers.records.charged import charged

CHARGES = ("ch_", "py_")
BOUNCED = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process", "check_returned")
"""Reasons of disputes by which Stripe tells that a debit was returned late: nobody disputes that the money is owed."""
TOLERANCE = Decimal("0.01")
"""How far an amount may be from the dispute's at Stripe's exchange rate and still be all of it."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """`movements`: what left and entered the Stripe balance, oldest first, in the settlement currency.

    `dispute` is None for a debit that was returned.
    """

    id: str
    received: Received
    movements: tuple[st.BalanceTransaction, ...]
    dispute: st.Dispute | None = None

    @property
    def charge(self) -> st.Charge:
        return self.received.charge

    @property
    def root(self) -> str:
        return self.received.root

    @property
    def what(self) -> str:
        return "debit returned" if self.dispute is None else f"dispute {self.id}"

    @property
    def bounced(self) -> bool:
        """Whether the bank returned a debit: the customer still owes the money."""
        return self.dispute is None or self.dispute.reason in BOUNCED

    @property
    def withdrawn(self) -> list[st.BalanceTransaction]:
        return [one for one in self.movements if one.amount < 0]

    @property
    def reinstated(self) -> list[st.BalanceTransaction]:
        return [one for one in self.movements if one.amount > 0]

    def before(self, movement: st.BalanceTransaction) -> st.BalanceTransaction | None:
        """The last one the other way before it: what a reinstatement gives back, what is withdrawn once more."""
        earlier = self.movements[: self.movements.index(movement)]
        return next((one for one in reversed(earlier) if one.amount * movement.amount < 0), None)

    def amount(self, movement: st.BalanceTransaction) -> Decimal:
        """In the charge's currency, without a sign."""
        return from_minor(minor(movement, self.dispute, self.charge), self.charge.currency)


def taken(to: Ledger[Any], subject: str) -> Taken:
    """By a dispute (`du_…`), or by a charge that has failed (`ch_…`, `py_…`)."""
    if subject.startswith(CHARGES):
        return returned(to, subject)
    dispute = to.stripe.dispute(subject)
    charge, movements = to.stripe.charge(dispute.charge), dispute.balance_transactions
    received = with_payments(charge, to) if movements else Received(charge)
    return Taken(id=dispute.id, received=received, movements=movements, dispute=dispute)


def returned(to: Ledger[Any], charge_id: str) -> Taken:
    charge = to.stripe.charge(charge_id)
    if charge.failure_balance_transaction is None:
        return Taken(id=charge.id, received=Received(charge), movements=())
    movement = to.stripe.balance_transaction(charge.failure_balance_transaction)
    return Taken(id=charge.id, received=with_payments(charge, to), movements=(movement,))


def after_start(source: Taken, movement: st.BalanceTransaction, to: Ledger[Any]) -> None:
    """Raises Skipped or Held for what is older than the books, unless the charge is in NetSuite all the same."""
    what = source.what.capitalize()
    conditions.after_start(movement.created.date(), what, to, "customerRefund")
    if charged(source.charge.id, to) is None:
        conditions.of_older(source.charge.created.date(), what, to)


def minor(movement: st.BalanceTransaction, dispute: st.Dispute | None, charge: st.Charge) -> int:
    """Stripe tells a part of a disputed amount in the settlement currency only. Raises Held when that is another."""
    if movement.currency == charge.currency:
        return abs(movement.amount)
    if dispute is None:
        return charge.amount_captured or charge.amount
    if dispute.currency != charge.currency or not whole(movement, dispute):
        raise Held(
            f"Stripe moved {from_minor(abs(movement.amount), movement.currency)} {movement.currency.upper()} for "
            f"dispute {dispute.id} of {from_minor(dispute.amount, dispute.currency)} {dispute.currency.upper()}, and "
            f"does not say how much of the {charge.currency.upper()} payment that is.",
            code="other_currency",
            action="Book this movement by hand in NetSuite, then dismiss.",
        )
    return dispute.amount


def whole(movement: st.BalanceTransaction, dispute: st.Dispute) -> bool:
    """Whether it moved all that is disputed, as far as the exchange rate tells."""
    if movement.exchange_rate is None:
        return True
    expected = dispute.amount * movement.exchange_rate
    return abs(abs(movement.amount) - expected) <= max(Decimal(1), expected * TOLERANCE)


def not_more_than_paid(source: Taken, to: Ledger[Any]) -> None:
    """Raises Held when refunds and disputes together take more than the charge had brought."""
    charge = source.charge
    refunds = to.stripe.refunds_of(charge.id) if charge.amount_refunded else ()
    refunded = sum(one.amount for one in refunds if one.status == "succeeded")
    lost = outstanding(to.stripe.disputes_of(charge.id) if source.dispute else (), charge)
    brought = charge.amount_captured or charge.amount
    if refunded + lost > brought:
        said = [f"{from_minor(one, charge.currency)} {charge.currency.upper()}" for one in (brought, refunded, lost)]
        raise Held(
            f"Charge {charge.id} brought {said[0]}; refunds took {said[1]} of it and disputes {said[2]}, which is more "
            "than was paid.",
            code="more_than_paid",
            action="Compare the charge's refunds and disputes in Stripe; book what is too much by hand, then dismiss.",
        )


def outstanding(disputes: Iterable[st.Dispute], charge: st.Charge) -> int:
    """Minor units that are withdrawn and have not come back."""
    moves = [(one, dispute) for dispute in disputes for one in dispute.balance_transactions]
    return sum(minor(one, dispute, charge) * (1 if one.amount < 0 else -1) for one, dispute in moves)
