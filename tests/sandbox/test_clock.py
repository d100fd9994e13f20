"""The clock both servers share."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import Clock

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def test_it_is_the_machines_time_at_first() -> None:
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_runs_on_from_where_it_was_set() -> None:
    clock = Clock()
    clock.set(NEW_YEAR)
    assert timedelta(0) <= clock.now() - NEW_YEAR < timedelta(seconds=5)


def test_advancing_moves_it_by_that_much() -> None:
    clock = Clock(NEW_YEAR, frozen=True)
    before = clock.now()
    clock.advance(timedelta(days=3))
    assert clock.now() - before == timedelta(days=3)


def test_frozen_it_stands_still() -> None:
    clock = Clock(NEW_YEAR, frozen=True)
    assert clock.now() == clock.now()


def test_unfrozen_it_runs_on_from_where_it_stood() -> None:
    clock = Clock(frozen=True)
    clock.set(NEW_YEAR)
    clock.unfreeze()
    assert timedelta(0) <= clock.now() - NEW_YEAR < timedelta(seconds=5)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Clock().set(datetime(2027, 1, 1))  # noqa: DTZ001


def test_listeners_are_told_the_new_time() -> None:
    clock, told = Clock(frozen=True), list[datetime]()
    clock.on_change(told.append)
    clock.set(NEW_YEAR)
    assert told == [NEW_YEAR]
