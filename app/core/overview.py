"""What the home page tells at one glance. An index and a limit bound each question, however many runs there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.runs import OPEN, Run
from app.core.tables import ConfigVersion

MANY = 1000
HOURS = 24
SAMPLE = 100
"""So many runs of each hour are measured: enough for a 95th percentile."""


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


@dataclass(frozen=True)
class Hour:
    """`median`, `slowest`: from the event's arrival to the record, in seconds; the slowest of twenty is not counted."""

    at: datetime
    received: int
    finished: int
    median: float | None
    slowest: float | None


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


# by the hour -----------------------------------------------------------------------------------------------------

_HOURS = text(
    """
    WITH hours AS (
        SELECT generate_series(CAST(:start AS timestamptz), CAST(:now AS timestamptz), interval '1 hour') AS at
    ), arrived AS (
        SELECT date_trunc('hour', received_at, 'UTC') AS at, count(*) AS number
        FROM events WHERE received_at >= :start AND received_at < CAST(:now AS timestamptz) + interval '1 minute'
        GROUP BY 1
    ), counted AS (
        SELECT date_trunc('hour', hour, 'UTC') AS at, sum(runs) AS number
        FROM run_counts WHERE hour >= :start AND state IN ('succeeded', 'skipped') GROUP BY 1
    )
    SELECT hours.at, coalesce(arrived.number, 0) AS received, coalesce(counted.number, 0) AS finished,
           lasted.median, lasted.slowest
    FROM hours LEFT JOIN arrived ON arrived.at = hours.at LEFT JOIN counted ON counted.at = hours.at
    CROSS JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS slowest
        FROM (SELECT extract(epoch FROM run.updated_at - events.received_at) AS seconds
              FROM (SELECT updated_at, event_id FROM runs
                    WHERE updated_at >= hours.at AND updated_at < hours.at + interval '1 hour'
                      AND state = 'succeeded' AND event_id IS NOT NULL
                    ORDER BY updated_at DESC LIMIT :sample) run
              JOIN events ON events.id = run.event_id) measured) lasted
    ORDER BY hours.at
    """
)


def hours(session: Session, now: datetime) -> list[Hour]:
    """The last day, by the hour (UTC); the last one is not over."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    rows = session.execute(_HOURS, {"start": start, "now": now, "sample": SAMPLE})
    return [
        Hour(row.at, row.received, max(int(row.finished), 0), _seconds(row.median), _seconds(row.slowest))
        for row in rows
    ]


def _seconds(value: float | None) -> float | None:
    """Clocks of several machines: what seems to have come before its cause came at once."""
    return None if value is None else round(max(float(value), 0.0), 1)


def last_versions(session: Session, limit: int = 3) -> Sequence[ConfigVersion]:
    """Newest first, with the one before the last of them, which it is compared with."""
    return session.scalars(select(ConfigVersion).order_by(ConfigVersion.id.desc()).limit(limit + 1)).all()
