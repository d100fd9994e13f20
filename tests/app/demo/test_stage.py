from pathlib import Path

from app.core.plan import parse
from app.demo.stage import write_choices
from sandbox.netsuite import ids
from workers.flows import CATALOGUE


def test_the_sandboxs_choices_are_a_configuration_to_begin_with(tmp_path: Path) -> None:
    begun = parse(write_choices(tmp_path).read_text(), CATALOGUE)
    assert (begun.for_account("main").subsidiary, begun.for_account("main").items.default) == (
        ids.SUBSIDIARY_US,
        ids.ITEM_STRIPE,
    )


def test_every_flow_is_on(tmp_path: Path) -> None:
    begun = parse(write_choices(tmp_path).read_text(), CATALOGUE)
    assert [key for key, flow in CATALOGUE.items() if not begun.is_enabled(flow)] == []
