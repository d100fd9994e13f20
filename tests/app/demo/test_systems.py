"""Stripe's form encoding, and waiting for a condition."""

import pytest

from app.demo.systems import flat, wait_for


@pytest.mark.parametrize(
    ("params", "encoded"),
    [
        ({"name": "Ada"}, {"name": "Ada"}),
        ({"a": {"b": [1, 2]}}, {"a[b][0]": "1", "a[b][1]": "2"}),
        ({"lines": [{"amount": 5}]}, {"lines[0][amount]": "5"}),
        ({"paid": True}, {"paid": "true"}),
        ({"none": None}, {}),
    ],
)
def test_parameters_are_encoded_as_stripe_reads_them(params: dict[str, object], encoded: dict[str, str]) -> None:
    assert flat(params) == encoded


def test_waiting_that_takes_too_long_says_for_what() -> None:
    with pytest.raises(TimeoutError, match="the last bus"):
        wait_for(lambda: False, "the last bus", seconds=0)
