from typing import Any

import pytest
import stripe

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_hosted_invoice_url_to_netsuite import TERMS, born_in_netsuite
from tests.workers.flows.test_open_invoice_status_from_stripe import forget, void
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized

FLOW = "open_invoice_details_from_stripe"
HOSTED = "hosted_invoice_url_to_netsuite"
REALTIME = "stripe_invoice_to_netsuite_realtime"


def invoice(stage: Stage) -> dict[str, Any]:
    return stage.records("invoice")[-1]


def refresh(stage: Stage) -> Any:
    return stage.run(FLOW, invoice(stage)["id"])


def shown(stage: Stage, *names: str) -> dict[str, Any]:
    return {name: invoice(stage).get(f"custbody_tieout_{name}") for name in names}


def sweep(stage: Stage) -> int:
    found = stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    return found


def elsewhere(stage: Stage, who: str, number: str, rate: int = 10) -> dict[str, Any]:
    """A NetSuite invoice of this Stripe customer's that another integration has made."""
    entity = stage.links()[f"stripe-cust-{who}"].netsuite_id
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": rate}
    return stage.saves("invoice", {"entity": {"id": entity}, "item": {"items": [line]}, "tranId": number})


def number_of(stage: Stage, subject: str) -> str:
    return str(stage.stripe.v1.invoices.retrieve(subject).number)


def linked_to(stage: Stage) -> dict[str, tuple[str, str]]:
    return {link.stripe_id: (link.netsuite_id, link.origin) for link in stage.links().values() if link.role == "inv"}


# refreshing ----------------------------------------------------------------------------------------------------


def test_an_open_invoice_shows_what_stripe_knows(stage: Stage) -> None:
    subject = posted(stage, customer(stage), **TERMS)
    fetched = stage.stripe.v1.invoices.retrieve(subject)
    assert refresh(stage).state == "succeeded"
    assert {name: value for name, value in invoice(stage).items() if name.startswith("custbody_")} == {
        "custbody_tieout_stripe_id": subject,
        "custbody_tieout_stripe_number": fetched.number,
        "custbody_tieout_stripe_status": "open",
        "custbody_tieout_hosted_url": fetched.hosted_invoice_url,
        "custbody_tieout_pdf_url": fetched.invoice_pdf,
        "custbody_tieout_due_date": "2026-09-19",
        "custbody_tieout_amount_due": "10.00",
        "custbody_tieout_amount_paid": "0.00",
        "custbody_tieout_amount_remaining": "10.00",
    }


def test_no_amount_changes(stage: Stage) -> None:
    posted(stage, customer(stage), **TERMS)
    before = invoice(stage)
    refresh(stage)
    names = [name for name in before if not name.startswith("custbody_")]
    assert picked(invoice(stage), *names) == picked(before, *names)


def test_it_costs_one_call_to_netsuite_and_two_to_stripe(stage: Stage) -> None:
    posted(stage, customer(stage))
    result = refresh(stage)
    assert (result.netsuite_calls, result.stripe_calls) == (1, 2)


def test_nothing_new_costs_no_call_to_netsuite(stage: Stage) -> None:
    posted(stage, customer(stage))
    refresh(stage)
    again = refresh(stage)
    assert (again.state, again.code, again.netsuite_calls) == ("skipped", "echo", 0)


