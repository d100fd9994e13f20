"""A preview says what a run would write, and writes nothing."""

import pytest

from app.core.effect import effect_of
from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import SCENES, books

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scene", SCENES)
def test_a_preview_shows_writes_and_leaves_the_books_alone(stage: Stage, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    before, known = books(stage), set(stage.links())
    preview = stage.parts.previewer.preview(flow, "main", subject, explain=True)
    assert (preview.outcome.state, len(preview.written) > 0) == ("succeeded", True), preview.outcome
    assert (books(stage), set(stage.links())) == (before, known)


@pytest.mark.exhaustive
@pytest.mark.parametrize("scene", SCENES)
def test_explaining_changes_nothing_and_every_effect_balances(stage: Stage, scene: str) -> None:
    flow, play = SCENES[scene]
    subject = play(stage)
    plain = stage.parts.previewer.preview(flow, "main", subject)
    told = stage.parts.previewer.preview(flow, "main", subject, explain=True)
    assert (told.outcome, told.written, told.notes) == (plain.outcome, plain.written, plain.notes)
    effects = [effect for each in told.written if (effect := effect_of(each))]
    assert [effect for effect in effects if not (effect.balanced or any(line.side for line in effect.lines))] == []
