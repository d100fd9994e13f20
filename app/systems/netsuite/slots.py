"""Slots: how many NetSuite calls may be in flight at once, counted over all processes of the installation.

NetSuite limits concurrency for the whole account, not the rate (Online Help bridgehead_1500275603). A slot is a
PostgreSQL session-level advisory lock, so a killed worker's slots are free the moment its connection is gone.
"""

import os
import random
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import psycopg
from prometheus_client import Counter, Gauge
from psycopg import Connection

from app.errors import Throttled, Unavailable

IN_USE = Gauge("tieout_netsuite_slots_in_use", "NetSuite calls in flight from this process", ["account"])
SIZE = Gauge("tieout_netsuite_slots", "NetSuite calls allowed at once at present", ["account"])
WAITED = Counter("tieout_netsuite_slot_wait_seconds", "Time spent waiting for a NetSuite slot", ["account"])
BUSY = Counter("tieout_netsuite_slot_busy_seconds", "Time NetSuite slots were in use", ["account"])

POLL = 0.004
HAND_OVER_FOR = 1.0
"""Seconds that a slot may go from thread to thread of one process before other processes get their turn at it."""
SIZE_READ_EVERY = 1.0
QUEUE = 0


class Slots(Protocol):
    def slot(self) -> AbstractContextManager[None]:
        """Waits for a slot and holds it. Raises Throttled when none comes free for too long."""

    def throttled(self) -> None:
        """NetSuite said that too many calls are in flight."""

    def calm(self) -> None:
        """A call was answered without that."""


class LocalSlots:
    """Slots of this process alone, of fixed size: for a preview, a command, a test."""

    def __init__(self, size: int) -> None:
        self._free = threading.BoundedSemaphore(size)
        self.throttles = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        with self._free:
            yield

    def throttled(self) -> None:
        self.throttles += 1

    def calm(self) -> None:
        return None


@dataclass(frozen=True)
class _Held:
    """One slot: the connection whose session holds the lock, the slot's number, and since when it is this process's."""

    connection: Connection[Any]
    number: int
    since: float


