"""Ids that a person gives are checked before any work, so each flow says how those of its source objects begin."""

import pytest

from app.core.flow import AnyFlow
from workers.flows import CATALOGUE


@pytest.mark.parametrize("flow", [flow for flow in CATALOGUE.values() if flow.source == "stripe"], ids=lambda f: f.key)
def test_a_flow_of_stripe_names_its_subjects(flow: AnyFlow) -> None:
    assert flow.subjects
    assert all(prefix.endswith("_") for prefix in flow.subjects)
