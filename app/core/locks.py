"""Advisory locks on the objects that runs work on: they belong to a connection, so a crash frees them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db import Database

LOCK_NOT_AVAILABLE = "55P03"


class Busy(Exception):
    """Another run holds the object."""


class SubjectLocks:
    """The locks of one run, on one connection of its own."""

    def __init__(self, connection: Connection, wait_ms: int) -> None:
        self._connection = connection
        self._wait_ms = wait_ms
        self._held: list[str] = []

    def take(self, name: str) -> None:
        """Raises Busy when somebody else holds it for longer than we wait."""
        if name in self._held:
            return
        self._connection.execute(text(f"SET lock_timeout = {self._wait_ms:d}"))
        try:
            self._connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise Busy(name) from error
            raise
        self._held.append(name)

    def release(self) -> None:
        self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
        self._connection.execute(text("SET lock_timeout = 0"))


@contextmanager
def subject_locks(database: Database, *, wait_ms: int = 3000) -> Iterator[SubjectLocks]:
    with ExitStack() as stack:
        connection = stack.enter_context(database.lock_engine.connect())
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        locks = SubjectLocks(connection, wait_ms)
        try:
            yield locks
        finally:
            if connection.invalidated:
                connection.close()
            else:
                locks.release()
