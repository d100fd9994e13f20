from typing import Any

import httpx
import pytest

from app.systems.stripe import objects as st
from app.systems.stripe.gateway import StripeGateway
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_netsuite_invoice_to_stripe import entity, invoice, line, lines_of, pay_part
from workers.records import stripe_invoice

ADD = "netsuite_invoice_to_stripe"
FLOW = "netsuite_invoice_update_to_stripe"


def sent(stage: Stage, *lines: dict[str, Any], who: str = "", **given: Any) -> str:
    """A NetSuite invoice that is in Stripe."""
    made = invoice(stage, *(lines or (line("40"),)), who=who, **given)
    assert stage.run(ADD, made).state == "succeeded"
    return made


def with_lines(stage: Stage, subject: str, *lines: dict[str, Any]) -> None:
    url = f"{stage.sandbox.netsuite_url}/_sandbox/ui/invoice/{subject}?replace=item"
    answer = httpx.patch(url, json={"item": {"items": list(lines)}})
    assert answer.is_success, answer.text


def shown(stage: Stage) -> list[tuple[str, int]]:
    """All Stripe invoices, oldest first."""
    return [(one["status"], one["total"]) for one in stage.stripe_state("invoice")]


def current(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.stripe_state("invoice")[-1]
    return found


def test_changed_lines_revise_the_stripe_invoice(stage: Stage) -> None:
    subject = sent(stage)
    with_lines(stage, subject, line("40"), line("12.50", "Seats", 2))
    assert stage.deliver(f"{FLOW}/invoice.edit__more_lines", subject).state == "succeeded"
    old, new = stage.stripe_state("invoice")
    assert picked(new, "status", "total", "customer", "currency", "collection_method", "metadata", "from_invoice") == {
        "status": "open",
        "total": 6500,
        "customer": old["customer"],
        "currency": "usd",
        "collection_method": "send_invoice",
        "metadata": {"netsuite_invoice_id": subject, "netsuite_tran_id": "INV1001"},
        "from_invoice": {"action": "revision", "invoice": old["id"]},
    }
    assert lines_of(new) == [("Advice", 4000), ("Seats (2 × 12.50)", 2500)]
    assert picked(old, "status", "latest_revision") == {"status": "void", "latest_revision": new["id"]}


def test_the_new_one_is_written_back_and_is_the_current_one(stage: Stage) -> None:
    subject = sent(stage)
    before = stage.records("invoice")[0]["custbody_tieout_payment_link"]
    with_lines(stage, subject, line("50"))
    stage.run(FLOW, subject)
    [record], (old, new) = stage.records("invoice"), stage.stripe_state("invoice")
    assert picked(
        record, "custbody_tieout_stripe_id", "custbody_tieout_stripe_number", "custbody_tieout_stripe_status"
    ) == {
        "custbody_tieout_stripe_id": new["id"],
        "custbody_tieout_stripe_number": new["number"],
        "custbody_tieout_stripe_status": "open",
    }
    assert record["custbody_tieout_payment_link"] == before
    links = stage.links()
    assert [links[f"stripe-inv-{one['id']}"].current for one in (old, new)] == [False, True]


def test_the_same_change_again_does_nothing(stage: Stage) -> None:
    subject = sent(stage)
    with_lines(stage, subject, line("50"))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.stripe_calls, shown(stage)) == ("echo", 0, [("void", 4000), ("open", 5000)])


def test_the_flow_that_bills_leaves_a_revised_invoice_alone(stage: Stage) -> None:
    subject = sent(stage)
    with_lines(stage, subject, line("50"))
    stage.run(FLOW, subject)
    assert (stage.run(ADD, subject).code, len(shown(stage))) == ("echo", 2)


def test_a_second_change_revises_the_revision(stage: Stage) -> None:
    subject = sent(stage)
    for amount in ("50", "60"):
        with_lines(stage, subject, line(amount))
        assert stage.run(FLOW, subject).state == "succeeded"
    assert shown(stage) == [("void", 4000), ("void", 5000), ("open", 6000)]


def test_it_is_voided_and_made_anew_by_option(stage: Stage) -> None:
    stage.choose(FLOW, money_changes="void_and_recreate")
    subject = sent(stage)
    with_lines(stage, subject, line("50"))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert (shown(stage), current(stage)["from_invoice"]) == ([("void", 4000), ("open", 5000)], None)


def test_a_decrease_is_credited_by_option(stage: Stage) -> None:
    stage.choose(FLOW, money_changes="credit_note")
    subject = sent(stage)
    with_lines(stage, subject, line("30"))
    assert stage.run(FLOW, subject).state == "succeeded"
    [note] = stage.stripe_state("credit_note")
    assert (note["total"], current(stage)["amount_remaining"]) == (1000, 3000)
    assert stage.links()[f"stripe-cm-{note['id']}"].origin == "netsuite"


def test_an_increase_is_held_where_credit_notes_are_chosen(stage: Stage) -> None:
    stage.choose(FLOW, money_changes="credit_note")
    subject = sent(stage)
    with_lines(stage, subject, line("50"))
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, shown(stage)) == ("held", "changed", [("open", 4000)])


