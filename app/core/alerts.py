"""Alerts: what people are told of without looking. A look writes rows, one for each receiver; another task sends them.

A row is written once for each (kind, subject, period, receiver), and sent until its receiver takes it or its tries are
used up. What it carries is allow-listed: ids, counts, amounts, and sentences of our own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import config as configuration
from app.core import issues
from app.core.backoff import delay, exhausted
from app.core.completeness import Day
from app.core.config import Alerts, QuietHours
from app.core.issues import Weight
from app.core.runs import Run
from app.core.tables import Alert, Issue
from app.db import Database

log = structlog.get_logger()
SENT = Counter("alerts_sent", "Alerts by receiver and how sending them ended", ["receiver", "outcome"])
TEST = "test"
BATCH = 50
_LOCK = 7133004
_SHOWN_RUNS = 10
FACTS = frozenset(
    (
        *("issue", "flow", "error_code", "field", "open_runs", "dead_runs", "run", "times_opened"),
        *("account", "oldest_run", "hours", "since", "day", "at_stripe", "stored", "done", "skipped", "held", "open"),
        *("dead", "lost", "missing", "examples", "amount", "currency"),
    )
)
_random = Random()  # noqa: S311  (jitter, not a secret)


@dataclass(frozen=True)
class Notice:
    """What is to be told. `subject`: what it is about, by our own ids; `period` tells its repeats apart."""

    kind: str
    subject: str
    period: str
    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One alert as a sender gets it; `id` is the same each time it is tried."""

    id: int
    kind: str
    subject: str
    title: str
    facts: Mapping[str, Any]
    at: datetime


class Refused(Exception):
    """The receiver did not take it; the sentence says what came back, and holds no secret."""


class Sender(Protocol):
    def send(self, message: Message, now: datetime) -> str:
        """What came back, in words. Raises Refused."""


Senders = Mapping[str, Sender]
"""By the receiver's name; only those that the environment configures."""


# looking ---------------------------------------------------------------------------------------------------------


def look(database: Database, receivers: Collection[str], now: datetime) -> int:
    """Write an alert for whatever people should be told of now; how many rows. Also ends snoozes that are over."""
    with database.session_scope() as session:
        issues.wake_snoozed(session, now)
    with database.session_scope() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        chosen = configuration.current(session).alerts
        notices = [*_of_issues(session, chosen, receivers, now), *_of_age(session, chosen, now)]
        return sum(_write(session, chosen, notice, receivers, now) for notice in notices)


def tell_gaps(database: Database, days: Sequence[Day], receivers: Collection[str], now: datetime) -> int:
    """Write an alert for each day that does not add up; how many rows."""
    with database.session_scope() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        chosen = configuration.current(session).alerts
        notices = [_gap(day, now) for day in days if not day.adds_up]
        fresh = [notice for notice in notices if not _told_lately(session, notice.subject, chosen, now)]
        return sum(_write(session, chosen, notice, receivers, now) for notice in fresh)


def _of_issues(session: Session, chosen: Alerts, receivers: Collection[str], now: datetime) -> list[Notice]:
    """An issue that came up or came back since it was last told of; runs that were given up since then."""
    rows = session.scalars(select(Issue).where(Issue.state.in_(("open", "acknowledged"))).order_by(Issue.id)).all()
    told = _last_told(session)
    quiet = now - timedelta(hours=chosen.again_after_hours)
    due = [row for row in rows if (last := told.get(_subject(row))) is None or last <= quiet]
    weighed = issues.weights(session, [row.id for row in due])
    dead = _newest_dead(session, [row.id for row in due]) if _audience(chosen, "dead_letter", receivers) else {}
    found = [
        _of_issue(session, row, weighed.get(row.id, Weight()), dead.get(row.id), told.get(_subject(row))) for row in due
    ]
    return [notice for notice in found if notice]


def _subject(issue: Issue) -> str:
    return f"issue:{issue.id}"


def _last_told(session: Session) -> dict[str, datetime]:
    about = Alert.subject.startswith("issue:")
    rows = session.execute(select(Alert.subject, func.max(Alert.created_at)).where(about).group_by(Alert.subject))
    return {subject: at for subject, at in rows}  # noqa: C416  (a row is no pair to mypy)


def _of_issue(
    session: Session, issue: Issue, weight: Weight, dead: tuple[int, int] | None, last: datetime | None
) -> Notice | None:
    facts = _issue_facts(issue, weight)
    if dead is not None and not _is_told(session, "dead_letter", _subject(issue), str(dead[1])):
        title = f"{dead[0]} run(s) were given up. {issue.title}"
        told = {**facts, "dead_runs": dead[0], "run": dead[1]}
        return Notice("dead_letter", _subject(issue), str(dead[1]), title, told)
    if issue.state == "open" and weight.open_runs and (last is None or last < issue.opened_at):
        return Notice("issue_opened", _subject(issue), str(issue.times_opened), issue.title, facts)
    return None


def _issue_facts(issue: Issue, weight: Weight) -> dict[str, Any]:
    return {
        "issue": issue.id,
        "flow": issue.flow,
        "error_code": issue.error_code,
        "field": issue.field,
        "open_runs": weight.open_runs,
        "run": weight.example,
        "times_opened": issue.times_opened,
    }


