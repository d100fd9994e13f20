"""SuiteQL and its paging, and the reference lists that are kept."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx
import pytest
import respx

from app.errors import PeriodClosed, Unmapped
from app.settings import NetSuiteAccount
from app.systems.netsuite import suiteql
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.objects import Application, Customer, InvoiceHead, Subsidiary, TransactionHead
from app.systems.netsuite.records import Ref
from app.systems.netsuite.slots import LocalSlots
from tests.app.systems.netsuite.conftest import NOW, RECORD, SUITEQL, FixedClock, Signed

Rows = list[dict[str, object]]


def page(rows: Rows, *, more: bool = False) -> httpx.Response:
    items = [{"links": [], **row} for row in rows]
    return httpx.Response(200, json={"items": items, "hasMore": more, "count": len(rows), "links": []})


def asked(route: respx.Route) -> list[dict[str, object]]:
    return [json.loads(call.request.content) for call in route.calls]


UNKNOWN_COLUMN = httpx.Response(
    400,
    json={
        "o:errorDetails": [{"detail": "Search error occurred: Unknown identifier.", "o:errorCode": "INVALID_PARAMETER"}]
    },
)
PERIODS: Rows = [
    {"id": "1", "periodname": "Oct 2026", "startdate": "2026-10-01", "enddate": "2026-10-31", "closed": "T"},
    {"id": "2", "periodname": "Nov 2026", "startdate": "2026-11-01", "enddate": "2026-11-30", "closed": "F"},
]


@pytest.fixture
def queries(api: respx.MockRouter) -> respx.Route:
    return api.post(SUITEQL)


def test_values_are_bound_and_never_written_into_the_query(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([]))
    netsuite.customers_with_email("o'brien@x.test' OR 1=1 --")
    assert asked(queries)[0] == {"q": suiteql.CUSTOMERS_WITH_EMAIL, "params": ["o'brien@x.test' OR 1=1 --"]}


def test_a_query_is_marked_transient(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([]))
    list(netsuite.query("SELECT id FROM currency"))
    assert queries.calls.last.request.headers["Prefer"] == "transient"


def test_rows_come_in_lower_case_without_links(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"ID": 7, "Total": None, "on": True}]))
    assert list(netsuite.query("SELECT 1")) == [{"id": "7", "total": None, "on": "T"}]


def test_a_query_follows_its_pages_by_whole_offsets(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(side_effect=[page([{"id": "1"}], more=True), page([{"id": "2"}])])
    assert [row["id"] for row in netsuite.query("SELECT id FROM x")] == ["1", "2"]
    assert [call.request.url.params["offset"] for call in queries.calls] == ["0", "1000"]


def test_a_keyset_goes_on_after_the_last_id(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(side_effect=[page([{"id": "4"}, {"id": "9"}], more=True), page([{"id": "12"}])])
    rows = netsuite.keyset("SELECT id FROM x WHERE a = ? AND id > ? ORDER BY id", ("a",))
    assert [row["id"] for row in rows] == ["4", "9", "12"]
    assert [one["params"] for one in asked(queries)] == [["a", "0"], ["a", "9"]]


def test_a_keyset_always_asks_for_the_first_offset(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(side_effect=[page([{"id": "4"}], more=True), page([])])
    list(netsuite.keyset("SELECT id FROM x WHERE id > ? ORDER BY id"))
    assert {call.request.url.params["offset"] for call in queries.calls} == {"0"}


def test_candidates_by_email_are_customers(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"id": "5", "companyname": "Acme", "isperson": "F", "currency": "1"}]))
    assert netsuite.customers_with_email("a@b.test") == [
        Customer(id="5", company_name="Acme", currency="1", currencies=("1",))
    ]


def test_open_invoices_of_a_customer_with_a_stripe_id(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    row: dict[str, object] = {"id": "7", "entity": "5", "status": "A", "custbody_tieout_stripe_id": "in_1"}
    queries.mock(return_value=page([row]))
    found = list(netsuite.open_invoices(customer="5", stripe_id_field="custbody_tieout_stripe_id"))
    assert found == [InvoiceHead(id="7", entity="5", custom={"custbody_tieout_stripe_id": "in_1"})]
    assert asked(queries)[0]["params"] == ["5", "0"]


def test_a_field_that_is_no_custom_body_field_is_refused(netsuite: NetSuiteGateway) -> None:
    with pytest.raises(ValueError, match="custom body field"):
        netsuite.open_invoices(stripe_id_field="id FROM transaction; --")


# what has changed since ----------------------------------------


def changed_customer(api: respx.MockRouter, exact: str) -> None:
    api.get(f"{RECORD}/customer/5").mock(return_value=httpx.Response(200, json={"lastModifiedDate": exact}))


def test_changes_are_asked_for_in_the_account_s_time_zone(account: NetSuiteAccount, queries: respx.Route) -> None:
    client = NetSuiteClient(account, LocalSlots(1), signer=Signed(), time_zone=ZoneInfo("America/New_York"))
    queries.mock(return_value=page([{"id": "5"}]))
    assert list(client.bound(lambda _: None, FixedClock()).customers_since(NOW)) == ["5"]
    assert asked(queries)[0]["params"] == ["2026-11-22 06:55:00", "0"]


def test_an_unknown_time_zone_is_measured(
    netsuite: NetSuiteGateway, api: respx.MockRouter, queries: respx.Route
) -> None:
    changed_customer(api, "2026-11-22T09:00:03Z")
    queries.mock(side_effect=[page([{"id": "5", "lastmodified": "2026-11-22 04:00:03"}]), page([{"id": "5"}])])
    assert list(netsuite.customers_since(NOW)) == ["5"]
    assert asked(queries)[1]["params"] == ["2026-11-22 05:55:00", "0"]


def test_without_any_record_to_measure_by_the_widest_offset_is_allowed_for(
    netsuite: NetSuiteGateway, queries: respx.Route
) -> None:
    queries.mock(side_effect=[page([]), page([])])
    list(netsuite.invoices_since(NOW))
    assert asked(queries)[1]["params"] == ["2026-11-21 23:55:00", "0"]


def test_the_offset_is_measured_once(netsuite: NetSuiteGateway, api: respx.MockRouter, queries: respx.Route) -> None:
    changed_customer(api, "2026-11-22T09:00:03Z")
    measured = page([{"id": "5", "lastmodified": "2026-11-22 04:00:03"}])
    queries.mock(side_effect=[measured, page([]), page([])])
    list(netsuite.customers_since(NOW))
    list(netsuite.customers_since(NOW))
    assert queries.call_count == 3


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("2026-11-22 07:00:00", timedelta(hours=-5)),
        ("2026-11-22 17:45:00", timedelta(hours=5, minutes=45)),
        ("2026-11-22 12:07:00", None),
        ("2026-11-20 12:00:00", None),
    ],
)
def test_an_offset_is_a_whole_number_of_quarters(printed: str, expected: timedelta | None) -> None:
    assert suiteql.offset(printed, NOW) == expected


def test_the_bound_moment_is_earlier_by_overlap_and_slack() -> None:
    moment = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert suiteql.since(moment, timezone(timedelta(hours=2)), timedelta(hours=1)) == "2026-11-22 12:55:00"


# reference lists ----------------------------------------


def test_a_currency_is_found_by_its_iso_code(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"id": "1", "symbol": "USD"}, {"id": "4", "symbol": "EUR"}]))
    assert netsuite.currency("eur") == Ref("currency", "4")


def test_the_currencies_are_asked_for_once(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"id": "1", "symbol": "USD"}]))
    assert (netsuite.currency("usd").id, netsuite.iso_currency("1"), queries.call_count) == ("1", "USD", 1)


def test_the_currencies_are_asked_for_again_after_an_hour(
    netsuite: NetSuiteGateway, queries: respx.Route, clock: FixedClock
) -> None:
    queries.mock(return_value=page([{"id": "1", "symbol": "USD"}]))
    netsuite.currency("usd")
    clock.at += timedelta(hours=1)
    netsuite.currency("usd")
    assert queries.call_count == 2


def test_a_currency_created_meanwhile_is_found(
    netsuite: NetSuiteGateway, queries: respx.Route, clock: FixedClock
) -> None:
    queries.mock(side_effect=[page([{"id": "1", "symbol": "USD"}]), page([{"id": "4", "symbol": "EUR"}])])
    netsuite.currency("usd")
    clock.at += timedelta(minutes=2)
    assert netsuite.currency("eur").id == "4"


def test_a_currency_netsuite_does_not_have_names_its_setting(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"id": "1", "symbol": "USD"}]))
    with pytest.raises(Unmapped) as caught:
        netsuite.currency("xaf")
    assert caught.value.setting == "currencies.XAF"


def test_a_subsidiary_brings_its_time_zone_where_it_can_be_seen(
    netsuite: NetSuiteGateway, queries: respx.Route
) -> None:
    queries.mock(return_value=page([{"id": "2", "name": "Europe", "currency": "4", "timezone": "Europe/Berlin"}]))
    assert netsuite.subsidiary("2") == Subsidiary(id="2", name="Europe", currency="4", time_zone="Europe/Berlin")


def test_a_subsidiary_is_read_without_what_cannot_be_seen(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(side_effect=[UNKNOWN_COLUMN, page([{"id": "2", "name": "Europe"}])])
    assert netsuite.subsidiary("2") == Subsidiary(id="2", name="Europe")


def test_without_subsidiaries_the_one_company_is_known_by_its_id(
    netsuite: NetSuiteGateway, queries: respx.Route
) -> None:
    queries.mock(return_value=UNKNOWN_COLUMN)
    assert netsuite.subsidiary("1") == Subsidiary(id="1")


@pytest.fixture
def periods(queries: respx.Route) -> Callable[[Rows], None]:
    def answer(rows: Rows) -> None:
        queries.mock(side_effect=[UNKNOWN_COLUMN, page(rows)])

    return answer


@pytest.mark.parametrize(("day", "expected"), [(date(2026, 10, 31), False), (date(2026, 11, 1), True)])
def test_a_period_is_open_or_not(
    netsuite: NetSuiteGateway, periods: Callable[[Rows], None], day: date, expected: bool
) -> None:
    periods(PERIODS)
    assert netsuite.period_open(day) is expected


def test_an_open_day_stays(netsuite: NetSuiteGateway, periods: Callable[[Rows], None]) -> None:
    periods(PERIODS)
    assert netsuite.first_open_day(date(2026, 11, 5)) == date(2026, 11, 5)


def test_a_closed_day_moves_to_the_next_open_period(netsuite: NetSuiteGateway, periods: Callable[[Rows], None]) -> None:
    periods(PERIODS)
    assert netsuite.first_open_day(date(2026, 10, 5)) == date(2026, 11, 1)


def test_no_open_period_at_all_is_said(netsuite: NetSuiteGateway, periods: Callable[[Rows], None]) -> None:
    periods(PERIODS[:1])
    with pytest.raises(PeriodClosed):
        netsuite.first_open_day(date(2026, 10, 5))


def test_with_no_period_visible_netsuite_decides(netsuite: NetSuiteGateway, periods: Callable[[Rows], None]) -> None:
    periods([])
    assert netsuite.period_open(date(2026, 10, 5))


def test_a_refused_date_makes_the_periods_be_read_again(
    netsuite: NetSuiteGateway, api: respx.MockRouter, queries: respx.Route
) -> None:
    closed = {"o:errorDetails": [{"detail": "You cannot post in a closed period.", "o:errorCode": "USER_ERROR"}]}
    api.patch(f"{RECORD}/invoice/7").mock(return_value=httpx.Response(400, json=closed))
    queries.mock(return_value=page(PERIODS))
    netsuite.period_open(date(2026, 11, 1))
    with pytest.raises(PeriodClosed):
        netsuite.patch(Ref("invoice", "7"), {"memo": "x"})
    netsuite.period_open(date(2026, 11, 1))
    assert queries.call_count == 2


def test_two_runs_share_what_is_kept(client: NetSuiteClient, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"id": "1", "symbol": "USD"}]))
    for _ in range(2):
        client.bound(lambda _: None, FixedClock()).currency("usd")
    assert queries.call_count == 1


def test_applications_name_the_other_document_by_its_rest_type(netsuite: NetSuiteGateway, queries: respx.Route) -> None:
    queries.mock(return_value=page([{"id": 7, "type": "CustInvc", "foreignamount": "-12.5"}]))
    assert netsuite.applications_of("5") == [Application(doc="7", doc_type="invoice", amount=Decimal("12.5"))]
    assert asked(queries)[0] == {"q": suiteql.APPLICATIONS, "params": ["5", "5"]}


def test_the_head_of_any_transaction_is_read_over_rest(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    body = {"id": "9", "customer": {"id": "5"}, "status": {"id": "V"}, "total": 12.5, "currency": {"id": "1"}}
    api.get(f"{RECORD}/customerRefund/9").mock(return_value=httpx.Response(200, json=body))
    assert netsuite.transaction("customerRefund", "9") == TransactionHead(
        type="customerRefund", id="9", status="V", entity="5", currency="1", total=Decimal("12.5"), voided=True
    )