def test_a_part_payment_shows(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    refresh(stage)
    pay(stage, subject, amount=400)
    refresh(stage)
    [charge] = stage.stripe_state("charge")
    assert shown(stage, "amount_due", "amount_paid", "amount_remaining", "charge_id") == {
        "amount_due": "10.00",
        "amount_paid": "4.00",
        "amount_remaining": "6.00",
        "charge_id": charge["id"],
    }


def test_only_what_changed_is_sent(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    refresh(stage)
    stage.saves("invoice", {"custbody_tieout_stripe_number": "by hand"}, invoice(stage)["id"])
    pay(stage, subject, amount=400)
    refresh(stage)
    assert shown(stage, "stripe_number", "amount_paid") == {"stripe_number": "by hand", "amount_paid": "4.00"}


def declined(stage: Stage) -> str:
    who = customer(stage)
    subject = posted(stage, who)
    with pytest.raises(stripe.CardError):
        stage.stripe.v1.invoices.pay(subject, {"payment_method": "pm_card_chargeDeclined"})
    return subject


def test_the_last_error_of_the_payment_shows(stage: Stage) -> None:
    declined(stage)
    refresh(stage)
    assert shown(stage, "last_error") == {"last_error": "Your card was declined."}


def test_the_error_goes_when_it_is_paid(stage: Stage) -> None:
    subject = declined(stage)
    refresh(stage)
    pay(stage, subject)
    refresh(stage)
    assert shown(stage, "last_error", "stripe_status") == {"last_error": None, "stripe_status": "paid"}


def test_the_next_attempt_shows_in_the_subsidiarys_time(stage: Stage) -> None:
    who = customer(stage)
    made = stage.stripe.v1.invoices.create({"customer": who, "auto_advance": True}).id
    stage.stripe.v1.invoices.add_lines(made, {"lines": [amount(1000)]})
    stage.stripe.v1.invoices.finalize_invoice(made)
    stage.run(REALTIME, made)
    refresh(stage)
    assert shown(stage, "next_attempt") == {"next_attempt": "2026-08-23 10:30"}


def test_each_currency_has_its_own_decimals(stage: Stage) -> None:
    posted(stage, customer(stage), 1050, currency="jpy")
    refresh(stage)
    assert shown(stage, "amount_due") == {"amount_due": "1050"}


def test_the_fields_are_an_option(stage: Stage) -> None:
    stage.choose(FLOW, fields=["amount_due", "due_date"])
    posted(stage, customer(stage), **TERMS)
    refresh(stage)
    assert shown(stage, "amount_due", "due_date", "amount_paid", "hosted_url") == {
        "amount_due": "10.00",
        "due_date": "2026-09-19",
        "amount_paid": None,
        "hosted_url": None,
    }


def test_without_fields_of_the_payment_it_is_not_asked_for(stage: Stage) -> None:
    stage.choose(FLOW, fields=["amount_due"])
    posted(stage, customer(stage))
    assert refresh(stage).stripe_calls == 1


def test_what_a_person_wrote_is_kept_by_option(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    posted(stage, customer(stage), **TERMS)
    stage.saves("invoice", {"custbody_tieout_due_date": "soon"}, invoice(stage)["id"])
    refresh(stage)
    assert shown(stage, "due_date", "amount_due") == {"due_date": "soon", "amount_due": "10.00"}


def test_what_was_filled_is_kept_up_to_date_all_the_same(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    subject = posted(stage, customer(stage))
    refresh(stage)
    pay(stage, subject, amount=400)
    refresh(stage)
    assert shown(stage, "amount_paid") == {"amount_paid": "4.00"}


def test_what_was_kept_is_written_over_when_that_is_chosen(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    posted(stage, customer(stage), **TERMS)
    stage.saves("invoice", {"custbody_tieout_due_date": "soon"}, invoice(stage)["id"])
    refresh(stage)
    stage.choose(FLOW, overwrite="always")
    refresh(stage)
    assert shown(stage, "due_date") == {"due_date": "2026-09-19"}


def test_netsuites_own_due_date_follows_by_option(stage: Stage) -> None:
    stage.choose(FLOW, due_date=True)
    born_in_netsuite(stage)
    stage.saves("invoice", {"dueDate": "2026-12-31"}, invoice(stage)["id"])
    refresh(stage)
    assert invoice(stage)["dueDate"] == "2026-09-20"


def test_netsuites_memo_follows_by_option(stage: Stage) -> None:
    stage.choose(FLOW, memo=True)
    posted(stage, customer(stage), description="August")
    refresh(stage)
    assert invoice(stage)["memo"] == "August"


@pytest.mark.parametrize("given", [{"custom_fields": [{"name": "PO", "value": "77"}]}, {"metadata": {"PO": "77"}}])
def test_netsuites_po_number_follows_by_option(stage: Stage, given: dict[str, Any]) -> None:
    stage.choose(FLOW, po_number_from="PO")
    posted(stage, customer(stage), **given)
    refresh(stage)
    assert invoice(stage)["otherRefNum"] == "77"


def test_netsuites_own_fields_are_left_alone_by_default(stage: Stage) -> None:
    posted(stage, customer(stage), description="August", metadata={"PO": "77"}, **TERMS)
    before = picked(invoice(stage), "dueDate", "memo", "otherRefNum")
    refresh(stage)
    assert picked(invoice(stage), "dueDate", "memo", "otherRefNum") == before


def test_the_address_goes_by_the_options_of_its_own_flow(stage: Stage) -> None:
    stage.choose(HOSTED, link="ours")
    posted(stage, customer(stage))
    refresh(stage)
    assert shown(stage, "hosted_url") == {"hosted_url": stage.parts.executor.public.pay("main", invoice(stage)["id"])}


def test_the_address_is_fetched_anew_before_it_expires(stage: Stage) -> None:
    posted(stage, customer(stage), **TERMS)
    refresh(stage)
    before = shown(stage, "hosted_url")
    stage.pass_time(days=40)
    unchanged = refresh(stage).code
    stage.pass_time(days=17)
    refresh(stage)
    assert (unchanged, shown(stage, "hosted_url") == before) == ("echo", False)


def test_its_own_flow_takes_the_address_away_when_paid(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    refresh(stage)
    pay(stage, subject)
    stage.run(HOSTED, subject)
    assert shown(stage, "hosted_url") == {"hosted_url": None}


def test_a_closed_period_keeps_the_fields_and_says_so(stage: Stage) -> None:
    posted(stage, customer(stage))
    stage.netsuite_does("periods/2026-08", state="closed")
    result = refresh(stage)
    assert (result.state, "does not allow non-G/L changes" in result.notes[-1]) == ("skipped", True)


def test_what_a_closed_period_refused_is_not_sent_again(stage: Stage) -> None:
    posted(stage, customer(stage))
    stage.netsuite_does("periods/2026-08", state="closed")
    refresh(stage)
    assert refresh(stage).netsuite_calls == 0


# linking -------------------------------------------------------------------------------------------------------


def test_an_invoice_is_linked_by_the_metadata_in_stripe(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    forget(stage, subject)
    stage.saves("invoice", {"custbody_tieout_stripe_id": ""}, internal_id)
    assert refresh(stage).state == "succeeded"
    assert (linked_to(stage), shown(stage, "stripe_id")) == (
        {subject: (internal_id, "netsuite")},
        {"stripe_id": subject},
    )


def test_an_invoice_is_linked_by_its_number(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000))
    internal_id = elsewhere(stage, who, number_of(stage, subject))["id"]
    refresh(stage)
    assert linked_to(stage) == {subject: (internal_id, "stripe")}


def test_an_invoice_is_linked_by_the_field(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000))
    internal_id = elsewhere(stage, who, "77")["id"]
    stage.saves("invoice", {"custbody_tieout_stripe_id": subject}, internal_id)
    refresh(stage)
    assert linked_to(stage) == {subject: (internal_id, "netsuite")}


def test_it_is_not_linked_when_that_is_not_wanted(stage: Stage) -> None:
    stage.choose(FLOW, link_missing=[])
    who = customer(stage)
    elsewhere(stage, who, number_of(stage, finalized(stage, who, amount(1000))))
    assert (refresh(stage).code, linked_to(stage)) == ("no_match", {})


def test_the_rules_are_an_option(stage: Stage) -> None:
    stage.choose(FLOW, link_missing=["metadata"])
    who = customer(stage)
    elsewhere(stage, who, number_of(stage, finalized(stage, who, amount(1000))))
    assert refresh(stage).code == "no_match"


def test_several_are_held_with_the_candidates(stage: Stage) -> None:
    who = customer(stage)
    internal_id = elsewhere(stage, who, "77")["id"]
    both = [finalized(stage, who, amount(1000), metadata={"netsuite_invoice_id": internal_id}) for _ in range(2)]
    result = refresh(stage)
    assert (result.code, sorted(one["id"] for one in result.candidates), linked_to(stage)) == (
        "ambiguous",
        sorted(both),
        {},
    )


def test_the_same_number_with_another_amount_is_held(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000))
    elsewhere(stage, who, number_of(stage, subject), rate=11)
    result = refresh(stage)
    assert (result.code, [one["id"] for one in result.candidates]) == ("amount_mismatch", [subject])


def test_a_void_invoice_is_not_linked(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000))
    elsewhere(stage, who, number_of(stage, subject))
    void(stage, subject)
    assert refresh(stage).code == "no_match"


def test_an_invoice_that_belongs_to_another_is_not_linked(stage: Stage) -> None:
    who = customer(stage)
    subject = posted(stage, who)
    made = elsewhere(stage, who, "77")
    stage.saves("invoice", {"custbody_tieout_stripe_id": subject}, made["id"])
    assert stage.run(FLOW, made["id"]).code == "copied"


def test_an_invoice_of_a_charge_is_left_to_the_flow_of_payments(stage: Stage) -> None:
    made = elsewhere(stage, customer(stage), "77")
    stage.saves("invoice", {"custbody_tieout_stripe_id": "ch_1"}, made["id"])
    assert refresh(stage).code == "charge"


def test_an_invoice_of_another_currency_is_held(stage: Stage) -> None:
    who = customer(stage)
    made = elsewhere(stage, who, "77")
    subject = finalized(stage, who, amount(1000), currency="eur")
    stage.saves("invoice", {"custbody_tieout_stripe_id": subject}, made["id"])
    assert refresh(stage).code == "other_currency"


def test_a_customer_that_is_not_in_stripe_has_no_invoices_there(stage: Stage) -> None:
    entity = stage.saves("customer", {"companyName": "N", "subsidiary": {"id": ids.SUBSIDIARY_US}})["id"]
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 40}
    stage.saves("invoice", {"entity": {"id": entity}, "item": {"items": [line]}})
    assert (refresh(stage).code, sweep(stage)) == ("no_customer", 0)


def test_once_linked_it_is_not_billed_a_second_time(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000))
    made = elsewhere(stage, who, number_of(stage, subject))
    refresh(stage)
    stage.run("netsuite_invoice_to_stripe", made["id"])
    assert [one["id"] for one in stage.stripe_state("invoice")] == [subject]


def test_once_linked_it_is_not_imported_a_second_time(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000))
    elsewhere(stage, who, number_of(stage, subject))
    refresh(stage)
    stage.run(REALTIME, subject)
    assert len(stage.records("invoice")) == 1