class _Waiter:
    """A thread that waits: it is called to take the slot in `held`, or else to seek one itself."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.held: _Held | None = None


class PostgresSlots:
    """Slots shared by all processes that use the same database and account.

    One thread of each process seeks. The seekers queue on one advisory lock (PostgreSQL grants it in order); only the
    first of them polls for a free slot. The other threads wait in their process, where a slot that comes free is handed
    to them without asking the database.
    The size lives in the table `netsuite_slots`: one less after a 429, one more after each `calm_after` without one,
    never above `ceiling`. The database's clock is the one that all processes share, so it measures the calm.
    """

    def __init__(
        self,
        dsn: str,
        account: str,
        ceiling: int,
        *,
        patience: timedelta = timedelta(seconds=120),
        calm_after: timedelta = timedelta(seconds=30),
        burst: timedelta = timedelta(seconds=1),
        size_read_every: float = SIZE_READ_EVERY,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account, self.ceiling = account, ceiling
        self._dsn = dsn.replace("postgresql+psycopg://", "postgresql://", 1)
        self._key = key_of(account)
        self._patience, self._calm_after, self._burst = patience, calm_after, burst
        self._size_read_every, self._wait = size_read_every, wait
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._idle: list[Connection[Any]] = []
        self._forget_threads()
        self._size, self._size_read_at = ceiling, -1e9
        self._raise_at: float | None = None

    @contextmanager
    def slot(self) -> Iterator[None]:
        asked_at = time.monotonic()
        held = self._taken(asked_at + self._patience.total_seconds())
        taken_at = time.monotonic()
        WAITED.labels(self.account).inc(taken_at - asked_at)
        try:
            with IN_USE.labels(self.account).track_inprogress():
                yield
        finally:
            BUSY.labels(self.account).inc(time.monotonic() - taken_at)
            if not self._handed_over(held):
                self._given_back(held.connection, held.number)

    def throttled(self) -> None:
        """One less; answers refused within the same burst count once, over all processes."""
        self._change(
            "INSERT INTO netsuite_slots (account, size, ceiling, changed_at, calm_since)"
            " VALUES (%(account)s, greatest(1, %(ceiling)s - 1), %(ceiling)s, now(), now())"
            " ON CONFLICT (account) DO UPDATE SET calm_since = now(), ceiling = excluded.ceiling,"
            " size = CASE WHEN netsuite_slots.changed_at < now() - %(burst)s::interval"
            "   THEN greatest(1, least(netsuite_slots.size, excluded.ceiling) - 1) ELSE netsuite_slots.size END,"
            " changed_at = CASE WHEN netsuite_slots.changed_at < now() - %(burst)s::interval"
            "   THEN now() ELSE netsuite_slots.changed_at END"
        )

    def calm(self) -> None:
        """One more, if it has been calm for long enough; asks the database only when that may be so."""
        if self._raise_at is None or time.monotonic() < self._raise_at:
            return
        self._change(
            "UPDATE netsuite_slots SET size = size + 1, changed_at = now(), calm_since = now()"
            " WHERE account = %(account)s AND size < %(ceiling)s AND calm_since <= now() - %(calm_after)s::interval"
        )

    @property
    def size(self) -> int:
        """How many are allowed at present."""
        with self._connection() as connection:
            return self._current_size(connection)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _notice_fork(self) -> None:
        """Connections and waiting threads are the parent's."""
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._idle = os.getpid(), []
                self._forget_threads()

    def _forget_threads(self) -> None:
        self._waiters: deque[_Waiter] = deque()
        self._seeking = False

    def _taken(self, give_up_at: float) -> _Held:
        """From a thread that is done with it, or sought in the database by one thread at a time."""
        self._notice_fork()
        me = self._queued()
        if me is not None:
            self._await(me, give_up_at)
            if me.held is not None:
                return me.held
        try:
            return self._sought()
        finally:
            self._let_another_seek()

    def _queued(self) -> "_Waiter | None":
        """None when it is this thread's turn to seek."""
        with self._lock:
            if not self._seeking:
                self._seeking = True
                return None
            self._waiters.append(me := _Waiter())
            return me

    def _await(self, me: "_Waiter", give_up_at: float) -> None:
        if me.called.wait(max(0.0, give_up_at - time.monotonic())):
            return
        with self._lock:
            if me in self._waiters:
                self._waiters.remove(me)
                raise self._too_long()

    def _let_another_seek(self) -> None:
        with self._lock:
            if self._waiters:
                self._waiters.popleft().called.set()
            else:
                self._seeking = False

    def _handed_over(self, held: _Held) -> bool:
        """To the thread that has waited longest."""
        with self._lock:
            ours = held.number <= self._size and time.monotonic() - held.since <= HAND_OVER_FOR
            if not self._waiters or not ours or held.connection.closed:
                return False
            waiter = self._waiters.popleft()
            waiter.held = held
            waiter.called.set()
            return True

    def _sought(self) -> _Held:
        connection = self._opened()
        try:
            number = self._number(connection)
        except psycopg.errors.LockNotAvailable:
            self._kept(connection)
            raise self._too_long() from None
        except psycopg.OperationalError as error:
            connection.close()
            raise _away(error) from error
        except BaseException:
            # closing ends the session, and with it every lock it may hold by now
            connection.close()
            raise
        return _Held(connection, number, time.monotonic())

    def _number(self, connection: Connection[Any]) -> int:
        connection.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (self._key, QUEUE))
        try:
            return self._polled(connection)
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", (self._key, QUEUE))

    def _polled(self, connection: Connection[Any]) -> int:
        give_up_at = time.monotonic() + self._patience.total_seconds()
        while True:
            found = connection.execute(
                "SELECT n FROM generate_series(1, %s::int) AS n WHERE pg_try_advisory_lock(%s::int, n) LIMIT 1",
                (self._current_size(connection), self._key),
            ).fetchone()
            if found is not None:
                return int(found[0])
            if time.monotonic() > give_up_at:
                raise self._too_long()
            self._wait(POLL * random.uniform(0.75, 1.25))  # noqa: S311

    def _given_back(self, connection: Connection[Any], number: int) -> None:
        try:
            connection.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", (self._key, number))
        except psycopg.OperationalError:
            # the connection died meanwhile, and the slot with it
            connection.close()
        except BaseException:
            connection.close()
            raise
        else:
            self._kept(connection)

    def _current_size(self, connection: Connection[Any]) -> int:
        if time.monotonic() - self._size_read_at >= self._size_read_every:
            self._read_size(connection)
        return self._size

    def _read_size(self, connection: Connection[Any]) -> None:
        row = connection.execute(
            "SELECT size, extract(epoch FROM calm_since + %s::interval - now()) FROM netsuite_slots WHERE account = %s",
            (self._calm_after, self.account),
        ).fetchone()
        size = self.ceiling if row is None else max(1, min(int(row[0]), self.ceiling))
        now = time.monotonic()
        self._raise_at = None if row is None or size >= self.ceiling else now + float(row[1])
        self._size, self._size_read_at = size, now
        SIZE.labels(self.account).set(size)

    def _change(self, statement: str) -> None:
        """A lost adjustment is made again by the next answer, so a database that is away is no failure here."""
        values = {
            "account": self.account,
            "ceiling": self.ceiling,
            "burst": self._burst,
            "calm_after": self._calm_after,
        }
        try:
            with self._connection() as connection:
                connection.execute(statement, values)
                self._read_size(connection)
        except (Unavailable, psycopg.OperationalError):
            self._raise_at = None

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        connection = self._opened()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._kept(connection)

    def _opened(self) -> Connection[Any]:
        """An idle connection, or a new one; those inherited over a fork belong to the parent and are left alone."""
        self._notice_fork()
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if _alive(connection):
                    return connection
        return self._connected()

    def _connected(self) -> Connection[Any]:
        milliseconds = int(self._patience.total_seconds() * 1000)
        options = f"-c lock_timeout={milliseconds} -c application_name=tieout-slots"
        try:
            return psycopg.connect(self._dsn, autocommit=True, connect_timeout=5, options=options)
        except psycopg.OperationalError as error:
            raise _away(error) from error

    def _kept(self, connection: Connection[Any]) -> None:
        with self._lock:
            if self._pid == os.getpid() and not connection.closed:
                self._idle.append(connection)

    def _too_long(self) -> Throttled:
        seconds = int(self._patience.total_seconds())
        return Throttled(f"No NetSuite slot came free within {seconds} seconds.", code="no_slot")


def key_of(account: str) -> int:
    """The first of the two numbers of its advisory locks; the second is the slot's."""
    return zlib.crc32(f"tieout netsuite slots {account}".encode()) & 0x7FFFFFFF


def _alive(connection: Connection[Any]) -> bool:
    """Notices a server that has gone away, which an idle connection does not learn by itself."""
    if connection.closed:
        return False
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        connection.close()
        return False
    return True


def _away(error: psycopg.OperationalError) -> Unavailable:
    sentence = "The database that counts the NetSuite slots does not answer."
    return Unavailable(sentence, code="slots_unavailable", detail=type(error).__name__)
