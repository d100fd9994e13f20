"""What arrived and what was finished, by the hour, and how long it took.

An hour that is over is measured once (`keep`, by a beat task) and read from then on, so a page measures two hours and
not twenty-four, however busy they were.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Float, Integer, delete, func, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import run_counts
from app.db import Base

HOURS = 24
SAMPLE = 100
"""So many runs of each hour are measured: enough for a 95th percentile."""
SETTLED = timedelta(minutes=10)
"""So long after its end nothing is committed any more that was received in an hour."""
KEPT = timedelta(days=7)
HOUR = timedelta(hours=1)


class PastHour(Base):
    """What was measured of an hour that is over (UTC)."""

    __tablename__ = "past_hours"

    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), primary_key=True)
    received: Mapped[int] = mapped_column(Integer)
    median: Mapped[float | None] = mapped_column(Float)
    slowest: Mapped[float | None] = mapped_column(Float)


@dataclass(frozen=True)
class Hour:
    """`median`, `slowest`: from the event's arrival to the record, in seconds; the slowest of twenty is not counted."""

    at: datetime
    received: int
    finished: int
    median: float | None
    slowest: float | None


_MEASURED = text(
    """
    WITH hours AS (
        SELECT generate_series(CAST(:start AS timestamptz), CAST(:last AS timestamptz), interval '1 hour') AS at
    ), arrived AS (
        SELECT date_trunc('hour', received_at, 'UTC') AS at, count(*) AS number
        FROM events WHERE received_at >= :start AND received_at < CAST(:last AS timestamptz) + interval '1 hour'
        GROUP BY 1
    )
    SELECT hours.at, coalesce(arrived.number, 0) AS received, lasted.median, lasted.slowest
    FROM hours LEFT JOIN arrived ON arrived.at = hours.at
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
    last = _begin(now)
    wanted = [last - HOUR * back for back in reversed(range(HOURS))]
    known = {row.at: row for row in session.scalars(select(PastHour).where(PastHour.at >= wanted[0]))}
    known |= _measured(session, [at for at in wanted if at not in known])
    finished = _finished(session, wanted[0])
    return [Hour(at, known[at].received, finished.get(at, 0), known[at].median, known[at].slowest) for at in wanted]


def keep(session: Session, now: datetime) -> int:
    """Measures the hours of the last day that are over and were not measured yet; forgets old ones. How many it kept.

    Any number of processes may do it at once. The database's clock stamps what arrives, so `now` is at most that.
    """
    told = session.execute(select(func.now())).scalar_one()
    last = _begin(min(now, told) - SETTLED) - HOUR
    wanted = {last - HOUR * back for back in range(HOURS - 1)}
    lacking = sorted(wanted - set(session.scalars(select(PastHour.at).where(PastHour.at.in_(wanted)))))
    for at, row in _measured(session, lacking).items():
        values = {"at": at, "received": row.received, "median": row.median, "slowest": row.slowest}
        session.execute(insert(PastHour).values(values).on_conflict_do_nothing())
    session.execute(delete(PastHour).where(PastHour.at < now - KEPT))
    return len(lacking)


def _begin(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _measured(session: Session, wanted: list[datetime]) -> dict[datetime, PastHour]:
    """Of these hours, in order; they are measured from the first to the last in one go."""
    if not wanted:
        return {}
    rows = session.execute(_MEASURED, {"start": wanted[0], "last": wanted[-1], "sample": SAMPLE})
    asked = frozenset(wanted)
    return {
        row.at: PastHour(at=row.at, received=row.received, median=_seconds(row.median), slowest=_seconds(row.slowest))
        for row in rows
        if row.at in asked
    }


def _finished(session: Session, since: datetime) -> dict[datetime, int]:
    found: dict[datetime, int] = {}
    for tally in run_counts.hourly(session, since):
        if tally.state in ("succeeded", "skipped"):
            found[tally.at] = found.get(tally.at, 0) + tally.runs
    return found


def _seconds(value: float | None) -> float | None:
    """Clocks of several machines: what seems to have come before its cause came at once."""
    return None if value is None else round(max(float(value), 0.0), 1)
