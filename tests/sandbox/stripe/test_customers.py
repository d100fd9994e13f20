"""Customers and their tax ids, through the `stripe` package."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import refused

Client = stripe.StripeClient
Happened = Callable[[], list[str]]


def test_a_customer_comes_back_as_it_was_made(client: Client) -> None:
    made = client.v1.customers.create(
        {
            "name": "Acme",
            "email": "ap@acme.example",
            "metadata": {"netsuite_customer_id": "7"},
            "address": {"country": "DE"},
        }
    )
    kept = client.v1.customers.retrieve(made.id).to_dict()
    assert (kept["name"], kept["email"], kept["metadata"], kept["address"]["country"], kept["created"]) == (
        "Acme",
        "ap@acme.example",
        {"netsuite_customer_id": "7"},
        "DE",
        made.created,
    )


def test_created_is_the_sandbox_clocks_time(client: Client, sandbox: Sandbox) -> None:
    before = sandbox.clock.timestamp()
    assert before <= client.v1.customers.create({}).created <= sandbox.clock.timestamp()


def test_an_update_leaves_the_rest(client: Client, customer: stripe.Customer) -> None:
    client.v1.customers.update(customer.id, {"phone": "+49 30 1"})
    kept = client.v1.customers.retrieve(customer.id)
    assert (kept.name, kept.phone) == ("Acme GmbH", "+49 30 1")


def test_an_empty_string_unsets_a_field(client: Client, customer: stripe.Customer) -> None:
    assert client.v1.customers.update(customer.id, {"email": ""}).email is None


def test_metadata_is_merged(client: Client) -> None:
    made = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    client.v1.customers.update(made.id, {"metadata": {"b": "", "c": "3"}})
    assert client.v1.customers.retrieve(made.id).to_dict()["metadata"] == {"a": "1", "c": "3"}


def test_a_deleted_customer_comes_back_as_deleted(client: Client, customer: stripe.Customer) -> None:
    client.v1.customers.delete(customer.id)
    assert client.v1.customers.retrieve(customer.id).to_dict() == {
        "id": customer.id,
        "object": "customer",
        "deleted": True,
    }


def test_a_deleted_customer_cannot_be_updated(client: Client, customer: stripe.Customer) -> None:
    client.v1.customers.delete(customer.id)
    error = refused(lambda: client.v1.customers.update(customer.id, {"name": "x"}))
    assert (error.http_status, error.code) == (404, "resource_missing")


def test_a_deleted_customer_is_not_listed(client: Client, customer: stripe.Customer) -> None:
    client.v1.customers.delete(customer.id)
    assert client.v1.customers.list().data == []


def test_listing_by_email_is_case_sensitive(client: Client, customer: stripe.Customer) -> None:
    found = client.v1.customers.list({"email": "ap@acme.example"}).data
    missed = client.v1.customers.list({"email": "AP@acme.example"}).data
    assert ([row.id for row in found], missed) == ([customer.id], [])


def test_two_customers_may_share_an_email(client: Client, customer: stripe.Customer) -> None:
    other = client.v1.customers.create({"email": customer.email or ""})
    found = client.v1.customers.list({"email": "ap@acme.example"}).data
    assert {row.id for row in found} == {customer.id, other.id}


def test_metadata_is_searched(client: Client, customer: stripe.Customer) -> None:
    wanted = client.v1.customers.create({"metadata": {"netsuite_customer_id": "42"}})
    found = client.v1.customers.search({"query": "metadata['netsuite_customer_id']:'42'"})
    assert [row.id for row in found.data] == [wanted.id]


def test_an_unreadable_search_is_refused(client: Client) -> None:
    assert refused(lambda: client.v1.customers.search({"query": "where x"})).http_status == 400


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"email": "not an address"}, "email"),
        ({"invoice_prefix": "lower"}, "invoice_prefix"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata"),
    ],
)
def test_what_stripe_refuses_is_refused(client: Client, params: Any, param: str) -> None:
    error = refused(lambda: client.v1.customers.create(params))
    assert (error.http_status, error.param) == (400, param)  # type: ignore[attr-defined]


def test_tax_ids_are_made_with_the_customer(client: Client) -> None:
    made = client.v1.customers.create(
        {"tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}], "expand": ["tax_ids"]}
    )
    assert [(row.type, row.value, row.country) for row in made.tax_ids.data] == [("eu_vat", "DE123456789", "DE")]  # type: ignore[union-attr]


def test_tax_ids_are_added_listed_and_deleted(client: Client, customer: stripe.Customer) -> None:
    made = client.v1.customers.tax_ids.create(customer.id, {"type": "us_ein", "value": "12-3456789"})
    listed = client.v1.customers.tax_ids.list(customer.id).data
    client.v1.customers.tax_ids.delete(customer.id, made.id)
    assert ([row.id for row in listed], client.v1.customers.tax_ids.list(customer.id).data) == ([made.id], [])


def test_each_change_has_its_event(client: Client, happened: Happened) -> None:
    made = client.v1.customers.create({"name": "A"})
    tax_id = client.v1.customers.tax_ids.create(made.id, {"type": "us_ein", "value": "1"})
    client.v1.customers.update(made.id, {"name": "B"})
    client.v1.customers.tax_ids.delete(made.id, tax_id.id)
    client.v1.customers.delete(made.id)
    assert happened() == [
        "customer.created",
        "customer.tax_id.created",
        "customer.updated",
        "customer.tax_id.deleted",
        "customer.deleted",
    ]


def test_an_update_that_changes_nothing_has_no_event(client: Client, happened: Happened) -> None:
    made = client.v1.customers.create({"name": "A"})
    client.v1.customers.update(made.id, {"name": "A"})
    assert happened() == ["customer.created"]


def test_the_updated_event_tells_what_was_before(client: Client) -> None:
    made = client.v1.customers.create({"name": "A", "metadata": {"k": "1"}})
    client.v1.customers.update(made.id, {"name": "B", "metadata": {"k": "2", "n": "3"}})
    event = client.v1.events.list({"type": "customer.updated"}).data[0].to_dict()
    assert event["data"]["previous_attributes"] == {"name": "A", "metadata": {"k": "1", "n": None}}


def test_the_credit_balance_is_adjusted(client: Client, customer: stripe.Customer) -> None:
    client.v1.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "usd"})
    assert client.v1.customers.retrieve(customer.id).balance == -500
