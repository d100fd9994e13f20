"""What we write comes back as events of both systems; it must come to rest, with the books as they were."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.serve import serving
from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import SCENES, books

pytestmark = pytest.mark.slow

ROUNDS = 6


class Told:
    """Hears NetSuite's callbacks over HTTP, and keeps those not yet passed on."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.bodies.append(json.loads(message["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def told(stage: Stage) -> Iterator[Told]:
    hears = Told()
    with serving(hears) as url:
        stage.netsuite_does("callbacks", url=url)
        stage.netsuite_does("settings", callback_echoes=True)
        yield hears
        stage.netsuite_does("settings", callback_echoes=False)
        stage.netsuite_does("callbacks", url="")


@pytest.mark.parametrize("scene", SCENES)
def test_echoes_come_to_rest_and_change_nothing(stage: Stage, told: Told, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    assert stage.run(flow, subject).state == "succeeded"
    rounds = [passed_on(stage, told) for _ in range(ROUNDS)]
    assert (rounds[0] > 0, rounds[-1]) == (True, 0), f"events in each round: {rounds}"
    assert stage.all_states() <= {"succeeded", "skipped"}
    settled = books(stage)
    stage.run(flow, subject)
    assert books(stage) == settled


def passed_on(stage: Stage, told: Told) -> int:
    """Give Tieout every event that it has not had yet; how many there were."""
    wait_until_delivered(stage)
    new = stage.unheard_stripe_events()
    callbacks, told.bodies[:] = list(told.bodies), []
    for event in (*new, *map(stage.callback_row, callbacks)):
        stage.take(event)
    stage.work()
    stage.make_all_due()
    return len(new) + len(callbacks)


def wait_until_delivered(stage: Stage) -> None:
    deadline = time.monotonic() + 10
    while stage.sandbox.netsuite.callbacks.queue.unfinished_tasks:
        assert time.monotonic() < deadline, "callbacks are stuck"
        time.sleep(0.005)
