"""Refunds and credit notes through the gateway: read whole, written once."""

from typing import Any

from app.core.preview import Written
from app.systems.stripe.gateway import StripeGateway
from app.systems.stripe.recording import RecordingStripe
from tests.app.systems.stripe.stub import NOW, Stub, invoice, listing


def row(number: int, amount: int) -> dict[str, Any]:
    return {
        "id": f"txn_{number}",
        "object": "balance_transaction",
        "amount": amount,
        "currency": "usd",
        "fee": 0,
        "net": amount,
        "type": "refund",
        "reporting_category": "refund",
        "created": 1_760_000_000,
        "available_on": 1_760_000_000,
        "exchange_rate": None,
        "fee_details": [],
    }


def refund(**changed: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 400,
        "currency": "usd",
        "status": "succeeded",
        "created": 1_760_000_000,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "balance_transaction": row(1, -400),
        "metadata": {},
        **changed,
    }


def line(number: int) -> dict[str, Any]:
    return {
        "id": f"cnli_{number}",
        "object": "credit_note_line_item",
        "amount": 100,
        "type": "custom_line_item",
        "discount_amount": 0,
        "discount_amounts": [],
        "taxes": [],
    }


def note(**changed: Any) -> dict[str, Any]:
    return {
        "id": "cn_1",
        "object": "credit_note",
        "number": "A-1-CN-01",
        "status": "issued",
        "type": "post_payment",
        "invoice": "in_1",
        "currency": "usd",
        "total": 100,
        "subtotal": 100,
        "amount": 100,
        "created": 1_760_000_000,
        "pre_payment_amount": 0,
        "post_payment_amount": 100,
        "discount_amount": 0,
        "refunds": [{"amount_refunded": 100, "refund": "re_1", "type": "refund"}],
        "lines": listing(line(1)),
        "livemode": False,
        "metadata": {},
        **changed,
    }


def event(number: int, about: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"evt_{number}", "type": "refund.updated", "created": 1_760_000_000, "data": {"object": about}}


def test_a_refund_comes_with_both_its_movements(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(refund(status="failed", failure_balance_transaction=row(2, 400)))
    found = gateway.refund("re_1")
    assert found.balance_transaction is not None
    assert found.failure_balance_transaction is not None
    assert (found.balance_transaction.id, found.failure_balance_transaction.amount) == ("txn_1", 400)


def test_refunds_of_a_charge_are_listed_oldest_first(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(refund(id="re_2"), refund()))
    assert [one.id for one in gateway.refunds_of("ch_1")] == ["re_1", "re_2"]


def test_changed_refunds_come_from_the_listing_and_the_events_once(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(refund(id="re_new")))
    stub.answer(listing(event(2, refund(id="re_new")), event(1, refund(id="re_old"))))
    assert list(gateway.refunds_since(NOW)) == ["re_new", "re_old"]


def test_a_credit_note_is_read_with_all_its_lines(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(note(lines={**listing(line(1)), "has_more": True}))
    stub.answer(listing(line(2)))
    found = gateway.credit_note("cn_1")
    assert [one.id for one in found.lines] == ["cnli_1", "cnli_2"]
    assert (found.refunds[0].refund, found.refunds[0].amount) == ("re_1", 100)


def test_what_went_to_the_balance_is_told(stub: Stub, gateway: StripeGateway) -> None:
    moved = {"id": "cbtxn_1", "object": "customer_balance_transaction", "amount": -30}
    stub.answer(note(customer_balance_transaction=moved))
    found = gateway.credit_note("cn_1")
    assert (found.customer_balance_transaction, found.customer_balance_amount) == ("cbtxn_1", 30)


def test_changed_credit_notes_come_from_the_listing_and_the_events_once(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(note(id="cn_new")))
    stub.answer(listing(event(2, note(id="cn_new")), event(1, note(id="cn_old"))))
    assert list(gateway.credit_notes_since(NOW)) == ["cn_new", "cn_old"]


def test_a_credit_note_is_previewed(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(number="A-1", amount_remaining=60))
    written: list[Written] = []
    preview = RecordingStripe(gateway, written)
    made = preview.create_credit_note({"invoice": "in_1", "amount": 100}, of="creditMemo:5")
    assert (made.type, made.pre_payment_amount, made.post_payment_amount) == ("mixed", 60, 40)
    assert preview.void_credit_note(made.id).status == "void"
    assert [one.operation for one in written] == ["create_credit_note", "void_credit_note"]
