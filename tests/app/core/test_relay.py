"""Ids to the broker, many at once; and what the broker missed, found again."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.sql import func

from app.core.inbox import Event, receive
from app.core.relay import Pace, Relay, sweep_inbox
from app.db import Database
from tests.app.core.test_inbox import other

AT_ONCE = Pace(between=timedelta(), patience=timedelta())


class Broker:
    """Fails while `away`; blocks until `open`."""

    def __init__(self) -> None:
        self.messages: list[list[int]] = []
        self.away = False
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()

    def publish(self, ids: Sequence[int]) -> None:
        self.asked.set()
        assert self.open.wait(10)
        if self.away:
            raise ConnectionError("the broker is away")
        self.messages.append(list(ids))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def test_an_offered_id_is_published(broker: Broker) -> None:
    relay = Relay(broker.publish, AT_ONCE)
    relay.start()
    relay.offer([1])
    until(lambda: broker.messages == [[1]])
    relay.stop()


def test_what_gathers_during_a_message_goes_as_one(broker: Broker) -> None:
    relay = Relay(broker.publish, AT_ONCE)
    relay.start()
    broker.open.clear()
    relay.offer([1])
    assert broker.asked.wait(10)
    relay.offer([2, 3])
    relay.offer([4])
    broker.open.set()
    until(lambda: broker.messages == [[1], [2, 3, 4]])
    relay.stop()


def test_a_message_is_bounded(broker: Broker) -> None:
    relay = Relay(broker.publish, Pace(ids_per_message=2, between=timedelta()))
    relay.offer([1, 2, 3])
    relay.start()
    until(lambda: broker.messages == [[1, 2], [3]])
    relay.stop()


def test_a_stop_publishes_what_waits(broker: Broker) -> None:
    relay = Relay(broker.publish, Pace(ids_per_message=1, between=timedelta(hours=1)))
    relay.start()
    relay.offer([1, 2, 3])
    assert broker.asked.wait(10)
    relay.stop()
    assert broker.messages == [[1], [2], [3]]


def test_a_broker_that_is_away_stops_nobody(broker: Broker) -> None:
    broker.away = True
    relay = Relay(broker.publish, AT_ONCE)
    relay.start()
    relay.offer([1])
    assert broker.asked.wait(10)
    relay.stop()
    assert broker.messages == []


def test_a_broker_that_comes_back_gets_what_comes_then(broker: Broker) -> None:
    broker.away = True
    relay = Relay(broker.publish, AT_ONCE)
    relay.start()
    relay.offer([1])
    assert broker.asked.wait(10)
    until(lambda: relay._failures == 1)
    broker.away = False
    relay.offer([2])
    until(lambda: broker.messages == [[2]])
    relay.stop()


def test_under_pressure_an_offer_returns_at_once_and_is_dropped(broker: Broker) -> None:
    broker.open.clear()
    relay = Relay(broker.publish, Pace(waiting=3, between=timedelta()))
    relay.offer([1, 2, 3])
    relay.offer([4])
    relay.start()
    broker.open.set()
    until(lambda: broker.messages == [[1, 2, 3]])
    relay.stop()
    assert broker.messages == [[1, 2, 3]]


# --- the sweep ---------------------------------------------------------------------------------------------------


def stored(database: Database, count: int, age: timedelta) -> list[int]:
    with database.session_scope() as session:
        ids = sorted(receive(session, [other(external_id=f"evt_{age}_{number}") for number in range(count)]))
        session.execute(update(Event).where(Event.id.in_(ids)).values(received_at=func.now() - age))
    return ids


def test_what_nobody_dispatched_is_published_again(database: Database, broker: Broker) -> None:
    ids = stored(database, 3, timedelta(minutes=2))
    sweep_inbox(database, broker.publish, timedelta(minutes=1))
    assert broker.messages == [ids]


def test_it_says_how_many(database: Database, broker: Broker) -> None:
    stored(database, 3, timedelta(minutes=2))
    assert sweep_inbox(database, broker.publish, timedelta(minutes=1)) == 3


def test_what_came_just_now_is_left_to_the_relay(database: Database, broker: Broker) -> None:
    stored(database, 3, timedelta(seconds=1))
    assert sweep_inbox(database, broker.publish, timedelta(minutes=1)) == 0


def test_what_was_dispatched_is_not_published_again(database: Database, broker: Broker) -> None:
    stored(database, 3, timedelta(minutes=2))
    with database.session_scope() as session:
        session.execute(update(Event).values(dispatched_at=func.now()))
    assert sweep_inbox(database, broker.publish, timedelta(minutes=1)) == 0


def test_one_sweep_is_bounded_and_starts_with_the_oldest(database: Database, broker: Broker) -> None:
    ids = stored(database, 5, timedelta(minutes=2))
    sweep_inbox(database, broker.publish, timedelta(minutes=1), limit=2)
    assert broker.messages == [ids[:2]]


def test_rows_stay_undispatched_until_dispatch_marks_them(database: Database, broker: Broker) -> None:
    stored(database, 1, timedelta(minutes=2))
    sweep_inbox(database, broker.publish, timedelta(minutes=1))
    with database.session_scope() as session:
        assert session.scalars(select(Event.dispatched_at)).all() == [None]


def test_a_broker_that_is_away_fails_the_sweep(database: Database, broker: Broker) -> None:
    stored(database, 1, timedelta(minutes=2))
    broker.away = True
    with pytest.raises(ConnectionError):
        sweep_inbox(database, broker.publish, timedelta(minutes=1))
