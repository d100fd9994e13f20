"""A process may die after any single write; the replay leaves the same books as if it had not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.core.links import StoredLinks
from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import SCENES, Death, Killed, books, dying
from workers.flows import CATALOGUE

pytestmark = pytest.mark.slow

MOST_WRITES = 8
AT_ONCE = timedelta(0)
KEYS_ARE_FORGOTTEN = timedelta(days=2)
"""Stripe keeps an idempotency key for a day: after that only what stands in the systems tells what was done."""


@dataclass(frozen=True)
class Played:
    books: dict[str, object]
    writes: int
    died: bool
    states: set[str]


def _when() -> Iterator[tuple[str, timedelta]]:
    """What only writes to NetSuite, which keeps no keys, has nothing to forget."""
    for scene, (flow, _) in SCENES.items():
        yield scene, AT_ONCE
        if CATALOGUE[flow].source == "netsuite":
            yield scene, KEYS_ARE_FORGOTTEN


@pytest.mark.parametrize(
    ("scene", "replayed_after"),
    list(_when()),
    ids=lambda one: one if isinstance(one, str) else f"{one.days} days later",
)
def test_a_crash_after_each_write_and_a_replay_give_the_same_books(
    stage: Stage, scene: str, replayed_after: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = played(stage, scene, monkeypatch, Death())
    assert 0 < undisturbed.writes <= MOST_WRITES
    for number in range(1, undisturbed.writes + 1):
        stage.start_over()
        disturbed = played(stage, scene, monkeypatch, Death(after=number), replayed_after)
        where = f"after write {number} of {undisturbed.writes}"
        assert disturbed.died, where
        assert disturbed.states <= {"succeeded", "skipped"}, where
        assert disturbed.books == undisturbed.books, where


def played(
    stage: Stage, scene: str, monkeypatch: pytest.MonkeyPatch, death: Death, replayed_after: timedelta = AT_ONCE
) -> Played:
    flow, play = SCENES[scene]
    subject, died = play(stage), False
    with dying(monkeypatch, death, StoredLinks):
        try:
            stage.run(flow, subject)
        except Killed:
            died = True
            stage.sandbox.clock.advance(replayed_after)
            stage.make_all_due()
    return Played(books(stage), death.writes, died, stage.states(flow))
