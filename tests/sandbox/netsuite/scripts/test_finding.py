"""N/query and N/search."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Client
from tests.sandbox.netsuite.scripts.conftest import Script

IDS = """
const found = N.search.create({ type: args.type, filters: args.filters, columns: ['internalid'] });
return found.run().getRange({ start: 0, end: 100 }).map((one) => one.getValue({ name: 'internalid' }));
"""


def test_suiteql_rows_keep_their_types_and_nulls(script: Script, client: Client) -> None:
    found = client.invoice(client.customer(), externalId="stripe-inv-1")
    code = """
    const query = 'SELECT id, externalid, foreigntotal, memo FROM transaction WHERE externalid IN (?, ?)';
    const set = N.query.runSuiteQL({ query, params: ['x', 'stripe-inv-1'] });
    return [set.asMappedResults(), set.results[0].values];
    """
    mapped, values = script(code)
    row = {"id": int(found), "externalid": "stripe-inv-1", "foreigntotal": 100, "memo": None}
    assert (mapped, values) == ([row], list(row.values()))


def test_a_wrong_query_is_thrown(script: Script) -> None:
    assert (
        script.thrown("N.query.runSuiteQL({ query: 'SELECT nope FROM customer' });")[0] == "SSS_SEARCH_ERROR_OCCURRED"
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([["externalid", "is", "stripe-a"]], ["a"]),
        ([["externalidstring", "is", "stripe-b"]], ["b"]),
        ([["externalid", "anyof", "stripe-a", "stripe-b"]], ["a", "b"]),
        ([["companyname", "startswith", "Acme"], "and", ["phone", "isempty"]], ["a"]),
        ([["companyname", "contains", "beta"], "OR", ["phone", "isempty"]], ["a", "b"]),
        (["not", [["companyname", "is", "Acme"]]], ["b"]),
        ([["phone", "isnotempty"]], ["b"]),
    ],
)
def test_a_search_filters(script: Script, client: Client, filters: list[Any], expected: list[str]) -> None:
    made = {
        "a": client.customer(externalId="stripe-a"),
        "b": client.customer(externalId="stripe-b", companyName="Beta", phone="1"),
    }
    assert script(IDS, type="customer", filters=filters) == [made[name] for name in expected]


def test_amounts_and_types_of_transactions_are_searched(script: Script, client: Client) -> None:
    customer = client.customer()
    client.invoice(customer, 50)
    found = client.invoice(customer, 150)
    assert script(IDS, type="transaction", filters=[["total", "greaterthan", 100]]) == [found]


@pytest.mark.parametrize(
    ("filters", "name"),
    [([["nope", "is", "x"]], "SSS_INVALID_SRCH_COL"), ([["email", "resembles", "x"]], "SSS_INVALID_SRCH_OPERATOR")],
)
def test_a_wrong_filter_is_thrown(script: Script, client: Client, filters: list[Any], name: str) -> None:
    client.customer()
    assert script.thrown(IDS, type="customer", filters=filters)[0] == name


def test_fields_are_looked_up(script: Script, client: Client) -> None:
    code = "return N.search.lookupFields({ type: 'customer', id: args.id, columns: ['companyname', 'currency'] });"
    found = script(code, id=client.customer())
    assert found == {"companyname": "Acme", "currency": [{"value": "1", "text": "US Dollar"}]}


def test_each_stops_where_it_is_told(script: Script, client: Client) -> None:
    for _ in range(3):
        client.customer()
    code = """
    let seen = 0;
    N.search.create({ type: 'customer' }).run().each(() => { seen += 1; return seen < 2; });
    return seen;
    """
    assert script(code) == 2
