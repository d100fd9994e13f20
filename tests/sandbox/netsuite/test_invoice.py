"""The invoice: lines, discount, tax, totals, status, approval, e-mail, void."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice, payment


def with_lines(customer: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    items = [{"item": {"id": ids.ITEM_STRIPE}, **line} for line in lines]
    return {"entity": {"id": customer}, "item": {"items": items}, "toBeEmailed": False, **more}


def total(client: Client, *lines: dict[str, Any], **more: Any) -> float:
    found = client.made("invoice", with_lines(client.customer(), *lines, **more))
    return float(client.record(f"invoice/{found}")["total"])


def test_quantity_times_rate_is_the_amount(client: Client) -> None:
    assert total(client, {"quantity": 3, "rate": 9.99}) == 29.97


def test_an_amount_alone_gives_the_rate(client: Client) -> None:
    found = client.made("invoice", with_lines(client.customer(), {"quantity": 4, "amount": 10}))
    assert client.record(f"invoice/{found}")["item"]["items"][0]["rate"] == 2.5


def test_a_given_amount_wins_over_quantity_times_rate(client: Client) -> None:
    assert total(client, {"quantity": 3, "rate": 9.99, "amount": 30}) == 30


def test_negative_lines_are_taken_off(client: Client) -> None:
    assert total(client, {"amount": 30}, {"amount": -12.5}) == 17.5


def test_a_negative_total_is_refused(client: Client) -> None:
    body = with_lines(client.customer(), {"amount": -1})
    assert "negative" in detail(client.post(f"{RECORDS}/invoice", json=body))


def test_an_invoice_without_lines_is_refused(client: Client) -> None:
    answer = client.post(f"{RECORDS}/invoice", json={"entity": {"id": client.customer()}})
    assert "Please enter value(s) for: Items." in detail(answer)


def test_a_zero_invoice_is_paid_in_full(client: Client) -> None:
    found = client.invoice(client.customer(), 0)
    assert client.record(f"invoice/{found}")["status"]["refName"] == "Paid In Full"


@pytest.mark.parametrize(("currency", "amount", "shown"), [(ids.JPY, 1200.4, 1200), (ids.KWD, 1.2345, 1.235)])
def test_amounts_have_the_currencys_decimals(client: Client, currency: str, amount: float, shown: float) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": currency}}]})
    found = client.invoice(customer, amount, currency={"id": currency})
    assert client.record(f"invoice/{found}")["total"] == shown


@pytest.mark.parametrize(("rate", "expected"), [("-10.0%", 90.0), (-15, 85.0)])
def test_a_discount_of_the_whole(client: Client, rate: Any, expected: float) -> None:
    assert total(client, {"amount": 100}, discountItem={"id": ids.ITEM_DISCOUNT}, discountRate=rate) == expected


def test_a_discount_line(client: Client) -> None:
    line = {"item": {"id": ids.ITEM_DISCOUNT}, "amount": -5}
    assert total(client, {"amount": 100}, line) == 95


def test_tax_as_suitetax_details(client: Client) -> None:
    details = {
        "taxDetailsReference": "NEW_ITEM_0", "taxType": {"id": ids.TAX_TYPE_SALES},
        "taxCode": {"id": ids.TAX_CODE_STANDARD}, "taxBasis": 100, "taxAmount": 8.25, "taxRate": 8.25,
    }  # fmt: skip
    line = {"amount": 100, "taxDetailsReference": "NEW_ITEM_0"}
    assert total(client, line, taxDetailsOverride=True, taxDetails={"items": [details]}) == 108.25


def test_a_tax_detail_needs_its_line(client: Client) -> None:
    details = {"taxDetailsReference": "NEW_ITEM_9", "taxAmount": 8.25}
    body = with_lines(client.customer(), {"amount": 100}, taxDetailsOverride=True, taxDetails={"items": [details]})
    assert client.post(f"{RECORDS}/invoice", json=body).status_code == 400


def test_suitetax_fields_are_unknown_without_suitetax(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"tax_mode": "line_item"})
    body = with_lines(client.customer(), {"amount": 100}, taxDetailsOverride=True)
    assert "unknown" in detail(client.post(f"{RECORDS}/invoice", json=body))


def test_netsuite_may_add_tax_of_its_own(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"tax_rate": "7.5"})
    assert total(client, {"amount": 100}) == 107.5


def test_legacy_tax_by_code(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"tax_mode": "legacy"})
    assert total(client, {"amount": 100, "taxCode": {"id": ids.TAX_CODE_STANDARD}}) == 110


def test_the_due_date_follows_the_terms(client: Client) -> None:
    found = client.invoice(client.customer(), tranDate="2026-11-02", terms={"id": ids.TERM_NET_30})
    assert client.record(f"invoice/{found}")["dueDate"] == "2026-12-02"


def test_the_date_is_today_in_the_companys_time_zone(client: Client) -> None:
    client.post("/_sandbox/clock", json={"set": "2026-12-01T03:00:00+00:00"})
    found = client.invoice(client.customer())
    assert client.record(f"invoice/{found}")["tranDate"] == "2026-11-30"


def test_changing_the_quantity_changes_the_amount(client: Client) -> None:
    found = client.made("invoice", with_lines(client.customer(), {"quantity": 1, "rate": 5}))
    client.patched(f"invoice/{found}", {"item": {"items": [{"line": 1, "quantity": 3}]}})
    assert client.record(f"invoice/{found}")["total"] == 15


def test_the_total_cannot_fall_below_what_was_paid(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    client.payment(customer, found, 80)
    answer = client.patch(f"{RECORDS}/invoice/{found}", json={"item": {"items": [{"line": 1, "amount": 70}]}})
    assert "less than what has been applied" in detail(answer)


def test_a_memo_can_be_changed_on_a_paid_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    client.payment(customer, found, 100)
    client.patched(f"invoice/{found}", {"custbody_tieout_stripe_status": "paid"})
    record = client.record(f"invoice/{found}")
    assert (record["status"]["id"], record["custbody_tieout_stripe_status"]) == ("B", "paid")


def test_netsuite_emails_the_customer_where_nobody_says_no(client: Client) -> None:
    body = invoice(client.customer())
    del body["toBeEmailed"]
    found = client.made("invoice", body)
    assert client.get("/_sandbox/outbox").json()["emails"] == [{"type": "invoice", "id": found, "to": "a@acme.example"}]


def test_nothing_is_emailed_when_it_is_switched_off(client: Client) -> None:
    client.invoice(client.customer())
    assert client.get("/_sandbox/outbox").json()["emails"] == []


def test_an_invoice_that_waits_for_approval_posts_nothing_and_takes_no_payment(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"approval_routing": ["invoice"]})
    customer = client.customer()
    found = client.invoice(customer)
    assert client.record(f"invoice/{found}")["status"]["refName"] == "Pending Approval"
    assert client.get(f"/_sandbox/ledger?record={found}").json()["lines"] == []
    answer = client.post(f"{RECORDS}/customerPayment", json=payment(customer, found, 100))
    assert "Unable to find a matching line for sublist apply" in detail(answer)


def test_an_approved_invoice_is_open(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"approval_routing": ["invoice"]})
    found = client.invoice(client.customer())
    client.patched(f"invoice/{found}", {"approvalStatus": {"id": "2"}})
    assert client.record(f"invoice/{found}")["status"]["refName"] == "Open"


def test_a_paid_invoice_is_not_deleted(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    client.payment(customer, found, 100)
    assert "dependent" in detail(client.delete(f"{RECORDS}/invoice/{found}"))
