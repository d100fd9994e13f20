"""The accounts that the books name: there, active, of a type that fits what they are for, and in the right currency."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.admin.doctor.lookup import absent, by_id
from app.core.config import Accounts, Books
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.suiteql import Row

MONEY = frozenset({"Bank", "OthCurrAsset", "UnDepFund", "CredCard"})
COSTS = frozenset({"Expense", "OthExpense", "COGS"})
KINDS: Mapping[str, frozenset[str]] = {
    "receivable": frozenset({"AcctRec"}),
    "clearing": MONEY | {"OthCurrLiab"},
    "undeposited": MONEY,
    "bank": frozenset({"Bank", "CredCard"}),
    "bank_by_destination": frozenset({"Bank", "CredCard"}),
    "fees": COSTS,
    "dispute_fees": COSTS,
    "reserves": MONEY | {"OthAsset"},
    "exchange": COSTS | {"Income", "OthIncome"},
}
"""Setting of `accounts` -> NetSuite's account types that it can be; the others may be of any but A/R and A/P."""
WITH_ENTITY = frozenset({"AcctRec", "AcctPay"})
BY_ISO = frozenset(name for name in KINDS if name not in ("undeposited", "bank_by_destination")) | {"unreconciled"}


@dataclass(frozen=True)
class Named:
    """An internal id, and where in the configuration it stands. `iso`: the currency that it is set for."""

    path: str
    id: str
    setting: str
    iso: str | None = None


ACCOUNTS = (
    "SELECT id, acctnumber, accttype, isinactive, currency FROM account WHERE id IN ({marks})",
    "SELECT id, acctnumber, accttype, isinactive FROM account WHERE id IN ({marks})",
)


def accounts(gateway: NetSuiteGateway, books: Sequence[tuple[str, Books]], symbols: Mapping[str, str]) -> Iterator[str]:
    named = [one for place, book in books for one in named_accounts(place, book.accounts)]
    rows = by_id(gateway, ACCOUNTS, [one.id for one in named])
    for one in named:
        row = rows.get(one.id)
        fault = absent(row, "account", one.id) or _unfit(row or {}, one, symbols)
        if fault:
            yield f"{one.path}: {fault}"


def named_accounts(place: str, accounts: Accounts) -> Iterator[Named]:
    for setting, value in accounts:
        if isinstance(value, dict):
            for key, internal_id in value.items():
                iso = key if setting in BY_ISO and key != "*" else None
                yield Named(f"{place}.accounts.{setting}.{key}", internal_id, setting, iso)
        elif value and setting == "undeposited":
            yield Named(f"{place}.accounts.{setting}", value, setting)


def _unfit(row: Row, one: Named, symbols: Mapping[str, str]) -> str:
    kind = row.get("accttype") or ""
    allowed = KINDS.get(one.setting)
    if (allowed and kind not in allowed) or (not allowed and kind in WITH_ENTITY):
        wanted = f"one of type {' or '.join(sorted(allowed))}" if allowed else "no receivable or payable"
        return f"account {one.id} is of type {kind}; it should be {wanted}."
    iso = symbols.get(row.get("currency") or "")
    if one.iso and iso and iso.upper() != one.iso.upper() and kind == "Bank":
        return f"account {one.id} is kept in {iso}, not {one.iso.upper()}."
    return ""
