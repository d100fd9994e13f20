from typing import Any

import pytest

from app.core import plan
from app.core.config import Config
from app.core.plan import InvalidConfig
from app.core.presets import PRESETS
from tests.app.admin.installation import catalogue

FLOWS = catalogue()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_configuration(name: str) -> None:
    assert isinstance(plan.parse(f"preset: {name}", FLOWS), Config)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_fields_and_match_rules_only(name: str) -> None:
    assert set(PRESETS[name].settings) <= {"fields", "match"}


def test_novamodules_fields() -> None:
    fields = plan.parse("preset: novamodule", FLOWS).fields
    assert (fields.customer_stripe_id, fields.invoice_stripe_id) == (
        "custentity_nm_stripe_customer_id",
        "custbody_nm_stripe_invoice_id",
    )


def test_the_connectors_customers_are_found_by_external_id() -> None:
    rules = plan.parse("preset: stripe_connector", FLOWS).match.customers.into_netsuite
    assert [(rule.by, rule.netsuite) for rule in rules] == [
        ("metadata", None),
        ("fields", "externalid"),
        ("email", None),
    ]


def test_what_the_file_says_comes_first() -> None:
    text = "preset: novamodule\nfields: {invoice_stripe_id: custbody_ours}"
    fields = plan.parse(text, FLOWS).fields
    assert (fields.customer_stripe_id, fields.invoice_stripe_id) == (
        "custentity_nm_stripe_customer_id",
        "custbody_ours",
    )


def test_a_preset_is_written_out_when_exported() -> None:
    exported = plan.export(plan.parse("preset: novamodule", FLOWS))
    assert ("preset" in exported, "custentity_nm_stripe_customer_id" in exported) == (False, True)


@pytest.mark.parametrize("text", ["preset: celigo", "preset: [novamodule]", "preset: 5"])
def test_an_unknown_preset_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        plan.parse(text, FLOWS)
    assert "there are novamodule, stripe_connector" in refused.value.problems["preset"]


def test_a_preset_over_what_is_in_force() -> None:
    now = Config.model_validate({"start_date": "2026-01-01", "fields": {"customer_stripe_id": "custentity_old"}})
    then = plan.with_preset(now, "novamodule", FLOWS)
    changed: dict[str, Any] = {change.path: change.before for change in plan.diff(now, then)}
    assert (then.start_date, changed["fields.customer_stripe_id"]) == (now.start_date, "custentity_old")