def test_the_billing_flow_can_still_finish_what_it_began(stage: Stage) -> None:
    subject, internal_id = born_in_netsuite(stage)
    forget(stage, subject)
    stage.saves("invoice", {"custbody_tieout_stripe_id": "", "custbody_tieout_payment_link": ""}, internal_id)
    refresh(stage)
    assert stage.run("netsuite_invoice_to_stripe", internal_id).state == "succeeded"
    assert (shown(stage, "payment_link")["payment_link"] is not None, len(stage.stripe_state("invoice"))) == (True, 1)


def test_an_invoice_that_is_gone_is_skipped(stage: Stage) -> None:
    assert stage.run(FLOW, "424242").code == "gone"


def test_the_sweep_refreshes_all_open_invoices(stage: Stage) -> None:
    who = customer(stage)
    paid, left = posted(stage, who), posted(stage, who)
    pay(stage, paid)
    stage.run("stripe_invoice_paid_to_netsuite_payment", paid)
    assert sweep(stage) == 1
    [one] = [one for one in stage.records("invoice") if one["custbody_tieout_stripe_id"] == left]
    assert one["custbody_tieout_amount_remaining"] == "10.00"


def test_the_sweep_looks_at_unlinked_invoices_when_they_have_changed(stage: Stage) -> None:
    made = elsewhere(stage, customer(stage), "77")
    found = [sweep(stage)]
    stage.pass_time(days=3)
    found.append(sweep(stage))
    stage.pass_time(days=3)
    found.append(sweep(stage))
    stage.saves("invoice", {"memo": "changed"}, made["id"])
    assert [*found, sweep(stage)] == [1, 1, 0, 1]


def test_an_invoice_that_was_deleted_meanwhile_is_skipped(stage: Stage) -> None:
    posted(stage, customer(stage), **TERMS)
    gone = invoice(stage)["id"]
    stage.removes("invoice", gone)
    assert stage.run(FLOW, gone).code == "gone"
