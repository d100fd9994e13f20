"""By the hour: what arrived, what was finished, and how long it took."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text, update

from app.core import activity
from app.core.activity import Hour, PastHour
from app.core.inbox import Event
from app.db import Database

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
BUSY = datetime(2026, 3, 1, 10, tzinfo=UTC)
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


def fill(database: Database, at: datetime, number: int = 3) -> int:
    """The id of the first event; each run took as many seconds as its id says."""
    with database.session_scope() as session:
        session.execute(FILL, {"at": at, "number": number})
        return session.scalars(select(func.min(Event.id))).one()


def seen(database: Database, now: datetime = NOW) -> dict[datetime, Hour]:
    with database.session_scope() as session:
        return {hour.at: hour for hour in activity.hours(session, now)}


def kept(database: Database, now: datetime = NOW) -> int:
    with database.session_scope() as session:
        return activity.keep(session, now)


def test_an_hour_tells_how_many_and_how_long(database: Database) -> None:
    first = fill(database, BUSY + timedelta(minutes=10))
    hours = seen(database)
    busy = hours.pop(BUSY)
    assert (len(hours), busy.received, busy.finished) == (23, 3, 3)
    assert busy.median == float(first + 1)
    assert [one for one in hours.values() if one.received or one.finished or one.median is not None] == []


def test_kept_hours_tell_the_same(database: Database) -> None:
    for at in (BUSY, BUSY - timedelta(hours=5), NOW):
        fill(database, at)
        with database.session_scope() as session:
            session.execute(update(Event).values(external_id=Event.external_id + "x"))
    before = seen(database)
    assert (kept(database), kept(database)) == (23, 0)
    assert seen(database) == before


def test_an_hour_that_is_over_is_not_measured_again(database: Database) -> None:
    fill(database, BUSY)
    kept(database)
    with database.session_scope() as session:
        session.execute(text("DELETE FROM runs"))
        session.execute(text("DELETE FROM events"))
    found = seen(database)[BUSY]
    assert (found.received, found.finished, found.median is None) == (3, 0, False)


def test_the_present_hour_is_measured_each_time(database: Database) -> None:
    fill(database, NOW)
    kept(database)
    with database.session_scope() as session:
        assert session.get(PastHour, NOW.replace(minute=0)) is None
        session.execute(text("DELETE FROM runs"))
        session.execute(text("DELETE FROM events"))
    assert seen(database)[NOW.replace(minute=0)].received == 0


def test_an_hour_is_kept_when_nothing_is_on_its_way_any_more(database: Database) -> None:
    kept(database, BUSY + timedelta(hours=1, minutes=5))
    with database.session_scope() as session:
        assert session.get(PastHour, BUSY) is None
    assert kept(database, BUSY + timedelta(hours=1, minutes=11)) == 1
    with database.session_scope() as session:
        assert session.get(PastHour, BUSY) is not None


def test_a_clock_that_is_ahead_keeps_no_hour_of_the_future(database: Database) -> None:
    with database.session_scope() as session:
        told = session.execute(select(func.now())).scalar_one()
    kept(database, told + timedelta(days=2))
    with database.session_scope() as session:
        assert session.scalars(select(func.max(PastHour.at))).one() < told - timedelta(hours=1)


def test_old_hours_are_forgotten(database: Database) -> None:
    kept(database, NOW - timedelta(days=30))
    kept(database)
    with database.session_scope() as session:
        assert session.scalars(select(func.min(PastHour.at))).one() > NOW - timedelta(days=2)
