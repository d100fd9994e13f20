"""Behind the numbers of a day: its events by flow, and the list of those in one bucket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

BUCKETS = ("done", "skipped", "held", "dead", "open", "lost")
_STATE = """CASE state WHEN 'succeeded' THEN 'done' WHEN 'dismissed' THEN 'skipped' WHEN 'skipped' THEN 'skipped'
    WHEN 'held' THEN 'held' WHEN 'dead' THEN 'dead' ELSE 'open' END"""
# An event ends as the newest run of its object does, in each flow that it concerns; of several, the worst is counted.
_EVENTS = """
    SELECT e.id, e.external_id, e.type, e.object_id, e.occurred_at, e.outcome, e.reason, f.flows, r.runs
    FROM events e
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.outcome IS DISTINCT FROM 'dispatched' THEN '{}'
                    ELSE string_to_array(e.reason, ', ') END AS flows) every
    CROSS JOIN LATERAL (
        SELECT array(SELECT one FROM unnest(every.flows) AS one
                     WHERE CAST(:flow AS text) IS NULL OR one = :flow) AS flows) f
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY n.flow), '[]') AS runs FROM (
            SELECT DISTINCT ON (flow) flow, id, state, summary, title FROM runs
            WHERE subject = e.object_id AND account = e.account AND flow = ANY (f.flows)
            ORDER BY flow, id DESC) n) r
    WHERE e.source = 'stripe' AND e.account = :account
      AND e.occurred_at >= :start AND e.occurred_at < :end
      AND e.received_at >= least(:start, now() - interval '31 days')
"""
_BUCKET = """CASE
    WHEN outcome IS NULL THEN 'open'
    WHEN outcome <> 'dispatched' THEN 'skipped'
    WHEN jsonb_array_length(runs) < cardinality(flows) THEN 'lost'
    WHEN runs @> '[{"state": "dead"}]' THEN 'dead'
    WHEN runs @> '[{"state": "held"}]' THEN 'held'
    WHEN runs @> '[{"state": "queued"}]' OR runs @> '[{"state": "running"}]' OR runs @> '[{"state": "retrying"}]'
        THEN 'open'
    WHEN runs @> '[{"state": "succeeded"}]' THEN 'done'
    ELSE 'skipped' END"""
_BY_FLOW = text(
    f"""
    WITH found AS ({_EVENTS})
    SELECT flow, bucket, count(DISTINCT object_id) AS records FROM (
        SELECT one.flow, found.object_id, coalesce(run.bucket, 'lost') AS bucket
        FROM found CROSS JOIN LATERAL unnest(found.flows) AS one(flow)
        LEFT JOIN LATERAL (
            SELECT {_STATE} AS bucket FROM jsonb_to_recordset(found.runs) AS each(flow text, state text)
            WHERE each.flow = one.flow) run ON true) told
    GROUP BY flow, bucket
    """  # noqa: S608  (constants of this module)
)
_UNCONCERNED = text(
    """
    SELECT coalesce(outcome, 'waiting') AS outcome, type, count(*) AS events FROM events e
    WHERE e.source = 'stripe' AND e.account = :account AND e.outcome IS DISTINCT FROM 'dispatched'
      AND e.occurred_at >= :start AND e.occurred_at < :end
      AND e.received_at >= least(:start, now() - interval '31 days')
    GROUP BY 1, 2 ORDER BY 3 DESC, 2
    """
)
_LISTED = text(
    f"""
    SELECT * FROM (SELECT found.*, {_BUCKET} AS bucket FROM ({_EVENTS}) found
                   WHERE CAST(:flow AS text) IS NULL OR cardinality(flows) > 0) told
    WHERE (CAST(:bucket AS text) IS NULL OR bucket = :bucket) AND id < :before ORDER BY id DESC LIMIT :limit
    """  # noqa: S608  (constants of this module)
)


@dataclass(frozen=True)
class OfFlow:
    """Objects of a flow by what became of them."""

    flow: str
    done: int = 0
    skipped: int = 0
    held: int = 0
    dead: int = 0
    open: int = 0
    lost: int = 0


class Unconcerned(NamedTuple):
    """Events that no flow listens to (`ignored`, `unknown`), were `refused`, or are still `waiting`."""

    outcome: str
    type: str
    events: int


@dataclass(frozen=True)
class RunOf:
    flow: str
    id: int
    state: str
    title: str
    summary: str


@dataclass(frozen=True)
class EventOf:
    """One event of the day, and the newest run of its object in each flow that it concerns."""

    id: int
    external_id: str
    type: str
    object_id: str | None
    occurred_at: datetime
    bucket: str
    outcome: str | None
    reason: str | None
    runs: tuple[RunOf, ...]


def by_flow(session: Session, account: str, day: date) -> list[OfFlow]:
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(_BY_FLOW, {**_within(account, day), "flow": None}):
        found.setdefault(row.flow, {})[row.bucket] = row.records
    return [OfFlow(flow, **numbers) for flow, numbers in sorted(found.items())]


def unconcerned(session: Session, account: str, day: date) -> list[Unconcerned]:
    return [Unconcerned(*row) for row in session.execute(_UNCONCERNED, _within(account, day))]


def listed(
    session: Session,
    account: str,
    day: date,
    *,
    bucket: str | None = None,
    flow: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[EventOf]:
    """Newest first. With a flow, the bucket is what became of it in that flow alone."""
    asked: dict[str, Any] = {**_within(account, day), "bucket": bucket, "flow": flow, "limit": limit}
    rows: Sequence[Any] = session.execute(_LISTED, {**asked, "before": before or 2**63 - 1}).all()
    return [_event(row) for row in rows]


def _event(row: Any) -> EventOf:
    runs = tuple(RunOf(**one) for one in row.runs)
    told = (row.id, row.external_id, row.type, row.object_id, row.occurred_at, row.bucket, row.outcome, row.reason)
    return EventOf(*told, runs)


def _within(account: str, day: date) -> dict[str, Any]:
    start = datetime.combine(day, time.min, UTC)
    return {"account": account, "start": start, "end": start + timedelta(days=1)}
