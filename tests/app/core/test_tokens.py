from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import tokens
from app.core.audit import AuditEntry
from app.core.tables import ApiToken
from app.core.tokens import Caller
from app.db import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def made(database: Database, scope: str = "read", **more: datetime) -> str:
    with database.session_scope() as session:
        return tokens.create(session, "a script", scope, actor="cli", **more)[1]


def caller(database: Database, token: str, now: datetime = NOW) -> Caller | None:
    with database.session_scope() as session:
        return tokens.authenticate(session, token, now)


def test_token_names_its_caller(database: Database) -> None:
    assert caller(database, made(database, "operate")) == Caller("a script", "operate")


def test_token_is_not_stored(database: Database) -> None:
    secret = made(database).split("_", 2)[2]
    with database.session_scope() as session:
        row = session.scalars(select(ApiToken)).one()
    assert secret not in row.digest


def test_wrong_secret_is_refused(database: Database) -> None:
    token = made(database)
    assert caller(database, token[:-1] + ("A" if token[-1] != "A" else "B")) is None


@pytest.mark.parametrize("presented", ["", "tieout_1_", "tieout_99_" + "a" * 43, "tieout_x_y", "é"])
def test_what_is_no_token_is_refused(database: Database, presented: str) -> None:
    assert caller(database, presented) is None


def test_expired_token_is_refused(database: Database) -> None:
    token = made(database, expires_at=NOW + timedelta(days=1))
    assert caller(database, token, NOW + timedelta(days=1)) is None


def test_token_is_good_until_it_expires(database: Database) -> None:
    token = made(database, expires_at=NOW + timedelta(days=1))
    assert caller(database, token, NOW) is not None


def test_revoked_token_is_refused(database: Database) -> None:
    token = made(database)
    with database.session_scope() as session:
        tokens.revoke(session, 1, actor="cli", now=NOW)
    assert caller(database, token) is None


def test_last_use_is_noted(database: Database) -> None:
    caller(database, made(database))
    with database.session_scope() as session:
        assert session.get_one(ApiToken, 1).last_used_at == NOW


def test_last_use_is_noted_once_a_minute(database: Database) -> None:
    token = made(database)
    caller(database, token)
    caller(database, token, NOW + timedelta(seconds=59))
    with database.session_scope() as session:
        assert session.get_one(ApiToken, 1).last_used_at == NOW


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("read", ["read"]), ("operate", ["read", "operate"]), ("admin", ["read", "operate", "admin"])],
)
def test_scope_includes_those_before_it(scope: str, allowed: list[str]) -> None:
    assert [needed for needed in tokens.SCOPES if Caller("x", scope).may(needed)] == allowed


def test_name_in_use_is_refused(database: Database) -> None:
    made(database)
    with pytest.raises(ValueError, match="exists"):
        made(database)


def test_unknown_scope_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="read, operate, admin"):
        made(database, "root")


def test_creation_is_audited_without_the_secret(database: Database) -> None:
    made(database)
    with database.session_scope() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.target, entry.details) == (
        "cli",
        "token.created",
        "token:1",
        {"name": "a script", "scope": "read"},
    )
