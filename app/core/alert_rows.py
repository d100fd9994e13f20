"""Alerts as rows: once for each (kind, subject, period, receiver), due when the quiet hours are over.

What a row carries is allow-listed: ids, counts, amounts, and sentences of our own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.config import Alerts, QuietHours
from app.core.tables import Alert

TEST = "test"
FACTS = frozenset(
    (
        *("issue", "flow", "error_code", "field", "open_runs", "dead_runs", "run", "times_opened"),
        *("account", "oldest_run", "hours", "since", "day", "at_stripe", "stored", "done", "skipped", "held", "open"),
        *("dead", "lost", "missing", "examples", "amount", "currency"),
    )
)


@dataclass(frozen=True)
class Notice:
    """What is to be told. `subject`: what it is about, by our own ids; `period` tells its repeats apart."""

    kind: str
    subject: str
    period: str
    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def audience(chosen: Alerts, kind: str, receivers: Collection[str]) -> list[str]:
    """The receivers that are told of this kind."""
    named = {str(each): who for each, who in chosen.kinds.items()}
    return sorted(name for name in receivers if kind not in named or name in named[kind])


def write_to_all(session: Session, chosen: Alerts, notice: Notice, receivers: Collection[str], now: datetime) -> int:
    """One for each receiver that is told of this kind; how many had not been written before."""
    due = after_quiet(chosen.quiet_hours, now)
    names = audience(chosen, notice.kind, receivers)
    return sum(write(session, notice, name, now, due_at=due) is not None for name in names)


def write(session: Session, notice: Notice, receiver: str, now: datetime, *, due_at: datetime) -> int | None:
    """The row's id; None when it has been written before."""
    values = {
        "kind": notice.kind,
        "subject": notice.subject,
        "period": notice.period,
        "receiver": receiver,
        "title": notice.title,
        "facts": {name: value for name, value in notice.facts.items() if name in FACTS and value not in (None, "")},
        "due_at": due_at,
        "created_at": now,
    }
    return session.scalar(insert(Alert).values(**values).on_conflict_do_nothing().returning(Alert.id))


def for_test(now: datetime) -> Notice:
    """What `tieout alerts test` sends; each is one of its own."""
    title = "This is a test of Tieout's alerts: nothing is wrong."
    return Notice(TEST, TEST, now.isoformat(timespec="microseconds"), title)


def after_quiet(quiet: QuietHours | None, now: datetime) -> datetime:
    """`now`, or the end of the quiet hours that it lies in."""
    if quiet is None:
        return now
    zone = ZoneInfo(quiet.time_zone)
    local = now.astimezone(zone)
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    at = local.time().replace(tzinfo=None)
    inside = start <= at < end if start <= end else at >= start or at < end
    if not inside:
        return now
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, zone).astimezone(now.tzinfo)


# what has been told ----------------------------------------------------------------------------------------------


def last_told(session: Session) -> dict[str, datetime]:
    about = Alert.subject.startswith("issue:")
    rows = session.execute(select(Alert.subject, func.max(Alert.created_at)).where(about).group_by(Alert.subject))
    return {subject: at for subject, at in rows}  # noqa: C416  (a row is no pair to mypy)


def told_lately(session: Session, subject: str, chosen: Alerts, now: datetime) -> bool:
    since = now - timedelta(hours=chosen.again_after_hours)
    lately = (Alert.subject == subject, Alert.created_at > since)
    return session.scalar(select(Alert.id).where(*lately).limit(1)) is not None


def is_told(session: Session, kind: str, subject: str, period: str) -> bool:
    same = (Alert.kind == kind, Alert.subject == subject, Alert.period == period)
    return session.scalar(select(Alert.id).where(*same).limit(1)) is not None