def _newest_dead(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By issue: how many dead runs, and the newest of them."""
    rows = session.execute(
        select(Run.issue_id, func.count(), func.max(Run.id))
        .where(Run.issue_id.in_(ids), Run.state == "dead")
        .group_by(Run.issue_id)
    )
    return {issue_id: (number, newest) for issue_id, number, newest in rows if issue_id}


def _of_age(session: Session, chosen: Alerts, now: datetime) -> list[Notice]:
    """Of each account, the oldest run that is not finished, when it is older than the limit."""
    limit = timedelta(hours=chosen.oldest_hours)
    rows = session.execute(
        select(Run.account, func.min(Run.created_at), func.min(Run.id), func.count())
        .where(Run.state.in_(("queued", "running", "retrying", "held")), Run.created_at < now - limit)
        .group_by(Run.account)
    )
    found = []
    for account, oldest, run_id, number in rows:
        hours = int((now - oldest).total_seconds() // 3600)
        title = f"{number} run(s) of account {account} are not finished after {chosen.oldest_hours} hours."
        facts = {"account": account, "oldest_run": run_id, "hours": hours, "open_runs": number}
        found.append(Notice("oldest_unposted", f"account:{account}", f"{now:%Y-%m-%dT%H:%M}", title, facts))
    return [notice for notice in found if not _told_lately(session, notice.subject, chosen, now)]


def _gap(day: Day, now: datetime) -> Notice:
    title = (
        f"{day.day} does not add up for account {day.account}: "
        f"Stripe lists {day.at_stripe} events, {day.stored} are stored, {len(day.missing)} are missing."
    )
    facts = {
        "account": day.account,
        "day": day.day.isoformat(),
        "at_stripe": day.at_stripe,
        "stored": day.stored,
        "missing": len(day.missing),
        "examples": list(day.missing[:_SHOWN_RUNS]),
        **{name: getattr(day, name) for name in ("done", "skipped", "held", "open", "dead", "lost")},
    }
    return Notice("completeness_gap", f"day:{day.account}:{day.day}", f"{now:%Y-%m-%dT%H:%M}", title, facts)


def _told_lately(session: Session, subject: str, chosen: Alerts, now: datetime) -> bool:
    since = now - timedelta(hours=chosen.again_after_hours)
    lately = (Alert.subject == subject, Alert.created_at > since)
    return session.scalar(select(Alert.id).where(*lately).limit(1)) is not None


def _is_told(session: Session, kind: str, subject: str, period: str) -> bool:
    same = (Alert.kind == kind, Alert.subject == subject, Alert.period == period)
    return session.scalar(select(Alert.id).where(*same).limit(1)) is not None


# writing ---------------------------------------------------------------------------------------------------------


def _audience(chosen: Alerts, kind: str, receivers: Collection[str]) -> list[str]:
    """The receivers that are told of this kind."""
    named = {str(each): who for each, who in chosen.kinds.items()}
    return sorted(name for name in receivers if kind not in named or name in named[kind])


def _write(session: Session, chosen: Alerts, notice: Notice, receivers: Collection[str], now: datetime) -> int:
    due = after_quiet(chosen.quiet_hours, now)
    names = _audience(chosen, notice.kind, receivers)
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


# sending ---------------------------------------------------------------------------------------------------------


def send_due(database: Database, senders: Senders, now: datetime) -> int:
    """Try every alert that is due; how many were taken."""
    with database.session_scope() as session:
        waiting = (Alert.state == "queued", Alert.due_at <= now)
        ids = session.scalars(select(Alert.id).where(*waiting).order_by(Alert.due_at, Alert.id).limit(BATCH)).all()
    return sum(send(database, senders, alert_id, now) == "sent" for alert_id in ids)


def send(database: Database, senders: Senders, alert_id: int, now: datetime) -> str | None:
    """One try; the state it is in afterwards, None when it is not due or somebody else is at it."""
    claimed = _claim(database, alert_id, now)
    if claimed is None:
        return None
    row, last = claimed
    state, words = _tried(senders, row, now)
    if state == "queued" and last:
        state = "failed"
    with database.session_scope() as session:
        kept = session.get_one(Alert, alert_id)
        kept.state = state
        kept.answer, kept.last_error = (words, None) if state == "sent" else (kept.answer, words)
        kept.sent_at = now if state == "sent" else None
    SENT.labels(row.receiver, state).inc()
    log.info("alert.tried", alert=alert_id, kind=row.kind, receiver=row.receiver, outcome=state, attempt=row.tries)
    return state


def _claim(database: Database, alert_id: int, now: datetime) -> tuple[Alert, bool] | None:
    """The row, and whether this is its last try. The next one is booked before this one is made."""
    with database.session_scope() as session:
        waiting = (Alert.id == alert_id, Alert.state == "queued", Alert.due_at <= now)
        row = session.scalars(select(Alert).where(*waiting).with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        backoff = configuration.current(session).alerts.sends
        row.tries += 1
        row.due_at = now + delay(row.tries, backoff, jitter=_random.random())
        return row, row.kind == TEST or exhausted(row.tries, backoff)


def _tried(senders: Senders, row: Alert, now: datetime) -> tuple[str, str]:
    sender = senders.get(row.receiver)
    if sender is None:
        return "failed", f"The receiver {row.receiver} is not configured any more."
    message = Message(row.id, row.kind, row.subject, row.title, row.facts, row.created_at)
    try:
        return "sent", sender.send(message, now)[:500]
    except Refused as error:
        return "queued", str(error)[:500]
