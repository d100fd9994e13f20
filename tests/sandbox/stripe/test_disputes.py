"""Disputes: who opens them, what they take and give back, how they end; and debits that come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from tests.sandbox.stripe.conftest import refused

Client = stripe.StripeClient
Happened = Callable[[], list[str]]


def paid(client: Client, method: str = "pm_card_visa", amount: int = 1000, currency: str = "usd", **given: Any) -> str:
    """The charge."""
    asked: Any = {"amount": amount, "currency": currency, "payment_method": method, "confirm": True} | given
    return str(client.v1.payment_intents.create(asked).latest_charge)


def does(http: httpx.Client, path: str, **given: Any) -> Any:
    return http.post(f"/_sandbox/{path}", json=given).raise_for_status().json()


def disputed(client: Client, http: httpx.Client, **given: Any) -> str:
    made: str = does(http, f"charges/{paid(client)}/dispute", **given)["id"]
    return made


def moved(client: Client, dispute: str) -> list[tuple[str, int, int, int]]:
    rows = client.v1.disputes.retrieve(dispute).balance_transactions
    return [(row.reporting_category, row.amount, row.fee, row.net) for row in rows]


def since(happened: Happened, type_: str) -> list[str]:
    types = happened()
    return types[types.index(type_) :]


# opened --------------------------------------------------------------------------------------------------------


def test_the_dispute_card_pays_and_is_disputed_at_once(client: Client, happened: Happened) -> None:
    charge = paid(client, "pm_card_createDispute")
    [dispute] = client.v1.disputes.list({"charge": charge}).data
    assert (dispute.status, dispute.reason, dispute.amount, client.v1.charges.retrieve(charge).disputed) == (
        "needs_response",
        "fraudulent",
        1000,
        True,
    )
    assert since(happened, "charge.dispute.created") == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def test_a_dispute_card_is_known_by_its_number(client: Client) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"number": "4000000000002685"}})
    [dispute] = client.v1.disputes.list({"charge": paid(client, method.id)}).data
    assert dispute.reason == "product_not_received"


def test_an_authorization_is_disputed_once_it_is_captured(client: Client) -> None:
    charge = paid(client, "pm_card_createDispute", capture_method="manual")
    assert client.v1.disputes.list({"charge": charge}).data == []
    client.v1.payment_intents.capture(str(client.v1.charges.retrieve(charge).payment_intent))
    assert len(client.v1.disputes.list({"charge": charge}).data) == 1


def test_one_card_brings_several_disputes(client: Client) -> None:
    found = client.v1.disputes.list({"charge": paid(client, "pm_card_createMultipleDisputes", 1001)}).data
    assert [one.amount for one in found] == [501, 500]


def test_the_withdrawal_is_an_adjustment_with_a_fee_of_its_own(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    [row] = client.v1.disputes.retrieve(dispute).balance_transactions
    assert (row.type, row.reporting_category, row.amount, row.fee, row.net, row.source) == (
        "adjustment",
        "dispute",
        -1000,
        1500,
        -2500,
        dispute,
    )
    assert [(part.type, part.description) for part in row.fee_details] == [("stripe_fee", "Dispute fee")]


def test_the_fee_is_a_setting(client: Client, http: httpx.Client) -> None:
    does(http, "settings", dispute_fee=0)
    assert moved(client, disputed(client, http)) == [("dispute", -1000, 0, -1000)]


def test_a_part_of_the_charge_is_disputed(client: Client, http: httpx.Client) -> None:
    assert moved(client, disputed(client, http, amount=400)) == [("dispute", -400, 1500, -1900)]


def test_money_moves_in_the_settlement_currency(client: Client, http: httpx.Client) -> None:
    does(http, "exchange_rates", eur="1.25")
    made = does(http, f"charges/{paid(client, currency='eur')}/dispute", amount=401)
    [row] = made["balance_transactions"]
    assert (made["currency"], row["currency"], row["amount"], row["exchange_rate"]) == ("eur", "usd", -501, 1.25)


def test_money_of_a_currency_without_decimals_moves_in_cents(client: Client, http: httpx.Client) -> None:
    made = does(http, f"charges/{paid(client, currency='jpy', amount=10_000)}/dispute")
    assert made["balance_transactions"][0]["amount"] == -6671


def test_a_charge_is_disputed_twice(client: Client, http: httpx.Client) -> None:
    charge = paid(client)
    first = does(http, f"charges/{charge}/dispute", amount=300)["id"]
    second = does(http, f"charges/{charge}/dispute", amount=200, reason="duplicate")["id"]
    assert [one.id for one in client.v1.disputes.list({"charge": charge}).data] == [second, first]


def test_a_declined_charge_is_not_disputed(client: Client, http: httpx.Client) -> None:
    with pytest.raises(stripe.CardError):
        paid(client, "pm_card_chargeDeclined")
    [charge] = client.v1.charges.list().data
    answer = http.post(f"/_sandbox/charges/{charge.id}/dispute", json={})
    assert answer.status_code == 400


# inquiries -----------------------------------------------------------------------------------------------------


def test_an_inquiry_moves_no_money(client: Client, happened: Happened) -> None:
    [dispute] = client.v1.disputes.list({"charge": paid(client, "pm_card_createDisputeInquiry")}).data
    assert (dispute.status, dispute.balance_transactions, dispute.is_charge_refundable) == (
        "warning_needs_response",
        [],
        True,
    )
    assert since(happened, "charge.dispute.created") == ["charge.dispute.created"]


def test_an_escalated_inquiry_withdraws_the_money(client: Client, http: httpx.Client, happened: Happened) -> None:
    dispute = disputed(client, http, inquiry=True)
    does(http, f"disputes/{dispute}/escalate")
    found = client.v1.disputes.retrieve(dispute)
    assert (found.status, found.is_charge_refundable, len(found.balance_transactions)) == ("needs_response", False, 1)
    assert since(happened, "charge.dispute.updated") == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]


def test_an_inquiry_is_closed_without_money(client: Client, http: httpx.Client, happened: Happened) -> None:
    dispute = disputed(client, http, inquiry=True)
    assert does(http, f"disputes/{dispute}/close_inquiry")["status"] == "warning_closed"
    assert (moved(client, dispute), happened()[-1]) == ([], "charge.dispute.closed")


def test_a_prevented_dispute_moves_no_money(client: Client, http: httpx.Client) -> None:
    assert moved(client, disputed(client, http, status="prevented")) == []


# answered ------------------------------------------------------------------------------------------------------


def test_evidence_is_submitted_and_reviewed(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    sent = client.v1.disputes.update(dispute, {"evidence": {"customer_name": "Ada"}})
    assert (sent.status, sent.evidence.customer_name, sent.evidence_details.submission_count) == (
        "under_review",
        "Ada",
        1,
    )


def test_evidence_is_staged(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    staged = client.v1.disputes.update(dispute, {"evidence": {"customer_name": "Ada"}, "submit": False})
    assert (staged.status, staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (
        "needs_response",
        True,
        0,
    )


def test_winning_evidence_brings_the_money_back(client: Client, http: httpx.Client, happened: Happened) -> None:
    dispute = disputed(client, http)
    sent = client.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (sent.status, client.v1.disputes.retrieve(dispute).status) == ("under_review", "won")
    assert moved(client, dispute) == [("dispute", -1000, 1500, -2500), ("dispute_reversal", 1000, 0, 1000)]
    assert since(happened, "charge.dispute.updated") == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_losing_evidence_does_not(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    client.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "losing_evidence"}})
    assert (client.v1.disputes.retrieve(dispute).status, len(moved(client, dispute))) == ("lost", 1)


def test_escalating_evidence_makes_a_chargeback_of_an_inquiry(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http, inquiry=True)
    client.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}})
    assert (client.v1.disputes.retrieve(dispute).status, len(moved(client, dispute))) == ("needs_response", 1)


def test_giving_in_loses(client: Client, http: httpx.Client, happened: Happened) -> None:
    dispute = disputed(client, http)
    assert client.v1.disputes.close(dispute).status == "lost"
    assert (len(moved(client, dispute)), happened()[-1]) == (1, "charge.dispute.closed")


def test_a_closed_dispute_takes_no_evidence(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    client.v1.disputes.close(dispute)
    error = refused(lambda: client.v1.disputes.update(dispute, {"evidence": {"customer_name": "Ada"}}))
    assert (error.http_status, error.user_message) == (400, "This dispute is already closed")


def test_an_unknown_parameter_is_refused(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    evidence: Any = {"mood": "sad"}
    error = refused(lambda: client.v1.disputes.update(dispute, {"evidence": evidence}))
    assert error.user_message == "Received unknown parameter: evidence[mood]"


# decided -------------------------------------------------------------------------------------------------------


def test_a_part_is_won_back(client: Client, http: httpx.Client) -> None:
    dispute = disputed(client, http)
    assert does(http, f"disputes/{dispute}/win", amount=600)["status"] == "won"
    assert [amount for _, amount, _, _ in moved(client, dispute)] == [-1000, 600]


def test_the_fee_comes_back_by_a_setting(client: Client, http: httpx.Client) -> None:
    does(http, "settings", dispute_fee_returned=True)
    dispute = disputed(client, http)
    does(http, f"disputes/{dispute}/win")
    assert moved(client, dispute)[1] == ("dispute_reversal", 1000, -1500, 2500)


def test_what_was_won_is_withdrawn_again(client: Client, http: httpx.Client, happened: Happened) -> None:
    dispute = disputed(client, http)
    does(http, f"disputes/{dispute}/win")
    assert does(http, f"disputes/{dispute}/withdraw_funds")["status"] == "appeal_needs_response"
    assert [amount for _, amount, _, _ in moved(client, dispute)] == [-1000, 1000, -1000]
    assert happened()[-2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]


def test_money_is_reinstated_before_the_end(client: Client, http: httpx.Client, happened: Happened) -> None:
    dispute = disputed(client, http)
    assert does(http, f"disputes/{dispute}/reinstate")["status"] == "needs_response"
    assert happened()[-1] == "charge.dispute.funds_reinstated"


def test_a_lost_dispute_says_so(client: Client, http: httpx.Client) -> None:
    assert does(http, f"disputes/{disputed(client, http)}/lose")["status"] == "lost"


def test_disputes_are_listed_by_the_payment_intent(client: Client, http: httpx.Client) -> None:
    dispute = client.v1.disputes.retrieve(disputed(client, http))
    disputed(client, http)
    found = client.v1.disputes.list({"payment_intent": str(dispute.payment_intent)}).data
    assert [one.id for one in found] == [dispute.id]


def test_a_dispute_that_does_not_exist_is_missing(client: Client) -> None:
    assert refused(lambda: client.v1.disputes.retrieve("du_1")).code == "resource_missing"


# returned debits -----------------------------------------------------------------------------------------------


def returned(client: Client, http: httpx.Client) -> stripe.Charge:
    charge = paid(client, "pm_usBankAccount")
    does(http, f"charges/{charge}/settle")
    does(http, f"charges/{charge}/return", code="account_closed")
    return client.v1.charges.retrieve(charge, {"expand": ["failure_balance_transaction"]})


def test_a_returned_debit_has_failed_after_all(client: Client, http: httpx.Client, happened: Happened) -> None:
    charge = returned(client, http)
    assert (charge.status, charge.paid, charge.failure_code, happened()[-1]) == (
        "failed",
        False,
        "account_closed",
        "charge.failed",
    )


def test_a_returned_debits_money_goes_back_without_its_fee(client: Client, http: httpx.Client) -> None:
    row: Any = returned(client, http).failure_balance_transaction
    assert (row.type, row.reporting_category, row.amount, row.net) == (
        "payment_failure_refund",
        "charge_failure",
        -1000,
        -1000,
    )


def test_a_card_charge_is_not_returned(client: Client, http: httpx.Client) -> None:
    assert http.post(f"/_sandbox/charges/{paid(client)}/return", json={}).status_code == 400
