"""NetSuite's endpoint, over HTTP with signed callbacks."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.core.inbox import Event
from app.db import Database
from app.systems.netsuite.signature import sign
from tests.app.receiver.serving import CALLBACK_SECRET, Served, callback, error


def only(database: Database) -> Event:
    with database.session_scope() as session:
        return session.scalars(select(Event)).one()


def test_a_signed_callback_is_acknowledged(receiver: Served) -> None:
    assert receiver.call_back(callback()).json() == {"received": True}


def test_a_callback_is_stored_under_record_type_and_event(receiver: Served, database: Database) -> None:
    receiver.call_back(callback())
    event = only(database)
    assert (event.source, event.external_id, event.type, event.object_id, event.object_type) == (
        "netsuite",
        "cb_1",
        "invoice.edit",
        "77",
        "invoice",
    )


def test_the_time_of_the_save_is_kept_in_utc(receiver: Served, database: Database) -> None:
    receiver.call_back(callback(at="2026-11-22T11:30:00+01:30"))
    assert only(database).occurred_at == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("spelling", ["1234567_SB1", "1234567-sb1", "1234567_sb1"])
def test_the_account_is_stored_as_it_is_configured(receiver: Served, database: Database, spelling: str) -> None:
    receiver.call_back(callback(), account=spelling)
    assert only(database).account == "1234567_SB1"


def test_a_numeric_id_is_stored_as_text(receiver: Served, database: Database) -> None:
    receiver.call_back(callback(id=77))
    assert only(database).object_id == "77"


def test_suitescripts_spelling_becomes_rests(receiver: Served, database: Database) -> None:
    receiver.call_back(callback(record_type="customerpayment", event="CREATE"))
    event = only(database)
    assert (event.type, event.object_type) == ("customerPayment.create", "customerPayment")


def test_a_time_in_seconds_is_taken(receiver: Served, database: Database) -> None:
    receiver.call_back(callback(at=1795341600))
    assert only(database).occurred_at == datetime.fromtimestamp(1795341600, UTC)


def test_a_sandboxs_events_are_not_live(receiver: Served, database: Database) -> None:
    receiver.call_back(callback())
    assert only(database).livemode is False


def test_another_account_in_the_body_is_refused(receiver: Served) -> None:
    assert error(receiver.call_back(callback(account="7654321"))) == (400, "account_mismatch")


def test_another_account_in_the_path_is_not_found(receiver: Served) -> None:
    assert error(receiver.call_back(callback(), account="7654321")) == (404, "unknown_account")


def test_an_old_callback_is_refused(receiver: Served) -> None:
    old = sign(callback(), CALLBACK_SECRET, datetime(2026, 1, 1, tzinfo=UTC))
    assert error(receiver.call_back(callback(), **old)) == (400, "bad_signature")


def test_another_secret_is_refused(receiver: Served) -> None:
    other = sign(callback(), "another", datetime.now(UTC))
    assert error(receiver.call_back(callback(), **other)) == (400, "bad_signature")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{}", id="empty"),
        pytest.param(callback(event_id=""), id="no_event_id"),
        pytest.param(callback(event="\0"), id="nul"),
        pytest.param(callback(at="2026-11-22T10:00:00"), id="time_without_offset"),
        pytest.param(callback(at="0001-01-01T00:00:00+05:00"), id="time_before_all_time"),
        pytest.param(callback(record_type="x" * 256), id="long_record_type"),
    ],
)
def test_a_signed_body_that_is_no_callback_is_refused(receiver: Served, body: bytes) -> None:
    assert error(receiver.call_back(body)) == (400, "bad_body")
