"""However Tieout hears of a history (shuffled, twice, late, not at all), the books are those of the clean order."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import config as configuration
from app.core.broker import NoBroker
from app.core.runs import Run
from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS as STAGE_BOOKS
from tests.workers.flows.stage import START, Stage
from tests.workers.histories.ledger import ledger
from tests.workers.histories.shop import SALES, Sale, Shop
from workers.flows import CATALOGUE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FLOWS = [flow.key for flow in CATALOGUE.values() if flow.source == "stripe"]
ROUNDS = 12


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    sales=SALES,
    payout=st.booleans(),
    off=st.sets(st.sampled_from(FLOWS), max_size=6),
    chance=st.randoms(use_true_random=False),
)
def test_any_order_gives_the_books_of_the_clean_order(
    stage: Stage, sales: list[Sale], payout: bool, off: set[str], chance: Any
) -> None:
    in_order = play(stage, sales, payout, off, InOrder())
    disturbed = play(stage, sales, payout, off, Disturbed(chance))
    note(f"switched off: {sorted(off)}")
    assert disturbed == in_order


class InOrder:
    """Each event at once, each once."""

    def now(self, events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        return events

    def late(self, events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        return events

    def again(self, subjects: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        return ()


class Disturbed:
    """Some events come late, some never, all out of order; and a person runs this and that by hand."""

    def __init__(self, chance: Any) -> None:
        self._chance = chance

    def now(self, events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        some = [event for event in events if self._chance.random() < 0.3]
        self._chance.shuffle(some)
        return some

    def late(self, events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        rest = [event for event in events if self._chance.random() < 0.7]
        self._chance.shuffle(rest)
        return rest

    def again(self, subjects: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        return [one for one in subjects if self._chance.random() < 0.2]


BOOKS: dict[str, Any] = {
    "accounts": {
        "money_in": "clearing",
        "clearing": dict(ids.STRIPE_CLEARING),
        "bank": dict(ids.BANK),
        "undeposited": ids.UNDEPOSITED_FUNDS,
        "fees": {"*": ids.STRIPE_FEES},
        "exchange": {"*": ids.FX_GAIN_LOSS},
        "unreconciled": {"*": ids.ROUNDING},
        "reserves": {"*": ids.STRIPE_RESERVES},
    },
    "items": {
        **STAGE_BOOKS["items"],
        "bad_debt": ids.ITEM_BAD_DEBT,
        "dispute": ids.ITEM_DISPUTE,
        "refund": ids.ITEM_REFUND,
        "credit_note": ids.ITEM_REFUND,
    },
}


def play(stage: Stage, sales: list[Sale], payout: bool, off: set[str], heard: InOrder | Disturbed) -> dict[str, Any]:
    stage.books.update(BOOKS)
    stage.rest["flows"] = {key: {"enabled": False} for key in off}
    stage.start_over()
    for act in Shop(stage).acts(sales, payout=payout):
        act()
        stage.pass_time(minutes=7)
        tell(stage, heard.now(stage.unheard_stripe_events()))
    tell(stage, heard.late(stage.unheard_stripe_events()))
    for flow, subject in heard.again(subjects(stage)):
        stage.run(flow, subject)
    sweep_all(stage)
    settle(stage)
    return ledger(stage)


def tell(stage: Stage, events: Iterable[dict[str, Any]]) -> None:
    for event in events:
        stage.take(event)
    stage.work()
    stage.make_all_due()


def subjects(stage: Stage) -> list[tuple[str, str]]:
    with stage.parts.database.session_scope() as session:
        return sorted({(run.flow, run.subject) for run in session.scalars(select(Run))})


def sweep_all(stage: Stage) -> None:
    """Every sweep of a flow that is on, and the one that compares the inbox with Stripe's events."""
    with stage.parts.database.session_scope() as session:
        chosen = configuration.current(session)
    for flow in CATALOGUE.values():
        if flow.sweep and chosen.is_enabled(flow):
            stage.parts.sweeper.sweep(flow.key, "main", since=START - timedelta(days=1))
            stage.work()
    stage.parts.sweeper.sweep("inbox", "main")
    broker = stage.parts.broker
    assert isinstance(broker, NoBroker)
    stage.parts.dispatcher.dispatch(broker.events)
    stage.work()


def settle(stage: Stage) -> None:
    for _ in range(ROUNDS):
        if stage.all_states() <= {"succeeded", "skipped", "held"}:
            return
        stage.make_all_due()
    raise AssertionError(f"runs do not come to rest: {stage.all_states()}")
