"""Finding records: a page of what a filter and a search mean, in a time that does not grow with how many there are.

What an index leads to is found however far back it lies. Anything else is looked for among the newest first, and the
page says how far back it has looked and goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, func, or_, select, text, union_all
from sqlalchemy.orm import Session

from app.admin.queries import Slice
from app.core import run_counts, search
from app.core.attempts import Attempt
from app.core.run_filter import RunFilter
from app.core.runs import Run

REACH = 5_000
"""Of what no index leads to, so many records are looked at for one page."""
PAYLOADS = 1_000
"""Payloads are read whole, so fewer of them."""
HITS = 4_000
MOST_COUNTED = 10_000
LATE = timedelta(minutes=10)
"""A run's number and its time of birth may disagree by as long as a transaction lasts."""


@dataclass(frozen=True)
class Found:
    """`next` goes on after the last row, or, with `looked_back_to`, from where the search stopped for now."""

    rows: Sequence[Run]
    next: int | None = None
    looked_back_to: int | None = None
    more_alike: bool = False


def find(session: Session, wanted: RunFilter, part: Slice, *, payload: str = "") -> Found:
    """Newest first. `payload`: words that stand somewhere in what was sent or came back, or in what was noted."""
    top = part.before or _top(session) + 1
    if wanted.until is not None:
        top = min(top, _born_by(session, wanted.until + LATE) + 1)
    if payload:
        says = _says(payload, max(top - PAYLOADS, 0), top)
        return _among_the_newest(session, [*wanted.conditions(), says], part.limit, top, PAYLOADS)
    if wanted.search and search.sought(wanted.search):
        return _by_words(session, wanted, wanted.search, part.limit, top)
    if wanted.causes or wanted.currency or wanted.account or wanted.text:
        return _among_the_newest(session, wanted.plain(), part.limit, top, REACH)
    rows = _rows(session, wanted, part.limit, top)
    return Found(rows[: part.limit], rows[part.limit - 1].id if len(rows) > part.limit else None)


def _top(session: Session) -> int:
    return session.scalar(select(func.max(Run.id))) or 0


def _rows(session: Session, wanted: RunFilter, limit: int, top: int) -> Sequence[Run]:
    """Several states: the newest of each, merged, so that each is read in the order of its index."""
    conditions = [Run.id < top, *wanted.plain()]
    if len(wanted.states) < 2:
        return session.scalars(select(Run).where(*conditions).order_by(Run.id.desc()).limit(limit + 1)).all()
    each = [
        select(Run.id).where(Run.state == state, *conditions).order_by(Run.id.desc()).limit(limit + 1).subquery()
        for state in wanted.states
    ]
    ids = union_all(*(select(one.c.id) for one in each)).subquery()
    return session.scalars(
        select(Run).where(Run.id.in_(select(ids.c.id))).order_by(Run.id.desc()).limit(limit + 1)
    ).all()


def _among_the_newest(
    session: Session, conditions: Sequence[ColumnElement[bool]], limit: int, top: int, reach: int
) -> Found:
    low = max(top - reach, 0)
    within = (Run.id < top, Run.id >= low)
    rows = session.scalars(select(Run).where(*within, *conditions).order_by(Run.id.desc()).limit(limit + 1)).all()
    if len(rows) > limit:
        return Found(rows[:limit], rows[limit - 1].id)
    older = session.scalar(select(Run.id).where(Run.id < low).limit(1)) is not None
    return Found(rows, low if older else None, low if older else None)


def _by_words(session: Session, wanted: RunFilter, words: str, limit: int, top: int) -> Found:
    others = [*wanted.plain(), *search.of_others(words)]
    hits = search.hits(session, words, before=top, reach=HITS if others else limit + 1)
    statement = select(Run).where(Run.id.in_(hits.ids), *others).order_by(Run.id.desc()).limit(limit + 1)
    rows = session.scalars(statement).all() if hits.ids else []
    if len(rows) > limit:
        return Found(rows[:limit], rows[limit - 1].id, more_alike=hits.more_alike)
    return Found(rows, hits.complete_to, hits.complete_to, hits.more_alike)


def _says(payload: str, low: int, top: int) -> ColumnElement[bool]:
    """Exchanges are kept without what is not known to be harmless, so a search finds no more than the page shows.

    The bounds are said here, too: else all attempts there are would be read.
    """
    said = (cast(Attempt.exchanges, String), cast(Attempt.notes, String), Attempt.summary, Attempt.detail)
    fits = or_(*(one.icontains(payload, autoescape=True) for one in said))
    tried = select(Attempt.run_id).where(Attempt.run_id >= low, Attempt.run_id < top, fits)
    return or_(Run.summary.icontains(payload, autoescape=True), Run.id.in_(tried))


# Ids are given out in the order of birth, so that a time is found by halving: some twenty looks at the index.
_BORN_BY = text(
    """
    WITH RECURSIVE halving (low, high) AS (
        SELECT 0::bigint, coalesce(max(id), 0) + 1 FROM runs
        UNION ALL
        SELECT CASE WHEN born.created_at <= :at THEN middle.id ELSE low END,
               CASE WHEN born.created_at <= :at THEN high ELSE middle.id END
        FROM halving CROSS JOIN LATERAL (SELECT (low + high) / 2 AS id) middle
        LEFT JOIN LATERAL (SELECT created_at FROM runs WHERE id >= middle.id ORDER BY id LIMIT 1) born ON true
        WHERE high - low > 1
    )
    SELECT min(high) FROM halving
    """
)


def _born_by(session: Session, at: datetime) -> int:
    """The highest id that a run of that time can have."""
    return session.scalar(_BORN_BY, {"at": at}) or 0


# how many --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """How many records a filter means. `about`: to the hour; `more`: at least so many."""

    count: int
    about: bool = False
    more: bool = False

    def __str__(self) -> str:
        return f"{'about ' if self.about else ''}{self.count:,}{'+' if self.more else ''}"


def number(session: Session, wanted: RunFilter, now: datetime) -> Number | None:
    """None where only counting each would tell."""
    plain = RunFilter(flow=wanted.flow, states=wanted.states, account=wanted.account)
    if wanted == plain:
        return Number(run_counts.total(session, account=wanted.account, flow=wanted.flow, states=wanted.states))
    if _same_but_for_since(wanted, plain) and wanted.since and wanted.since >= now - run_counts.DAYS_KEPT:
        found = run_counts.total(
            session, account=wanted.account, flow=wanted.flow, states=wanted.states, since=wanted.since
        )
        return Number(found, about=True)
    if wanted.search or wanted.causes or wanted.currency or wanted.account or wanted.text or wanted.until:
        return None
    return counted(session, wanted)


def _same_but_for_since(wanted: RunFilter, plain: RunFilter) -> bool:
    return wanted == RunFilter(flow=plain.flow, states=plain.states, account=plain.account, since=wanted.since)


def counted(session: Session, wanted: RunFilter) -> Number:
    some = select(Run.id).where(*wanted.conditions()).limit(MOST_COUNTED + 1).subquery()
    found = session.scalar(select(func.count()).select_from(some)) or 0
    return Number(min(found, MOST_COUNTED), more=found > MOST_COUNTED)
