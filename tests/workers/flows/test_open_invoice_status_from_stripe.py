from typing import Any

import pytest

from app.core.links import StoredLinks
from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, Stage, picked
from tests.workers.flows.test_hosted_invoice_url_to_netsuite import born_in_netsuite
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import applications, pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, draft, finalized

FLOW = "open_invoice_status_from_stripe"
PAID = "stripe_invoice_paid_to_netsuite_payment"
STATUS = "custbody_tieout_stripe_status"


def give_up(stage: Stage, subject: str) -> None:
    stage.stripe.v1.invoices.mark_uncollectible(subject)


def void(stage: Stage, subject: str) -> None:
    stage.stripe.v1.invoices.void_invoice(subject)


def sweep(stage: Stage) -> int:
    found = stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    return found


def forget(stage: Stage, subject: str) -> None:
    """The link is lost, or was never ours."""
    with stage.parts.database.session_scope() as session:
        session.delete(session.merge(stage.links()[f"stripe-inv-{subject}"]))


def invoice(stage: Stage) -> dict[str, Any]:
    return stage.records("invoice")[-1]


def closed(stage: Stage) -> dict[str, Any]:
    return picked(invoice(stage), "status", "amountRemaining", STATUS)


# uncollectible -------------------------------------------------------------------------------------------------


