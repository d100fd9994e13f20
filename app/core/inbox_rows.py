"""The multi-row insert of the inbox over one prepared statement, spoken at libpq's level.

A cursor would cost more time per batch than everything else does here: it adapts each value by its type and waits
through several futures. The columns' types are known, so they go over as binary arrays, one per column.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from struct import Struct

import psycopg
from psycopg import pq

from app.core.inbox import Arrival

Key = tuple[str, str, str]

_INSERT = b"""
INSERT INTO events (source, account, external_id, type, object_id, object_type, api_version, livemode,
                    occurred_at, headers, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::bool[], $9::timestamptz[], $10::jsonb[], $11::bytea[])
ON CONFLICT (source, account, external_id) DO NOTHING
RETURNING id, source, account, external_id
"""
_NAME = b"inbox_insert"
_BINARY = [pq.Format.BINARY] * 11

# The binary format of arrays is array_send() in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
_head = Struct("!iiIii").pack  # dimensions, has nulls, element type, length, lower bound
_length = Struct("!i").pack
_int64 = Struct("!q")
_NULL = _length(-1)
_TRUE, _FALSE = _length(1) + b"\1", _length(1) + b"\0"
_TEXT, _BOOL, _TIMESTAMPTZ, _JSONB, _BYTEA = 25, 16, 1184, 3802, 17
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Statement:
    """The insert, prepared on one connection that nothing else uses meanwhile."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._pgconn = connection.pgconn
        self._socket = self._pgconn.socket
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[pq.abc.PGresult] | None = None
        self._result: pq.abc.PGresult | None = None
        self._loop.add_reader(self._socket, self._readable)

    async def prepare(self) -> None:
        self._pgconn.send_prepare(_NAME, _INSERT)
        await self._answer()

    async def insert(self, arrivals: Sequence[Arrival]) -> list[int] | dict[Key, int]:
        """The new rows' ids when all are new, else by key those that are. Raises psycopg.Error."""
        self._pgconn.send_query_prepared(_NAME, _params(arrivals), _BINARY, result_format=pq.Format.BINARY)
        result = await self._answer()
        ids = [_int64.unpack(result.get_value(row, 0) or b"")[0] for row in range(result.ntuples)]
        if len(ids) == len(arrivals):
            return ids
        return {_key(result, row): new for row, new in enumerate(ids)}

    def detach(self) -> None:
        """To be called before the connection is closed: the loop must not watch a number that is given out anew."""
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        if self._done is not None and not self._done.done():
            self._done.set_exception(psycopg.OperationalError("the connection was given up"))

    async def _answer(self) -> pq.abc.PGresult:
        self._done = self._loop.create_future()
        self._flush()
        result = await self._done
        if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            raise psycopg.errors.error_from_result(result)
        return result

    def _flush(self) -> None:
        """A batch may be larger than the socket's buffer: the rest goes when there is room."""
        try:
            if self._pgconn.flush():
                self._loop.add_writer(self._socket, self._flush)
            else:
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self._fail(error)

    def _readable(self) -> None:
        try:
            self._pgconn.consume_input()
            while self._done is not None and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._finish()
                else:
                    self._result = result
        except psycopg.Error as error:
            self._fail(error)

    def _finish(self) -> None:
        done, self._done = self._done, None
        if done is not None and not done.done() and self._result is not None:
            done.set_result(self._result)
        self._result = None

    def _fail(self, error: psycopg.Error) -> None:
        """The connection is broken; also noticed while idle, which the next insert then runs into."""
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        done, self._done = self._done, None
        if done is not None and not done.done():
            done.set_exception(error)


def _key(result: pq.abc.PGresult, row: int) -> Key:
    source, account, external_id = ((result.get_value(row, column) or b"").decode() for column in (1, 2, 3))
    return source, account, external_id


def _params(arrivals: Sequence[Arrival]) -> list[bytes | None]:
    """In the order of the statement's columns."""
    return [
        _texts(map(attrgetter("source"), arrivals)),
        _texts(map(attrgetter("account"), arrivals)),
        _texts(map(attrgetter("external_id"), arrivals)),
        _texts(map(attrgetter("type"), arrivals)),
        _texts(map(attrgetter("object_id"), arrivals)),
        _texts(map(attrgetter("object_type"), arrivals)),
        _texts(map(attrgetter("api_version"), arrivals)),
        _array(_BOOL, [_boolean(arrival.livemode) for arrival in arrivals]),
        _array(_TIMESTAMPTZ, [_time(arrival.occurred_at) for arrival in arrivals]),
        # jsonb's binary format is a version number, 1, and the text
        _array(_JSONB, [_sized(b"\1" + arrival.headers) for arrival in arrivals]),
        _array(_BYTEA, [_sized(arrival.body) for arrival in arrivals]),
    ]


def _texts(values: Iterable[str | None]) -> bytes:
    return _array(_TEXT, [_NULL if value is None else _length(len(text := value.encode())) + text for value in values])


def _array(element: int, elements: list[bytes]) -> bytes:
    return b"".join((_head(1, 1, element, len(elements), 1), *elements))


def _sized(value: bytes) -> bytes:
    return _length(len(value)) + value


def _boolean(value: bool | None) -> bytes:
    return _NULL if value is None else _TRUE if value else _FALSE


def _time(value: datetime | None) -> bytes:
    """Microseconds since 2000-01-01 UTC."""
    return _NULL if value is None else _sized(_int64.pack((value - _POSTGRES_EPOCH) // _MICROSECOND))
