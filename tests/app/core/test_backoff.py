from datetime import timedelta

import pytest

from app.core.backoff import delay, exhausted
from app.core.config import Backoff

TABLE = Backoff(tries=3, first_seconds=10, longest_seconds=60)


@pytest.mark.parametrize(("number", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 30), (90, 30)])
def test_the_wait_doubles_up_to_the_longest(number: int, seconds: float) -> None:
    assert delay(number, TABLE, jitter=0) == timedelta(seconds=seconds)


def test_jitter_spreads_over_the_upper_half() -> None:
    assert delay(1, TABLE, jitter=0.5) == timedelta(seconds=7.5)


def test_what_the_other_system_asked_for_is_a_lower_bound() -> None:
    assert delay(1, TABLE, jitter=0, retry_after=timedelta(seconds=90)) == timedelta(seconds=90)


@pytest.mark.parametrize(("number", "spent"), [(2, False), (3, True), (4, True)])
def test_tries_run_out(number: int, spent: bool) -> None:
    assert exhausted(number, TABLE) is spent
