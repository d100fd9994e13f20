"""Payouts to look at: what each was to bring, what NetSuite has of it, what it consists of. Nothing asks Stripe."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, select, text, tuple_, update
from sqlalchemy.orm import Session

from app.core import audit, postings
from app.core.links import Link
from app.core.payout_tables import ROLES, Movement, Payout, Posting, TieOutRow
from app.core.runs import Run
from app.core.tie_out import latest
from app.money import from_minor

FLOW = "stripe_payout_to_netsuite_deposit"
STATES = ("in_transit", "waiting", "held", "posted", "differs", "failed", "skipped")
AT_ONCE = 500


@dataclass(frozen=True)
class PayoutFilter:
    """`month`: `2026-08`, of the arrival. `differs`: only those that wait for somebody to look at them."""

    account: str | None = None
    currency: str | None = None
    month: str | None = None
    state: str | None = None
    differs: bool = False


@dataclass(frozen=True)
class Listed:
    """Amounts in major units. `deposited`: None when it was never posted; `read_at`: None when NetSuite was not asked
    since it was.
    """

    id: str
    account: str
    currency: str
    amount: Decimal
    deposited: Decimal | None
    state: str
    status: str
    automatic: bool
    method: str
    created_at: datetime
    arrival_date: date
    read_at: datetime | None
    failure_message: str | None
    trace_id: str | None
    paid_by: str | None
    run: int | None
    run_state: str | None
    sentence: str
    action: str | None

    @property
    def expected(self) -> Decimal:
        """What is to be in the bank account in the end."""
        return Decimal(0) if self.status in ("failed", "canceled") else self.amount

    @property
    def difference(self) -> Decimal | None:
        """What is in NetSuite beyond what is expected; None while nothing is expected there."""
        return None if self.deposited is None else self.deposited - self.expected

    @property
    def cursor(self) -> str:
        return f"{self.arrival_date}~{self.id}"


# `named` are payouts in which the latest tie-out has found something wrong
_STATE = """
    CASE
        WHEN p.id = ANY (:named) THEN 'differs'
        WHEN p.status IN ('failed', 'canceled') AND coalesce(p.deposited, 0) = 0 THEN 'failed'
        WHEN p.status NOT IN ('failed', 'canceled') AND p.deposited = p.amount THEN 'posted'
        WHEN p.deposited IS NOT NULL AND p.read_at IS NOT NULL THEN 'differs'
        WHEN r.state IN ('held', 'dead') THEN 'held'
        WHEN p.status IN ('pending', 'in_transit') THEN 'in_transit'
        WHEN r.state IN ('skipped', 'dismissed') THEN 'skipped'
        ELSE 'waiting' END"""
_LISTED = f"""
    SELECT * FROM (
        SELECT p.*, r.id AS run, r.state AS run_state, coalesce(r.summary, '') AS sentence, r.action,
            {_STATE} AS state
        FROM payouts p
        LEFT JOIN LATERAL (
            SELECT id, state, summary, action FROM runs
            WHERE subject = p.id AND account = p.account AND flow = '{FLOW}' ORDER BY id DESC LIMIT 1) r ON true
        WHERE {{conditions}}) found
    WHERE {{after}} ORDER BY arrival_date DESC, id DESC LIMIT :limit"""  # noqa: S608


def listed(
    session: Session,
    wanted: PayoutFilter,
    *,
    limit: int = 50,
    before: str | None = None,
    off: Collection[str] | None = None,
) -> list[Listed]:
    """Newest arrival first. Raises ValueError for a `before` that no payout's `cursor` is. `off`: `named`, if known."""
    conditions, after, asked = ["true"], ["true"], dict[str, Any]()
    for column, value in (("account", wanted.account), ("currency", wanted.currency)):
        if value:
            conditions.append(f"p.{column} = :{column}")
            asked[column] = value.upper() if column == "currency" else value
    if wanted.month:
        conditions.append("p.arrival_date >= :first AND p.arrival_date < :next")
        asked["first"], asked["next"] = month_of(wanted.month)
    if wanted.state:
        after.append("state = :state")
        asked["state"] = wanted.state
    if wanted.differs:
        after.append("state IN ('differs', 'held')")
    if before:
        day, _, last = before.partition("~")
        conditions.append("(p.arrival_date, p.id) < (:day, :last)")
        asked |= {"day": date.fromisoformat(day), "last": last}
    sql = _LISTED.format(conditions=" AND ".join(conditions), after=" AND ".join(after))
    asked |= {"limit": limit, "named": sorted(named(session) if off is None else off)}
    return [_of_row(row) for row in session.execute(text(sql), asked).mappings()]


