"""Stores events that arrive together in one commit, so that they share one fsync.

While commits are in flight the next batch gathers; there is no timer, so a lone event waits for nobody. Two commits may
be in flight: while the database writes one, the events of the other are answered and the next ones are read.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import psycopg
import structlog
from prometheus_client import Histogram
from psycopg import errors

from app.core.inbox import Arrival
from app.core.inbox_rows import Key, Statement
from app.db import libpq_url

_log = structlog.get_logger(__name__)

BATCH_ROWS = Histogram(
    "batches_committed_rows", "Events stored per commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
)
BATCH_SECONDS = Histogram(
    "batches_committed_seconds",
    "Time from sending a batch to its commit",
    buckets=(0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 5),
)

# One row's fault: its neighbours can be stored. An index entry that is too large is a ProgramLimitExceeded.
_ROW_FAULTS = (errors.DataError, errors.IntegrityError, errors.ProgramLimitExceeded, UnicodeEncodeError)
IN_FLIGHT = 2  # commits at a time; more only make smaller batches
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between attempts to reach the database


class InboxAway(Exception):
    """The event is not stored: the database could not do it in time. The sender must try again."""


class Unstorable(ValueError):
    """PostgreSQL refuses this event; its neighbours are stored."""


@dataclass(frozen=True)
class Limits:
    """`gather`: rows that are worth a second commit while one is in flight.

    `patience`: how long a batch waits for the database before all that wait are turned away.
    """

    rows: int = 512
    gather: int = 6
    body_bytes: int = 8 * 1024 * 1024
    waiting: int = 10_000
    waiting_bytes: int = 128 * 1024 * 1024
    patience: timedelta = timedelta(seconds=5)


_Waiting = tuple[Arrival, "asyncio.Future[bool]"]


class GroupCommit:
    """Two connections of its own; one per process, used from one event loop.

    `stored` is called with the ids of new rows after their commit; it must not block nor raise.
    """

    def __init__(
        self, database_url: str, stored: Callable[[Sequence[int]], None], limits: Limits | None = None
    ) -> None:
        self._stored = stored
        self._limits = limits or Limits()
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._idle = [_Connection(libpq_url(database_url), self._limits.patience) for _ in range(IN_FLIGHT)]
        self._commits: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()
        self._closing = False
        self._runner: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Does not need the database: it is connected to when the first event comes."""
        self._runner = asyncio.create_task(self._run(), name="group-commit")

    async def stop(self) -> None:
        """Commits what waits, then closes the connections."""
        self._closing = True
        self._more.set()
        if self._runner is not None:
            await self._runner
        for connection in self._idle:
            await connection.close()

    def receive(self, arrival: Arrival) -> "asyncio.Future[bool]":
        """Done when the commit that holds the row is: True for a new row, False for one that was there.

        Raises InboxAway at once when too many wait already; the future raises InboxAway or Unstorable.
        """
        size = self._waiting_bytes + len(arrival.body)
        if self._closing or len(self._waiting) >= self._limits.waiting or size > self._limits.waiting_bytes:
            raise InboxAway("shutting down" if self._closing else "too many events wait for the database")
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, answer))
        self._waiting_bytes = size
        if self._worth_a_commit():
            self._more.set()
        return answer

    def _worth_a_commit(self) -> bool:
        """A batch waits while one is in flight, unless it has become large enough to be sent beside it."""
        enough = self._limits.gather if self._commits else 1
        return bool(self._idle) and len(self._waiting) >= enough

    async def _run(self) -> None:
        while not self._closing or self._waiting or self._commits:
            await self._more.wait()
            self._more.clear()
            while self._worth_a_commit():
                commit = asyncio.create_task(self._commit(self._idle.pop(), self._next_batch()))
                self._commits.add(commit)
                commit.add_done_callback(self._ended)

    def _ended(self, commit: "asyncio.Task[None]") -> None:
        self._commits.discard(commit)
        self._more.set()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < self._limits.rows and size < self._limits.body_bytes:
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0].body)
        self._waiting_bytes -= size
        # one order for every connection: inserting the same keys in opposite order would deadlock
        batch.sort(key=lambda waiting: waiting[0].external_id)
        return batch

    async def _commit(self, connection: "_Connection", batch: list[_Waiting]) -> None:
        started = perf_counter()
        try:
            new = await connection.insert([arrival for arrival, _ in batch])
        except _ROW_FAULTS:
            await self._commit_singly(connection, batch)
        except Exception as error:
            await self._turn_away(connection, batch, error)
        else:
            BATCH_ROWS.observe(len(batch))
            BATCH_SECONDS.observe(perf_counter() - started)
            self._answer(batch, new)
        finally:
            self._idle.append(connection)

    async def _commit_singly(self, connection: "_Connection", batch: list[_Waiting]) -> None:
        """After a batch was refused for one row's sake."""
        for position, (arrival, answer) in enumerate(batch):
            try:
                self._answer([(arrival, answer)], await connection.insert([arrival]))
            except _ROW_FAULTS as error:
                _fail(answer, Unstorable(f"PostgreSQL refuses it: {_reason(error)}"))
            except Exception as error:
                return await self._turn_away(connection, batch[position:], error)
        return None

    def _answer(self, batch: list[_Waiting], new: list[int] | dict[Key, int]) -> None:
        if new:
            self._stored(list(new.values()) if isinstance(new, dict) else new)
        for arrival, answer in batch:
            # a key that came twice in one batch is new once
            is_new = isinstance(new, list) or new.pop(_key(arrival), None) is not None
            if not answer.done():
                answer.set_result(is_new)

    async def _turn_away(self, connection: "_Connection", batch: Sequence[_Waiting], error: Exception) -> None:
        """Everybody who waits is told at once: the next in line would only wait as long again."""
        batch = [*batch, *self._waiting]
        self._waiting.clear()
        self._waiting_bytes = 0
        _log.error("batch.refused", events=len(batch), error=type(error).__name__, reason=str(error)[:300])
        for _, answer in batch:
            _fail(answer, InboxAway(type(error).__name__))
        await connection.close()


