"""The customer refund: takes money out against a credit, an unapplied payment or a deposit."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice

CLEARING = {"id": ids.STRIPE_CLEARING["USD"]}
RESTLET = "/app/site/hosting/restlet.nl?script=customscript_tieout_restlet&deploy=customdeploy_tieout_restlet"


def memo(client: Client, customer: str, amount: float) -> str:
    return client.made("creditMemo", {**invoice(customer, amount), "autoApply": False})


def refund(customer: str, doc: str, amount: float, **more: Any) -> dict[str, Any]:
    lines = {"items": [{"doc": {"id": doc}, "line": 1, "apply": True, "amount": amount}]}
    return {"customer": {"id": customer}, "account": CLEARING, "apply": lines, **more}


def test_a_refund_uses_up_the_credit(client: Client) -> None:
    customer = client.customer()
    found = memo(client, customer, 30)
    made = client.made("customerRefund", refund(customer, found, 30))
    assert client.record(f"creditMemo/{found}")["status"]["refName"] == "Fully Applied"
    lines = client.get("/_sandbox/ledger", params={"record": made}).json()["lines"]
    posted = {line["account"]: line["amount"] for line in lines}
    assert posted == {CLEARING["id"]: "-30.00", ids.ACCOUNT_RECEIVABLE: "30.00"}


def test_more_than_the_credit_is_refused(client: Client) -> None:
    customer = client.customer()
    answer = client.post(f"{RECORDS}/customerRefund", json=refund(customer, memo(client, customer, 30), 31))
    assert "greater than the amount due" in detail(answer)


def test_an_unapplied_payment_can_be_refunded(client: Client) -> None:
    customer = client.customer()
    found = client.payment(customer, None, 50)
    client.made("customerRefund", refund(customer, found, 20))
    assert client.record(f"customerPayment/{found}")["unapplied"] == 30


def test_an_applied_payment_is_not_in_the_list(client: Client) -> None:
    customer = client.customer()
    found = client.payment(customer, client.invoice(customer, 50), 50)
    answer = client.post(f"{RECORDS}/customerRefund", json=refund(customer, found, 50))
    assert "Unable to find a matching line" in detail(answer)


def test_a_refund_of_nothing_is_refused(client: Client) -> None:
    body = {"customer": {"id": client.customer()}, "account": CLEARING}
    assert "at least one" in detail(client.post(f"{RECORDS}/customerRefund", json=body))


def test_a_deposit_can_be_refunded_and_is_not_shown(client: Client) -> None:
    customer = client.customer()
    deposit = client.made("customerDeposit", {"customer": {"id": customer}, "payment": 40})
    lines = {"items": [{"doc": {"id": deposit}, "apply": True, "amount": 25}]}
    body = {"customer": {"id": customer}, "account": CLEARING, "deposit": lines}
    made = client.made("customerRefund", body)
    record = client.record(f"customerRefund/{made}")
    assert (record["total"], record["deposit"]["items"]) == (25, [])
    assert client.record(f"customerDeposit/{deposit}")["unapplied"] == 15


def test_a_memo_is_transformed_into_its_refund(client: Client) -> None:
    found = memo(client, client.customer(), 30)
    made = client.made(
        f"creditMemo/{found}/!transform/customerRefund", {"account": CLEARING, "externalId": "stripe-crf-1"}
    )
    assert client.record(f"customerRefund/{made}")["total"] == 30


def test_a_voided_refund_gives_the_credit_back(client: Client) -> None:
    customer = client.customer()
    found = memo(client, customer, 30)
    made = client.made("customerRefund", refund(customer, found, 30))
    answer = client.post(RESTLET, json={"action": "void", "type": "customerRefund", "id": made}).json()
    assert (answer["method"], client.record(f"creditMemo/{found}")["unapplied"]) == ("direct", 30)


def test_a_refund_is_voided_by_a_reversing_journal_where_the_account_wants_that(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"void_with_reversing_journals": True})
    customer = client.customer()
    found = memo(client, customer, 30)
    made = client.made("customerRefund", refund(customer, found, 30))
    answer = client.post(RESTLET, json={"action": "void", "type": "customerRefund", "id": made}).json()
    record = client.record(f"customerRefund/{made}")
    assert (answer["method"], record["voidJournal"]["id"]) == ("reversing_journal", answer["id"])
    assert (record["status"]["refName"], client.record(f"creditMemo/{found}")["unapplied"]) == ("Voided", 30)
    balance = client.get("/_sandbox/trial-balance").json()["lines"]
    assert {one["balance"] for one in balance if one["account"] == CLEARING["id"]} == {"0.00"}
