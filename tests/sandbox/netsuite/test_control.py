"""/_sandbox: what an administrator changes and what a test asks."""

from __future__ import annotations

import pytest

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, invoice


def test_a_reset_leaves_the_default_data_set(client: Client, world: NetSuiteWorld) -> None:
    client.invoice(client.customer())
    client.post("/_sandbox/reset")
    assert (world.snapshot("invoice"), len(world.snapshot("currency"))) == ([], 8)


def test_settings_can_be_read_and_changed(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"latency_ms": 5, "record_ms": 1, "auto_apply": False, "concurrency": 3})
    found = client.get("/_sandbox/settings").json()
    assert (found["latency_ms"], found["record_ms"], found["auto_apply"], found["concurrency"]) == (5, 1, False, 3)


def test_an_unknown_setting_is_refused(client: Client) -> None:
    assert client.patch("/_sandbox/settings", json={"nope": 1}).status_code == 400


def test_an_unknown_command_lists_the_known_ones(client: Client) -> None:
    answer = client.get("/_sandbox/nope")
    assert (answer.status_code, "trial-balance" in answer.json()["known"]) == (404, True)


def test_the_state_shows_records_expanded(client: Client) -> None:
    client.invoice(client.customer())
    state = client.get("/_sandbox/state/invoice").json()
    assert state["invoice"][0]["item"]["items"][0]["amount"] == 100


def test_an_item_can_be_added_under_an_id_of_ones_own(client: Client) -> None:
    body = {"id": "77", "itemId": "Seat", "incomeAccount": {"id": ids.SERVICE_INCOME}}
    assert client.post("/_sandbox/records/serviceSaleItem", json=body).json() == {"id": "77"}
    line = {"item": {"items": [{"item": {"id": "77"}, "amount": 1}]}}
    assert client.made("invoice", {**invoice(client.customer()), **line})


def test_a_currency_can_be_added(client: Client) -> None:
    body = {"id": "20", "symbol": "BHD", "name": "Bahraini Dinar", "precision": 3, "worth": "2.65"}
    client.post("/_sandbox/currencies", json=body)
    customer = client.customer(currency={"id": "20"})
    assert client.record(f"invoice/{client.invoice(customer, 1.2345)}")["total"] == 1.235


def test_rates_can_be_changed(client: Client) -> None:
    client.post("/_sandbox/rates", json={"EUR": "1.2"})
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    found = client.invoice(customer, currency={"id": ids.EUR})
    assert client.record(f"invoice/{found}")["exchangeRate"] == 1.2


def test_the_clock_decides_the_dates(client: Client) -> None:
    client.post("/_sandbox/clock", json={"advance_seconds": 86400 * 30})
    found = client.invoice(client.customer())
    assert client.record(f"invoice/{found}")["tranDate"] == "2026-12-16"


def test_a_persons_save_is_refused_like_any_other(client: Client) -> None:
    assert client.post("/_sandbox/ui/customer", json={"companyName": "A"}).status_code == 400


def test_a_crash_is_a_500_with_an_error_id(
    client: Client, world: NetSuiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(world, "locate", broken)
    answer = client.get(f"{RECORDS}/customer/1")
    world.crashes.clear()
    assert (answer.status_code, "Error ID" in answer.text) == (500, True)
