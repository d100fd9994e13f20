"""Every trigger is a real event type with a fixture; what is ignored is ignored by a real name, with a reason."""

import json
import re
from inspect import getsource
from pathlib import Path

import pytest
from stripe.params import _webhook_endpoint_create_params

from app.core.flow import AnyFlow
from app.systems.stripe.normalise import head
from workers.flows import CATALOGUE

FIXTURES = Path(__file__).parents[1] / "flows" / "fixtures"
STRIPE_TYPES = frozenset(re.findall(r'^\s+"([a-z0-9_.]+)",$', getsource(_webhook_endpoint_create_params), re.MULTILINE))
NETSUITE_TYPE = re.compile(r"[a-z][A-Za-z]+\.(create|edit|xedit|delete|void)")

TRIGGERS = [(flow, event) for flow in CATALOGUE.values() for event in flow.on]
FILES = sorted(FIXTURES.glob("*/*.json"))


def test_the_stripe_package_names_its_event_types() -> None:
    assert {"invoice.finalized", "invoice_payment.paid", "customer.created"} <= STRIPE_TYPES


@pytest.mark.parametrize(("flow", "event"), TRIGGERS, ids=[f"{flow.key}-{event}" for flow, event in TRIGGERS])
def test_a_trigger_is_a_real_event_type(flow: AnyFlow, event: str) -> None:
    assert event in STRIPE_TYPES if flow.source == "stripe" else NETSUITE_TYPE.fullmatch(event)


@pytest.mark.parametrize(("flow", "event"), TRIGGERS, ids=[f"{flow.key}-{event}" for flow, event in TRIGGERS])
def test_a_trigger_has_a_fixture(flow: AnyFlow, event: str) -> None:
    assert list((FIXTURES / flow.key).glob(f"{event}__*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_fixture_is_the_event_that_its_name_says(file: Path) -> None:
    body = json.loads(file.read_text())
    said = f"{body['record_type']}.{body['event']}" if "record_type" in body else head(file.read_bytes()).type
    assert (said, said in CATALOGUE[file.parent.name].on) == (file.stem.partition("__")[0], True)


@pytest.mark.parametrize("event", CATALOGUE.ignored)
def test_what_is_ignored_is_a_real_event_type(event: str) -> None:
    assert event in STRIPE_TYPES or NETSUITE_TYPE.fullmatch(event)


@pytest.mark.parametrize("event", CATALOGUE.ignored)
def test_what_is_ignored_says_why_in_a_sentence(event: str) -> None:
    assert CATALOGUE.ignored[event].endswith(".")


def test_nothing_is_both_wanted_and_ignored() -> None:
    assert not {event for _, event in TRIGGERS} & set(CATALOGUE.ignored)
