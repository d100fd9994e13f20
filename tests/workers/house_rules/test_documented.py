"""Every flow has its title, a page that names each option and trigger, a room of its own and a test."""

import re
from pathlib import Path

import pytest

from app.core.flow import AnyFlow
from workers.flows import CATALOGUE

ROOT = Path(__file__).parents[3]
FLOWS = list(CATALOGUE.values())
OPTIONS = [(flow, name) for flow in FLOWS for name in flow.options.model_fields]


def page(flow: AnyFlow) -> str:
    return (ROOT / "docs" / "flows" / f"{flow.key}.md").read_text()


@pytest.mark.parametrize("flow", FLOWS, ids=CATALOGUE)
def test_the_page_opens_with_the_published_title(flow: AnyFlow) -> None:
    assert page(flow).splitlines()[0] == f"# {flow.title}"


@pytest.mark.parametrize("flow", FLOWS, ids=CATALOGUE)
def test_the_page_names_each_trigger(flow: AnyFlow) -> None:
    assert [event for event in flow.on if f"`{event}`" not in page(flow)] == []


@pytest.mark.parametrize("flow", FLOWS, ids=CATALOGUE)
def test_the_page_tells_what_holds_it_and_what_to_do(flow: AnyFlow) -> None:
    assert "## When it is held" in page(flow)


@pytest.mark.parametrize(("flow", "name"), OPTIONS, ids=[f"{flow.key}-{name}" for flow, name in OPTIONS])
def test_an_option_is_described(flow: AnyFlow, name: str) -> None:
    assert (flow.options.model_fields[name].description or "").endswith(".")


@pytest.mark.parametrize(("flow", "name"), OPTIONS, ids=[f"{flow.key}-{name}" for flow, name in OPTIONS])
def test_an_option_is_in_the_pages_table(flow: AnyFlow, name: str) -> None:
    assert re.search(rf"^\| `{name}` \|", page(flow), re.MULTILINE)


@pytest.mark.parametrize("flow", FLOWS, ids=CATALOGUE)
def test_a_flow_has_a_test_of_its_own(flow: AnyFlow) -> None:
    assert (ROOT / "tests" / "workers" / "flows" / f"test_{flow.key}.py").exists()


@pytest.mark.parametrize("flow", FLOWS, ids=CATALOGUE)
def test_a_flow_is_a_room_named_by_its_key(flow: AnyFlow) -> None:
    assert (ROOT / "workers" / "flows" / f"{flow.key}.py").exists()


@pytest.mark.parametrize("flow", FLOWS, ids=CATALOGUE)
def test_a_flow_is_found_by_events_or_by_a_sweep(flow: AnyFlow) -> None:
    assert flow.on or flow.every


def test_the_order_is_the_published_one() -> None:
    assert list(CATALOGUE) == [
        "netsuite_customer_to_stripe",
        "stripe_customer_to_netsuite",
        "portal_url_to_netsuite_customer",
        "netsuite_invoice_to_stripe",
        "netsuite_invoice_update_to_stripe",
        "netsuite_invoice_void_to_stripe",
        "stripe_charge_to_netsuite_invoice",
        "stripe_invoice_to_netsuite",
        "stripe_invoice_to_netsuite_realtime",
        "netsuite_invoice_status_to_stripe",
        "stripe_invoice_paid_to_netsuite_payment",
        "open_invoice_status_from_stripe",
        "open_invoice_payments_from_stripe_charges",
        "open_invoice_details_from_stripe",
        "hosted_invoice_url_to_netsuite",
        "stripe_payment_to_netsuite_payment",
        "stripe_refund_to_netsuite",
        "stripe_credit_note_to_netsuite",
        "stripe_dispute_to_netsuite",
        "stripe_dispute_reversal_to_netsuite",
        "retry_errors",
        "stripe_payout_to_netsuite_deposit",
        "exchange_rates_to_netsuite",
    ]
