"""NetSuite's chart of accounts and its items, for choosing among them: asked once, kept for a while."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from app.admin.doctor.accounts import KINDS, WITH_ENTITY
from app.admin.parts import Parts
from app.errors import Rejected, TieoutError

Kind = Literal["accounts", "items"]
LIVE = timedelta(minutes=10)
AWAY = timedelta(seconds=20)
MOST = 20_000
SHOWN = 40
_WIDEST: Mapping[str, tuple[str, ...]] = {
    "accounts": (
        "SELECT id, acctnumber, accountsearchdisplaynamecopy AS name, accttype AS type, isinactive, currency "
        "FROM account ORDER BY acctnumber, id",
        "SELECT id, acctnumber, accountsearchdisplaynamecopy AS name, accttype AS type, isinactive "
        "FROM account ORDER BY acctnumber, id",
    ),
    "items": (
        "SELECT id, itemid AS acctnumber, displayname AS name, itemtype AS type, isinactive "
        "FROM item ORDER BY itemid, id",
        "SELECT id, itemid AS acctnumber, itemtype AS type, isinactive FROM item ORDER BY itemid, id",
    ),
}
"""The currency is not a column of every account's view; without multi-currency NetSuite refuses it."""
_CURRENCIES = "SELECT id, symbol FROM currency ORDER BY id"
TYPES: Mapping[str, str] = {
    "AcctRec": "Accounts receivable",
    "AcctPay": "Accounts payable",
    "OthCurrAsset": "Other current asset",
    "OthAsset": "Other asset",
    "FixedAsset": "Fixed asset",
    "OthCurrLiab": "Other current liability",
    "LongTermLiab": "Long-term liability",
    "OthExpense": "Other expense",
    "OthIncome": "Other income",
    "COGS": "Cost of goods sold",
    "CredCard": "Credit card",
    "UnDepFund": "Undeposited funds",
    "OthCharge": "Other charge",
    "NonInvtPart": "Non-inventory item",
    "InvtPart": "Inventory item",
}


@dataclass(frozen=True)
class Entry:
    """An account or an item. `number`: an account's number, an item's name; `currency`: where it has one of its own."""

    id: str
    number: str
    name: str
    type: str
    currency: str
    inactive: bool

    @property
    def label(self) -> str:
        return " ".join(filter(None, (self.number, self.name if self.name != self.number else "")))

    @property
    def kind(self) -> str:
        return TYPES.get(self.type, self.type)

    @property
    def words(self) -> str:
        said = (self.label, self.kind, self.currency, "inactive" if self.inactive else "")
        return " · ".join(filter(None, said))


@dataclass(frozen=True)
class Entries:
    """`problem`: why they could not be read, for people."""

    by_id: Mapping[str, Entry] = field(default_factory=dict)
    problem: str = ""

    def found(self, text: str, setting: str = "") -> list[Entry]:
        """Those that hold every word of `text`; those that fit the setting first, inactive ones last."""
        asked = text.lower().split()
        hits = (one for one in self.by_id.values() if all(word in f"{one.id} {one.words}".lower() for word in asked))
        return list(islice(sorted(hits, key=lambda one: (one.inactive, bool(unfit(one, setting)))), SHOWN))


def unfit(one: Entry, setting: str, iso: str = "") -> str:
    """Why it is an odd choice for this setting of `accounts` or `items`; empty when it is not."""
    if one.inactive:
        return f"{one.label} is inactive in NetSuite: nothing can be posted to it."
    if setting == "discount" and one.type != "Discount":
        return f"{one.label} is of type {one.kind}; NetSuite wants an item of type Discount here."
    allowed = KINDS.get(setting)
    if allowed and one.type not in allowed:
        wanted = " or ".join(sorted(TYPES.get(each, each) for each in allowed))
        return f"{one.label} is of type {one.kind}; for this one of type {wanted} is usual."
    if one.type in WITH_ENTITY and setting in _ACCOUNTS - {"receivable"}:
        return f"{one.label} is of type {one.kind}, which needs a customer or vendor on each line."
    if one.currency and iso not in ("", "*") and one.type == "Bank" and one.currency != iso.upper():
        return f"{one.label} is kept in {one.currency}, not {iso.upper()}."
    return ""


_ACCOUNTS = {*KINDS, "unreconciled", "payout_types"}


def entries(parts: Parts, kind: Kind, *, anew: bool = False) -> Entries:
    """Kept for ten minutes for each connection to NetSuite; `anew` asks again."""
    now = parts.clock.now()
    key = (id(parts.systems), kind)
    with _LOCK:
        known = _KEPT.get(key)
    if known and not anew and known.systems is parts.systems and timedelta(0) <= now - known.at < known.life:
        return known.entries
    found = _asked(parts, kind)
    with _LOCK:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)))
        _KEPT[key] = _Kept(parts.systems, now, found, AWAY if found.problem else LIVE)
    return found


@dataclass(frozen=True)
class _Kept:
    """With the systems themselves: as long as they are held here no others have their id."""

    systems: object
    at: datetime
    entries: Entries
    life: timedelta


_KEPT: dict[tuple[int, str], _Kept] = {}
_LOCK = threading.Lock()
_MOST_KEPT = 8


def _asked(parts: Parts, kind: Kind) -> Entries:
    try:
        netsuite = parts.systems.netsuite(lambda _: None)
        symbols = (
            {str(row["id"]): str(row["symbol"]) for row in netsuite.query(_CURRENCIES)} if kind == "accounts" else {}
        )
        rows = _rows(netsuite, _WIDEST[kind])
    except TieoutError as error:
        return Entries(problem=error.sentence)
    return Entries({one.id: one for one in (_entry(row, symbols) for row in rows)})


def _rows(netsuite: Any, variants: Sequence[str]) -> list[Mapping[str, Any]]:
    *wider, last = variants
    for sql in wider:
        try:
            return list(islice(netsuite.query(sql), MOST))
        except Rejected:
            continue
    return list(islice(netsuite.query(last), MOST))


def _entry(row: Mapping[str, Any], symbols: Mapping[str, str]) -> Entry:
    return Entry(
        id=str(row["id"]),
        number=str(row.get("acctnumber") or ""),
        name=str(row.get("name") or ""),
        type=str(row.get("type") or ""),
        currency=symbols.get(str(row.get("currency") or ""), ""),
        inactive=row.get("isinactive") == "T",
    )
