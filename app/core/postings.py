"""NetSuite's postings to the accounts that money at Stripe lies in, and to its bank accounts, kept here.

NetSuite adds each month up itself, which costs one query. Only a month whose sum, count or last change is not that of
what is kept here is read, first what has changed since, and all of it when something was deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.config import Config
from app.core.payout_tables import Posting
from app.db import Database

if TYPE_CHECKING:
    from app.core.interfaces import NetSuite

AT_ONCE = 1000
OURS = "t.externalid LIKE 'stripe-%'"
DEPOSITS = "(t.externalid LIKE 'stripe-dep-%' OR t.externalid LIKE 'stripe-je-%')"
MOMENT = "'YYYY-MM-DD HH24:MI:SS'"
# the amount of a line is in the transaction's currency, that of an accounting line in the subsidiary's; of several
# books the first is the primary one
LINES = (
    " FROM transactionaccountingline a JOIN transaction t ON t.id = a.transaction"
    " LEFT JOIN transactionline l ON l.transaction = a.transaction AND l.id = a.transactionline"
    " WHERE a.posting = 'T' AND a.accountingbook = 1 AND {which}"
)
MONTHS = (
    "SELECT TO_CHAR(t.trandate,'YYYY-MM') AS month, a.account, t.currency, SUM(l.foreignamount) AS amount,"
    f" COUNT(DISTINCT t.id) AS records, MAX(TO_CHAR(t.lastmodifieddate,{MOMENT})) AS modified{LINES}"
    " GROUP BY TO_CHAR(t.trandate,'YYYY-MM'), a.account, t.currency"
)
ROWS = (
    "SELECT t.id, t.recordtype, t.tranid, t.externalid, t.currency, TO_CHAR(t.trandate,'YYYY-MM-DD') AS day,"
    f" TO_CHAR(t.lastmodifieddate,{MOMENT}) AS modified, a.account, SUM(l.foreignamount) AS amount,"
    f" SUM(a.amount) AS base{LINES} AND TO_CHAR(t.trandate,'YYYY-MM') = ?"
    f" AND t.lastmodifieddate >= TO_TIMESTAMP(?,{MOMENT}) AND t.id > ?"
    " GROUP BY t.id, t.recordtype, t.tranid, t.externalid, t.currency, TO_CHAR(t.trandate,'YYYY-MM-DD'),"
    f" TO_CHAR(t.lastmodifieddate,{MOMENT}), a.account"
    f" ORDER BY t.id FETCH FIRST {AT_ONCE} ROWS ONLY"
)
ADOPTED = (
    ROWS.partition(" AND TO_CHAR(t.trandate,'YYYY-MM') = ?")[0]
    + " GROUP BY"
    + ROWS.partition(" GROUP BY")[2].partition(" ORDER BY")[0]
)
FEW = 200
EVER = "1970-01-01 00:00:00"


@dataclass(frozen=True)
class Places:
    """NetSuite accounts. `clearing` stand for nothing but Stripe; of the others only what we have posted counts."""

    clearing: frozenset[str]
    undeposited: frozenset[str]
    bank: frozenset[str]

    @property
    def money(self) -> frozenset[str]:
        """Where money is that Stripe holds."""
        return self.clearing | self.undeposited

    def __or__(self, other: "Places") -> "Places":
        undeposited = self.undeposited | other.undeposited
        return Places(self.clearing | other.clearing, undeposited, self.bank | other.bank)


def places(chosen: Config, account: str) -> Places:
    """Of a Stripe account, whichever subsidiary's books it is posted to."""
    books = chosen.for_account(account)
    found = Places(frozenset(), frozenset(), frozenset())
    for subsidiary in (None, *books.by_subsidiary):
        own = chosen.for_account(account, subsidiary).accounts
        clearing = {*own.clearing.values(), *filter(None, [own.payout_types.get("payout")])}
        undeposited = frozenset({own.undeposited} if own.undeposited else ()) - clearing
        bank = frozenset({*own.bank.values(), *own.bank_by_destination.values()}) - clearing
        found |= Places(frozenset(clearing), undeposited, bank)
    return found


Month = tuple[str, str, str]
"""Month, account, currency."""
Sums = tuple[Decimal, int, str]
"""Amount, how many transactions, when the latest of them was changed."""


def read(database: Database, netsuite: "NetSuite", where: Places) -> int:
    """Bring what is kept up to date; how many transactions had to be read."""
    which = _which(where)
    if not which:
        return 0
    theirs = dict(_summed(netsuite, which))
    with database.session_scope() as session:
        session.execute(delete(Posting).where(Posting.account.not_in(where.money | where.bank), _is_not_deposit()))
    found = 0
    for month in sorted({key[0] for key in theirs.keys() | _kept(database, where).keys()}):
        kept = _kept(database, where, month)
        if _of(theirs, month) != kept:
            changed = max((sums[2] for sums in kept.values()), default=EVER)
            found += _take(database, netsuite, where, month, changed)
        if _of(theirs, month) != _kept(database, where, month):
            found += _take(database, netsuite, where, month, EVER)
    return found


