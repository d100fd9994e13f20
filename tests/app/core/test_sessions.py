from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.core import sessions, users
from app.core.sessions import Lifetime
from app.core.tables import UserSession
from app.db import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LASTS = Lifetime(timedelta(hours=2), timedelta(hours=12))


@pytest.fixture
def token(database: Database) -> str:
    with database.session_scope() as session:
        user = users.add(session, "ada@example.com", "viewer", actor="test")
        return sessions.start(session, user, LASTS, NOW, browser="x" * 500)


def found(database: Database, token: str, at: datetime, *, touch: bool = True) -> bool:
    with database.session_scope() as session:
        return sessions.find(session, token, LASTS, at, touch=touch) is not None


def test_a_session_is_found_by_its_token_only(database: Database, token: str) -> None:
    assert found(database, token, NOW)
    assert not found(database, token + "x", NOW)


def test_being_used_keeps_it_but_not_for_ever(database: Database, token: str) -> None:
    at = [NOW + timedelta(hours=hour) for hour in range(1, 13)]
    assert [found(database, token, each) for each in at] == [True] * 11 + [False]


def test_a_look_without_a_touch_does_not_keep_it(database: Database, token: str) -> None:
    assert found(database, token, NOW + timedelta(minutes=119), touch=False)
    assert not found(database, token, NOW + timedelta(minutes=121))


def test_forms_are_bound_to_their_session() -> None:
    assert sessions.form_token("one") != sessions.form_token("two")


def test_what_is_over_is_pruned(database: Database, token: str) -> None:
    with database.session_scope() as session:
        sessions.prune(session, LASTS, NOW + timedelta(hours=2))
        assert session.scalar(select(func.count()).select_from(UserSession)) == 0