def month_of(written: str) -> tuple[date, date]:
    """Its first day and that of the next. Raises ValueError."""
    first = date.fromisoformat(f"{written}-01")
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def found(session: Session, payout_id: str) -> Listed | None:
    sql = _LISTED.format(conditions="p.id = :id", after="true")
    asked = {"id": payout_id, "limit": 1, "named": sorted(named(session))}
    row = session.execute(text(sql), asked).mappings().first()
    return _of_row(row) if row else None


def everything(session: Session, wanted: PayoutFilter) -> Iterator[Listed]:
    """All that the filter finds, page by page."""
    before: str | None = None
    while page := listed(session, wanted, limit=AT_ONCE, before=before):
        yield from page
        before = page[-1].cursor


def named(session: Session) -> set[str]:
    """Payouts in which the latest comparison has found something wrong, and that were not posted since."""
    wrong = {str(one["payout"]) for one in differences(session) if one["payout"]}
    since = select(Payout.id).where(Payout.id.in_(wrong), Payout.read_at.is_(None), Payout.deposited.is_not(None))
    return wrong - set(session.scalars(since)) if wrong else wrong


def differences(session: Session) -> list[dict[str, Any]]:
    """Of the latest comparisons, each with its account and currency."""
    rows = [(row, one) for row in latest(session) for one in row.differences]
    return [{**one, "account": row.account, "currency": row.currency, "at": row.at} for row, one in rows]


def choices(session: Session) -> dict[str, list[str]]:
    """What there is to filter by."""
    pairs = session.execute(select(Payout.account, Payout.currency).distinct()).all()
    return {"accounts": sorted({row.account for row in pairs}), "currencies": sorted({row.currency for row in pairs})}


def _of_row(row: RowMapping) -> Listed:
    code, deposited = row["currency"], row["deposited"]
    plain = {name: row[name] for name in Listed.__dataclass_fields__ if name not in ("amount", "deposited")}
    there = None if deposited is None else from_minor(deposited, code)
    return Listed(amount=from_minor(row["amount"], code), deposited=there, **plain)


# one payout ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A balance transaction of a payout; the NetSuite record that stands for it, or the run that is to bring it."""

    id: str
    created_at: datetime
    type: str
    category: str
    description: str | None
    source: str | None
    currency: str
    gross: Decimal
    fee: Decimal
    net: Decimal
    record_type: str | None
    record: str | None
    there: bool | None
    booked: Decimal | None
    run: int | None
    run_state: str | None
    run_flow: str | None
    sentence: str

    @property
    def cursor(self) -> str:
        return f"{self.created_at.isoformat()}~{self.id}"


def lines(session: Session, payout: Listed, *, limit: int = 100, after: str | None = None) -> list[Line]:
    """Oldest first, without the payout's own movement. Raises ValueError for an `after` that no line's `cursor` is."""
    wanted = select(Movement).where(Movement.payout == payout.id, Movement.category != "payout")
    if after:
        at, _, last = after.partition("~")
        wanted = wanted.where(tuple_(Movement.created_at, Movement.id) > (datetime.fromisoformat(at), last))
    rows = session.scalars(wanted.order_by(Movement.created_at, Movement.id).limit(limit)).all()
    return _with_records(session, payout.account, rows)


def all_lines(session: Session, payout: Listed) -> Iterator[Line]:
    after: str | None = None
    while page := lines(session, payout, limit=AT_ONCE, after=after):
        yield from page
        after = page[-1].cursor


def _with_records(session: Session, account: str, rows: Sequence[Movement]) -> list[Line]:
    names = sorted({row.name for row in rows})
    links: dict[str, list[Link]] = {}
    for link in session.scalars(select(Link).where(Link.stripe_id.in_(names), Link.account == account)):
        links.setdefault(link.stripe_id, []).append(link)
    of = {row.id: _link(row, links.get(row.name, ())) for row in rows}
    records = [link.netsuite_id for link in of.values() if link]
    booked: dict[str, list[Posting]] = {}
    for posting in postings.of_records(session, records):
        booked.setdefault(posting.record, []).append(posting)
    subjects = sorted({name for row in rows for name in (row.name, row.source) if name})
    told = {run.subject: run for run in _runs(session, account, subjects)}
    return [_line(row, of[row.id], booked, told.get(row.name) or told.get(row.source or "")) for row in rows]


def _link(row: Movement, links: Sequence[Link]) -> Link | None:
    roles = (*ROLES.get(row.category, ()), *(("je",) if row.category == "payout_reversal" else ()))
    mine = [link for link in links if link.role in roles]
    return max(mine, key=lambda link: (link.current, link.id), default=None)


