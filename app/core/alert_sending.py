"""Sending alerts: each is tried until its receiver takes it or its tries are used up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Protocol

import structlog
from prometheus_client import Counter
from sqlalchemy import select

from app.core import config as configuration
from app.core.alert_rows import TEST
from app.core.backoff import delay, exhausted
from app.core.tables import Alert
from app.db import Database

log = structlog.get_logger()
SENT = Counter("alerts_sent", "Alerts by receiver and how sending them ended", ["receiver", "outcome"])
BATCH = 50
_random = Random()  # noqa: S311  (jitter, not a secret)


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
