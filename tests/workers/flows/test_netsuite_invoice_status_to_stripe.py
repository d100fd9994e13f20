from typing import Any

import pytest

from app.systems.stripe.gateway import StripeGateway
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_netsuite_invoice_to_stripe import entity, invoice, line, pay_part
from tests.workers.flows.test_netsuite_invoice_update_to_stripe import current, sent
from tests.workers.flows.test_netsuite_invoice_void_to_stripe import credit_memo, from_charge, from_stripe, voided

FLOW = "netsuite_invoice_status_to_stripe"
VOID = "netsuite_invoice_void_to_stripe"


def paid(stage: Stage, who: str, applied: dict[str, str], **given: Any) -> str:
    """A NetSuite payment of what is applied: invoice -> amount."""
    lines = [{"doc": {"id": doc}, "apply": True, "amount": amount} for doc, amount in applied.items()]
    payment = str(sum(int(amount) for amount in applied.values()))
    body = {"customer": {"id": who}, "payment": payment, "apply": {"items": lines}, **given}
    made: str = stage.saves("customerPayment", body)["id"]
    return made


def sums(stage: Stage) -> list[tuple[str, int, int]]:
    """Of all Stripe invoices: status, paid, left."""
    return [(one["status"], one["amount_paid"], one["amount_remaining"]) for one in stage.stripe_state("invoice")]


def reports(stage: Stage) -> list[int]:
    return [one["amount_requested"]["value"] for one in stage.stripe_state("payment_record")]


def types_since(stage: Stage, known: int) -> list[str]:
    return [one["type"] for one in stage.stripe_state("event")[known:]]


def back_from_stripe(stage: Stage) -> list[str]:
    """Everything Stripe tells of goes to the flows that listen; the customer payments and credit memos after that."""
    for event in stage.unheard_stripe_events():
        stage.take(event)
    stage.work()
    stage.make_all_due()
    return [one["id"] for kind in ("customerPayment", "creditMemo") for one in stage.records(kind)]


def test_of_an_invoice_of_a_charge_stripe_is_told_nothing(stage: Stage) -> None:
    subject = from_charge(stage)
    payment = paid(stage, stage.records("invoice")[0]["entity"], {subject: "40"})
    results = [stage.run(FLOW, one) for one in (subject, payment)]
    assert [(one.state, one.stripe_calls) for one in results] == [("skipped", 0)] * 2


