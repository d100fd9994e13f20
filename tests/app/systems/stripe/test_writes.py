"""Each write once: what Stripe remembers under a key, what was cut off, what is gone by now."""

from decimal import Decimal
from typing import Any

import pytest

from app import errors
from app.systems.stripe.gateway import StripeGateway
from tests.app.systems.stripe.stub import Stub, customer, invoice, line, listing, payment

REPLAYED = {"Idempotent-Replayed": "true"}
OF = "invoice:7"
PARAMS: dict[str, Any] = {"customer": "cus_1", "metadata": {"netsuite_invoice_id": "7"}}


def lines(count: int) -> list[dict[str, Any]]:
    return [{"amount": 100, "description": "the same"} for _ in range(count)]


def test_the_same_creation_has_the_same_key(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice()).answer(invoice())
    gateway.create_invoice(PARAMS, of=OF)
    gateway.create_invoice(PARAMS, of=OF)
    assert len(set(stub.keys())) == 1


def test_another_payload_has_another_key(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice()).answer(invoice())
    gateway.create_invoice(PARAMS, of=OF)
    gateway.create_invoice({**PARAMS, "footer": "x"}, of=OF)
    assert len(set(stub.keys())) == 2


def test_a_remembered_creation_is_read_as_it_is_now(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(status="draft"), headers=REPLAYED).answer(invoice(status="open"))
    assert gateway.create_invoice(PARAMS, of=OF).status == "open"


def test_a_remembered_draft_that_was_deleted_is_made_anew(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(status="draft"), headers=REPLAYED).refuse(404, code="resource_missing")
    stub.answer(invoice(id="in_2", status="draft"))
    assert gateway.create_invoice(PARAMS, of=OF).id == "in_2"
    assert stub.keys()[1] == stub.keys()[0] + ":r2"


def test_a_remembered_invoice_that_was_voided_is_made_anew(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(status="draft"), headers=REPLAYED).answer(invoice(status="void"))
    stub.answer(invoice(id="in_2", status="draft"))
    assert gateway.create_invoice(PARAMS, of=OF).id == "in_2"


