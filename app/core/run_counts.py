"""How many runs there are, by flow, account, state and hour of their last change: added up, never counted.

A trigger on `runs` adds a row for every change of a number; `compact` puts them together, so a sum reads a few
thousand rows however many runs there are. Within the last two days a row is about an hour (UTC), within five weeks
about a day, and before that about all time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Identity, Text, func, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base

HOURS_KEPT = timedelta(days=2)
DAYS_KEPT = timedelta(days=35)
_LOCK = 7133006


class RunCount(Base):
    """A difference: the number of runs is the sum of `runs`."""

    __tablename__ = "run_counts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    hour: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    runs: Mapped[int] = mapped_column(BigInteger)


class Tally(NamedTuple):
    """So many runs of a flow in a state; `at`: the hour or day of their last change."""

    flow: str
    state: str
    at: datetime
    runs: int


def by_flow(session: Session, *, account: str | None = None, flow: str | None = None) -> dict[str, dict[str, int]]:
    """Flow -> state -> how many runs; what there is none of is left out."""
    rows = session.execute(
        select(RunCount.flow, RunCount.state, func.sum(RunCount.runs))
        .where(*_wanted(account, flow, ()))
        .group_by(RunCount.flow, RunCount.state)
    )
    found: dict[str, dict[str, int]] = {}
    for name, state, runs in rows:
        if runs:
            found.setdefault(name, {})[state] = int(runs)
    return found


def total(
    session: Session,
    *,
    account: str | None = None,
    flow: str | None = None,
    states: Sequence[str] = (),
    since: datetime | None = None,
) -> int:
    """`since`: of the last change, to the hour within two days and to the day within five weeks."""
    wanted = _wanted(account, flow, states)
    if since is not None:
        wanted.append(RunCount.hour >= func.date_trunc("hour", since, "UTC"))
    return max(int(session.scalar(select(func.sum(RunCount.runs)).where(*wanted)) or 0), 0)


def hourly(session: Session, since: datetime, *, flow: str | None = None) -> list[Tally]:
    """By the hour (UTC); `since` at most two days ago."""
    return _series(session, "hour", since, flow)


def daily(session: Session, since: datetime, *, flow: str | None = None) -> list[Tally]:
    """By the day (UTC); `since` at most five weeks ago."""
    return _series(session, "day", since, flow)


def _series(session: Session, unit: str, since: datetime, flow: str | None) -> list[Tally]:
    at = func.date_trunc(unit, RunCount.hour, "UTC").label("at")
    rows = session.execute(
        select(RunCount.flow, RunCount.state, at, func.sum(RunCount.runs))
        .where(*_wanted(None, flow, ()), RunCount.hour >= func.date_trunc(unit, since, "UTC"))
        .group_by(RunCount.flow, RunCount.state, at)
        .order_by(at)
    )
    return [Tally(name, state, when, int(runs)) for name, state, when, runs in rows if runs > 0]


def _wanted(account: str | None, flow: str | None, states: Sequence[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if account is not None:
        found.append(RunCount.account == account)
    if flow is not None:
        found.append(RunCount.flow == flow)
    if states:
        found.append(RunCount.state.in_(states))
    return found


_COMPACT = text(
    """
    WITH gone AS (DELETE FROM run_counts RETURNING flow, account, state, hour, runs)
    INSERT INTO run_counts (flow, account, state, hour, runs)
    SELECT flow, account, state,
           CASE WHEN hour >= :hours THEN hour
                WHEN hour >= :days THEN date_trunc('day', hour, 'UTC')
                ELSE timestamptz '2000-01-01 00:00:00+00' END AS at,
           sum(runs)
    FROM gone GROUP BY flow, account, state, at HAVING sum(runs) <> 0
    """
)


def compact(session: Session, now: datetime) -> bool:
    """Puts the differences together. False when another process is at it."""
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
        return False
    session.execute(_COMPACT, {"hours": now - HOURS_KEPT, "days": now - DAYS_KEPT})
    return True
