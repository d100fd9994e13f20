"""What a bank deposit cannot say of a payout: money taken from the bank, moved by hand, or come back."""

from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import external_id
from app.money import from_minor
from app.systems.netsuite.records import JournalEntry, JournalLine
from app.systems.stripe import objects as st
from workers.records import payout_accounts as accounts
from workers.records.dates import Posting
from workers.records.deposit import Planned


def taken_from_bank(planned: Planned, posted: Posting, to: Ledger[Any]) -> JournalEntry:
    """Beside the deposit of a negative payout, which comes to zero."""
    payout, iso = planned.payout, planned.payout.currency.upper()
    memo = f"Stripe payout {payout.id}, taken from the bank"
    bank = accounts.bank(payout, planned.subsidiary, to)
    sides = {accounts.in_stripe(iso, planned.subsidiary, to): planned.short, bank: -planned.short}
    return journal(payout.id, payout, sides, posted, memo, planned.subsidiary, to)


def transfer(payout: st.Payout, posted: Posting, subsidiary: str | None, to: Ledger[Any]) -> JournalEntry:
    """A payout that Stripe does not itemise, with what it cost itself."""
    iso, own = payout.currency.upper(), payout.balance_transaction
    amount, cost = from_minor(payout.amount, payout.currency), own.fee if own else 0
    sides = {accounts.bank(payout, subsidiary, to): amount}
    if cost:
        fee = from_minor(cost, payout.currency)
        sides[accounts.fee("stripe_fee", "payout", iso, subsidiary, to)] = fee
        amount += fee
    sides[accounts.in_stripe(iso, subsidiary, to)] = -amount
    kind = "instant" if payout.method == "instant" else "manual"
    memo = f"Stripe payout {payout.id} ({kind}, not itemised)"
    return journal(payout.id, payout, sides, posted, memo, subsidiary, to)


def come_back(payout: st.Payout, posted: Posting, subsidiary: str | None, to: Ledger[Any]) -> JournalEntry:
    """Reverses what reached the bank; the money is at Stripe again, and in a later payout."""
    amount, iso = from_minor(payout.amount, payout.currency), payout.currency.upper()
    sides = {accounts.in_stripe(iso, subsidiary, to): amount, accounts.bank(payout, subsidiary, to): -amount}
    memo = f"Stripe payout {payout.id} came back: {payout.failure_message or payout.status}"
    return journal(f"{payout.id}-reversal", payout, sides, posted, memo, subsidiary, to)


def journal(
    name: str,
    payout: st.Payout,
    sides: dict[str, Decimal],
    posted: Posting,
    memo: str,
    subsidiary: str | None,
    to: Ledger[Any],
) -> JournalEntry:
    """`sides`: account -> what is debited, negative for a credit."""
    iso = payout.currency.upper()
    return JournalEntry(
        external_id=external_id("je", name),
        subsidiary=subsidiary,
        currency=to.netsuite.currency(iso).id,
        tran_date=posted.day,
        memo=posted.memo(memo),
        lines=tuple(_side(account, amount, memo) for account, amount in sides.items()),
        custom={to.config.fields.transaction_stripe_id: payout.id} | posted.custom(to.config.fields.original_date),
    )


def _side(account: str, amount: Decimal, memo: str) -> JournalLine:
    if amount < 0:
        return JournalLine(account=account, credit=-amount, memo=memo)
    return JournalLine(account=account, debit=amount, memo=memo)
