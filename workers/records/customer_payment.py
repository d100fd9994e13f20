"""Money received through Stripe, and what of it paid which NetSuite invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.config import Accounts, by_currency, required
from app.core.links import Link
from app.errors import AmountMismatch, Held
from app.money import from_minor
from app.systems.netsuite.records import Apply
from app.systems.stripe import objects as st


@dataclass(frozen=True)
class Billed:
    """A NetSuite invoice that no link stands for. `facts`: as those of an invoice's link."""

    netsuite_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """What of the money went to one NetSuite invoice, in minor units."""

    invoice: Link | Billed
    amount: int


@dataclass(frozen=True)
class Money:
    """One receipt. `stripe_id` names it in the external id: the charge, or what stands for money outside Stripe.

    `customer`, `subsidiary` and `receivable` are for money that paid no invoice, which would say them.
    """

    stripe_id: str
    amount: int
    currency: str
    received: datetime
    shares: tuple[Share, ...]
    balance: st.BalanceTransaction | None = None
    charge: st.Charge | None = None
    customer: str | None = None
    subsidiary: str | None = None
    receivable: str | None = None

    @property
    def payment(self) -> Decimal:
        return from_minor(self.amount, self.currency)


def applications(money: Money) -> tuple[Apply, ...]:
    """Raises AmountMismatch when more is applied than was received; what is left over stays unapplied."""
    applied = sum(share.amount for share in money.shares)
    if applied > money.amount:
        raise AmountMismatch(
            f"Payment {money.stripe_id}", from_minor(applied, money.currency), money.payment, money.currency.upper()
        )
    return tuple(
        Apply(doc=share.invoice.netsuite_id, amount=from_minor(share.amount, money.currency)) for share in money.shares
    )


def same(shares: Sequence[Share], fact: str, what: str) -> str | None:
    """The fact on which all invoices that know it must agree. Raises Held when they do not."""
    found = {share.invoice.facts.get(fact) for share in shares} - {None}
    if len(found) > 1:
        raise Held(
            f"One payment paid invoices of different NetSuite {what}s ({', '.join(sorted(map(str, found)))}).",
            code="different_" + what,
            action="Book this payment by hand, then dismiss.",
        )
    value: Any = next(iter(found), None)
    return None if value is None else str(value)


def money_account(accounts: Accounts, currency: str, place: str) -> str | None:
    """The clearing account, or None for undeposited funds. Raises Unmapped when the clearing account is not set.

    `place`: where the accounts are set (`Config.place_of`).
    """
    if accounts.money_in == "undeposited_funds":
        return None
    code = currency.upper()
    return required(
        by_currency(accounts.clearing, code),
        f"books.{place}.accounts.clearing.{code}",
        f"No NetSuite clearing account is set for {code}.",
    )
