from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from app.core import throttle
from app.core.tables import SignInTries
from app.db import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def take(database: Database, email: str, address: str, now: datetime = NOW) -> timedelta | None:
    with database.session_scope() as session:
        return throttle.take(session, email, address, now)


def test_an_account_waits_whatever_the_address(database: Database) -> None:
    waits = [take(database, "ada@example.com", f"192.0.2.{number}") for number in range(throttle.PER_ACCOUNT + 1)]
    assert waits == [None] * throttle.PER_ACCOUNT + [throttle.WINDOW]


def test_an_address_waits_whatever_the_account(database: Database) -> None:
    waits = [take(database, f"{number}@example.com", "192.0.2.1") for number in range(throttle.PER_ADDRESS + 1)]
    assert waits == [None] * throttle.PER_ADDRESS + [throttle.WINDOW]


def test_the_window_begins_anew(database: Database) -> None:
    for _ in range(throttle.PER_ACCOUNT + 1):
        take(database, "ada@example.com", "192.0.2.1")
    assert take(database, "ada@example.com", "192.0.2.1", NOW + throttle.WINDOW) is None


def test_no_address_is_stored(database: Database) -> None:
    take(database, "ada@example.com", "192.0.2.1")
    with database.session_scope() as session:
        keys = session.scalars(select(SignInTries.key)).all()
    assert all(len(key) == 64 for key in keys)


def test_old_tries_are_forgotten(database: Database) -> None:
    take(database, "ada@example.com", "192.0.2.1")
    with database.session_scope() as session:
        throttle.prune(session, NOW + throttle.WINDOW)
        assert session.scalar(select(func.count()).select_from(SignInTries)) == 0