def test_a_remembered_customer_that_was_deleted_is_made_anew(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(customer(), headers=REPLAYED).answer({"id": "cus_1", "object": "customer", "deleted": True})
    stub.answer(customer(id="cus_2"))
    assert gateway.create_customer({"name": "A"}, of="customer:7").id == "cus_2"


def test_a_remembered_refusal_is_tried_under_the_next_key(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(400, code="email_invalid", headers=REPLAYED).answer(customer())
    assert gateway.create_customer({"email": "x"}, of="customer:7").id == "cus_1"
    assert stub.keys()[1] == stub.keys()[0] + ":r2"


def test_a_fresh_refusal_is_not_tried_under_the_next_key(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(400, code="email_invalid")
    with pytest.raises(errors.Rejected):
        gateway.create_customer({"email": "x"}, of="customer:7")
    assert len(stub.asked) == 1


def test_a_fresh_500_leaves_the_outcome_unknown(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500)
    stub.refuse(500, headers={"Stripe-Should-Retry": "false"})
    with pytest.raises(errors.OutcomeUnknown):
        gateway.create_invoice(PARAMS, of=OF)


def test_a_remembered_500_that_made_the_invoice_after_all(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(listing(invoice(id="in_other"), invoice(id="in_9", metadata={"netsuite_invoice_id": "7", "x": "y"})))
    assert gateway.create_invoice(PARAMS, of=OF).id == "in_9"


def test_a_remembered_500_that_made_nothing_is_tried_under_the_next_key(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(listing(invoice(id="in_other"))).answer(invoice(id="in_9"))
    assert gateway.create_invoice(PARAMS, of=OF).id == "in_9"
    assert stub.keys()[1] == stub.keys()[0] + ":r2"


def test_a_voided_invoice_is_not_taken_for_the_one_that_was_made(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(listing(invoice(id="in_old", status="void", metadata=PARAMS["metadata"])))
    stub.answer(invoice(id="in_9"))
    assert gateway.create_invoice(PARAMS, of=OF).id == "in_9"


def test_a_revision_is_not_taken_for_its_original(stub: Stub, gateway: StripeGateway) -> None:
    params = {"from_invoice": {"action": "revision", "invoice": "in_1"}, "metadata": PARAMS["metadata"]}
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(listing(invoice(id="in_1", metadata=PARAMS["metadata"])))
    stub.answer(invoice(id="in_2", from_invoice={"action": "revision", "invoice": "in_1"}))
    assert gateway.create_invoice(params, of=OF).id == "in_2"


def test_without_metadata_a_remembered_500_stays_unknown(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    with pytest.raises(errors.OutcomeUnknown, match="Without metadata"):
        gateway.create_invoice({"customer": "cus_1"}, of=OF)


def test_keys_spent_one_after_the_other_come_to_an_end(stub: Stub, gateway: StripeGateway) -> None:
    for _ in range(20):
        stub.refuse(400, code="email_invalid", headers=REPLAYED)
    with pytest.raises(errors.OutcomeUnknown) as thrown:
        gateway.create_customer({"email": "x"}, of="customer:7")
    assert thrown.value.code == "idempotency_keys_spent"


def test_going_back_to_an_earlier_state_is_not_answered_from_memory(stub: Stub, gateway: StripeGateway) -> None:
    for _ in range(3):
        stub.answer(customer())
    for name in ("A", "B", "A"):
        gateway.update_customer("cus_1", {"name": name})
    assert len(set(stub.keys())) == 3


def test_lines_are_added_a_hundred_at_a_time(stub: Stub, gateway: StripeGateway) -> None:
    for _ in range(4):
        stub.answer(invoice())
    gateway.add_invoice_lines("in_1", lines(250))
    sent = [len([name for name in asked.params if name.endswith("[amount]")]) for asked in stub.asked]
    assert sent == [100, 100, 50]


def test_equal_portions_of_lines_are_both_added(stub: Stub, gateway: StripeGateway) -> None:
    for _ in range(3):
        stub.answer(invoice())
    gateway.add_invoice_lines("in_1", lines(200))
    assert len(set(stub.keys())) == 2


def test_lines_that_a_remembered_500_did_add_are_not_added_again(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(invoice(lines=listing(line(1), line(2))))
    gateway.add_invoice_lines("in_1", lines(2))
    assert len(stub.keys()) == 1


def test_lines_that_a_remembered_500_did_not_add_are_added(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(invoice(lines=listing())).answer(invoice()).answer(invoice())
    gateway.add_invoice_lines("in_1", lines(2))
    assert stub.keys()[1] == stub.keys()[0] + ":r2"


def test_a_part_of_the_lines_is_for_a_person_or_a_day_later(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={**REPLAYED, "Stripe-Should-Retry": "false"})
    stub.answer(invoice(lines=listing(line(1))))
    with pytest.raises(errors.OutcomeUnknown, match="1 lines, neither 0 nor 2"):
        gateway.add_invoice_lines("in_1", lines(2))


def test_decimals_are_sent_as_they_are(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice()).answer(invoice())
    gateway.add_invoice_lines("in_1", [{"price_data": {"unit_amount_decimal": Decimal("0.0045")}}])
    assert stub.asked[0].params["lines[0][price_data][unit_amount_decimal]"] == "0.0045"


def test_a_step_taken_by_a_cut_off_try_is_a_success(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(400, message="This invoice is already finalized").answer(invoice(status="open"))
    assert gateway.finalize_invoice("in_1").status == "open"


def test_a_step_that_stripe_refuses_is_an_error(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(400, message="You cannot void a paid invoice: this invoice is paid").answer(invoice(status="paid"))
    with pytest.raises(errors.NotAllowed):
        gateway.void_invoice("in_1")


def test_finalizing_never_turns_automatic_collection_on(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice())
    gateway.finalize_invoice("in_1")
    assert stub.asked[0].params["auto_advance"] == "false"


def test_paying_out_of_band_says_so(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(status="paid"))
    gateway.pay_invoice_out_of_band("in_1")
    assert stub.asked[0].params["paid_out_of_band"] == "true"


def test_sending_twice_mails_once(stub: Stub, gateway: StripeGateway) -> None:
    for _ in range(4):
        stub.answer(invoice())
    gateway.send_invoice("in_1")
    gateway.send_invoice("in_1")
    assert len(set(stub.keys())) == 1


def test_a_draft_that_is_gone_counts_as_deleted(stub: Stub, gateway: StripeGateway) -> None:
    stub.cut().refuse(404, code="resource_missing")
    gateway.delete_draft_invoice("in_1")
    assert stub.paths() == ["DELETE /v1/invoices/in_1"] * 2


@pytest.mark.parametrize(
    ("object_type", "path"),
    [
        ("customer", "/v1/customers/x"),
        ("invoice", "/v1/invoices/x"),
        ("charge", "/v1/charges/x"),
        ("payment_intent", "/v1/payment_intents/x"),
    ],
)
def test_metadata_goes_to_the_objects_own_place(
    stub: Stub, gateway: StripeGateway, object_type: str, path: str
) -> None:
    stub.answer({"id": "x", "object": object_type})
    gateway.update_metadata(object_type, "x", {"netsuite_id": "7"})
    assert (stub.asked[0].path, stub.asked[0].params) == (path, {"metadata[netsuite_id]": "7"})


def test_metadata_of_an_unknown_kind_is_refused(gateway: StripeGateway) -> None:
    with pytest.raises(ValueError, match="haunting has no metadata"):
        gateway.update_metadata("haunting", "x", {})


def test_a_tax_id_is_added_once(stub: Stub, gateway: StripeGateway) -> None:
    made = {"id": "txi_1", "object": "tax_id", "type": "eu_vat", "value": "DE123456789"}
    stub.answer(made).answer(made)
    for _ in range(2):
        gateway.add_tax_id("cus_1", {"type": "eu_vat", "value": "DE123456789"})
    assert len(set(stub.keys())) == 1


def test_each_visit_gets_its_own_portal_session(stub: Stub, gateway: StripeGateway) -> None:
    for number in (1, 2):
        stub.answer({"id": f"bps_{number}", "url": f"https://billing.stripe.com/p/{number}"})
    urls = [gateway.portal_url("cus_1") for _ in range(2)]
    assert urls == ["https://billing.stripe.com/p/1", "https://billing.stripe.com/p/2"]
    assert len(set(stub.keys())) == 2


# replacing an invoice, and money from outside ------------------------------------------------------------------


def record(**changed: Any) -> dict[str, Any]:
    return {
        "id": "pr_1",
        "object": "payment_record",
        "amount_requested": {"currency": "usd", "value": 250},
        "created": 1_760_000_000,
        "metadata": {"netsuite_payment_id": "8"},
        **changed,
    }


REPORT: dict[str, Any] = {
    "amount_requested": {"currency": "usd", "value": 250},
    "metadata": {"netsuite_payment_id": "8"},
}


def test_a_revision_is_made_emptied_and_set(stub: Stub, gateway: StripeGateway) -> None:
    draft = invoice(id="in_2", status="draft", from_invoice={"action": "revision", "invoice": "in_1"})
    stub.answer(draft).answer(draft).answer({**draft, "lines": listing()})
    made = gateway.revise_invoice(
        "in_1", {"metadata": {"netsuite_invoice_id": "7"}, "footer": "x"}, of="invoice:7:in_1"
    )
    assert (made.id, made.lines, stub.paths()) == (
        "in_2",
        (),
        ["POST /v1/invoices", "POST /v1/invoices/in_2/remove_lines", "POST /v1/invoices/in_2"],
    )
    assert stub.asked[0].params.keys() >= {"from_invoice[action]", "from_invoice[invoice]"}
    assert "footer" not in stub.asked[0].params


def test_a_remembered_revision_that_was_deleted_is_made_anew(stub: Stub, gateway: StripeGateway) -> None:
    draft = invoice(id="in_3", status="draft", lines=listing())
    stub.answer(invoice(id="in_2", status="draft"), headers=REPLAYED).refuse(404, code="resource_missing")
    stub.answer(draft).answer(draft)
    assert gateway.revise_invoice("in_1", {}, of="invoice:7:in_1").id == "in_3"


def test_a_payment_is_reported(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing()).answer(record())
    made = gateway.report_payment(REPORT, of="customerPayment:8:invoice:7")
    assert (made.id, made.amount, made.currency) == ("pr_1", 250, "usd")


def test_a_payment_that_stripe_has_is_not_reported_again(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(record(id="pr_0", metadata={}), record(id="pr_9")))
    assert gateway.report_payment(REPORT, of="customerPayment:8:invoice:7").id == "pr_9"
    assert stub.paths() == ["GET /v1/payment_records"]


def test_without_metadata_no_payment_is_reported(stub: Stub, gateway: StripeGateway) -> None:
    with pytest.raises(errors.OutcomeUnknown, match="Without metadata"):
        gateway.report_payment({"amount_requested": {"currency": "usd", "value": 250}}, of="customerPayment:8")
    assert stub.asked == []


def test_a_payment_that_is_attached_already_is_a_success(stub: Stub, gateway: StripeGateway) -> None:
    paid = {"type": "payment_record", "payment_record": "pr_1"}
    stub.refuse(400, message="The payment record is already attached to an invoice.")
    stub.answer(invoice(payments=listing(payment(1, payment=paid))))
    assert gateway.attach_payment("in_1", "pr_1").payments[0].payment_record == "pr_1"


def test_a_payment_that_is_refused_is_said(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(400, message="No.").answer(invoice())
    with pytest.raises(errors.NotAllowed):
        gateway.attach_payment("in_1", "pr_1")
