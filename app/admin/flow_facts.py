"""What is told of a flow beside its settings: what it did lately, when it looked, and who changed it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import retry_errors, run_counts
from app.core.config import Config
from app.core.flow import AnyFlow
from app.core.plan import leaves
from app.core.runs import REPLAYABLE, STATES, Run
from app.core.tables import Cursor

Span = Literal["24h", "30d"]
CHANGES = 10
VERSIONS = 500
"""So many versions back it is looked for who changed a flow."""


@dataclass(frozen=True)
class Series:
    """Runs by the hour or day of their last change, oldest first: as many numbers in each state as there are times."""

    times: tuple[datetime, ...]
    states: dict[str, tuple[int, ...]]

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(sum(numbers) for numbers in zip(*self.states.values(), strict=True))

    def sum(self, *states: str) -> int:
        return sum(sum(self.states[state]) for state in states)


@dataclass(frozen=True)
class Look:
    """The last sweep of one Stripe account, and when the next is due; `error`: why it broke off."""

    account: str
    at: datetime | None
    next: datetime | None
    found: int
    error: str | None


@dataclass(frozen=True)
class Change:
    """A version that changed something of a flow. `settings`: path below the flow -> (before, after)."""

    version: int
    at: datetime
    author: str
    note: str
    settings: dict[str, tuple[Any, Any]] = field(default_factory=dict)


# what it did -------------------------------------------------------------------------------------------------------


def activity(session: Session, now: datetime, span: Span, flow: str | None = None) -> dict[str, Series]:
    """By flow. Reads sums only, however many runs there are."""
    times = _times(now, span)
    read = run_counts.hourly if span == "24h" else run_counts.daily
    numbers: dict[str, dict[str, list[int]]] = {}
    places = {at: place for place, at in enumerate(times)}
    for tally in read(session, times[0], flow=flow):
        mine = numbers.setdefault(tally.flow, {state: [0] * len(times) for state in STATES})
        if tally.at in places:
            mine[tally.state][places[tally.at]] += tally.runs
    return {key: Series(times, {state: tuple(each) for state, each in one.items()}) for key, one in numbers.items()}


def nothing(now: datetime, span: Span) -> Series:
    times = _times(now, span)
    return Series(times, {state: (0,) * len(times) for state in STATES})


def _times(now: datetime, span: Span) -> tuple[datetime, ...]:
    step, count = (timedelta(hours=1), 24) if span == "24h" else (timedelta(days=1), 30)
    last = now.replace(minute=0, second=0, microsecond=0)
    last = last if span == "24h" else last.replace(hour=0)
    return tuple(last - step * back for back in reversed(range(count)))


def counts(session: Session, flow: str | None = None) -> dict[str, dict[str, int]]:
    """By flow and state. Flow `retry_errors` has no runs of its own: it counts the errors of the others."""
    found = run_counts.by_flow(session, flow=None if flow == retry_errors.KEY else flow)
    errors = {state: sum(each.get(state, 0) for each in found.values()) for state in REPLAYABLE}
    return {**found, retry_errors.KEY: {state: number for state, number in errors.items() if number}}


def latest(session: Session, flow: AnyFlow, limit: int) -> Sequence[Run]:
    mine = Run.state.in_(REPLAYABLE) if flow.key == retry_errors.KEY else Run.flow == flow.key
    return session.scalars(select(Run).where(mine).order_by(Run.id.desc()).limit(limit)).all()


def oldest_queued(session: Session, key: str) -> datetime | None:
    """When the oldest of its runs came that no worker has begun."""
    waiting = select(Run.created_at).where(Run.flow == key, Run.state == "queued").order_by(Run.id).limit(1)
    return session.scalar(waiting)


# when it looked ----------------------------------------------------------------------------------------------------


def looks(session: Session, chosen: Config, flow: AnyFlow, accounts: Sequence[str]) -> list[Look]:
    rows = {row.name: row for row in session.scalars(select(Cursor).where(Cursor.name.in_(_names(flow, accounts))))}
    every = chosen.interval_of(flow)
    return [_look(name, rows.get(f"{flow.key}/{name}"), every) for name in accounts]


def last_looks(session: Session) -> dict[str, datetime]:
    """By flow, of any account."""
    found: dict[str, datetime] = {}
    for name, at in session.execute(select(Cursor.name, Cursor.last_run_at)):
        key = name.partition("/")[0]
        if at is not None:
            found[key] = max(at, found.get(key, at))
    return found


def _names(flow: AnyFlow, accounts: Sequence[str]) -> list[str]:
    return [f"{flow.key}/{name}" for name in accounts]


def _look(account: str, row: Cursor | None, every: timedelta | None) -> Look:
    if row is None:
        return Look(account, None, None, 0, None)
    due = row.last_run_at + every if row.last_run_at and every else None
    return Look(account, row.last_run_at, due, row.found, row.error)


# who changed it ----------------------------------------------------------------------------------------------------

_CHANGED = text(
    """
    SELECT id, created_at, author, note, now, before FROM (
        SELECT id, created_at, author, note, now, lag(now) OVER (ORDER BY id) AS before FROM (
            SELECT id, created_at, author, note, document -> 'flows' -> :key AS now
            FROM config_versions ORDER BY id DESC LIMIT :versions) newest) compared
    WHERE now IS DISTINCT FROM before ORDER BY id DESC LIMIT :limit
    """
)


def changes(session: Session, key: str, limit: int = CHANGES) -> list[Change]:
    """The newest first."""
    rows = session.execute(_CHANGED, {"key": key, "versions": VERSIONS, "limit": limit})
    return [
        Change(row.id, row.created_at, row.author, row.note, _settings(row.before or {}, row.now or {})) for row in rows
    ]


def _settings(before: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    old, new = dict(leaves(before)), dict(leaves(now))
    paths = sorted(old.keys() | new.keys())
    return {path: (old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)}
