"""Lists, a page at a time."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.conftest import refused

Client = stripe.StripeClient


@pytest.fixture
def ids(client: Client) -> list[str]:
    """Seven customers, oldest first."""
    return [client.v1.customers.create({"name": str(n)}).id for n in range(7)]


def test_the_newest_come_first(client: Client, ids: list[str]) -> None:
    assert [row.id for row in client.v1.customers.list().data] == ids[::-1]


def test_a_page_says_that_there_is_more(client: Client, ids: list[str]) -> None:
    page = client.v1.customers.list({"limit": 3})
    assert ([row.id for row in page.data], page.has_more, page.url) == (ids[:3:-1], True, "/v1/customers")


def test_the_last_page_says_that_there_is_no_more(client: Client, ids: list[str]) -> None:
    page = client.v1.customers.list({"limit": 3, "starting_after": ids[3]})
    assert ([row.id for row in page.data], page.has_more) == ([ids[2], ids[1], ids[0]], False)


def test_paging_backwards_gives_those_just_before(client: Client, ids: list[str]) -> None:
    page = client.v1.customers.list({"limit": 2, "ending_before": ids[1]})
    assert ([row.id for row in page.data], page.has_more) == ([ids[3], ids[2]], True)


def test_auto_paging_walks_through_all(client: Client, ids: list[str]) -> None:
    walked = [row.id for row in client.v1.customers.list({"limit": 2}).auto_paging_iter()]
    assert walked == ids[::-1]


def test_auto_paging_backwards_is_chronological(client: Client, ids: list[str]) -> None:
    walked = [row.id for row in client.v1.customers.list({"limit": 2, "ending_before": ids[0]}).auto_paging_iter()]
    assert walked == ids[1:]


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_out_of_range_is_refused(client: Client, limit: int) -> None:
    assert refused(lambda: client.v1.customers.list({"limit": limit})).http_status == 400


def test_an_unknown_edge_is_refused(client: Client, ids: list[str]) -> None:
    assert refused(lambda: client.v1.customers.list({"starting_after": "cus_no"})).code == "resource_missing"
