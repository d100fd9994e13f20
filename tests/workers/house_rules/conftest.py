"""The house rules play on the flows' own stage."""

from pathlib import Path

import pytest

from tests.workers.flows.conftest import parts, sandbox, stage
from tests.workers.house_rules.scenes import SCENES

LONG = ("test_crash.py", "test_rest.py", "test_preview.py", "test_twice.py")
FIRST = {flow: scene for scene, (flow, _) in reversed(SCENES.items())}
"""Of each flow the scene that stands for it in every run of the tests."""

__all__ = ["parts", "sandbox", "stage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The further scenes of a flow take many minutes: `make exhaustive` plays them all."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here and item.path.name in LONG:
            drawn = getattr(item, "callspec", None)
            scene = drawn.params.get("scene") if drawn else None
            if scene is not None and scene not in FIRST.values():
                item.add_marker("exhaustive")