def test_an_uncollectible_invoice_is_written_off(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    assert stage.deliver(f"{FLOW}/invoice.marked_uncollectible__open", subject).state == "succeeded"
    [memo] = stage.records("creditMemo")
    names = ("externalId", "entity", "tranDate", "memo", "total", "applied", "unapplied", "custbody_tieout_stripe_id")
    assert picked(memo, *names) == {
        "externalId": f"stripe-cm-{subject}-uncollectible",
        "entity": invoice(stage)["entity"],
        "tranDate": "2026-08-20",
        "memo": f"Stripe invoice {stage.stripe.v1.invoices.retrieve(subject).number} is uncollectible",
        "total": "10.00",
        "applied": "10.00",
        "unapplied": "0.00",
        "custbody_tieout_stripe_id": subject,
    }


def test_it_is_an_expense_and_not_less_revenue(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.run(FLOW, subject)
    [line] = stage.records("creditMemo")[0]["item"]
    assert (line["item"], line["amount"]) == (ids.ITEM_BAD_DEBT, "10.00")


def test_the_invoice_is_closed_and_says_why(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.run(FLOW, subject)
    assert closed(stage) == {"status": "B", "amountRemaining": "0.00", STATUS: "uncollectible"}


def test_the_second_time_posts_nothing(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, len(stage.records("creditMemo"))) == ("echo", 0, 1)


def test_only_the_status_by_option(stage: Stage) -> None:
    stage.choose(FLOW, uncollectible="status_only")
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.run(FLOW, subject)
    assert (stage.records("creditMemo"), closed(stage)[STATUS]) == ([], "uncollectible")


def test_without_a_bad_debt_item_it_is_held(stage: Stage) -> None:
    stage.keep_books(items={**BOOKS["items"], "bad_debt": None})
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    result = stage.run(FLOW, subject)
    assert (result.code, result.action) == (
        "unmapped",
        "Set `books.main.items.bad_debt` in the configuration, then replay.",
    )


def test_what_was_paid_is_booked_and_only_the_rest_written_off(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject, amount=400)
    give_up(stage, subject)
    stage.run(FLOW, subject)
    paid, lost = stage.records("customerPayment"), stage.records("creditMemo")
    assert ([one["payment"] for one in paid], [one["total"] for one in lost]) == (["4.00"], ["6.00"])


def test_amounts_that_differ_are_held(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 50}
    stage.saves("invoice", {"item": {"items": [line]}}, internal_id)
    give_up(stage, subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, stage.records("creditMemo")) == ("held", "amount_mismatch", [])


def test_an_invoice_closed_in_netsuite_is_not_written_off(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    entity = invoice(stage)["entity"]
    applied = {"apply": {"items": [{"doc": {"id": internal_id}, "apply": True, "amount": 40}]}}
    stage.saves("customerPayment", {"customer": {"id": entity}, "payment": 40, **applied})
    give_up(stage, subject)
    stage.run(FLOW, subject)
    assert (stage.records("creditMemo"), closed(stage)[STATUS]) == ([], "uncollectible")


def test_an_invoice_born_in_netsuite_is_written_off_too(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    give_up(stage, subject)
    stage.run(FLOW, subject)
    assert applications(stage.records("creditMemo")[0]) == [(internal_id, "40.00")]


def test_a_closed_period_holds_the_memo_by_default(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert (stage.run(FLOW, subject).code, stage.records("creditMemo")) == ("period_closed", [])


def test_the_memo_follows_the_period_policy(stage: Stage) -> None:
    stage.decide(period_policy={"creditMemo": "first_open_period"})
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    stage.run(FLOW, subject)
    assert picked(stage.records("creditMemo")[0], "tranDate", "custbody_tieout_original_date") == {
        "tranDate": "2026-09-01",
        "custbody_tieout_original_date": "2026-08-20",
    }


def test_a_status_that_a_closed_period_keeps_out_does_not_fail_the_memo(stage: Stage) -> None:
    stage.decide(period_policy={"creditMemo": "first_open_period"})
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    result = stage.run(FLOW, subject)
    assert (result.state, closed(stage), "does not allow non-G/L changes" in result.notes[-1]) == (
        "succeeded",
        {"status": "B", "amountRemaining": "0.00", STATUS: "open"},
        True,
    )


# paid after all ------------------------------------------------------------------------------------------------


def lost_and_found(stage: Stage) -> str:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.run(FLOW, subject)
    pay(stage, subject)
    return subject


@pytest.mark.parametrize("flow", [FLOW, PAID])
def test_money_for_what_was_written_off_takes_the_memo_back(stage: Stage, flow: str) -> None:
    subject = lost_and_found(stage)
    assert stage.run(flow, subject).state == "succeeded"
    [memo], [payment] = stage.records("creditMemo"), stage.records("customerPayment")
    assert (memo["status"], memo["total"], payment["applied"], invoice(stage)["status"]) == ("V", "0", "10.00", "B")


def test_a_memo_that_cannot_be_voided_is_held(stage: Stage) -> None:
    subject = lost_and_found(stage)
    stage.netsuite_does("settings", void_with_reversing_journals=True)
    result = stage.run(PAID, subject)
    assert (result.state, result.code, stage.records("customerPayment")) == ("held", "paid_after_write_off", [])


def test_a_memo_that_a_person_took_off_is_left_alone(stage: Stage) -> None:
    subject = lost_and_found(stage)
    [memo] = stage.records("creditMemo")
    lines = [{"doc": {"id": memo["apply"][0]["doc"]}, "apply": False}]
    stage.saves("creditMemo", {"apply": {"items": lines}}, memo["id"])
    stage.run(PAID, subject)
    [memo], [payment] = stage.records("creditMemo"), stage.records("customerPayment")
    assert (memo["status"], payment["applied"]) == ("A", "10.00")


def test_a_memo_of_netsuites_own_is_not_voided(stage: Stage) -> None:
    subject = lost_and_found(stage)
    with stage.parts.database.session_scope() as session:
        session.merge(stage.links()[f"stripe-cm-{subject}-uncollectible"]).origin = "netsuite"
    result = stage.run(PAID, subject)
    assert (result.code, stage.records("creditMemo")[0]["status"]) == ("paid_after_write_off", "B")


def test_it_is_not_written_off_a_second_time(stage: Stage) -> None:
    subject = lost_and_found(stage)
    stage.run(PAID, subject)
    stage.run(FLOW, subject)
    assert len(stage.records("creditMemo")) == 1


# void ----------------------------------------------------------------------------------------------------------


def test_a_void_invoice_is_voided(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    void(stage, subject)
    assert stage.deliver(f"{FLOW}/invoice.voided__open", subject).state == "succeeded"
    assert (picked(invoice(stage), "status", "total", STATUS), stage.records("creditMemo")) == (
        {"status": "V", "total": "0.00", STATUS: "void"},
        [],
    )


def test_voiding_a_second_time_changes_nothing(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    void(stage, subject)
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls) == ("echo", 0)


def test_a_credit_memo_with_the_invoices_lines_by_option(stage: Stage) -> None:
    stage.choose(FLOW, void="credit_memo")
    subject = finalized(stage, customer(stage), amount(1000), amount(500))
    stage.run("stripe_invoice_to_netsuite_realtime", subject)
    void(stage, subject)
    stage.run(FLOW, subject)
    [memo] = stage.records("creditMemo")
    assert (memo["externalId"], memo["total"], memo["unapplied"], [line["amount"] for line in memo["item"]]) == (
        f"stripe-cm-{subject}-void",
        "15.00",
        "0.00",
        ["10.00", "5.00"],
    )


def test_in_a_closed_period_it_is_credited_instead(stage: Stage) -> None:
    stage.decide(period_policy={"creditMemo": "first_open_period"})
    subject = posted(stage, customer(stage))
    void(stage, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    stage.run(FLOW, subject)
    assert picked(stage.records("creditMemo")[0], "tranDate", "total") == {"tranDate": "2026-09-01", "total": "10.00"}


def test_where_direct_voids_are_off_it_is_credited_instead(stage: Stage) -> None:
    stage.netsuite_does("settings", void_with_reversing_journals=True)
    subject = posted(stage, customer(stage))
    void(stage, subject)
    stage.run(FLOW, subject)
    assert [one["externalId"] for one in stage.records("creditMemo")] == [f"stripe-cm-{subject}-void"]


def test_only_a_void_will_do_by_option(stage: Stage) -> None:
    stage.choose(FLOW, void="void")
    subject = posted(stage, customer(stage))
    void(stage, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert (stage.run(FLOW, subject).code, stage.records("creditMemo")) == ("period_closed", [])


def test_only_the_status_of_a_void_invoice_by_option(stage: Stage) -> None:
    stage.choose(FLOW, void="status_only")
    subject = posted(stage, customer(stage))
    void(stage, subject)
    stage.run(FLOW, subject)
    assert closed(stage) == {"status": "A", "amountRemaining": "10.00", STATUS: "void"}


def test_a_void_invoice_that_is_paid_in_part_in_netsuite_is_held(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    applied = {"apply": {"items": [{"doc": {"id": internal_id}, "apply": True, "amount": 15}]}}
    stage.saves("customerPayment", {"customer": {"id": invoice(stage)["entity"]}, "payment": 15, **applied})
    void(stage, subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, closed(stage)["amountRemaining"]) == ("held", "part_paid", "25.00")


def test_a_void_invoice_of_another_amount_is_held(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 50}
    stage.saves("invoice", {"item": {"items": [line]}}, internal_id)
    void(stage, subject)
    assert (stage.run(FLOW, subject).code, invoice(stage)["status"]) == ("amount_mismatch", "A")


def test_an_invoice_that_is_void_in_netsuite_already_is_left_alone(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    stage.netsuite_does(f"ui/invoice/{internal_id}/void")
    void(stage, subject)
    stage.run(FLOW, subject)
    assert (closed(stage)["status"], stage.records("creditMemo")) == ("V", [])


def test_an_invoice_that_was_written_off_before_it_was_voided_stays_so(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    give_up(stage, subject)
    stage.run(FLOW, subject)
    void(stage, subject)
    stage.run(FLOW, subject)
    assert (len(stage.records("creditMemo")), closed(stage)[STATUS]) == (1, "void")


def test_a_revised_invoice_is_not_voided_in_netsuite(stage: Stage) -> None:
    subject, _ = born_in_netsuite(stage)
    revision = stage.stripe.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": subject}}).id
    stage.stripe.v1.invoices.finalize_invoice(revision)
    result = stage.run(FLOW, subject)
    assert (result.code, closed(stage)["status"]) == ("replaced", "A")


def test_an_invoice_that_is_being_made_anew_is_not_voided_in_netsuite(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    old = stage.stripe.v1.invoices.retrieve(subject)
    stage.stripe.v1.invoices.create({"customer": old.customer, "metadata": {"netsuite_invoice_id": internal_id}})
    void(stage, subject)
    result = stage.run(FLOW, subject)
    assert (result.code, closed(stage)["status"]) == ("replaced", "A")


# paid, and what is not ours ------------------------------------------------------------------------------------


def test_a_paid_invoice_gets_the_payment_of_its_own_flow(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.run(FLOW, subject)
    stage.run(PAID, subject)
    [charge] = stage.stripe_state("charge")
    assert [one["externalId"] for one in stage.records("customerPayment")] == [f"stripe-pay-{charge['id']}"]
    assert closed(stage) == {"status": "B", "amountRemaining": "0.00", STATUS: "paid"}


def test_the_other_way_round_there_is_one_payment_too(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.run(PAID, subject)
    stage.run(FLOW, subject)
    assert len(stage.records("customerPayment")) == 1


def test_an_open_invoice_shows_its_status(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.saves("invoice", {STATUS: "draft"}, invoice(stage)["id"])
    stage.run(FLOW, subject)
    assert closed(stage)[STATUS] == "open"


def test_an_open_invoice_costs_no_call_to_netsuite_from_then_on(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, again.stripe_calls) == ("echo", 0, 1)


def test_an_invoice_that_is_not_in_netsuite_is_skipped(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    void(stage, subject)
    assert stage.run(FLOW, subject).code == "not_in_netsuite"


def test_a_draft_is_skipped(stage: Stage) -> None:
    assert stage.run(FLOW, draft(stage, customer(stage), amount(1000))).code == "draft"


def test_an_invoice_that_stripe_does_not_know_is_skipped(stage: Stage) -> None:
    assert stage.run(FLOW, "in_elsewhere").code == "unknown_stripe_id"


def test_the_sweep_finds_what_was_missed(stage: Stage) -> None:
    who = customer(stage)
    lost, gone, paid = (posted(stage, who) for _ in range(3))
    give_up(stage, lost)
    void(stage, gone)
    pay(stage, paid)
    assert sweep(stage) == 3
    shown = {one["custbody_tieout_stripe_id"]: one["status"] for one in stage.records("invoice")}
    assert shown == {lost: "B", gone: "V", paid: "B"}


def test_the_sweep_leaves_charges_to_the_flow_of_payments(stage: Stage) -> None:
    posted(stage, customer(stage))
    stage.saves("invoice", {"custbody_tieout_stripe_id": "ch_1"}, invoice(stage)["id"])
    assert sweep(stage) == 0


def test_the_sweep_leaves_invoices_of_another_account_alone(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    with stage.parts.database.session_scope() as session:
        session.merge(stage.links()[f"stripe-inv-{subject}"]).account = "other"
    assert sweep(stage) == 0


def test_an_invoice_of_an_earlier_integration_is_found_by_the_field(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    forget(stage, subject)
    give_up(stage, subject)
    stage.run(FLOW, subject)
    link = stage.links()[f"stripe-inv-{subject}"]
    assert (link.origin, link.netsuite_id, closed(stage)["status"]) == ("stripe", invoice(stage)["id"], "B")


def test_two_invoices_with_one_id_are_held_with_both(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    forget(stage, subject)
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 10}
    copy = {"entity": {"id": invoice(stage)["entity"]}, "item": {"items": [line]}}
    stage.saves("invoice", {**copy, "custbody_tieout_stripe_id": subject})
    result = stage.run(FLOW, subject)
    assert (result.code, [one["id"] for one in result.candidates]) == (
        "ambiguous",
        [one["id"] for one in stage.records("invoice")],
    )


def test_what_is_from_before_the_start_is_left_alone(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.decide(start_date="2026-09-01")
    give_up(stage, subject)
    assert (stage.run(FLOW, subject).code, stage.records("creditMemo")) == ("before_start", [])


def test_a_link_that_was_retired_is_not_acted_on(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    links = StoredLinks(stage.parts.database, "main")
    links.retire(stage.links()[f"stripe-inv-{subject}"], note="by hand")
    void(stage, subject)
    assert (stage.run(FLOW, subject).code, invoice(stage)["status"]) == ("replaced", "A")