def test_a_change_is_held_by_option(stage: Stage) -> None:
    stage.choose(FLOW, money_changes="hold")
    subject = sent(stage)
    with_lines(stage, subject, line("50"))
    result = stage.run(FLOW, subject)
    assert (result.state, result.summary) == (
        "held",
        "NetSuite invoice INV1001 was changed: 50.00 is left to pay, Stripe asks for 40.00 USD.",
    )


def test_another_customer_is_billed_anew(stage: Stage) -> None:
    subject, other = sent(stage), entity(stage, companyName="Other Works", email="other@example.com")
    stage.saves("invoice", {"entity": {"id": other}}, subject)
    assert stage.run(FLOW, subject).state == "succeeded"
    old, new = stage.stripe_state("invoice")
    assert (old["status"], new["status"], old["customer"] == new["customer"]) == ("void", "open", False)


def test_an_invoice_with_money_in_stripe_is_held(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", amount=1500)
    with_lines(stage, subject, line("50"))
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, shown(stage)) == ("held", "money_received", [("open", 4000)])


def test_an_invoice_paid_while_it_is_revised_is_not_asked_for_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = sent(stage)
    paid_for, finalize = current(stage)["id"], StripeGateway.finalize_invoice

    def after_the_payment(self: StripeGateway, invoice_id: str, /) -> st.Invoice:
        stage.stripe_does(f"invoices/{paid_for}/pay")
        return finalize(self, invoice_id)

    with_lines(stage, subject, line("50"))
    monkeypatch.setattr(StripeGateway, "finalize_invoice", after_the_payment)
    assert stage.run(FLOW, subject).code == "money_received"
    assert shown(stage) == [("paid", 4000), ("void", 5000)]


def test_a_payment_in_netsuite_is_no_change(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    pay_part(stage, subject, who, "15")
    assert (stage.run(FLOW, subject).code, shown(stage)) == ("echo", [("open", 4000)])


def test_a_payment_and_a_change_bill_what_is_left_and_say_what_was_taken_off(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    pay_part(stage, subject, who, "15")
    with_lines(stage, subject, line("50"))
    assert stage.run(FLOW, subject).state == "succeeded"
    [payment] = stage.records("customerPayment")
    assert (current(stage)["total"], current(stage)["metadata"]["netsuite_applied_before"]) == (3500, payment["id"])


def test_a_due_date_stays_in_stripe_and_is_noted(stage: Stage) -> None:
    subject = sent(stage)
    stage.saves("invoice", {"dueDate": "2026-10-20"}, subject)
    result = stage.deliver(f"{FLOW}/invoice.xedit__due_date", subject)
    assert (result.state, shown(stage)) == ("succeeded", [("open", 4000)])
    assert result.notes == [
        "Stripe does not change due date, memo, PO number or footer of a finalized invoice; it shows the old."
    ]
    assert stage.run(FLOW, subject).code == "echo"


def test_a_due_date_revises_by_option(stage: Stage) -> None:
    stage.choose(FLOW, soft_changes="revise")
    subject = sent(stage, memo="September")
    stage.saves("invoice", {"dueDate": "2026-10-20", "memo": "", "otherRefNum": "PO-9"}, subject)
    assert stage.run(FLOW, subject).state == "succeeded"
    assert shown(stage) == [("void", 4000), ("open", 4000)]
    assert picked(current(stage), "due_date", "description", "custom_fields") == {
        "due_date": 1792555199,
        "description": None,
        "custom_fields": [{"name": "PO number", "value": "PO-9"}],
    }


def test_netsuites_number_gets_a_counter(stage: Stage) -> None:
    stage.choose(ADD, number="netsuite")
    subject = sent(stage)
    with_lines(stage, subject, line("50"))
    stage.run(FLOW, subject)
    assert [one["number"] for one in stage.stripe_state("invoice")] == ["INV1001", "INV1001-2"]


def test_a_mapping_that_loses_a_line_is_not_finalized(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = sent(stage)
    with_lines(stage, subject, line("40"), line("10"))
    whole = stripe_invoice.lines
    monkeypatch.setattr(stripe_invoice, "lines", lambda *given: whole(*given)[:-1])
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, shown(stage)) == ("held", "amount_mismatch", [("open", 4000)])


def test_an_invoice_that_is_not_in_stripe_is_skipped(stage: Stage) -> None:
    assert stage.run(FLOW, invoice(stage, line("40"))).code == "not_sent"


def test_an_invoice_lowered_to_what_was_paid_is_held(stage: Stage) -> None:
    who = entity(stage)
    subject = sent(stage, who=who)
    pay_part(stage, subject, who, "15")
    with_lines(stage, subject, line("15"))
    assert stage.run(FLOW, subject).code == "nothing_left"


def test_a_person_who_voided_it_in_stripe_gets_no_new_one(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe.v1.invoices.void_invoice(current(stage)["id"])
    with_lines(stage, subject, line("50"))
    assert (stage.run(FLOW, subject).code, shown(stage)) == ("void", [("void", 4000)])


def test_the_sweep_looks_at_those_that_are_in_stripe(stage: Stage) -> None:
    subject = sent(stage)
    invoice(stage, line("1"))
    with_lines(stage, subject, line("50"))
    assert stage.parts.sweeper.sweep(FLOW, "main") == 1
    stage.work()
    assert shown(stage) == [("void", 4000), ("open", 5000)]
