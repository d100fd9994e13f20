"""What the home page tells at one glance. An index and a limit bound each question, however many runs there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.runs import OPEN, Run
from app.core.tables import ConfigVersion

MANY = 1000


class Oldest(NamedTuple):
    """The record that has waited longest."""

    run: int
    subject: str
    title: str
    flow: str
    state: str
    since: datetime
    summary: str
    action: str | None


class RetryTable(NamedTuple):
    """Counts end at MANY. `next_due`: the first that is not due yet."""

    booked: int
    due_now: int
    next_due: datetime | None


class Opened(NamedTuple):
    """An open issue, how many records wait because of it (up to MANY), and what one of them says."""

    id: int
    title: str
    last_seen: datetime
    records: int
    sentence: str
    action: str | None


_COUNTS = text(
    " UNION ALL ".join(
        f"SELECT '{state}' AS state, count(*) FROM (SELECT 1 FROM runs WHERE state = '{state}' LIMIT {MANY}) one"  # noqa: S608
        for state in OPEN
    )
)


def waiting(session: Session) -> dict[str, int]:
    """Runs that are not finished, by state; each count ends at MANY."""
    return {state: int(number) for state, number in session.execute(_COUNTS)}


# a seek for each state: asked for `state = …` and the least id, PostgreSQL walks over all ids when it guesses wrong
_OLDEST = text(
    f"""
    SELECT min(first.id) FROM unnest(ARRAY['{"','".join(OPEN)}']) AS wanted(state)
    CROSS JOIN LATERAL (
        SELECT id, state FROM runs WHERE (state, id) > (wanted.state, 0) ORDER BY state, id LIMIT 1) first
    WHERE first.state = wanted.state
    """  # noqa: S608  (constants)
)


def oldest_unposted(session: Session) -> Oldest | None:
    """Of all states that are not the end. Ids ascend with time, so the first by id is the oldest."""
    found = session.scalar(_OLDEST)
    row = session.get(Run, found) if found is not None else None
    if row is None:
        return None
    since, action = row.created_at, row.action
    return Oldest(row.id, row.subject, row.title, row.flow, row.state, since, row.summary, action)


_RETRIES = text(
    f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM retries LIMIT {MANY}) one) AS booked,
           (SELECT count(*) FROM (SELECT 1 FROM retries WHERE due_at <= :now LIMIT {MANY}) one) AS due_now,
           (SELECT min(due_at) FROM retries WHERE due_at > :now) AS next_due
    """  # noqa: S608  (a constant)
)


def retry_table(session: Session, now: datetime) -> RetryTable:
    return RetryTable(*session.execute(_RETRIES, {"now": now}).one())


_ISSUES = text(
    f"""
    SELECT i.id, i.title, i.last_seen, weight.records, coalesce(example.summary, '') AS sentence, example.action
    FROM (SELECT * FROM issues WHERE state = 'open' ORDER BY id DESC LIMIT 100) i
    CROSS JOIN LATERAL (
        SELECT count(*) AS records FROM (
            SELECT 1 FROM runs WHERE issue_id = i.id AND state IN ('queued','running','retrying','held','dead')
            LIMIT {MANY}) one) weight
    LEFT JOIN LATERAL (
        SELECT summary, action FROM runs
        WHERE issue_id = i.id AND state IN ('held', 'dead', 'retrying') ORDER BY id DESC LIMIT 1) example ON true
    ORDER BY weight.records DESC, i.id DESC LIMIT :limit
    """  # noqa: S608  (a constant)
)


def top_issues(session: Session, limit: int = 5) -> list[Opened]:
    """Those that hold up most records first."""
    return [Opened(*row) for row in session.execute(_ISSUES, {"limit": limit})]


def last_versions(session: Session, limit: int = 3) -> Sequence[ConfigVersion]:
    """Newest first, with the one before the last of them, which it is compared with."""
    return session.scalars(select(ConfigVersion).order_by(ConfigVersion.id.desc()).limit(limit + 1)).all()
