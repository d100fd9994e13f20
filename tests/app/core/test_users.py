from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import passwords, users
from app.core.audit import AuditEntry
from app.core.tables import User
from app.core.users import CannotBe
from app.db import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "four quiet green ledgers"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.session_scope() as opened:
        yield opened


def admin(session: Session, email: str = "first@example.com") -> User:
    user, token = users.invite(session, email, "admin", actor="test", now=NOW)
    users.accept(session, token, PASSWORD, now=NOW)
    return user


def test_who_is_invited_has_no_password_yet(session: Session) -> None:
    users.invite(session, "ada@example.com", "viewer", actor="test", now=NOW)
    assert users.with_password(session, "ada@example.com", "") is None


def test_an_invitation_is_good_for_seven_days(session: Session) -> None:
    _, token = users.invite(session, "ada@example.com", "viewer", actor="test", now=NOW)
    assert users.invited(session, token, NOW + timedelta(days=6, hours=23)) is not None
    assert users.invited(session, token, NOW + timedelta(days=7)) is None


def test_an_invited_admin_who_never_came_does_not_close_the_first_link(session: Session) -> None:
    users.invite(session, "ada@example.com", "admin", actor="test", now=NOW)
    assert users.first_link(session, NOW) is not None


def test_two_first_links_make_one_administrator(database: Database) -> None:
    with database.session_scope() as session:
        token = users.first_link(session, NOW)
    assert token is not None

    def come(email: str) -> bool:
        try:
            with database.session_scope() as session:
                users.accept(session, token, PASSWORD, email=email, now=NOW)
        except CannotBe:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        came = list(both.map(come, ("one@example.com", "two@example.com")))
    with database.session_scope() as session:
        assert (sorted(came), len(session.scalars(select(User)).all())) == ([False, True], 1)


def test_the_last_administrator_keeps_the_role(session: Session) -> None:
    user = admin(session)
    for change in ({"role": "viewer"}, {"active": False}):
        with pytest.raises(CannotBe, match="only administrator"):
            users.change(session, user.id, actor="test", **change)  # type: ignore[arg-type]


def test_one_of_two_administrators_may_go(session: Session) -> None:
    first, _ = admin(session), admin(session, "second@example.com")
    assert users.change(session, first.id, actor="test", active=False).active is False


def test_who_is_off_has_no_way_in(session: Session) -> None:
    admin(session)
    user = admin(session, "second@example.com")
    users.change(session, user.id, actor="test", active=False)
    assert users.with_password(session, "second@example.com", PASSWORD) is None


def test_a_change_of_nothing_is_not_noted(session: Session) -> None:
    user = admin(session)
    users.change(session, user.id, actor="test", role="admin")
    assert not session.scalars(select(AuditEntry).where(AuditEntry.action == "user.changed")).all()


def test_a_role_that_there_is_not_is_refused(session: Session) -> None:
    with pytest.raises(CannotBe, match="choose one of viewer, operator, admin"):
        users.add(session, "ada@example.com", "owner", actor="test")


def test_a_weaker_hash_is_renewed_at_sign_in(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    user = admin(session)
    before = user.password_hash
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    assert users.with_password(session, "First@example.com", PASSWORD) is user
    assert user.password_hash != before
