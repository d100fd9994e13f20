"""The credit memo: lines like an invoice, applied like a payment, made from an invoice."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice


def memo(customer: str, amount: float, **more: Any) -> dict[str, Any]:
    return {**invoice(customer, amount), "autoApply": False, **more}


def test_a_credit_memo_stays_open_until_it_is_applied(client: Client) -> None:
    found = client.made("creditMemo", memo(client.customer(), 30))
    record = client.record(f"creditMemo/{found}")
    assert (record["status"]["refName"], record["unapplied"], record["applied"]) == ("Open", 30, 0)


def test_an_applied_credit_memo_closes_the_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 30)
    lines = {"items": [{"doc": {"id": found}, "line": 0, "apply": True, "amount": 30, "applyDate": "2026-11-16"}]}
    made = client.made("creditMemo", memo(customer, 30, apply=lines))
    assert client.record(f"invoice/{found}")["status"]["refName"] == "Paid In Full"
    assert client.record(f"creditMemo/{made}")["status"]["refName"] == "Fully Applied"


def test_more_than_the_memo_cannot_be_applied(client: Client) -> None:
    customer = client.customer()
    lines = {"items": [{"doc": {"id": client.invoice(customer, 100)}, "apply": True, "amount": 50}]}
    assert "total amount applied" in detail(client.post(f"{RECORDS}/creditMemo", json=memo(customer, 30, apply=lines)))


def test_autoapply_left_on_eats_the_oldest_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    body = memo(customer, 30)
    del body["autoApply"]
    client.made("creditMemo", body)
    assert client.record(f"invoice/{found}")["amountRemaining"] == 70


def test_a_transform_copies_all_lines_and_ticks_its_invoice(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    made = client.made(f"invoice/{found}/!transform/creditMemo", {"externalId": "stripe-cm-1", "toBeEmailed": False})
    record = client.record(f"creditMemo/{made}")
    assert (record["total"], record["applied"], record["createdFrom"]["id"]) == (100, 100, found)


def test_a_transforms_lines_are_appended_to_the_copied_ones(client: Client) -> None:
    found = client.invoice(client.customer(), 100)
    body = {"item": {"items": [{"item": {"id": ids.ITEM_REFUND}, "amount": 5}]}, "autoApply": False}
    made = client.made(f"invoice/{found}/!transform/creditMemo", body)
    assert client.record(f"creditMemo/{made}")["total"] == 105


def test_a_transform_with_replace_credits_a_part(client: Client) -> None:
    found = client.invoice(client.customer(), 100)
    body = {"item": {"items": [{"item": {"id": ids.ITEM_REFUND}, "amount": 5}]}, "autoApply": False}
    made = client.made(f"invoice/{found}/!transform/creditMemo", body, replace="item")
    assert (client.record(f"creditMemo/{made}")["total"], client.record(f"invoice/{found}")["amountRemaining"]) == (
        5,
        95,
    )


def test_a_repeated_transform_makes_a_second_memo_without_an_external_id(client: Client) -> None:
    found = client.invoice(client.customer(), 100)
    body = {"autoApply": False, "toBeEmailed": False}
    made = {client.made(f"invoice/{found}/!transform/creditMemo", body) for _ in range(2)}
    assert len(made) == 2


def test_a_repeated_transform_with_an_external_id_is_a_duplicate(client: Client) -> None:
    found = client.invoice(client.customer(), 100)
    client.made(f"invoice/{found}/!transform/creditMemo", {"externalId": "stripe-cm-1"})
    answer = client.post(f"{RECORDS}/invoice/{found}/!transform/creditMemo", json={"externalId": "stripe-cm-1"})
    assert "already exists" in detail(answer)


def test_a_transform_takes_the_source_by_external_id(client: Client) -> None:
    client.invoice(client.customer(), 100, externalId="stripe-inv-1")
    assert client.made("invoice/eid:stripe-inv-1/!transform/creditMemo", {"toBeEmailed": False})


def test_a_payment_after_a_partial_credit_is_limited_to_the_rest(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 100)
    lines = {"items": [{"doc": {"id": found}, "apply": True, "amount": 30}]}
    client.made("creditMemo", memo(customer, 30, apply=lines))
    client.payment(customer, found, 70)
    assert client.record(f"invoice/{found}")["status"]["id"] == "B"
