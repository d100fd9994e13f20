"""Which NetSuite account a payout, its fees and its other movements belong to, by finance's map."""

from typing import Any

from app.core.config import Accounts, by_currency, required
from app.core.interfaces import Ledger
from app.errors import Held
from app.systems.stripe import objects as st
from workers.records.payout_rows import Row


def accounts_of(to: Ledger[Any]) -> Accounts:
    return to.config.for_account(to.account).accounts


def path(to: Ledger[Any], name: str) -> str:
    return f"books.{to.account}.accounts.{name}"


def bank(payout: st.Payout, to: Ledger[Any]) -> str:
    """By the Stripe bank account, else by the payout's currency."""
    accounts, iso = accounts_of(to), payout.currency.upper()
    found = accounts.bank_by_destination.get(payout.destination or "") or by_currency(accounts.bank, iso)
    return required(found, path(to, f"bank.{iso}"), f"No NetSuite bank account is set for payouts in {iso}.")


def in_stripe(iso: str, to: Ledger[Any]) -> str:
    """Where money is that Stripe holds and no balance transaction stands for: paid out by hand, or come back."""
    accounts = accounts_of(to)
    found = accounts.payout_types.get("payout") or by_currency(accounts.clearing, iso)
    if found is None and accounts.money_in == "undeposited_funds":
        found = accounts.undeposited
    return required(found, path(to, f"clearing.{iso}"), f"No account is set for money in {iso} that lies at Stripe.")


def clearing(iso: str, to: Ledger[Any]) -> str:
    found = by_currency(accounts_of(to).clearing, iso)
    return required(found, path(to, f"clearing.{iso}"), f"No NetSuite clearing account is set for {iso}.")


def exchange(iso: str, to: Ledger[Any]) -> str:
    found = by_currency(accounts_of(to).exchange, iso)
    return required(found, path(to, f"exchange.{iso}"), f"No account is set for exchange differences in {iso}.")


def unreconciled(iso: str, to: Ledger[Any]) -> str:
    found = by_currency(accounts_of(to).unreconciled, iso)
    sentence = f"No account is set for money in {iso} whose payment is not kept in NetSuite."
    return required(found, path(to, f"unreconciled.{iso}"), sentence)


def fee(kind: str, row_kind: str, iso: str, to: Ledger[Any]) -> str:
    """By the fee's type (`tax` ...), else that of disputes, else that of all fees."""
    accounts = accounts_of(to)
    disputed = by_currency(accounts.dispute_fees, iso) if row_kind in ("dispute", "dispute_reversal") else None
    found = accounts.payout_types.get(kind) or disputed or by_currency(accounts.fees, iso)
    return required(found, path(to, f"fees.{iso}"), f"No account is set for Stripe's fees in {iso}.")


def other(row: Row, iso: str, to: Ledger[Any]) -> str:
    """Of what no record stands for. Raises Held naming the type that is not mapped."""
    accounts, movement = accounts_of(to), row.movement
    found = accounts.payout_types.get(movement.reporting_category) or accounts.payout_types.get(movement.type)
    if found:
        return found
    if row.kind == "fee":
        return fee(movement.type, row.kind, iso, to)
    if row.kind in ("payout", "payout_failure"):
        return in_stripe(iso, to)
    if row.kind == "reserve":
        reserves = by_currency(accounts.reserves, iso)
        return required(reserves, path(to, f"reserves.{iso}"), f"No account is set for Stripe's reserves in {iso}.")
    raise Held(
        f"{movement.id} is of the type {movement.type} ({movement.reporting_category}), for which no account is set.",
        code="unmapped",
        action=f"Set `{path(to, 'payout_types.' + movement.reporting_category)}` in the configuration, then replay.",
    )