def test_an_invoice_paid_whole_by_check_is_paid_out_of_band(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    payment = paid(stage, who, {subject: "40"})
    assert stage.deliver(f"{FLOW}/customerPayment.create__by_check", payment).state == "succeeded"
    found = current(stage)
    assert picked(found, "status", "amount_paid", "amount_remaining", "metadata") == {
        "status": "paid",
        "amount_paid": 4000,
        "amount_remaining": 0,
        "metadata": {
            "netsuite_invoice_id": subject,
            "netsuite_tran_id": "INV1001",
            "netsuite_payment_id": payment,
        },
    }
    assert (reports(stage), stage.stripe_state("charge")) == ([], [])
    assert stage.records("invoice")[0]["custbody_tieout_stripe_status"] == "paid"
    assert picked(stage.links()[f"stripe-pay-{found['id']}"].__dict__, "netsuite_id", "origin") == {
        "netsuite_id": payment,
        "origin": "netsuite",
    }


def test_the_invoice_itself_may_be_the_subject(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    paid(stage, who, {subject: "40"})
    assert stage.deliver(f"{FLOW}/invoice.edit__paid", subject).state == "succeeded"
    assert sums(stage) == [("paid", 4000, 0)]


def test_a_whole_payment_is_a_record_by_option(stage: Stage) -> None:
    stage.choose(FLOW, full="record")
    who = entity(stage)
    subject = sent(stage, who=who)
    stage.run(FLOW, paid(stage, who, {subject: "40"}))
    assert (sums(stage), reports(stage)) == ([("paid", 4000, 0)], [4000])


def test_a_payment_in_part_is_reported_and_attached(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    payment = paid(stage, who, {subject: "15"}, tranDate="2026-08-19")
    assert stage.run(FLOW, payment).state == "succeeded"
    [record] = stage.stripe_state("payment_record")
    assert picked(record, "amount_guaranteed", "processor_details", "metadata") == {
        "amount_guaranteed": {"currency": "usd", "value": 1500},
        "processor_details": {
            "type": "custom",
            "custom": {"payment_reference": stage.records("customerPayment")[0]["tranId"]},
        },
        "metadata": {
            "netsuite_payment_id": payment,
            "netsuite_invoice_id": subject,
            "stripe_invoice_id": current(stage)["id"],
        },
    }
    assert sums(stage) == [("open", 1500, 2500)]
    assert stage.links()[f"stripe-pay-{record['id']}"].netsuite_id == payment


def test_each_payment_is_reported_once(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    for amount in ("15", "10"):
        payment = paid(stage, who, {subject: amount})
        stage.run(FLOW, payment)
        assert stage.run(FLOW, payment).code == "echo"
        assert stage.run(FLOW, subject).code == "echo"
    assert (sums(stage), reports(stage)) == ([("open", 2500, 1500)], [1500, 1000])


def test_two_payments_at_once_pay_it_whole(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    paid(stage, who, {subject: "15"})
    paid(stage, who, {subject: "25"})
    assert stage.run(FLOW, subject).state == "succeeded"
    assert (sums(stage), sorted(reports(stage))) == ([("paid", 4000, 0)], [1500, 2500])


def test_one_payment_of_two_invoices_is_told_for_each(stage: Stage) -> None:
    who = entity(stage)
    first, second = sent(stage, who=who), sent(stage, who=who)
    payment = paid(stage, who, {first: "40", second: "10"})
    assert stage.run(FLOW, payment).state == "succeeded"
    assert sums(stage) == [("paid", 4000, 0), ("open", 1000, 3000)]
    assert (stage.run(FLOW, payment).code, reports(stage)) == ("echo", [1000])


def test_payments_in_part_are_left_by_option(stage: Stage) -> None:
    stage.choose(FLOW, partial="leave")
    who = entity(stage)
    subject = sent(stage, who=who)
    assert (stage.run(FLOW, paid(stage, who, {subject: "15"})).code, reports(stage)) == ("echo", [])


def test_stripes_events_of_it_post_nothing_in_netsuite(stage: Stage) -> None:
    who = entity(stage)
    first, second = sent(stage, who=who), sent(stage, who=who)
    payment = paid(stage, who, {first: "40", second: "10"})
    stage.run(FLOW, payment)
    assert back_from_stripe(stage) == [payment]
    assert stage.states("stripe_invoice_paid_to_netsuite_payment") <= {"skipped"}


def test_a_credit_memo_becomes_a_credit_note(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    memo = credit_memo(stage, who, {subject: "10"})
    assert stage.deliver(f"{FLOW}/creditMemo.create__in_part", memo).state == "succeeded"
    [note] = stage.stripe_state("credit_note")
    assert (note["total"], note["metadata"], sums(stage)) == (
        1000,
        {"netsuite_credit_memo_id": memo, "netsuite_invoice_id": subject},
        [("open", 0, 3000)],
    )
    assert stage.links()[f"stripe-cm-{note['id']}"].origin == "netsuite"
    assert stage.run(FLOW, memo).code == "echo"


def test_an_invoice_closed_by_a_credit_memo_is_paid_in_stripe(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    memo = credit_memo(stage, who, {subject: "40"})
    stage.run(FLOW, memo)
    assert (current(stage)["status"], back_from_stripe(stage)) == ("paid", [memo])


def test_credit_memos_are_left_by_option(stage: Stage) -> None:
    stage.choose(FLOW, credit_memos="leave")
    who = entity(stage)
    subject = sent(stage, who=who)
    assert stage.run(FLOW, credit_memo(stage, who, {subject: "10"})).code == "echo"
    assert stage.stripe_state("credit_note") == []


def test_a_closing_credit_memo_is_left_to_the_void_flow_when_that_is_chosen(stage: Stage) -> None:
    stage.choose(VOID, closed_by_credit_memo="void")
    who = entity(stage)
    memo = credit_memo(stage, who, {sent(stage, who=who): "40"})
    assert (stage.run(FLOW, memo).code, current(stage)["status"]) == ("echo", "open")
    assert (stage.run(VOID, memo).state, current(stage)["status"]) == ("succeeded", "void")


@pytest.mark.parametrize(("chosen", "sent_as"), [(False, "none"), (True, "credit_note")])
def test_credit_notes_are_emailed_by_option(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, chosen: bool, sent_as: str
) -> None:
    asked: list[Any] = []
    create = StripeGateway.create_credit_note

    def noted(self: Any, params: Any, /, *, of: str) -> Any:
        asked.append(params["email_type"])
        return create(self, params, of=of)

    monkeypatch.setattr(StripeGateway, "create_credit_note", noted)
    stage.choose(FLOW, email_credit_notes=chosen)
    who = entity(stage)
    stage.run(FLOW, credit_memo(stage, who, {sent(stage, who=who): "10"}))
    assert asked == [sent_as]


def write_off(stage: Stage) -> tuple[str, str]:
    """Invoice and credit memo."""
    who = entity(stage)
    subject = sent(stage, who=who)
    return subject, credit_memo(stage, who, {subject: "40"}, item=ids.ITEM_BAD_DEBT)


def test_a_write_off_is_uncollectible_in_stripe(stage: Stage) -> None:
    _, memo = write_off(stage)
    assert stage.run(FLOW, memo).state == "succeeded"
    found = current(stage)
    assert (found["status"], stage.stripe_state("credit_note")) == ("uncollectible", [])
    assert stage.links()[f"stripe-cm-{found['id']}-uncollectible"].netsuite_id == memo
    assert stage.run(FLOW, memo).code == "echo"


def test_the_event_of_a_write_off_posts_no_second_credit_memo(stage: Stage) -> None:
    _, memo = write_off(stage)
    stage.run(FLOW, memo)
    assert back_from_stripe(stage) == [memo]


def test_a_write_off_is_credited_by_option(stage: Stage) -> None:
    stage.choose(FLOW, written_off="credit_note")
    _, memo = write_off(stage)
    stage.run(FLOW, memo)
    assert (current(stage)["status"], len(stage.stripe_state("credit_note"))) == ("paid", 1)


def test_what_was_paid_before_it_was_billed_is_not_told(stage: Stage) -> None:
    who = entity(stage)
    subject = invoice(stage, line("40"), who=who)
    pay_part(stage, subject, who, "15")
    stage.run("netsuite_invoice_to_stripe", subject)
    assert (stage.run(FLOW, subject).code, reports(stage)) == ("echo", [])
    stage.run(FLOW, paid(stage, who, {subject: "25"}))
    assert sums(stage) == [("paid", 2500, 0)]


def test_money_that_came_from_stripe_is_not_told_back(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", amount=1500)
    stage.run("stripe_invoice_paid_to_netsuite_payment", current(stage)["id"])
    [payment] = stage.records("customerPayment")
    assert (stage.run(FLOW, payment["id"]).code, stage.run(FLOW, subject).code, reports(stage)) == ("echo", "echo", [])


def test_stripe_and_netsuite_money_pay_it_together(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", amount=1500)
    stage.run("stripe_invoice_paid_to_netsuite_payment", current(stage)["id"])
    assert stage.run(FLOW, paid(stage, who, {subject: "25"})).state == "succeeded"
    assert (sums(stage), reports(stage)) == ([("paid", 4000, 0)], [2500])


def test_an_invoice_paid_twice_is_held(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", amount=1500)
    result = stage.run(FLOW, paid(stage, who, {subject: "40"}))
    assert (result.state, result.code, result.summary) == (
        "held",
        "amounts_differ",
        "For invoice INV1001 NetSuite received or credited 40.00 USD that Stripe does not know of, "
        "but Stripe asks for 25.00 USD.",
    )


def test_a_debit_on_its_way_is_held(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", payment_method="pm_usBankAccount")
    assert stage.run(FLOW, paid(stage, who, {subject: "40"})).code == "payment_refused"


@pytest.mark.parametrize("amount", ["15", "40"])
def test_a_payment_taken_back_is_held(stage: Stage, amount: str) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    payment = paid(stage, who, {subject: amount})
    stage.run(FLOW, payment)
    stage.removes("customerPayment", payment)
    result = stage.deliver(f"{FLOW}/customerPayment.delete__by_a_person", payment)
    assert (result.state, result.code) == ("held", "taken_back")


def test_a_bounced_payment_is_held(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    payment = paid(stage, who, {subject: "15"})
    stage.run(FLOW, payment)
    voided(stage, "customerPayment", payment)
    assert stage.deliver(f"{FLOW}/customerPayment.void__bounced", payment).code == "taken_back"


def test_an_invoice_from_stripe_that_netsuite_was_paid_for_is_paid_out_of_band(stage: Stage) -> None:
    subject = from_stripe(stage)
    who = stage.records("invoice")[0]["entity"]
    assert stage.run(FLOW, paid(stage, who, {subject: "40"})).state == "succeeded"
    assert (sums(stage), len(back_from_stripe(stage))) == ([("paid", 4000, 0)], 1)


def test_a_customer_deposit_that_is_applied_is_reported(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    deposit = stage.saves("customerDeposit", {"customer": {"id": who}, "payment": "25"})["id"]
    lines = {"apply": {"items": [{"doc": {"id": subject}, "apply": True, "amount": "25"}]}}
    made = stage.netsuite_does(f"ui/customerDeposit/{deposit}/!transform/depositApplication", **lines)["id"]
    assert stage.deliver(f"{FLOW}/depositApplication.create__applied", made).state == "succeeded"
    assert (sums(stage), reports(stage)) == ([("open", 2500, 1500)], [2500])


def test_yen_are_told_without_decimals(stage: Stage) -> None:
    who = entity(stage, currency={"id": ids.JPY}, currencyList={"items": [{"currency": {"id": ids.JPY}}]})
    subject = sent(stage, line("1050"), who=who, currency={"id": ids.JPY})
    stage.run(FLOW, paid(stage, who, {subject: "50"}, currency={"id": ids.JPY}))
    assert (sums(stage), reports(stage)) == ([("open", 50, 1000)], [50])


def test_a_payment_of_other_invoices_is_skipped(stage: Stage) -> None:
    who = entity(stage)
    payment = paid(stage, who, {invoice(stage, line("40"), who=who): "40"})
    assert stage.run(FLOW, payment).code == "not_sent"


def test_the_sweep_finds_new_and_deleted_payments(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    payment = paid(stage, who, {subject: "15"})
    assert stage.parts.sweeper.sweep(FLOW, "main") == 1
    stage.work()
    assert sums(stage) == [("open", 1500, 2500)]
    stage.removes("customerPayment", payment)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert "held" in stage.states(FLOW)
