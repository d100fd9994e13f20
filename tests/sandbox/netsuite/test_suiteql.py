"""SuiteQL: a real query engine with NetSuite's quirks."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import SUITEQL, Client, detail, invoice


def refused(client: Client, q: str, *params: object, **query: str) -> str:
    headers = {"Prefer": "transient"}
    return detail(client.post(SUITEQL, json={"q": q, "params": list(params)}, headers=headers, params=query))


def test_the_answers_shape(client: Client) -> None:
    customer = client.customer(externalId="stripe-cus-1")
    q = "SELECT id AS Internal, entityid, phone FROM customer WHERE externalid = ?"
    answer = client.post(SUITEQL, json={"q": q, "params": ["stripe-cus-1"]}, headers={"Prefer": "transient"}).json()
    item = {"links": [], "internal": customer, "entityid": "CUS1001"}
    shape = {name: answer[name] for name in answer if name != "links"}
    assert shape == {"count": 1, "hasMore": False, "items": [item], "offset": 0, "totalResults": 1}


def test_the_prefer_header_is_required(client: Client) -> None:
    assert "transient" in detail(client.post(SUITEQL, json={"q": "SELECT id FROM currency"}))


def test_the_status_is_a_letter_and_its_name_a_display_value(client: Client) -> None:
    client.invoice(client.customer())
    row = client.suiteql(
        "SELECT t.status, BUILTIN.DF(t.status) AS shown, BUILTIN.DF(t.currency) AS c FROM transaction t"
    )
    assert row == [{"status": "A", "shown": "Invoice : Open", "c": "US Dollar"}]


def test_a_compound_status_matches_nothing(client: Client) -> None:
    client.invoice(client.customer())
    assert client.suiteql("SELECT id FROM transaction WHERE status = 'CustInvc:A'") == []


def test_open_invoices_of_a_customer(client: Client) -> None:
    customer = client.customer()
    paid, found = client.invoice(customer, 10), client.invoice(customer, 20, externalId="stripe-inv-1")
    client.payment(customer, paid, 10)
    client.payment(customer, found, 5)
    q = """SELECT t.id, t.externalid, t.currency, t.foreigntotal, t.foreignamountunpaid,
                  TO_CHAR(t.trandate,'YYYY-MM-DD') AS trandate
           FROM transaction t WHERE t.type='CustInvc' AND t.status='A' AND t.entity=? AND t.foreignamountunpaid > 0
           ORDER BY t.id"""
    assert client.suiteql(q, customer) == [
        {
            "id": found, "externalid": "stripe-inv-1", "currency": ids.USD, "foreigntotal": "20",
            "foreignamountunpaid": "15", "trandate": "2026-11-16",
        }
    ]  # fmt: skip


def test_what_a_payment_was_applied_to(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 10)
    payment = client.payment(customer, found, 4)
    q = "SELECT l.previousdoc AS invoice_id, l.foreignamount FROM PreviousTransactionLineLink l WHERE l.nextdoc = ?"
    assert client.suiteql(q, payment) == [{"invoice_id": found, "foreignamount": "4"}]


def test_the_unused_part_of_a_payment(client: Client) -> None:
    customer = client.customer()
    payment = client.payment(customer, client.invoice(customer, 10), 10)
    client.patched(f"customerPayment/{payment}", {"payment": 12.5})
    q = "SELECT foreignpaymentamountunused AS unused FROM transaction WHERE id = ?"
    assert client.suiteql(q, payment) == [{"unused": "2.5"}]


def test_revenue_lines_are_negative(client: Client) -> None:
    found = client.invoice(client.customer(), 10)
    q = "SELECT mainline, foreignamount, item FROM transactionline WHERE transaction = ? ORDER BY id"
    assert client.suiteql(q, found) == [
        {"mainline": "T", "foreignamount": "10"},
        {"mainline": "F", "foreignamount": "-10", "item": ids.ITEM_STRIPE},
    ]


def test_base_and_transaction_currency_are_told_apart(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    client.invoice(customer, 100, currency={"id": ids.EUR})
    assert client.suiteql("SELECT foreigntotal, total, exchangerate FROM transaction") == [
        {"foreigntotal": "100", "total": "110", "exchangerate": "1.1"}
    ]


def test_the_change_feed_is_in_the_accounts_time_to_the_second(client: Client) -> None:
    client.post("/_sandbox/clock", json={"set": "2026-11-16T17:00:00.900+00:00", "freeze": True})
    try:
        found = client.invoice(client.customer())
        q = """SELECT t.id, TO_CHAR(t.lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction t
               WHERE t.lastmodifieddate >= TO_TIMESTAMP(?,'YYYY-MM-DD HH24:MI:SS') AND t.id > ? ORDER BY t.id"""
        assert client.suiteql(q, "2026-11-16 12:00:00", 0) == [{"id": found, "lm": "2026-11-16 12:00:00"}]
        assert client.suiteql(q, "2026-11-16 12:00:01", 0) == []
    finally:
        client.post("/_sandbox/clock", json={"freeze": False})


def test_applying_a_payment_touches_the_invoice(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    found = client.invoice(customer, 10)
    client.post("/_sandbox/clock", json={"advance_seconds": 3600})
    client.payment(customer, found, 10)
    q = "SELECT id FROM transaction WHERE lastmodifieddate > SYSDATE - 1/24/2 AND type = 'CustInvc'"
    assert client.suiteql(q) == [{"id": found}]


def test_bare_dates_are_in_the_accounts_format(client: Client) -> None:
    client.invoice(client.customer(), tranDate="2026-11-02")
    assert client.suiteql("SELECT trandate FROM transaction") == [{"trandate": "11/2/2026"}]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("NVL(memo, 'none')", "none"),
        ("DECODE(status, 'A', 'open', 'other')", "open"),
        ("NVL2(memo, 'x', 'y')", "y"),
        ("TO_CHAR(TRUNC(SYSDATE), 'YYYY-MM-DD')", "2026-11-16"),
        ("TO_CHAR(TRUNC(trandate, 'MM'), 'DD.MM.YYYY')", "01.11.2026"),
        ("TO_CHAR(ADD_MONTHS(trandate, 3), 'YYYY-MM-DD')", "2027-02-16"),
        ("TO_CHAR(trandate + 1, 'YYYY-MM-DD')", "2026-11-17"),
        ("duedate - trandate", "0"),
        ("tranid || '/' || type", "INV1001/CustInvc"),
        ("CASE WHEN foreigntotal > 99 THEN 'big' ELSE 'small' END", "big"),
        ("UPPER(SUBSTR(type, 1, 4))", "CUST"),
        ("ROUND(foreigntotal / 3, 2)", "33.33"),
        ("TO_NUMBER('12.5')", "12.5"),
        ("BUILTIN.DF(entity)", "CUS1001 Acme"),
        ("BUILTIN.DF(type)", "Invoice"),
    ],
)
def test_oracles_functions(client: Client, expression: str, expected: str) -> None:
    client.invoice(client.customer(), 100)
    assert client.suiteql(f"SELECT {expression} AS found FROM transaction") == [{"found": expected}]


def test_sums_are_exact_to_the_cent(client: Client) -> None:
    customer = client.customer()
    for _ in range(10):
        client.invoice(customer, 0.1)
    q = "SELECT currency, SUM(foreigntotal) AS total, COUNT(*) AS n FROM transaction GROUP BY currency"
    assert client.suiteql(q) == [{"currency": ids.USD, "total": "1", "n": "10"}]


def test_joins(client: Client) -> None:
    client.invoice(client.customer(), memo="m")
    q = """SELECT c.companyname, cur.symbol, i.itemid, s.name FROM transaction t
           JOIN customer c ON c.id = t.entity JOIN currency cur ON cur.id = t.currency
           JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'F'
           JOIN item i ON i.id = tl.item JOIN subsidiary s ON s.id = tl.subsidiary"""
    expected = {"companyname": "Acme", "symbol": "USD", "itemid": "Stripe item", "name": "Parent Company"}
    assert client.suiteql(q) == [expected]


def test_custom_fields_are_columns(client: Client) -> None:
    client.invoice(client.customer(), custbody_tieout_stripe_id="in_1")
    q = "SELECT custbody_tieout_stripe_id AS s FROM transaction WHERE custbody_tieout_stripe_id IS NOT NULL"
    assert client.suiteql(q) == [{"s": "in_1"}]


def test_a_new_custom_field_becomes_a_column(client: Client) -> None:
    client.suiteql("SELECT id FROM transaction")
    client.post("/_sandbox/custom-fields", json={"name": "custbody_extra"})
    client.invoice(client.customer(), custbody_extra="x")
    assert client.suiteql("SELECT custbody_extra FROM transaction") == [{"custbody_extra": "x"}]


def test_booleans_are_letters(client: Client) -> None:
    client.customer(isInactive=True)
    assert client.suiteql("SELECT isinactive FROM customer WHERE isinactive = 'T'") == [{"isinactive": "T"}]


def test_like_minds_the_case(client: Client) -> None:
    client.customer()
    assert client.suiteql("SELECT id FROM customer WHERE companyname LIKE 'acme%'") == []


def test_rownum_counts_before_order_sorts(client: Client) -> None:
    first, second = client.customer(), client.customer()
    inner = "SELECT id FROM customer WHERE ROWNUM <= 1 ORDER BY id DESC"
    outer = "SELECT id FROM (SELECT id FROM customer ORDER BY id DESC) WHERE ROWNUM <= 1"
    assert (client.suiteql(inner), client.suiteql(outer)) == ([{"id": first}], [{"id": second}])


def test_fetch_first_limits(client: Client) -> None:
    assert len(client.suiteql("SELECT id FROM currency ORDER BY id FETCH FIRST 3 ROWS ONLY")) == 3


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT nope FROM transaction", "Field 'nope'"),
        ("SELECT t.subsidiary FROM transaction t", "Field 'subsidiary' for record 't' was not found"),
        ("SELECT id FROM unicorn", "Record 'unicorn' was not found"),
        ("SELECT id FROM currency LIMIT 5", "FETCH FIRST"),
        ("SELEKT id", "Invalid or unsupported search"),
        ("DELETE FROM transaction", "Invalid or unsupported search"),
        ("SELECT id FROM currency; SELECT id FROM item", "Invalid or unsupported search"),
        ("SELECT id FROM currency WHERE id = ?", "Invalid or unsupported search"),
    ],
)
def test_a_query_is_refused(client: Client, query: str, reason: str) -> None:
    assert reason in refused(client, query)


def test_parameters_are_bound_not_pasted(client: Client) -> None:
    client.customer(companyName="A' OR '1'='1")
    assert len(client.suiteql("SELECT id FROM customer WHERE companyname = ?", "A' OR '1'='1")) == 1
    assert client.suiteql("SELECT id FROM customer WHERE companyname = ?", "x' OR '1'='1") == []


def test_pages_by_multiples_of_the_limit(client: Client) -> None:
    body, headers = {"q": "SELECT id FROM currency ORDER BY id"}, {"Prefer": "transient"}
    page = client.post(f"{SUITEQL}?limit=3&offset=6", json=body, headers=headers).json()
    assert (page["count"], page["hasMore"], page["totalResults"], page["offset"]) == (2, False, 8, 6)


@pytest.mark.parametrize("paging", [{"limit": "3", "offset": "4"}, {"limit": "1001"}, {"limit": "0"}])
def test_other_pages_are_refused(client: Client, paging: dict[str, Any]) -> None:
    assert "Invalid value for the query parameter" in refused(client, "SELECT id FROM currency", **paging)


def test_account_and_item_lists(client: Client) -> None:
    q = "SELECT acctnumber, accttype FROM account WHERE id = ?"
    assert client.suiteql(q, ids.UNDEPOSITED_FUNDS) == [{"acctnumber": "1150", "accttype": "UnDepFund"}]
    assert client.suiteql("SELECT itemtype FROM item WHERE itemid = 'Stripe tax'") == [{"itemtype": "OthCharge"}]


def test_the_external_id_probe_sees_a_write_at_once(client: Client) -> None:
    customer = client.customer()
    q = "SELECT id FROM transaction WHERE externalid = ?"
    assert client.suiteql(q, "stripe-inv-1") == []
    found = client.put_eid("invoice", "stripe-inv-1", invoice(customer))
    assert client.suiteql(q, "stripe-inv-1") == [{"id": found}]
