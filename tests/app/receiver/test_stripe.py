"""Stripe's endpoint, over HTTP with bodies signed by the `stripe` package."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.inbox import Event
from app.db import Database
from tests.app.receiver.serving import OLD_SECRET, Served, error, eventually, serving, signature, snapshot, thin


def rows(database: Database) -> list[Event]:
    with database.session_scope() as session:
        return list(session.scalars(select(Event).order_by(Event.id)))


def test_a_signed_event_is_acknowledged(receiver: Served) -> None:
    response = receiver.post(snapshot())
    assert (response.status_code, response.json()) == (200, {"received": True})


def test_a_snapshot_event_is_stored_as_it_came(receiver: Served, database: Database) -> None:
    body = snapshot()
    receiver.post(body)
    (event,) = rows(database)
    stored = {name: getattr(event, name) for name in Event.__table__.columns.keys()}  # noqa: SIM118
    age = datetime.now(UTC) - stored.pop("received_at")
    assert timedelta() <= age < timedelta(minutes=1)
    assert stored.pop("headers").keys() == {"user-agent", "signed-at"}
    assert stored == {
        "id": 1,
        "source": "stripe",
        "account": "main",
        "external_id": "evt_1",
        "type": "invoice.paid",
        "object_id": "in_1",
        "object_type": "invoice",
        "api_version": "2026-10-28.endive",
        "livemode": False,
        "occurred_at": datetime.fromtimestamp(1795000000, UTC),
        "body": body,
        "dispatched_at": None,
        "outcome": None,
        "reason": None,
    }


def test_a_thin_event_is_stored_under_its_plain_type(receiver: Served, database: Database) -> None:
    receiver.post(thin())
    (event,) = rows(database)
    assert (event.type, event.object_id, event.object_type) == ("invoice.paid", "in_1", "invoice")


def test_an_event_without_object_id_is_stored(receiver: Served, database: Database) -> None:
    upcoming = snapshot(type="invoice.upcoming", data={"object": {"object": "invoice"}})
    assert receiver.post(upcoming).status_code == 200
    assert rows(database)[0].object_id is None


def test_an_unknown_type_is_acknowledged(receiver: Served) -> None:
    assert receiver.post(snapshot(type="planet.landed_on")).status_code == 200


def test_every_delivery_of_one_event_is_acknowledged(receiver: Served) -> None:
    assert {receiver.post(snapshot()).status_code for _ in range(10)} == {200}


def test_ten_deliveries_of_one_event_are_one_row(receiver: Served, database: Database) -> None:
    for _ in range(10):
        receiver.post(snapshot())
    assert len(rows(database)) == 1


def test_each_of_two_secrets_is_accepted(receiver: Served) -> None:
    body = snapshot()
    assert receiver.post(body, signature(body, OLD_SECRET)).status_code == 200


def test_no_signature_is_stored(receiver: Served, database: Database) -> None:
    body = snapshot()
    header = signature(body)
    receiver.post(body, header)
    assert header.partition("v1=")[2] not in str(rows(database)[0].headers)


@pytest.mark.parametrize(
    ("body", "header"),
    [
        pytest.param(snapshot(), signature(snapshot(), "whsec_other"), id="another_secret"),
        pytest.param(snapshot("evt_2"), signature(snapshot()), id="another_body"),
        pytest.param(snapshot(), "", id="no_signature"),
        pytest.param(snapshot(), "t=1,v0=abc", id="another_scheme"),
        pytest.param(snapshot(), "t=now,v1=" + "é" * 64, id="garbage"),
        pytest.param(snapshot(), signature(snapshot(), age=timedelta(minutes=6)), id="past"),
        pytest.param(snapshot(), signature(snapshot(), age=-timedelta(minutes=30)), id="future"),
    ],
)
def test_a_bad_signature_is_refused(receiver: Served, body: bytes, header: str) -> None:
    response = receiver.http.post("/webhooks/stripe/main", content=body, headers={b"stripe-signature": header.encode()})
    assert error(response) == (400, "bad_signature")


def test_a_refused_event_is_not_stored(receiver: Served, database: Database) -> None:
    receiver.post(snapshot(), "t=1,v1=00")
    assert rows(database) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="no_json"),
        pytest.param(b"[]", id="no_object"),
        pytest.param(b'{"object":"charge","id":"ch_1"}', id="no_event"),
        pytest.param(snapshot(type="invoice.\0paid"), id="nul_in_type"),
        pytest.param(snapshot(data={"object": {"id": "in_\0", "object": "invoice"}}), id="nul_in_object_id"),
        pytest.param(snapshot(api_version="9" * 300), id="long_version"),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(receiver: Served, body: bytes) -> None:
    assert error(receiver.post(body)) == (400, "bad_body")


@pytest.mark.parametrize("body", [snapshot(livemode=True), thin(livemode=True)], ids=["snapshot", "thin"])
def test_a_live_event_is_refused_by_a_test_account(receiver: Served, body: bytes) -> None:
    assert error(receiver.post(body)) == (400, "livemode_mismatch")


def test_an_unknown_account_is_not_found(receiver: Served) -> None:
    assert error(receiver.post(snapshot(), account="nobody")) == (404, "unknown_account")


def test_an_account_without_secret_is_not_found(receiver: Served) -> None:
    assert error(receiver.post(snapshot(), account="silent")) == (404, "no_secret")


def test_an_accounts_name_is_known_in_any_case(receiver: Served) -> None:
    assert receiver.post(snapshot(), account="Main").status_code == 200


def test_committed_ids_are_published_once(postgres_url: str, database: Database) -> None:
    """By a receiver of its own: another one may still have ids of an earlier test to publish."""
    with serving(postgres_url) as receiver:
        for body in (snapshot("evt_1"), snapshot("evt_2"), snapshot("evt_1")):
            receiver.post(body)
        with database.session_scope() as session:
            ids = sorted(session.scalars(select(Event.id)))
        assert len(ids) == 2
        eventually(lambda: len(receiver.published) >= 2)
    assert sorted(receiver.published) == ids
