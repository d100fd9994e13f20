"""Payouts, balance transactions and the balance: what is asked of Stripe, and what is read out of its answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.preview import Written
from app.systems.stripe import objects as st
from app.systems.stripe.gateway import StripeGateway
from app.systems.stripe.recording import RecordingStripe
from tests.app.systems.stripe.stub import NOW, Stub, listing

AT = 1_760_000_000
MOMENT = datetime.fromtimestamp(AT, UTC)


def transaction(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"txn_{number}",
        "object": "balance_transaction",
        "amount": 1000,
        "available_on": AT,
        "created": AT,
        "currency": "usd",
        "description": None,
        "exchange_rate": None,
        "fee": 59,
        "fee_details": [
            {"amount": 50, "currency": "usd", "type": "stripe_fee", "description": "Fees"},
            {"amount": 9, "currency": "usd", "type": "tax", "description": None},
        ],
        "net": 941,
        "reporting_category": "charge",
        "source": "ch_1",
        "status": "available",
        "type": "charge",
    } | more


def payout(**more: Any) -> dict[str, Any]:
    return {
        "id": "po_1",
        "object": "payout",
        "amount": 941,
        "arrival_date": AT,
        "automatic": True,
        "balance_transaction": transaction(9, amount=-941, net=-941, fee=0, fee_details=[], type="payout"),
        "created": AT,
        "currency": "usd",
        "description": "STRIPE PAYOUT",
        "destination": "ba_1",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "statement_descriptor": None,
        "status": "paid",
        "trace_id": {"status": "supported", "value": "T1"},
        "type": "bank_account",
    } | more


def test_a_payout_comes_with_its_balance_transactions(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(payout())
    found = gateway.payout("po_1")
    assert found == st.Payout(
        id="po_1",
        amount=941,
        currency="usd",
        status="paid",
        automatic=True,
        method="standard",
        type="bank_account",
        created=MOMENT,
        arrival_date=MOMENT,
        reconciliation_status="completed",
        destination="ba_1",
        balance_transaction=found.balance_transaction,
        trace_id="T1",
        description="STRIPE PAYOUT",
    )
    assert found.balance_transaction is not None
    assert found.balance_transaction.net == -941
    assert stub.asked[0].params == {
        "expand[0]": "balance_transaction",
        "expand[1]": "failure_balance_transaction",
    }


def test_a_payout_may_have_no_trace(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(payout(trace_id=None))
    assert gateway.payout("po_1").trace_id is None


def test_its_transactions_come_oldest_first_from_all_pages(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(transaction(3), transaction(2), more=True)).answer(listing(transaction(1)))
    assert [row.id for row in gateway.balance_transactions(payout="po_1")] == ["txn_1", "txn_2", "txn_3"]
    assert [asked.params for asked in stub.asked] == [
        {"limit": "100", "payout": "po_1"},
        {"limit": "100", "payout": "po_1", "starting_after": "txn_2"},
    ]


def test_transactions_are_asked_for_by_time_and_currency(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing())
    assert list(gateway.balance_transactions(created_since=MOMENT, currency="eur")) == []
    assert stub.asked[0].params == {"limit": "100", "currency": "eur", "created[gte]": str(AT)}


def test_one_transaction_has_its_fees_by_type(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(transaction())
    assert [(fee.type, fee.amount) for fee in gateway.balance_transaction("txn_1").fee_details] == [
        ("stripe_fee", 50),
        ("tax", 9),
    ]


def test_the_balance_is_by_currency(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(
        {
            "object": "balance",
            "available": [{"currency": "usd", "amount": 5}],
            "pending": [{"currency": "eur", "amount": 7}, {"currency": "usd", "amount": 2}],
        }
    )
    assert gateway.balance() == (
        st.BalanceOf(currency="eur", available=0, pending=7),
        st.BalanceOf(currency="usd", available=5, pending=2),
    )


def test_a_sweep_finds_new_payouts_and_those_that_changed(stub: Stub, gateway: StripeGateway) -> None:
    changed = {"id": "evt_1", "object": "event", "type": "payout.failed", "data": {"object": payout(id="po_0")}}
    stub.answer(listing(payout())).answer(listing(changed))
    assert list(gateway.payouts_since(NOW - timedelta(days=1))) == ["po_1", "po_0"]


@pytest.mark.parametrize(
    ("method", "given"),
    [("payout", ("po_1",)), ("balance_transaction", ("txn_1",)), ("balance", ()), ("payouts_since", (NOW,))],
)
def test_a_preview_reads_the_same(stub: Stub, gateway: StripeGateway, method: str, given: tuple[Any, ...]) -> None:
    answers = {"payout": payout(), "balance_transaction": transaction(), "balance": {"available": [], "pending": []}}
    for _ in range(2):
        stub.answer(answers.get(method, listing()))
        if method not in answers:
            stub.answer(listing())
    written: list[Written] = []
    real, preview = getattr(gateway, method)(*given), getattr(RecordingStripe(gateway, written), method)(*given)
    assert (list(real) if method == "payouts_since" else real) == (
        list(preview) if method == "payouts_since" else preview
    )


def test_a_preview_lists_the_same(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(transaction()))
    assert [row.id for row in RecordingStripe(gateway, []).balance_transactions(payout="po_1")] == ["txn_1"]
