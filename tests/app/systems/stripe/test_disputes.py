from typing import Any

from app.core.preview import Written
from app.systems.stripe.gateway import StripeGateway
from app.systems.stripe.recording import RecordingStripe
from tests.app.systems.stripe.stub import NOW, Stub, dispute, listing


def row(number: int, created: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"txn_{number}",
        "object": "balance_transaction",
        "amount": -434,
        "currency": "usd",
        "fee": 1500,
        "net": -1934,
        "type": "adjustment",
        "reporting_category": "dispute",
        "created": created,
        "available_on": created,
        "exchange_rate": 1.0842,
        "fee_details": [],
        **changed,
    }


def event(number: int, about: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"evt_{number}", "type": "charge.dispute.closed", "created": 1_760_000_000, "data": {"object": about}}


def test_what_moved_comes_oldest_first(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(dispute(balance_transactions=[row(2, 1_760_000_200), row(1, 1_760_000_100)]))
    assert [one.id for one in gateway.dispute("du_1").balance_transactions] == ["txn_1", "txn_2"]


def test_a_dispute_is_read_with_one_call(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(dispute())
    gateway.dispute("du_1")
    assert stub.paths() == ["GET /v1/disputes/du_1"]


def test_a_charge_that_was_expanded_is_its_id(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(dispute(charge={"id": "ch_9"}))
    assert gateway.dispute("du_1").charge == "ch_9"


def test_the_disputes_of_a_charge_are_asked_for_by_its_id(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(dispute(id="du_2"), dispute()))
    assert [one.id for one in gateway.disputes_of("ch_1")] == ["du_1", "du_2"]
    assert (stub.asked[0].path, stub.asked[0].params["charge"]) == ("/v1/disputes", "ch_1")


def test_changed_disputes_come_from_the_listing_and_the_events_once(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(dispute(id="du_new")))
    stub.answer(listing(event(2, dispute(id="du_new")), event(1, dispute(id="du_old"))))
    assert list(gateway.disputes_since(NOW)) == ["du_new", "du_old"]


def test_a_preview_reads_disputes_for_real(stub: Stub, gateway: StripeGateway) -> None:
    written: list[Written] = []
    stub.answer(dispute()).answer(listing(dispute())).answer(listing(dispute())).answer(listing())
    stripe = RecordingStripe(gateway, written)
    assert stripe.dispute("du_1").reason == "fraudulent"
    assert len(stripe.disputes_of("ch_1")) == 1
    assert list(stripe.disputes_since(NOW)) == ["du_1"]
    assert written == []
