"""Cash sale and refund, customer deposit, bank deposit, journal entry, and the custom record."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice

BANK = {"id": ids.BANK["USD"]}


def posted(client: Client, record: str) -> dict[str, str]:
    lines = client.get("/_sandbox/ledger", params={"record": record}).json()["lines"]
    return {line["account"]: line["amount"] for line in lines}


def status(client: Client, path: str) -> str:
    return str(client.record(path)["status"]["refName"])


def test_a_cash_sale_posts_money_and_income(client: Client) -> None:
    found = client.made("cashSale", invoice(client.customer(), 80))
    assert posted(client, found) == {ids.UNDEPOSITED_FUNDS: "80.00", ids.SALES_INCOME: "-80.00"}
    assert status(client, f"cashSale/{found}") == "Not Deposited"


def test_a_cash_sale_is_transformed_into_its_refund(client: Client) -> None:
    found = client.made("cashSale", invoice(client.customer(), 80))
    body = {"item": {"items": [{"item": {"id": ids.ITEM_REFUND}, "amount": 5}]}, "account": BANK}
    made = client.made(f"cashSale/{found}/!transform/cashRefund", body, replace="item")
    assert posted(client, made) == {BANK["id"]: "-5.00", ids.SALES_INCOME: "5.00"}
    assert client.record(f"cashRefund/{made}")["createdFrom"]["id"] == found


def test_a_cash_sale_owes_nothing(client: Client) -> None:
    customer = client.customer()
    client.made("cashSale", invoice(customer, 80))
    assert client.record(f"customer/{customer}")["balance"] == 0


def test_a_customer_deposit_is_applied_by_a_transform_only(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 30)
    deposit = client.made("customerDeposit", {"customer": {"id": customer}, "payment": 40})
    lines: dict[str, Any] = {"apply": {"items": [{"doc": {"id": found}, "apply": True}]}}
    refused = client.post(f"{RECORDS}/depositApplication", json={"customer": {"id": customer}, **lines})
    assert "customer deposit" in detail(refused)
    client.made(f"customerDeposit/{deposit}/!transform/depositApplication", lines)
    assert (status(client, f"invoice/{found}"), client.record(f"customerDeposit/{deposit}")["unapplied"]) == (
        "Paid In Full",
        10,
    )


def test_a_bank_deposit_takes_payments_and_refunds_out_of_undeposited_funds(client: Client) -> None:
    customer = client.customer()
    payment = client.payment(customer, None, 100)
    sale = client.made("cashSale", invoice(customer, 50))
    back = client.made(f"cashSale/{sale}/!transform/cashRefund", {})
    taken = [{"id": int(one), "deposit": True} for one in (payment, sale, back)]
    fees = [{"account": {"id": ids.STRIPE_FEES}, "amount": -3.2, "memo": "fees"}]
    made = client.made("deposit", {"account": BANK, "payment": {"items": taken}, "other": {"items": fees}})
    assert client.record(f"deposit/{made}")["total"] == 96.8
    assert status(client, f"customerPayment/{payment}") == "Deposited"
    balance = {one["account"]: one["balance"] for one in client.get("/_sandbox/trial-balance").json()["lines"]}
    assert (balance[BANK["id"]], balance[ids.UNDEPOSITED_FUNDS], balance[ids.STRIPE_FEES]) == ("96.80", "0.00", "3.20")


def test_a_payment_is_deposited_once(client: Client) -> None:
    body = {"account": BANK, "payment": {"items": [{"id": int(client.payment(client.customer(), None, 100))}]}}
    client.made("deposit", body)
    assert detail(client.post(f"{RECORDS}/deposit", json=body)).endswith("following field: payment")


def test_a_deposited_payment_is_not_deleted(client: Client) -> None:
    payment = client.payment(client.customer(), None, 100)
    made = client.made("deposit", {"account": BANK, "payment": {"items": [{"id": int(payment)}]}})
    assert "part of a deposit" in detail(client.delete(f"{RECORDS}/customerPayment/{payment}"))
    client.delete(f"{RECORDS}/deposit/{made}")
    assert status(client, f"customerPayment/{payment}") == "Not Deposited"


def test_cash_back_lowers_the_deposit(client: Client) -> None:
    payment = client.payment(client.customer(), None, 100)
    back = {"items": [{"account": {"id": ids.STRIPE_FEES}, "amount": 3}]}
    body = {"account": BANK, "payment": {"items": [{"id": int(payment)}]}, "cashBack": back}
    assert posted(client, client.made("deposit", body)) == {
        BANK["id"]: "97.00",
        ids.UNDEPOSITED_FUNDS: "-100.00",
        ids.STRIPE_FEES: "3.00",
    }


def journal(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"line": {"items": list(lines)}, "memo": "m"}


def test_a_journal_entry_posts_its_lines(client: Client) -> None:
    lines = ({"account": BANK, "debit": 10}, {"account": {"id": ids.STRIPE_FEES}, "credit": 10})
    assert posted(client, client.made("journalEntry", journal(*lines))) == {
        BANK["id"]: "10.00",
        ids.STRIPE_FEES: "-10.00",
    }


def test_a_journal_entry_balances(client: Client) -> None:
    lines = ({"account": BANK, "debit": 10}, {"account": {"id": ids.STRIPE_FEES}, "credit": 9})
    assert "out of balance" in detail(client.post(f"{RECORDS}/journalEntry", json=journal(*lines)))


def test_a_receivable_line_of_a_journal_needs_its_customer(client: Client) -> None:
    lines = ({"account": {"id": ids.ACCOUNT_RECEIVABLE}, "debit": 10}, {"account": BANK, "credit": 10})
    assert "Name" in detail(client.post(f"{RECORDS}/journalEntry", json=journal(*lines)))


def test_the_custom_record_is_a_record_and_a_table(client: Client, world: NetSuiteWorld) -> None:
    found = client.invoice(client.customer())
    body = {"custrecord_tieout_invoice": {"id": found}, "custrecord_tieout_url": "https://pay.example/1"}
    made = client.put_eid("customrecord_tieout_invoice_link", "stripe-link-1", body)
    row = client.suiteql("SELECT id, custrecord_tieout_url AS url FROM customrecord_tieout_invoice_link")
    assert row == [{"id": made, "url": "https://pay.example/1"}]


def test_all_transaction_types_have_their_suiteql_type(client: Client) -> None:
    customer = client.customer()
    client.made("cashSale", invoice(customer, 1))
    client.made("customerDeposit", {"customer": {"id": customer}, "payment": 1})
    client.payment(customer, None, 1)
    rows = client.suiteql("SELECT type FROM transaction ORDER BY id")
    assert [row["type"] for row in rows] == ["CashSale", "CustDep", "CustPymt"]