def _which(where: Places) -> str:
    parts = [f"a.account IN ({_list(where.clearing)})"] if where.clearing else []
    others = where.undeposited | where.bank
    parts += [f"(a.account IN ({_list(others)}) AND {OURS})", DEPOSITS] if others else []
    return f"({' OR '.join(parts)})" if parts else ""


def _list(accounts: frozenset[str]) -> str:
    """Internal ids are numbers. Raises ValueError for anything else."""
    return ", ".join(str(int(one)) for one in sorted(accounts))


def _summed(netsuite: "NetSuite", which: str) -> Iterator[tuple[Month, Sums]]:
    for row in netsuite.query(MONTHS.format(which=which)):
        key = (str(row["month"]), str(row["account"]), netsuite.iso_currency(str(row["currency"])))
        yield key, (_decimal(row.get("amount")), int(row["records"] or 0), str(row["modified"]))


def _kept(database: Database, where: Places, month: str = "") -> dict[Month, Sums]:
    figures = (func.sum(Posting.amount), func.count(), func.max(Posting.modified))
    wanted = select(Posting.month, Posting.account, Posting.currency, *figures).where(_listed(where))
    if month:
        wanted = wanted.where(Posting.month == month)
    with database.session_scope() as session:
        rows = session.execute(wanted.group_by(Posting.month, Posting.account, Posting.currency)).all()
    return {(row[0], row[1], row[2]): (row[3].quantize(_CENTS), row[4], row[5]) for row in rows}


def _listed(where: Places) -> ColumnElement[bool]:
    """What the months' sums are made of: all but what was read by its id alone."""
    return Posting.account.in_(where.clearing) | Posting.external_id.startswith("stripe-")


def _of(sums: Mapping[Month, Sums], month: str) -> dict[Month, Sums]:
    return {key: one for key, one in sums.items() if key[0] == month}


def _take(database: Database, netsuite: "NetSuite", where: Places, month: str, since: str) -> int:
    """Read a month's transactions changed since then, and keep them; since ever: and forget the month's others."""
    met: set[str] = set()
    for rows in _batches(netsuite, _which(where), month, since):
        with database.session_scope() as session:
            ids = {str(row["id"]) for row in rows}
            session.execute(delete(Posting).where(Posting.record.in_(ids)))
            session.execute(insert(Posting).values([_posting(row, month, netsuite) for row in rows]))
            met |= ids
    if since == EVER:
        with database.session_scope() as session:
            _forget_others(session, where, month, met)
    return len(met)


def read_adopted(database: Database, netsuite: "NetSuite", where: Places, records: Sequence[str]) -> None:
    """Records that were not made by us, but linked: in undeposited funds nothing but their id tells them."""
    accounts = _list(where.money | where.bank)
    for start in range(0, len(records) if accounts else 0, FEW):
        some = records[start : start + FEW]
        which = f"(a.account IN ({accounts}) AND t.id IN ({_list(frozenset(some))}))"
        rows = list(netsuite.query(ADOPTED.format(which=which)))
        with database.session_scope() as session:
            session.execute(delete(Posting).where(Posting.record.in_(some)))
            if rows:
                session.execute(insert(Posting).values([_posting(row, str(row["day"])[:7], netsuite) for row in rows]))


def _forget_others(session: Session, where: Places, month: str, met: set[str]) -> None:
    kept = set(session.scalars(select(Posting.record).where(Posting.month == month, _listed(where))))
    if gone := sorted(kept - met):
        session.execute(delete(Posting).where(Posting.record.in_(gone)))


def _batches(netsuite: "NetSuite", which: str, month: str, since: str) -> Iterator[list[Mapping[str, str | None]]]:
    """Whole transactions: the last of a full page may lack a line, and is read again with the next."""
    after, sql = "0", ROWS.format(which=which)
    while True:
        rows = list(netsuite.query(sql, (month, since, after)))
        if not rows:
            return
        last = rows[-1]["id"]
        whole = rows if len(rows) < AT_ONCE else [row for row in rows if row["id"] != last]
        yield whole
        if len(rows) < AT_ONCE:
            return
        after = str(whole[-1]["id"])


def _posting(row: Mapping[str, str | None], month: str, netsuite: "NetSuite") -> dict[str, Any]:
    return {
        "record": str(row["id"]),
        "account": str(row["account"]),
        "type": str(row["recordtype"]),
        "number": row.get("tranid"),
        "external_id": row.get("externalid"),
        "currency": netsuite.iso_currency(str(row["currency"])),
        "amount": _decimal(row.get("amount")),
        "base": _decimal(row.get("base")),
        "day": date.fromisoformat(str(row["day"])),
        "month": month,
        "modified": str(row["modified"]),
    }


# SuiteQL prints sums with the dust of binary fractions
_CENTS = Decimal("0.0001")


def _decimal(value: str | None) -> Decimal:
    return Decimal(value or 0).quantize(_CENTS)


def _is_not_deposit() -> Any:
    return Posting.external_id.is_(None) | ~(
        Posting.external_id.startswith("stripe-dep-") | Posting.external_id.startswith("stripe-je-")
    )


def of_records(session: Session, records: Sequence[str]) -> list[Posting]:
    """Everything that these transactions post to, as last read."""
    return list(session.scalars(select(Posting).where(Posting.record.in_(records)).order_by(Posting.account)))
