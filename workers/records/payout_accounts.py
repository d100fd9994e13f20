"""Which NetSuite account a payout, its fees and its other movements belong to, by finance's map.

`subsidiary` is that of the record they are in; none: the account's own.
"""

from typing import Any

from app.core.config import Accounts, by_currency, required
from app.core.interfaces import Ledger
from app.errors import Unmapped
from app.systems.stripe import objects as st
from workers.records.payout_rows import Row


def accounts_of(subsidiary: str | None, to: Ledger[Any]) -> Accounts:
    return to.config.for_account(to.account, subsidiary).accounts


def path(name: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    return f"books.{to.config.place_of(to.account, subsidiary)}.accounts.{name}"


def bank(payout: st.Payout, subsidiary: str | None, to: Ledger[Any]) -> str:
    """By the Stripe bank account, else by the payout's currency."""
    accounts, iso = accounts_of(subsidiary, to), payout.currency.upper()
    found = accounts.bank_by_destination.get(payout.destination or "") or by_currency(accounts.bank, iso)
    return _set(found, f"bank.{iso}", f"No NetSuite bank account is set for payouts in {iso}.", subsidiary, to)


def in_stripe(iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    """Where money is that Stripe holds and no balance transaction stands for: paid out by hand, or come back."""
    accounts = accounts_of(subsidiary, to)
    found = accounts.payout_types.get("payout") or by_currency(accounts.clearing, iso)
    if found is None and accounts.money_in == "undeposited_funds":
        found = accounts.undeposited
    sentence = f"No account is set for money in {iso} that lies at Stripe."
    return _set(found, f"clearing.{iso}", sentence, subsidiary, to)


def clearing(iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    found = by_currency(accounts_of(subsidiary, to).clearing, iso)
    return _set(found, f"clearing.{iso}", f"No NetSuite clearing account is set for {iso}.", subsidiary, to)


def exchange(iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    found = by_currency(accounts_of(subsidiary, to).exchange, iso)
    return _set(found, f"exchange.{iso}", f"No account is set for exchange differences in {iso}.", subsidiary, to)


def unreconciled(iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    found = by_currency(accounts_of(subsidiary, to).unreconciled, iso)
    sentence = f"No account is set for money in {iso} whose payment is not kept in NetSuite."
    return _set(found, f"unreconciled.{iso}", sentence, subsidiary, to)


def fee(kind: str, row_kind: str, iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    """By the fee's type (`tax` ...), else that of disputes, else that of all fees."""
    accounts = accounts_of(subsidiary, to)
    disputed = by_currency(accounts.dispute_fees, iso) if row_kind in ("dispute", "dispute_reversal") else None
    found = accounts.payout_types.get(kind) or disputed or by_currency(accounts.fees, iso)
    return _set(found, f"fees.{iso}", f"No account is set for Stripe's fees in {iso}.", subsidiary, to)


def other(row: Row, iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    """Of what no record stands for. Raises Unmapped naming the type that is not mapped."""
    accounts, movement = accounts_of(subsidiary, to), row.movement
    found = accounts.payout_types.get(movement.reporting_category) or accounts.payout_types.get(movement.type)
    if found:
        return found
    if row.kind == "fee":
        return fee(movement.type, row.kind, iso, subsidiary, to)
    if row.kind in ("payout", "payout_failure"):
        return in_stripe(iso, subsidiary, to)
    if row.kind == "reserve":
        reserves = by_currency(accounts.reserves, iso)
        return _set(reserves, f"reserves.{iso}", f"No account is set for Stripe's reserves in {iso}.", subsidiary, to)
    missing = path(f"payout_types.{movement.reporting_category}", subsidiary, to)
    raise Unmapped(
        f"{movement.id} is of the type {movement.type} ({movement.reporting_category}), for which no account is set.",
        setting=missing,
    )


def _set(found: str | None, name: str, sentence: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    return required(found, path(name, subsidiary, to), sentence)
