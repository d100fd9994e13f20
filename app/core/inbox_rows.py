"""The multi-row insert of the inbox: events as PostgreSQL's binary arrays, one per column.

psycopg's own list adaptation looks at every element's type; the columns here are known, which is several times faster.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import TypeVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from app.core.inbox import Arrival

INSERT = """
INSERT INTO events (source, account, external_id, type, object_id, object_type, api_version, livemode,
                    occurred_at, headers, body)
SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
                     %b::bool[], %b::timestamptz[], %b::jsonb[], %b::bytea[])
ON CONFLICT (source, account, external_id) DO NOTHING
RETURNING id, source, account, external_id
"""

# The binary format of arrays is array_send() in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
_head = Struct("!iiIii").pack  # dimensions, has nulls, element type, length, lower bound
_length = Struct("!i").pack
_int64 = Struct("!q").pack
_NULL = _length(-1)
_TRUE, _FALSE = _length(1) + b"\1", _length(1) + b"\0"
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Column(bytes):
    """An array in binary format; the class says of what."""

    element = 0


C = TypeVar("C", bound=_Column)


class Texts(_Column):
    element = 25


class Booleans(_Column):
    element = 16


class Times(_Column):
    element = 1184


class Jsons(_Column):
    element = 3802


class Blobs(_Column):
    element = 17


_ARRAY_OIDS = {Texts: 1009, Booleans: 1000, Times: 1185, Jsons: 3807, Blobs: 1001}


def register_arrays(connection: psycopg.AsyncConnection) -> None:
    for column, array_oid in _ARRAY_OIDS.items():
        connection.adapters.register_dumper(column, _dumper(array_oid))


def _dumper(array_oid: int) -> type[Dumper]:
    class AsItIs(Dumper):
        format = Format.BINARY
        oid = array_oid

        def dump(self, obj: bytes) -> bytes:
            return obj

    return AsItIs


def insert_params(arrivals: Sequence[Arrival]) -> tuple[_Column, ...]:
    """The parameters of INSERT, in the order of its columns."""
    return (
        _texts(arrival.source for arrival in arrivals),
        _texts(arrival.account for arrival in arrivals),
        _texts(arrival.external_id for arrival in arrivals),
        _texts(arrival.type for arrival in arrivals),
        _texts(arrival.object_id for arrival in arrivals),
        _texts(arrival.object_type for arrival in arrivals),
        _texts(arrival.api_version for arrival in arrivals),
        _array(Booleans, [_boolean(arrival.livemode) for arrival in arrivals]),
        _array(Times, [_time(arrival.occurred_at) for arrival in arrivals]),
        # jsonb's binary format is a version number, 1, and the text
        _array(Jsons, [_sized(b"\1" + arrival.headers) for arrival in arrivals]),
        _array(Blobs, [_sized(arrival.body) for arrival in arrivals]),
    )


def _texts(values: Iterable[str | None]) -> Texts:
    return _array(Texts, [_NULL if value is None else _sized(value.encode()) for value in values])


def _array(column: type[C], elements: list[bytes]) -> C:
    return column(b"".join((_head(1, 1, column.element, len(elements), 1), *elements)))


def _sized(value: bytes) -> bytes:
    return _length(len(value)) + value


def _boolean(value: bool | None) -> bytes:
    return _NULL if value is None else _TRUE if value else _FALSE


def _time(value: datetime | None) -> bytes:
    """Microseconds since 2000-01-01 UTC."""
    return _NULL if value is None else _sized(_int64((value - _POSTGRES_EPOCH) // _MICROSECOND))