def _runs(session: Session, account: str, subjects: Sequence[str]) -> Sequence[Run]:
    """The newest of each subject's, one that waits for a person before others."""
    wanted = select(Run).where(Run.subject.in_(subjects), Run.account == account).order_by(Run.id)
    runs = session.scalars(wanted.where(Run.flow != "exchange_rates_to_netsuite")).all()
    return sorted(runs, key=lambda run: (run.state in ("held", "dead"), run.id))


def _line(row: Movement, link: Link | None, booked: Mapping[str, list[Posting]], run: Run | None) -> Line:
    posted = booked.get(link.netsuite_id, []) if link else []
    same = [one.amount for one in posted if one.currency == row.currency]
    return Line(
        id=row.id,
        created_at=row.created_at,
        type=row.type,
        category=row.category,
        description=row.description,
        source=row.source,
        currency=row.currency,
        gross=from_minor(row.amount, row.currency),
        fee=from_minor(row.fee, row.currency),
        net=from_minor(row.net, row.currency),
        record_type=link.netsuite_type if link else None,
        record=link.netsuite_id if link else None,
        there=None if link is None or not link.current else bool(posted),
        booked=sum(same, Decimal(0)) if same else None,
        run=run.id if run else None,
        run_state=run.state if run else None,
        run_flow=run.flow if run else None,
        sentence=run.summary if run else "",
    )


@dataclass(frozen=True)
class Sum:
    category: str
    count: int
    gross: Decimal
    fee: Decimal
    net: Decimal


def sums(session: Session, payout: Listed) -> list[Sum]:
    """What it consists of, by kind; together they are the payout."""
    found = session.execute(
        text(
            "SELECT category, count(*) AS count, sum(amount) AS gross, sum(fee) AS fee, sum(net) AS net FROM movements"
            " WHERE payout = :payout AND category <> 'payout' GROUP BY category ORDER BY category"
        ),
        {"payout": payout.id},
    )
    code = payout.currency
    return [
        Sum(
            row.category,
            row._mapping["count"],
            from_minor(int(row.gross), code),
            from_minor(int(row.fee), code),
            from_minor(int(row.net), code),
        )
        for row in found
    ]


@dataclass(frozen=True)
class Record:
    """One of the payout's own records in NetSuite, and what it posts to each account as last read."""

    type: str
    id: str
    external_id: str
    current: bool
    note: str | None
    accounts: tuple[tuple[str, str, Decimal], ...]
    """Account, currency, amount: debits are positive."""


def records(session: Session, payout: Listed) -> list[Record]:
    own = list(session.scalars(select(Link).where(_of_payout(payout.id)).order_by(Link.id)))
    posted: dict[str, list[Posting]] = {}
    for one in postings.of_records(session, [link.netsuite_id for link in own]):
        posted.setdefault(one.record, []).append(one)
    return [
        Record(
            link.netsuite_type,
            link.netsuite_id,
            link.external_id,
            link.current,
            link.note,
            tuple((one.account, one.currency, one.amount) for one in posted.get(link.netsuite_id, ())),
        )
        for link in own
    ]


def _of_payout(payout: str) -> Any:
    names = (payout, f"{payout}-reversal")
    return Link.role.in_(("dep", "je")) & (Link.stripe_id.in_(names) | Link.stripe_id.startswith(f"{payout}-"))


# what can be done ----------------------------------------------------------------------------------------------


def forget_what_was_sent(session: Session, payout: str, *, actor: str, reason: str) -> None:
    """So that the next run writes its records anew, whatever has been done to them in NetSuite since."""
    own = update(Link).where(_of_payout(payout), Link.current)
    session.execute(own.values(netsuite_fingerprint=None))
    audit.note(session, actor, "payout.posted_again", f"payout:{payout}", reason=reason)


def retire_record(session: Session, link: Link, *, actor: str, reason: str) -> None:
    """Its record is gone from NetSuite, so that its flow makes it anew."""
    note = f"Gone from NetSuite: brought over again by {actor}."
    session.execute(update(Link).where(Link.id == link.id).values(current=False, netsuite_fingerprint=None, note=note))
    audit.note(session, actor, "record.brought_again", link.external_id, reason=reason, record=link.netsuite_id)


def history(session: Session, account: str, currency: str, limit: int = 48) -> list[TieOutRow]:
    """Newest first."""
    mine = (TieOutRow.account == account, TieOutRow.currency == currency)
    return list(session.scalars(select(TieOutRow).where(*mine).order_by(TieOutRow.id.desc()).limit(limit)))
