"""Accounting periods: open ones take postings, closed and locked ones refuse them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice

OUTSIDE = "The transaction date you specified is not within the date range of your accounting period."
OCTOBER = ids.period(date(2026, 10, 1))


def shut(client: Client, month: str, state: str, **more: Any) -> None:
    assert client.post(f"/_sandbox/periods/{month}", json={"state": state, **more}).status_code == 200


def test_the_period_follows_the_date(client: Client) -> None:
    found = client.invoice(client.customer(), tranDate="2026-10-31")
    assert client.record(f"invoice/{found}")["postingPeriod"]["id"] == OCTOBER


def test_a_date_in_a_closed_period_is_refused(client: Client) -> None:
    shut(client, "2026-10", "closed")
    body = invoice(client.customer(), tranDate="2026-10-31")
    assert OUTSIDE in detail(client.post(f"{RECORDS}/invoice", json=body))


def test_a_date_in_a_locked_period_is_refused(client: Client) -> None:
    shut(client, "2026-10", "locked")
    body = invoice(client.customer(), tranDate="2026-10-31")
    assert OUTSIDE in detail(client.post(f"{RECORDS}/invoice", json=body))


def test_a_locked_period_takes_postings_of_those_who_may_override(client: Client) -> None:
    shut(client, "2026-10", "locked")
    client.patch("/_sandbox/settings", json={"override_period_restrictions": True})
    assert client.invoice(client.customer(), tranDate="2026-10-31")


def test_an_old_date_posts_into_an_open_period_that_is_named(client: Client) -> None:
    shut(client, "2026-10", "closed")
    november = ids.period(date(2026, 11, 1))
    found = client.invoice(client.customer(), tranDate="2026-10-31", postingPeriod={"id": november})
    assert client.record(f"invoice/{found}")["tranDate"] == "2026-10-31"


def test_a_closed_period_cannot_be_named(client: Client) -> None:
    shut(client, "2026-10", "closed")
    body = invoice(client.customer(), postingPeriod={"id": OCTOBER})
    assert detail(client.post(f"{RECORDS}/invoice", json=body)).endswith("following field: postingPeriod")


def test_an_account_may_post_old_dates_into_the_first_open_period(client: Client) -> None:
    shut(client, "2026-10", "closed")
    client.patch("/_sandbox/settings", json={"closed_date_policy": "first_open"})
    found = client.invoice(client.customer(), tranDate="2026-10-31")
    assert client.record(f"invoice/{found}")["postingPeriod"]["refName"] == "Nov 2026"


def test_a_date_outside_all_periods_is_refused(client: Client) -> None:
    body = invoice(client.customer(), tranDate="2019-01-01")
    assert OUTSIDE in detail(client.post(f"{RECORDS}/invoice", json=body))


def test_nothing_in_a_closed_period_is_changed_or_deleted(client: Client) -> None:
    found = client.invoice(client.customer(), tranDate="2026-10-31")
    shut(client, "2026-10", "closed")
    assert "closed" in detail(client.patch(f"{RECORDS}/invoice/{found}", json={"memo": "late"}))
    assert "closed" in detail(client.delete(f"{RECORDS}/invoice/{found}"))


def test_a_closed_period_may_allow_changes_that_do_not_post(client: Client) -> None:
    found = client.invoice(client.customer(), tranDate="2026-10-31")
    shut(client, "2026-10", "closed", allow_non_gl=True)
    client.patched(f"invoice/{found}", {"memo": "late"})
    changed = {"item": {"items": [{"line": 1, "amount": 1}]}}
    assert "closed" in detail(client.patch(f"{RECORDS}/invoice/{found}", json=changed))


def test_a_payment_today_pays_an_invoice_of_a_closed_period(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, tranDate="2026-10-31")
    shut(client, "2026-10", "closed")
    client.payment(customer, found, 100)
    assert client.record(f"invoice/{found}")["status"]["id"] == "B"


def test_periods_follow_the_clock(client: Client, world: NetSuiteWorld) -> None:
    client.post("/_sandbox/clock", json={"set": "2030-05-05T12:00:00+00:00"})
    found = client.invoice(client.customer())
    assert client.record(f"invoice/{found}")["postingPeriod"]["refName"] == "May 2030"


def test_the_open_months_can_be_asked_for(client: Client) -> None:
    shut(client, "2026-10", "closed")
    query = "SELECT id FROM accountingperiod WHERE isquarter='F' AND isyear='F' AND closed='F' ORDER BY startdate DESC"
    found = [row["id"] for row in client.suiteql(query)]
    assert (len(found), OCTOBER in found) == (23, False)
