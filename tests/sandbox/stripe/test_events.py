"""Reading events back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import refused

Client = stripe.StripeClient


@pytest.fixture
def made(client: Client) -> stripe.Customer:
    """A customer made, changed twice and deleted."""
    customer = client.v1.customers.create({"name": "A"})
    client.v1.customers.update(customer.id, {"name": "B"})
    client.v1.customers.update(customer.id, {"name": "C"})
    client.v1.customers.delete(customer.id)
    return customer


def _types(client: Client, params: Any) -> list[str]:
    return [event.type for event in client.v1.events.list(params).data]


def test_the_newest_come_first(client: Client, made: stripe.Customer) -> None:
    assert _types(client, {}) == ["customer.deleted", "customer.updated", "customer.updated", "customer.created"]


def test_they_are_filtered_by_types(client: Client, made: stripe.Customer) -> None:
    assert _types(client, {"types": ["customer.created", "customer.deleted"]}) == [
        "customer.deleted",
        "customer.created",
    ]


def test_they_are_filtered_by_one_type(client: Client, made: stripe.Customer) -> None:
    assert _types(client, {"type": "customer.created"}) == ["customer.created"]


def test_both_filters_at_once_are_refused(client: Client) -> None:
    given: Any = {"type": "customer.created", "types": ["customer.created"]}
    assert refused(lambda: client.v1.events.list(given)).http_status == 400


def test_more_than_twenty_types_are_refused(client: Client) -> None:
    given: Any = {"types": [f"invoice.x{n}" for n in range(21)]}
    assert refused(lambda: client.v1.events.list(given)).http_status == 400


def test_they_are_filtered_by_time(client: Client, made: stripe.Customer, sandbox: Sandbox) -> None:
    sandbox.clock.advance(timedelta(hours=1))
    later = client.v1.customers.create({})
    (event,) = client.v1.events.list({"created": {"gte": later.created}}).to_dict()["data"]
    assert event["data"]["object"]["id"] == later.id


def test_they_are_paged(client: Client, made: stripe.Customer) -> None:
    walked = [event.type for event in client.v1.events.list({"limit": 1}).auto_paging_iter()]
    assert len(walked) == 4


def test_what_happened_since_one_is_walked_in_order(client: Client, made: stripe.Customer) -> None:
    first = client.v1.events.list({"type": "customer.created"}).data[0]
    walked = client.v1.events.list({"ending_before": first.id, "limit": 2}).auto_paging_iter()
    assert [event.type for event in walked] == ["customer.updated", "customer.updated", "customer.deleted"]


def test_an_event_never_changes(client: Client, made: stripe.Customer) -> None:
    first = client.v1.events.list({"type": "customer.created"}).data[0]
    assert client.v1.events.retrieve(first.id).to_dict()["data"]["object"]["name"] == "A"


def test_only_updates_tell_what_was_before(client: Client, made: stripe.Customer) -> None:
    rows = client.v1.events.list().to_dict()["data"]
    assert {row["type"] for row in rows if "previous_attributes" in row["data"]} == {"customer.updated"}


def test_they_are_forgotten_after_thirty_days(client: Client, made: stripe.Customer, sandbox: Sandbox) -> None:
    first = client.v1.events.list().data[0]
    sandbox.clock.advance(timedelta(days=30, seconds=2))
    assert _types(client, {}) == []
    assert refused(lambda: client.v1.events.retrieve(first.id)).http_status == 404


def test_a_thin_event_names_its_snapshot(client: Client, made: stripe.Customer) -> None:
    thin = client.v2.core.events.list({"object_id": made.id}).data[-1]
    kept = client.v2.core.events.retrieve(thin.id).to_dict()
    snapshot = client.v1.events.list({"type": "customer.created"}).data[0]
    assert (kept["type"], kept["snapshot_event"]) == ("v1.customer.created", snapshot.id)


def test_thin_events_are_listed_by_type(client: Client, made: stripe.Customer) -> None:
    found = client.v2.core.events.list({"types": ["v1.customer.deleted"]})
    assert [event.type for event in found.data] == ["v1.customer.deleted"]


def test_thin_events_are_paged(client: Client, made: stripe.Customer) -> None:
    walked = list(client.v2.core.events.list({"limit": 3}).auto_paging_iter())
    assert len(walked) == 4
