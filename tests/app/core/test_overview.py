"""By the hour: what arrived, what was finished, and how long it took."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.core import overview
from app.db import Database

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
FILL = text(
    """
    WITH arrived AS (
        INSERT INTO events (source, account, external_id, type, body, received_at)
        SELECT 'stripe', 'main', 'evt_' || n, 'x', '', CAST(:at AS timestamptz) FROM generate_series(1, :number) n
        RETURNING id)
    INSERT INTO runs (flow, account, subject, state, cause, event_id, created_at, updated_at)
    SELECT 'things', 'main', 't_' || id, 'succeeded', 'event', id, CAST(:at AS timestamptz),
           CAST(:at AS timestamptz) + id * interval '1 second' FROM arrived
    """
)


def test_an_hour_tells_how_many_and_how_long(database: Database) -> None:
    at = NOW - timedelta(hours=2, minutes=20)
    with database.session_scope() as session:
        session.execute(FILL, {"at": at, "number": 3})
        first = session.scalar(text("SELECT min(id) FROM events"))
        hours = overview.hours(session, NOW)
    busy = next(one for one in hours if one.received)
    assert (len(hours), busy.at, busy.received, busy.finished) == (24, at.replace(minute=0), 3, 3)
    assert busy.median == float(first + 1)
    assert [one for one in hours if one is not busy and (one.finished or one.median is not None)] == []


def test_nothing_waits_in_an_empty_installation(database: Database) -> None:
    with database.session_scope() as session:
        assert overview.oldest_unposted(session) is None
        assert sum(overview.waiting(session).values()) == 0
        assert overview.retry_table(session, NOW) == (0, 0, None)
        assert overview.top_issues(session) == []
