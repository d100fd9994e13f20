"""The home page's figures."""

from datetime import UTC, datetime

from app.core import overview
from app.db import Database

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_nothing_waits_in_an_empty_installation(database: Database) -> None:
    with database.session_scope() as session:
        assert overview.oldest_unposted(session) is None
        assert sum(overview.waiting(session).values()) == 0
        assert overview.retry_table(session, NOW) == (0, 0, None)
        assert overview.top_issues(session) == []
