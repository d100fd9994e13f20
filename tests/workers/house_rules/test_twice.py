"""Whatever happens twice leaves the same books as happening once."""

import pytest

from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import SCENES, books
from workers.flows import CATALOGUE

pytestmark = pytest.mark.slow


def test_every_flow_has_a_scene() -> None:
    """But the one that tries others again: it writes nothing of its own."""
    wanted = {key for key, flow in CATALOGUE.items() if flow.source != "tieout"}
    assert {flow for flow, _ in SCENES.values()} == wanted


@pytest.mark.parametrize("scene", SCENES)
def test_twice_gives_the_same_books(stage: Stage, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    assert stage.run(flow, subject).state == "succeeded"
    once = books(stage)
    stage.run(flow, subject)
    assert books(stage) == once


@pytest.mark.parametrize("scene", SCENES)
def test_the_second_time_writes_nothing(stage: Stage, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    stage.run(flow, subject)
    assert stage.run(flow, subject).state == "skipped"


@pytest.mark.parametrize("scene", SCENES)
def test_without_the_links_it_gives_the_same_books(stage: Stage, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    stage.run(flow, subject)
    once = books(stage)
    with stage.parts.database.session_scope() as session:
        for link in stage.links().values():
            session.delete(session.merge(link))
    stage.run(flow, subject)
    assert books(stage) == once
