"""The headline says the worst that is known, and takes nothing for good that was not counted."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from app.core.verdict import Known, verdict

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Tied:
    currency: str
    agrees: bool


GOOD = Known(
    connected=True,
    waiting={},
    days_off=0,
    missing=0,
    lost=0,
    counted_at=NOON,
    stale=False,
    tie_outs=(Tied("USD", True),),
)


def test_all_is_in_when_everything_was_counted_and_nothing_waits() -> None:
    found = verdict(GOOD)
    assert (found.state, found.sentence) == ("all_in", "All in.")
    assert found.because == (
        "Every event of this month is done, or skipped with a reason, and Stripe and NetSuite tie out.",
    )


@pytest.mark.parametrize(
    ("known", "state", "sentence"),
    [
        ({"connected": False}, "not_connected", "Nothing is connected yet."),
        ({"waiting": {"held": 2, "dead": 1}}, "waiting", "3 records wait for you."),
        ({"waiting": {"held": 1}}, "waiting", "1 record waits for you."),
        ({"waiting": {"held": 1000}}, "waiting", "1,000+ records wait for you."),
        ({"waiting": {"retrying": 1}}, "working", "1 record is on the way."),
        ({"missing": 2, "days_off": 1}, "incomplete", "2 of Stripe's events have not arrived."),
        ({"lost": 1, "days_off": 1}, "incomplete", "1 event has no run."),
        ({"days_off": 2}, "incomplete", "2 days do not add up."),
        ({"tie_outs": (Tied("EUR", False),)}, "differs", "Stripe and NetSuite do not tie out in EUR."),
        ({"stale": True}, "unproven", "Completeness is not proven since 2026-11-23 12:00 UTC."),
        ({"counted_at": None, "stale": True}, "unproven", "Completeness is not proven yet: nothing was counted."),
    ],
)
def test_what_is_known_decides_the_sentence(known: dict[str, object], state: str, sentence: str) -> None:
    found = verdict(replace(GOOD, **known))  # type: ignore[arg-type]
    assert (found.state, found.sentence) == (state, sentence)


def test_the_worst_comes_first_and_the_rest_is_not_hidden() -> None:
    found = verdict(replace(GOOD, missing=1, days_off=1, waiting={"held": 1, "queued": 2}, stale=True))
    assert found.sentence == "1 of Stripe's events has not arrived."
    assert found.because == (
        "1 record waits for a person.",
        "Completeness is not proven since 2026-11-23 12:00 UTC.",
        "2 records are on the way.",
    )
