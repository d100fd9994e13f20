"""Events stored once by (source, account, external id), from a sweep's transaction."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import func, select

from app.core.inbox import Arrival, Event, receive
from app.db import Database

ARRIVAL = Arrival(
    source="stripe",
    account="main",
    external_id="evt_1",
    type="invoice.paid",
    object_id="in_1",
    object_type="invoice",
    api_version="2026-10-28.endive",
    livemode=False,
    occurred_at=datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC),
    headers=b'{"user-agent":"Stripe/1.0"}',
    body=b'{"id":"evt_1"}',
)


def other(**changes: object) -> Arrival:
    return msgspec.structs.replace(ARRIVAL, **changes)


def count(database: Database) -> int:
    with database.session_scope() as session:
        return session.scalar(select(func.count(Event.id))) or 0


def test_what_arrived_is_what_is_stored(database: Database) -> None:
    with database.session_scope() as session:
        receive(session, [ARRIVAL])
    with database.session_scope() as session:
        event = session.scalars(select(Event)).one()
        stored = {name: getattr(event, name) for name in ARRIVAL.__struct_fields__}
    assert stored == msgspec.structs.asdict(ARRIVAL) | {"headers": {"user-agent": "Stripe/1.0"}}


def test_new_rows_are_named_by_their_ids(database: Database) -> None:
    with database.session_scope() as session:
        ids = receive(session, [ARRIVAL, other(external_id="evt_2")])
        assert sorted(ids) == sorted(session.scalars(select(Event.id)))


def test_what_is_there_already_is_not_named(database: Database) -> None:
    with database.session_scope() as session:
        receive(session, [ARRIVAL])
    with database.session_scope() as session:
        assert receive(session, [ARRIVAL]) == []


def test_the_same_id_in_another_account_is_another_event(database: Database) -> None:
    with database.session_scope() as session:
        receive(session, [ARRIVAL, other(account="second"), other(source="netsuite")])
    assert count(database) == 3


def test_nothing_arrived(database: Database) -> None:
    with database.session_scope() as session:
        assert receive(session, []) == []
