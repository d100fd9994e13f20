"""A preview says what a run would write, and writes nothing."""

import pytest

from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import SCENES, books

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scene", SCENES)
def test_a_preview_shows_writes_and_leaves_the_books_alone(stage: Stage, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    before, known = books(stage), set(stage.links())
    preview = stage.parts.previewer.preview(flow, "main", subject)
    assert (preview.outcome.state, len(preview.written) > 0) == ("succeeded", True), preview.outcome
    assert (books(stage), set(stage.links())) == (before, known)
