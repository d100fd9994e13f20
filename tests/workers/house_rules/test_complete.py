"""Stripe's own list of events against the inbox, over real HTTP: what is missing is named, what is there adds up."""

from datetime import timedelta

import pytest

from app.core import completeness
from app.core.completeness import Day
from tests.workers.flows.stage import START, Stage
from tests.workers.house_rules.scenes import SCENES

pytestmark = pytest.mark.slow
SCENE = "stripe_invoice_paid_to_netsuite_payment"


def counted(stage: Stage) -> list[Day]:
    start, end = START - timedelta(days=2), START + timedelta(days=2)
    stripe = stage.parts.systems.stripe("main", lambda _: None)
    return completeness.count(stage.parts.database, "main", stripe.events_since(start), start, end)


def test_events_that_did_not_arrive_are_missing_and_those_that_did_add_up(stage: Stage) -> None:
    scene = next(name for name in SCENES if name.startswith(SCENE))
    SCENES[scene][1](stage)
    before = counted(stage)
    assert sum(len(day.missing) for day in before) == sum(day.at_stripe for day in before) > 0
    for event in stage.unheard_stripe_events():
        stage.take({**event, "occurred_at": START})
    stage.work()
    after = counted(stage)
    assert [(day.missing, day.lost, day.adds_up) for day in after] == [((), 0, True)] * len(after)
    assert sum(day.done for day in after) > 0
