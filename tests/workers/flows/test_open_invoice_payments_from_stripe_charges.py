from typing import Any

import pytest

from app.admin import actions, choices
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_charge_to_netsuite_invoice import charge, open_invoice, written
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import applications, pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import customer
from tests.workers.flows.test_stripe_payment_to_netsuite_payment import of_amount

FLOW = "open_invoice_payments_from_stripe_charges"
PAYMENT = "stripe_payment_to_netsuite_payment"
CHARGES = "stripe_charge_to_netsuite_invoice"


@pytest.fixture(autouse=True)
def _charges_are_not_invoiced(stage: Stage) -> None:
    stage.switch(CHARGES, False)


def payment(stage: Stage) -> dict[str, Any]:
    [record] = stage.records("customerPayment")
    return record


def test_the_charge_that_the_invoice_names_pays_it(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    invoice = open_invoice(stage, custbody_tieout_stripe_id=subject)["id"]
    result = stage.run(FLOW, invoice)
    assert (result.state, result.notes) == (
        "succeeded",
        [f"{subject} pays NetSuite invoice {invoice}, by the rule stripe_id_field."],
    )
    record = payment(stage)
    assert picked(record, "externalId", "payment", "applied", "unapplied", "custbody_tieout_charge_id") == {
        "externalId": f"stripe-pay-{subject}",
        "payment": "50.00",
        "applied": "50.00",
        "unapplied": "0.00",
        "custbody_tieout_charge_id": subject,
    }
    assert (applications(record), stage.records("invoice")[0]["status"]) == ([(invoice, "50.00")], "B")


def test_the_payment_intent_that_the_invoice_names_pays_it(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    intent = stage.stripe.v1.charges.retrieve(subject).payment_intent
    invoice = open_invoice(stage, custbody_tieout_stripe_id=intent)["id"]
    stage.run(FLOW, invoice)
    assert applications(payment(stage)) == [(invoice, "50.00")]


def test_a_payment_that_is_there_unapplied_is_applied(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.run(PAYMENT, subject)
    known = payment(stage)["id"]
    invoice = open_invoice(stage, custbody_tieout_stripe_id=subject)["id"]
    stage.run(FLOW, invoice)
    assert (payment(stage)["id"], applications(payment(stage))) == (known, [(invoice, "50.00")])


@pytest.mark.parametrize("first", [FLOW, PAYMENT])
def test_with_the_payment_flow_it_is_booked_once_in_any_order(stage: Stage, first: str) -> None:
    subject = charge(stage, customer(stage))
    invoice = open_invoice(stage, custbody_tieout_stripe_id=subject)["id"]
    subjects = {FLOW: invoice, PAYMENT: subject}
    stage.run(first, subjects.pop(first))
    [(second, other)] = subjects.items()
    assert stage.run(second, other).state == "skipped"
    assert applications(payment(stage)) == [(invoice, "50.00")]


@pytest.mark.parametrize("mode", ["invoice", "invoice_and_payment"])
def test_the_invoice_of_a_charge_is_paid_by_that_charge(stage: Stage, mode: str) -> None:
    stage.switch(CHARGES, True)
    stage.choose(CHARGES, mode=mode)
    stage.run(CHARGES, charge(stage, customer(stage)))
    [invoice] = stage.records("invoice")
    stage.run(FLOW, invoice["id"])
    assert applications(payment(stage)) == [(invoice["id"], "50.00")]


@pytest.mark.parametrize("said", ["netsuite_invoice_id", "apply_to_invoices", "invoice_number"])
def test_the_charges_metadata_names_the_invoice(stage: Stage, said: str) -> None:
    who = customer(stage)
    invoice = open_invoice(stage, tranId="INV-77")["id"]
    charge(stage, who, metadata={said: invoice if said == "netsuite_invoice_id" else "INV-77"})
    stage.run(FLOW, invoice)
    assert applications(payment(stage)) == [(invoice, "50.00")]


def test_the_charges_description_says_the_number(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage, tranId="INV-1077")["id"]
    charge(stage, who, description="Thanks for paying INV-1077")
    stage.run(FLOW, invoice)
    assert applications(payment(stage)) == [(invoice, "50.00")]


def test_amount_and_currency_are_no_match_by_default(stage: Stage) -> None:
    charge(stage, customer(stage))
    result = stage.run(FLOW, open_invoice(stage)["id"])
    assert (result.state, result.code, written(stage)) == ("skipped", "unmatched", {"invoice": 1})


def test_a_unique_amount_is_a_match_by_rule(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    charge(stage, who, 4900)
    subject = charge(stage, who)
    stage.run(FLOW, open_invoice(stage)["id"])
    assert payment(stage)["externalId"] == f"stripe-pay-{subject}"


def test_two_charges_of_that_amount_are_held_with_the_candidates(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    both = {charge(stage, who), charge(stage, who)}
    result = stage.run(FLOW, open_invoice(stage)["id"])
    assert (result.state, result.code, {one["id"] for one in result.candidates}) == ("held", "ambiguous", both)


def test_two_invoices_of_that_amount_are_held(stage: Stage) -> None:
    of_amount(stage)
    charge(stage, customer(stage))
    first = open_invoice(stage)["id"]
    open_invoice(stage)
    assert stage.run(FLOW, first).code == "ambiguous"


def test_a_charge_that_paid_a_stripe_invoice_is_no_candidate(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    pay(stage, posted(stage, who, 5000))
    invoice = open_invoice(stage)["id"]
    assert stage.run(FLOW, invoice).code == "unmatched"


def test_a_link_made_by_hand_decides_a_tie(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    charge(stage, who)
    meant = charge(stage, who)
    invoice = open_invoice(stage)["id"]
    given = {"account": "main", "origin": "netsuite", "note": "", "actor": "ada"}
    actions.link(stage.parts, "inv", meant, invoice, **given)
    stage.run(FLOW, invoice)
    assert payment(stage)["externalId"] == f"stripe-pay-{meant}"


def test_the_charge_that_a_person_chooses_pays_it(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    charge(stage, who)
    meant = charge(stage, who)
    invoice = open_invoice(stage)["id"]
    run_id = stage.parts.sweeper.on_demand(FLOW, "main", [invoice])[0]
    stage.work()
    choices.choose(stage.parts, run_id, meant, actor="ada")
    stage.work()
    assert (stage.result(run_id).state, payment(stage)["externalId"]) == ("succeeded", f"stripe-pay-{meant}")


def test_what_was_looked_at_is_kept_with_the_verdict(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    other = charge(stage, who, 4900)
    subject = charge(stage, who)
    result = stage.run(FLOW, open_invoice(stage)["id"])
    verdicts = {(one["id"], one["verdict"], one["rule"]) for one in result.candidates if one["type"] == "charge"}
    assert verdicts == {
        (subject, "chosen", "customer_amount_currency"),
        (other, "rejected", "customer_amount_currency"),
    }


def test_what_is_beyond_the_invoice_stays_unapplied(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.run(FLOW, open_invoice(stage, "30", custbody_tieout_stripe_id=subject)["id"])
    assert picked(payment(stage), "payment", "applied", "unapplied") == {
        "payment": "50.00",
        "applied": "30.00",
        "unapplied": "20.00",
    }


def test_one_charge_pays_several_invoices(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    found = [open_invoice(stage, value, custbody_tieout_stripe_id=subject)["id"] for value in ("20", "30")]
    stage.run(FLOW, found[0])
    assert applications(payment(stage)) == [(found[0], "20.00"), (found[1], "30.00")]


def test_several_charges_pay_one_invoice(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage, "70")["id"]
    for _ in range(2):
        charge(stage, who, metadata={"netsuite_invoice_id": invoice})
        stage.pass_time(minutes=1)
    stage.run(FLOW, invoice)
    found = [applications(one) for one in stage.records("customerPayment")]
    assert found == [[(invoice, "50.00")], [(invoice, "20.00")]]


def test_a_charge_that_is_spent_elsewhere_pays_nothing_twice(stage: Stage) -> None:
    who = customer(stage)
    first = open_invoice(stage)["id"]
    subject = charge(stage, who, metadata={"netsuite_invoice_id": first})
    stage.run(PAYMENT, subject)
    result = stage.run(FLOW, open_invoice(stage, custbody_tieout_stripe_id=subject)["id"])
    assert (result.code, applications(payment(stage))) == ("unmatched", [(first, "50.00")])


def test_a_deposit_is_applied(stage: Stage) -> None:
    stage.choose(PAYMENT, unmatched="deposit")
    subject = charge(stage, customer(stage))
    stage.run(PAYMENT, subject)
    invoice = open_invoice(stage, "30", custbody_tieout_stripe_id=subject)["id"]
    assert stage.run(FLOW, invoice).state == "succeeded"
    [deposit], [applied] = stage.records("customerDeposit"), stage.records("depositApplication")
    assert (deposit["unapplied"], applied["externalId"], applied["total"], written(stage)) == (
        "20.00",
        f"stripe-depa-{subject}-{invoice}",
        "30.00",
        {"invoice": 1, "customerDeposit": 1},
    )


def test_a_copy_of_a_paid_invoice_is_not_paid_by_the_same_charge(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.run(FLOW, open_invoice(stage, custbody_tieout_stripe_id=subject)["id"])
    result = stage.run(FLOW, open_invoice(stage, custbody_tieout_stripe_id=subject)["id"])
    assert (result.code, result.notes) == ("unmatched", [f"{subject} is spent on other invoices."])


def test_a_charge_that_is_a_cash_sale_is_held(stage: Stage) -> None:
    stage.choose(CHARGES, mode="cash_sale")
    subject = charge(stage, customer(stage))
    stage.run(CHARGES, subject)
    result = stage.run(FLOW, open_invoice(stage, custbody_tieout_stripe_id=subject)["id"])
    assert (result.state, result.code, written(stage)) == ("held", "cash_sale", {"invoice": 1, "cashSale": 1})


def test_what_was_refunded_of_it_is_not_applied(stage: Stage) -> None:
    stage.choose(PAYMENT, link_existing=False)
    subject = charge(stage, customer(stage))
    stage.run(PAYMENT, subject)
    entity, known = stage.records("customer")[0]["id"], payment(stage)["id"]
    line = {"doc": {"id": known}, "apply": True, "amount": "20"}
    given = {"customer": {"id": entity}, "account": {"id": ids.BANK["USD"]}, "apply": {"items": [line]}}
    stage.saves("customerRefund", given)
    invoice = open_invoice(stage, custbody_tieout_stripe_id=subject)["id"]
    stage.run(FLOW, invoice)
    assert (applications(payment(stage)), stage.records("invoice")[0]["amountRemaining"]) == (
        [(invoice, "30.00")],
        "20.00",
    )


def test_a_guests_unapplied_payment_is_found_by_its_customer(stage: Stage) -> None:
    customer(stage)
    subject = charge(stage, receipt_email="ada@example.com", description="For INV-1077")
    stage.run(PAYMENT, subject)
    stage.run(FLOW, open_invoice(stage, tranId="INV-1077")["id"])
    assert payment(stage)["applied"] == "50.00"


def test_an_invoice_that_stripe_bills_is_left_to_its_own_flows(stage: Stage) -> None:
    posted(stage, customer(stage))
    assert stage.run(FLOW, stage.records("invoice")[0]["id"]).code == "has_invoice"


def test_a_paid_invoice_is_skipped(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    invoice = open_invoice(stage, custbody_tieout_stripe_id=subject)["id"]
    stage.run(FLOW, invoice)
    assert stage.run(FLOW, invoice).code == "not_open"


def test_an_old_invoice_is_not_looked_at_any_more(stage: Stage) -> None:
    stage.choose(FLOW, try_days=10)
    customer(stage)
    assert stage.run(FLOW, open_invoice(stage, tranDate="2026-08-01")["id"]).code == "too_old"


def test_an_old_charge_is_not_looked_for(stage: Stage) -> None:
    stage.choose(FLOW, look_back_days=5)
    who = customer(stage)
    charge(stage, who, metadata={"invoice_number": "INV-77"})
    stage.pass_time(days=10)
    assert stage.run(FLOW, open_invoice(stage, tranId="INV-77")["id"]).code == "unmatched"


def test_a_charge_that_the_account_does_not_know_is_held(stage: Stage) -> None:
    customer(stage)
    result = stage.run(FLOW, open_invoice(stage, custbody_tieout_stripe_id="ch_unknown")["id"])
    assert (result.state, result.code) == ("held", "unknown_stripe_id")


def test_an_invoice_of_another_subsidiary_is_skipped(stage: Stage) -> None:
    customer(stage)
    stage.keep_books(subsidiary=ids.SUBSIDIARY_EU, also_subsidiaries=[])
    assert stage.run(FLOW, open_invoice(stage)["id"]).code == "other_subsidiary"


def test_the_sweep_tries_again_until_the_charge_is_there(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage)["id"]
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    charge(stage, who, metadata={"netsuite_invoice_id": invoice})
    stage.pass_time(hours=2)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert applications(payment(stage)) == [(invoice, "50.00")]


def test_a_sweep_leaves_out_what_stripe_bills(stage: Stage) -> None:
    posted(stage, customer(stage))
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert stage.states(FLOW) == set()