class _Connection:
    """Connected when it is first used, and anew after a failure; one insert at a time."""

    def __init__(self, conninfo: str, patience: timedelta) -> None:
        self._conninfo = conninfo
        self._patience = patience.total_seconds()
        self._connection: psycopg.AsyncConnection | None = None
        self._statement: Statement | None = None

    async def insert(self, arrivals: Sequence[Arrival]) -> list[int] | dict[Key, int]:
        """As Statement.insert; repeated on a new connection until the patience ends: it is idempotent."""
        async with asyncio.timeout(self._patience):
            return await self._insert(arrivals)

    async def _insert(self, arrivals: Sequence[Arrival]) -> list[int] | dict[Key, int]:
        pause = _FIRST_PAUSE
        while True:
            try:
                statement = self._statement or await self._connect()
                return await statement.insert(arrivals)
            except _ROW_FAULTS:
                raise
            except psycopg.Error as error:
                _log.warning("commit.failed", error=type(error).__name__, reason=str(error)[:300])
            await self.close()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _connect(self) -> Statement:
        self._connection = await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, connect_timeout=3, application_name="tieout-receiver"
        )
        # the server gives up when we do, so that nothing piles up behind a lock
        await self._connection.execute(f"SET statement_timeout = {int(self._patience * 1000)}")
        statement = Statement(self._connection)
        self._statement = statement
        await statement.prepare()
        return statement

    async def close(self) -> None:
        """Also in the middle of a statement; whether it was committed is then unknown, and repeating it harmless."""
        connection, self._connection = self._connection, None
        statement, self._statement = self._statement, None
        if statement is not None:
            statement.detach()
        if connection is not None:
            await connection.close()


def _reason(error: Exception) -> str | None:
    return error.diag.message_primary if isinstance(error, psycopg.Error) else str(error)


def _key(arrival: Arrival) -> Key:
    return arrival.source, arrival.account, arrival.external_id


def _fail(answer: "asyncio.Future[bool]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
