from typing import Any

import pytest
from sqlalchemy import select

from app.admin import actions, choices
from app.core.links import Link
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_charge_to_netsuite_invoice import charge, netsuite_customer, open_invoice, written
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import applications, pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized

FLOW = "stripe_payment_to_netsuite_payment"
PAID = "stripe_invoice_paid_to_netsuite_payment"
CHARGES = "stripe_charge_to_netsuite_invoice"
APPLIED = ("payment", "applied", "unapplied")


@pytest.fixture(autouse=True)
def _charges_are_not_invoiced(stage: Stage) -> None:
    stage.switch(CHARGES, False)


def keyed_in(stage: Stage, value: str = "50", **given: Any) -> str:
    """A payment of the first customer that a person has booked."""
    body = {"customer": {"id": stage.records("customer")[0]["id"]}, "payment": value, "autoApply": False, **given}
    made: str = stage.saves("customerPayment", body)["id"]
    return made


def of_amount(stage: Stage, **more: Any) -> None:
    stage.decide(match={"invoices": {"rules": [{"by": "customer_amount_currency", **more}]}})


# money that paid a Stripe invoice ------------------------------------------------------------------------------


def test_a_charge_that_paid_an_invoice_is_applied_to_it(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    charged = stage.stripe_state("charge")[0]["id"]
    assert stage.deliver(f"{FLOW}/charge.succeeded__by_card", charged).state == "succeeded"
    [record], [invoice] = stage.records("customerPayment"), stage.records("invoice")
    assert (record["externalId"], applications(record), invoice["status"]) == (
        f"stripe-pay-{charged}",
        [(invoice["id"], "10.00")],
        "B",
    )


@pytest.mark.parametrize("first", [FLOW, PAID])
def test_with_the_paid_invoice_flow_it_is_booked_once_in_any_order(stage: Stage, first: str) -> None:
    invoice = posted(stage, customer(stage))
    pay(stage, invoice)
    subjects = {FLOW: stage.stripe_state("charge")[0]["id"], PAID: invoice}
    stage.run(first, subjects.pop(first))
    [(second, subject)] = subjects.items()
    assert (stage.run(second, subject).code, len(stage.records("customerPayment"))) == ("echo", 1)


def test_a_payment_intent_is_taken_too(stage: Stage) -> None:
    invoice = posted(stage, customer(stage))
    pay(stage, invoice)
    assert stage.run(FLOW, stage.stripe_state("payment_intent")[0]["id"]).state == "succeeded"
    assert written(stage) == {"invoice": 1, "customerPayment": 1}


def test_an_invoice_that_is_missing_is_brought_over_first(stage: Stage) -> None:
    invoice = finalized(stage, customer(stage), amount(1000))
    pay(stage, invoice)
    assert stage.run(FLOW, stage.stripe_state("charge")[0]["id"]).state == "succeeded"
    assert [one["status"] for one in stage.records("invoice")] == ["B"]


def test_one_charge_pays_two_stripe_invoices(stage: Stage) -> None:
    who = customer(stage)
    first, second = posted(stage, who, 1000), posted(stage, who, 500)
    stage.stripe_does("payments", invoices={first: 1000, second: 500})
    stage.run(FLOW, stage.stripe_state("charge")[0]["id"])
    [record] = stage.records("customerPayment")
    assert sorted(one for _, one in applications(record)) == ["10.00", "5.00"]


# money that paid no invoice ------------------------------------------------------------------------------------


def test_other_money_is_an_unapplied_payment(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    assert stage.run(FLOW, subject).state == "succeeded"
    names = ("externalId", "customer", "account", "tranDate", "memo", "custbody_tieout_charge_id", *APPLIED)
    assert picked(stage.records("customerPayment")[0], *names) == {
        "externalId": f"stripe-pay-{subject}",
        "customer": stage.records("customer")[0]["id"],
        "account": ids.UNDEPOSITED_FUNDS,
        "tranDate": "2026-08-20",
        "memo": f"Stripe payment {subject}",
        "custbody_tieout_charge_id": subject,
        "payment": "50.00",
        "applied": "0.00",
        "unapplied": "50.00",
    }


def test_its_link_says_what_a_refund_will_ask(stage: Stage) -> None:
    stage.keep_books(accounts={"money_in": "clearing", "clearing": ids.STRIPE_CLEARING})
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    assert stage.links()[f"stripe-pay-{subject}"].facts == {
        "customer": stage.records("customer")[0]["id"],
        "currency": "USD",
        "subsidiary": ids.SUBSIDIARY_US,
        "receivable": None,
        "money": ids.STRIPE_CLEARING["USD"],
        "tran_date": "2026-08-20",
        "amount": "50.00",
        "applied": {},
    }


def test_again_it_is_an_echo(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    assert (stage.run(FLOW, subject).code, written(stage)) == ("echo", {"customerPayment": 1})


def test_money_without_an_invoice_is_a_deposit_by_option(stage: Stage) -> None:
    stage.choose(FLOW, unmatched="deposit")
    subject = charge(stage, customer(stage))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert (written(stage), stage.run(FLOW, subject).code) == ({"customerDeposit": 1}, "echo")


def test_a_deposit_only_for_orders_by_option(stage: Stage) -> None:
    stage.choose(FLOW, unmatched="deposit_for_orders")
    stage.run(FLOW, charge(stage, customer(stage)))
    assert written(stage) == {"customerPayment": 1}


def test_the_payment_id_is_written_to_the_charge_by_option(stage: Stage) -> None:
    stage.choose(FLOW, write_back=True)
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    metadata = stage.stripe.v1.charges.retrieve(subject).metadata.to_dict()
    assert metadata == {"netsuite_payment_id": stage.records("customerPayment")[0]["id"]}


def test_a_guest_is_found_by_a_unique_email(stage: Stage) -> None:
    known = netsuite_customer(stage)
    stage.run(FLOW, charge(stage, receipt_email="grace@example.com"))
    assert [one["customer"] for one in stage.records("customerPayment")] == [known]


def test_an_authorised_charge_is_skipped(stage: Stage) -> None:
    subject = charge(stage, customer(stage), capture_method="manual")
    assert stage.run(FLOW, subject).code == "uncaptured"


def test_what_was_captured_is_booked(stage: Stage) -> None:
    subject = charge(stage, customer(stage), capture_method="manual")
    intent = stage.stripe.v1.charges.retrieve(subject).payment_intent
    stage.stripe.v1.payment_intents.capture(intent, {"amount_to_capture": 3000})
    stage.deliver(f"{FLOW}/charge.captured__in_part", subject)
    assert [one["payment"] for one in stage.records("customerPayment")] == ["30.00"]


def test_a_bank_debit_waits_until_it_has_settled(stage: Stage) -> None:
    subject = charge(stage, customer(stage), payment_method="pm_usBankAccount")
    assert stage.run(FLOW, subject).code == "not_ready"


def test_a_failed_charge_is_skipped(stage: Stage) -> None:
    subject = charge(stage, customer(stage), payment_method="pm_usBankAccount")
    stage.stripe_does(f"charges/{subject}/fail")
    assert stage.run(FLOW, subject).code == "charge_failed"


def test_an_intent_that_nobody_paid_is_skipped(stage: Stage) -> None:
    intent = stage.stripe.v1.payment_intents.create({"amount": 500, "currency": "usd"}).id
    assert stage.run(FLOW, intent).code == "no_charge"


def test_a_charge_before_the_start_date_is_skipped(stage: Stage) -> None:
    who = customer(stage)
    stage.decide(start_date="2026-09-01")
    assert stage.run(FLOW, charge(stage, who)).code == "before_start"


# money that paid NetSuite invoices -----------------------------------------------------------------------------


def test_metadata_names_the_invoice(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage)["id"]
    subject = charge(stage, who, metadata={"netsuite_invoice_id": invoice})
    result = stage.run(FLOW, subject)
    assert applications(stage.records("customerPayment")[0]) == [(invoice, "50.00")]
    assert result.notes == [f"{subject} pays NetSuite invoice {invoice}, by the rule metadata_invoice_id."]


def test_metadata_names_several_invoices_by_number(stage: Stage) -> None:
    who = customer(stage)
    first, second = open_invoice(stage, "20", tranId="INV-701"), open_invoice(stage, "40", tranId="INV-702")
    stage.run(FLOW, charge(stage, who, metadata={"apply_to_invoices": "INV-701, INV-702"}))
    found = dict(applications(stage.records("customerPayment")[0]))
    assert found == {first["id"]: "20.00", second["id"]: "30.00"}


def test_an_invoice_that_does_not_exist_is_held(stage: Stage) -> None:
    result = stage.run(FLOW, charge(stage, customer(stage), metadata={"netsuite_invoice_id": "999999"}))
    assert (result.state, result.code) == ("held", "unknown_netsuite_id")


def test_an_invoice_in_another_currency_is_held(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage)["id"]
    result = stage.run(FLOW, charge(stage, who, currency="eur", metadata={"netsuite_invoice_id": invoice}))
    assert (result.state, result.code) == ("held", "other_currency")


def test_the_invoices_stripe_id_field_names_the_charge(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    invoice = open_invoice(stage, custbody_tieout_stripe_id=subject)["id"]
    stage.run(FLOW, subject)
    assert applications(stage.records("customerPayment")[0]) == [(invoice, "50.00")]


def test_copies_that_carry_the_same_charge_are_held_with_the_candidates(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    both = {open_invoice(stage, custbody_tieout_stripe_id=subject)["id"] for _ in range(2)}
    result = stage.run(FLOW, subject)
    assert (result.code, {one["id"] for one in result.candidates}) == ("ambiguous", both)


@pytest.mark.parametrize("said", [{"metadata": {"invoice_number": "INV-77"}}, {"description": "For INV-1077, thanks"}])
def test_the_charge_says_the_invoices_number(stage: Stage, said: dict[str, Any]) -> None:
    who = customer(stage)
    invoice = open_invoice(stage, tranId="INV-77" if "metadata" in said else "INV-1077")["id"]
    stage.run(FLOW, charge(stage, who, **said))
    assert applications(stage.records("customerPayment")[0]) == [(invoice, "50.00")]


def test_a_number_of_another_customers_invoice_is_not_taken(stage: Stage) -> None:
    who = customer(stage)
    open_invoice(stage, entity=netsuite_customer(stage), tranId="INV-77")
    subject = charge(stage, who, metadata={"invoice_number": "INV-77"})
    result = stage.run(FLOW, subject)
    assert applications(stage.records("customerPayment")[0]) == []
    assert result.notes[0] == f"{subject} says INV-77, which is no invoice of its customer in NetSuite."


def test_amount_and_currency_are_no_match_by_default(stage: Stage) -> None:
    who = customer(stage)
    open_invoice(stage)
    stage.run(FLOW, charge(stage, who))
    assert picked(stage.records("customerPayment")[0], "applied", "unapplied") == {
        "applied": "0.00",
        "unapplied": "50.00",
    }


def test_a_unique_amount_is_a_match_by_rule(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    open_invoice(stage, "49")
    invoice = open_invoice(stage, "50")["id"]
    stage.run(FLOW, charge(stage, who))
    assert applications(stage.records("customerPayment")[0]) == [(invoice, "50.00")]


def test_two_invoices_of_that_amount_are_held_with_the_candidates(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    both = {open_invoice(stage)["id"] for _ in range(2)}
    result = stage.run(FLOW, charge(stage, who))
    assert (result.state, result.code, {one["id"] for one in result.candidates}) == ("held", "ambiguous", both)


def test_the_invoice_that_a_person_chooses_is_paid(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    open_invoice(stage)
    meant = open_invoice(stage)["id"]
    run_id = stage.parts.sweeper.on_demand(FLOW, "main", [charge(stage, who)])[0]
    stage.work()
    choices.choose(stage.parts, run_id, meant, actor="ada")
    stage.work()
    assert applications(stage.records("customerPayment")[0]) == [(meant, "50.00")]


def test_an_invoice_that_does_not_fit_is_rejected_with_the_reason(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    other, meant = open_invoice(stage, "49")["id"], open_invoice(stage, "50")["id"]
    result = stage.run(FLOW, charge(stage, who))
    verdicts = [(one["id"], one["verdict"], one["why"]) for one in result.candidates]
    assert verdicts == [
        (other, "rejected", "49.00 USD is open on it, the charge brought 50.00"),
        (meant, "chosen", "the customer's only open invoice of this amount and currency"),
    ]


def test_an_invoice_too_far_in_time_is_no_match(stage: Stage) -> None:
    of_amount(stage, days=10)
    who = customer(stage)
    open_invoice(stage, tranDate="2026-08-01")
    stage.run(FLOW, charge(stage, who))
    assert stage.records("customerPayment")[0]["applied"] == "0.00"


def test_a_link_made_by_hand_decides(stage: Stage) -> None:
    of_amount(stage)
    who = customer(stage)
    invoices = [open_invoice(stage)["id"] for _ in range(2)]
    subject = charge(stage, who)
    given = {"account": "main", "origin": "netsuite", "note": "", "actor": "ada"}
    actions.link(stage.parts, "inv", subject, invoices[1], **given)
    stage.run(FLOW, subject)
    assert applications(stage.records("customerPayment")[0]) == [(invoices[1], "50.00")]


def test_what_is_beyond_the_invoice_stays_unapplied(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage, "30")["id"]
    stage.run(FLOW, charge(stage, who, metadata={"netsuite_invoice_id": invoice}))
    assert picked(stage.records("customerPayment")[0], *APPLIED) == {
        "payment": "50.00",
        "applied": "30.00",
        "unapplied": "20.00",
    }


def test_an_invoice_named_later_is_paid_then(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    invoice = open_invoice(stage)["id"]
    stage.stripe.v1.charges.update(subject, {"metadata": {"netsuite_invoice_id": invoice}})
    stage.run(FLOW, subject)
    [record] = stage.records("customerPayment")
    assert applications(record) == [(invoice, "50.00")]


def test_an_invoice_that_is_no_longer_named_stays_paid(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage, "30")["id"]
    subject = charge(stage, who, metadata={"netsuite_invoice_id": invoice})
    stage.run(FLOW, subject)
    stage.stripe.v1.charges.update(subject, {"metadata": {"netsuite_invoice_id": ""}})
    stage.run(FLOW, subject)
    assert applications(stage.records("customerPayment")[0]) == [(invoice, "30.00")]


def test_what_a_person_applied_it_to_stays(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    by_hand, named = open_invoice(stage, "20")["id"], open_invoice(stage, "40")["id"]
    line = {"doc": {"id": by_hand}, "apply": True, "amount": "20"}
    stage.saves("customerPayment", {"apply": {"items": [line]}}, stage.records("customerPayment")[0]["id"])
    stage.stripe.v1.charges.update(subject, {"metadata": {"netsuite_invoice_id": named}})
    stage.run(FLOW, subject)
    assert dict(applications(stage.records("customerPayment")[0])) == {by_hand: "20.00", named: "30.00"}


# what NetSuite has already -------------------------------------------------------------------------------------


def test_a_payment_that_netsuite_has_is_linked(stage: Stage) -> None:
    who = customer(stage)
    known = keyed_in(stage)
    subject = charge(stage, who)
    result = stage.run(FLOW, subject)
    assert (result.state, [one["id"] for one in stage.records("customerPayment")]) == ("succeeded", [known])
    link = stage.links()[f"stripe-pay-{subject}"]
    assert (link.netsuite_id, link.origin, link.facts["amount"]) == (known, "netsuite", "50.00")


def test_a_linked_payment_is_an_echo_from_then_on(stage: Stage) -> None:
    who = customer(stage)
    keyed_in(stage)
    subject = charge(stage, who)
    stage.run(FLOW, subject)
    assert (stage.run(FLOW, subject).code, written(stage)) == ("echo", {"customerPayment": 1})


def test_a_payment_is_one_charges_only(stage: Stage) -> None:
    who = customer(stage)
    keyed_in(stage)
    for _ in range(2):
        stage.run(FLOW, charge(stage, who))
    assert len(stage.records("customerPayment")) == 2


def test_two_payments_that_it_could_be_are_held_with_the_candidates(stage: Stage) -> None:
    who = customer(stage)
    both = {keyed_in(stage), keyed_in(stage)}
    result = stage.run(FLOW, charge(stage, who))
    assert (result.state, result.code, {one["id"] for one in result.candidates}) == ("held", "ambiguous", both)


def test_the_payment_that_a_person_chooses_is_the_charges(stage: Stage) -> None:
    who = customer(stage)
    keyed_in(stage)
    meant = keyed_in(stage)
    subject = charge(stage, who)
    run_id = stage.parts.sweeper.on_demand(FLOW, "main", [subject])[0]
    stage.work()
    choices.choose(stage.parts, run_id, meant, actor="ada")
    stage.work()
    assert (stage.links()[f"stripe-pay-{subject}"].netsuite_id, written(stage)) == (meant, {"customerPayment": 2})


def test_the_one_that_names_the_charge_is_taken(stage: Stage) -> None:
    who = customer(stage)
    keyed_in(stage)
    subject = charge(stage, who)
    known = keyed_in(stage, custbody_tieout_charge_id=subject)
    stage.run(FLOW, subject)
    assert stage.links()[f"stripe-pay-{subject}"].netsuite_id == known


def test_a_payment_too_far_in_time_is_not_linked(stage: Stage) -> None:
    stage.choose(FLOW, link_days=2)
    who = customer(stage)
    keyed_in(stage, tranDate="2026-08-10")
    stage.run(FLOW, charge(stage, who))
    assert len(stage.records("customerPayment")) == 2


def test_linking_is_an_option(stage: Stage) -> None:
    stage.choose(FLOW, link_existing=False)
    who = customer(stage)
    keyed_in(stage)
    stage.run(FLOW, charge(stage, who))
    assert len(stage.records("customerPayment")) == 2


def test_the_payment_that_the_charge_names_is_linked(stage: Stage) -> None:
    who = customer(stage)
    known = keyed_in(stage, "49")
    subject = charge(stage, who, metadata={"netsuite_payment_id": known})
    stage.run(FLOW, subject)
    assert (written(stage), stage.links()[f"stripe-pay-{subject}"].netsuite_id) == ({"customerPayment": 1}, known)


def test_a_payment_linked_by_hand_is_left_alone(stage: Stage) -> None:
    who = customer(stage)
    known = keyed_in(stage, "49")
    subject = charge(stage, who)
    given = {"account": "main", "origin": "stripe", "note": "", "actor": "ada"}
    actions.link(stage.parts, "pay", subject, known, **given)
    assert (stage.run(FLOW, subject).code, written(stage)) == ("echo", {"customerPayment": 1})


def test_a_sold_charge_cannot_pay_an_invoice_too(stage: Stage) -> None:
    stage.choose(CHARGES, mode="cash_sale")
    subject = charge(stage, customer(stage))
    stage.run(CHARGES, subject)
    assert (stage.run(FLOW, subject).code, written(stage)) == ("echo", {"cashSale": 1})


def test_the_sweep_finds_what_no_event_told(stage: Stage) -> None:
    who = customer(stage)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.pass_time(minutes=5)
    charge(stage, who)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert written(stage) == {"customerPayment": 1}


def test_a_charge_is_one_of_the_three_in_the_links(stage: Stage) -> None:
    stage.switch(CHARGES, True)
    stage.choose(CHARGES, mode="customer_deposit")
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    with stage.parts.database.session_scope() as session:
        roles = set(session.scalars(select(Link.role).where(Link.stripe_id == subject)))
    assert roles == {"cdep"}


def test_a_deposit_is_against_the_sales_order_that_the_charge_names(stage: Stage) -> None:
    stage.choose(FLOW, unmatched="deposit_for_orders")
    subject = charge(stage, customer(stage), metadata={"netsuite_sales_order_id": "77"})
    [written_down] = stage.parts.previewer.preview(FLOW, "main", subject).written
    assert (written_down.target, written_down.body["salesOrder"]) == ("customerDeposit", {"id": "77"})
