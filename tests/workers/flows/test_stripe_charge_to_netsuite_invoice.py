from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import applications
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized

FLOW = "stripe_charge_to_netsuite_invoice"
PAYMENT = "stripe_payment_to_netsuite_payment"
BOOKED = ("invoice", "customerPayment", "cashSale", "customerDeposit")


def charge(stage: Stage, who: str | None = None, value: int = 5000, **given: Any) -> str:
    """Paid by card without an invoice."""
    asked = {"amount": value, "description": "Workshop", **({"customer": who} if who else {}), **given}
    made: str = stage.stripe_does("charges", **asked)["id"]
    return made


def written(stage: Stage) -> dict[str, int]:
    return {kind: len(found) for kind in BOOKED if (found := stage.records(kind))}


def open_invoice(stage: Stage, value: str = "50", entity: str = "", **given: Any) -> dict[str, Any]:
    """Of the first customer, keyed in by a person."""
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": value, "description": "Advice"}
    who = entity or stage.records("customer")[0]["id"]
    return stage.saves("invoice", {"entity": {"id": who}, "item": {"items": [line]}, **given})


def test_a_charge_becomes_an_invoice(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    assert stage.deliver(f"{FLOW}/charge.succeeded__by_card", subject).state in ("succeeded", "skipped")
    [record], [who] = stage.records("invoice"), stage.records("customer")
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-inv-{subject}",
        "tranId": "INV1001",
        "transactionNumber": "INV1001",
        "tranDate": "2026-08-20",
        "dueDate": "2026-08-20",
        "postingPeriod": ids.period(stage.sandbox.clock.now().date()),
        "entity": who["id"],
        "email": "ada@example.com",
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "account": ids.ACCOUNT_RECEIVABLE,
        "approvalStatus": "2",
        "memo": f"Stripe charge {subject}: Workshop",
        "status": "B",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "toBeEmailed": False,
        "toBePrinted": False,
        "subtotal": "50.00",
        "discountTotal": "0",
        "taxTotal": "0.00",
        "total": "50.00",
        "amountPaid": "50.00",
        "amountRemaining": "0.00",
        "custbody_tieout_stripe_id": subject,
        "item": [
            {
                "line": 1,
                "item": ids.ITEM_STRIPE,
                "itemType": "Service",
                "description": "Workshop",
                "quantity": "1",
                "rate": "50.00",
                "amount": "50.00",
                "price": "-1",
            }
        ],
        "taxDetails": [],
    }


def test_its_payment_is_applied_to_it(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    assert stage.run(FLOW, subject).state == "succeeded"
    [invoice], [payment] = stage.records("invoice"), stage.records("customerPayment")
    assert (payment["externalId"], applications(payment)) == (f"stripe-pay-{subject}", [(invoice["id"], "50.00")])


@pytest.mark.parametrize(
    ("mode", "books"),
    [
        ("invoice", {"invoice": 1}),
        ("invoice_and_payment", {"invoice": 1, "customerPayment": 1}),
        ("cash_sale", {"cashSale": 1}),
        ("customer_deposit", {"customerDeposit": 1}),
    ],
)
def test_the_mode_says_what_it_becomes(stage: Stage, mode: str, books: dict[str, int]) -> None:
    stage.choose(FLOW, mode=mode)
    assert stage.run(FLOW, charge(stage, customer(stage))).state == "succeeded"
    assert written(stage) == books


def test_a_cash_sale_is_the_whole_sale(stage: Stage) -> None:
    stage.choose(FLOW, mode="cash_sale")
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    names = ("externalId", "total", "account", "memo", "custbody_tieout_charge_id", "tranDate")
    assert picked(stage.records("cashSale")[0], *names) == {
        "externalId": f"stripe-cs-{subject}",
        "total": "50.00",
        "account": ids.UNDEPOSITED_FUNDS,
        "memo": f"Stripe charge {subject}: Workshop",
        "custbody_tieout_charge_id": subject,
        "tranDate": "2026-08-20",
    }


def test_a_deposit_is_the_gross_amount(stage: Stage) -> None:
    stage.choose(FLOW, mode="customer_deposit")
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    assert picked(stage.records("customerDeposit")[0], "externalId", "payment", "unapplied") == {
        "externalId": f"stripe-cdep-{subject}",
        "payment": "50.00",
        "unapplied": "50.00",
    }


@pytest.mark.parametrize("mode", ["invoice", "invoice_and_payment", "cash_sale", "customer_deposit"])
def test_twice_is_once(stage: Stage, mode: str) -> None:
    stage.choose(FLOW, mode=mode)
    subject = charge(stage, customer(stage))
    stage.run(FLOW, subject)
    before = written(stage)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, written(stage)) == ("echo", 0, before)


@pytest.mark.parametrize("first", [FLOW, PAYMENT])
@pytest.mark.parametrize(
    ("mode", "books"),
    [
        ("invoice", {"invoice": 1, "customerPayment": 1}),
        ("invoice_and_payment", {"invoice": 1, "customerPayment": 1}),
        ("cash_sale", {"cashSale": 1}),
        ("customer_deposit", {"customerDeposit": 1}),
    ],
)
def test_with_the_payment_flow_it_is_the_same_in_any_order(
    stage: Stage, mode: str, books: dict[str, int], first: str
) -> None:
    stage.choose(FLOW, mode=mode)
    subject = charge(stage, customer(stage))
    for flow in (first, PAYMENT if first == FLOW else FLOW):
        assert stage.run(flow, subject).state in ("succeeded", "skipped")
    assert written(stage) == books
    assert [one["amountRemaining"] for one in stage.records("invoice")] == ["0.00"] * books.get("invoice", 0)


def test_a_charge_that_pays_a_stripe_invoice_is_skipped_by_name(stage: Stage) -> None:
    invoice = finalized(stage, customer(stage), amount(1000))
    stage.stripe_does(f"invoices/{invoice}/pay")
    result = stage.run(FLOW, stage.stripe_state("charge")[0]["id"])
    assert (result.state, result.summary) == (
        "skipped",
        f"The charge pays Stripe invoice {invoice}, which is posted as such.",
    )


def test_a_charge_that_names_a_netsuite_invoice_is_left_to_the_payment_flows(stage: Stage) -> None:
    who = customer(stage)
    invoice = open_invoice(stage)
    result = stage.run(FLOW, charge(stage, who, metadata={"netsuite_invoice_id": invoice["id"]}))
    assert (result.code, written(stage)) == ("matched", {"invoice": 1})


def test_a_charge_whose_payment_is_netsuites_is_an_echo(stage: Stage) -> None:
    result = stage.run(FLOW, charge(stage, customer(stage), metadata={"netsuite_payment_id": "55"}))
    assert (result.code, written(stage)) == ("echo", {})


def test_an_authorised_charge_is_skipped(stage: Stage) -> None:
    subject = charge(stage, customer(stage), capture_method="manual")
    assert stage.run(FLOW, subject).code == "uncaptured"


def test_what_was_captured_is_posted(stage: Stage) -> None:
    subject = charge(stage, customer(stage), capture_method="manual")
    intent = stage.stripe.v1.charges.retrieve(subject).payment_intent
    stage.stripe.v1.payment_intents.capture(intent, {"amount_to_capture": 3000})
    stage.deliver(f"{FLOW}/charge.captured__in_part", subject)
    assert [one["total"] for one in stage.records("invoice")] == ["30.00"]


def test_a_bank_debit_waits_until_it_has_settled(stage: Stage) -> None:
    subject = charge(stage, customer(stage), payment_method="pm_usBankAccount")
    assert stage.run(FLOW, subject).code == "not_ready"
    stage.stripe_does(f"charges/{subject}/settle")
    stage.make_all_due()
    assert written(stage) == {"invoice": 1, "customerPayment": 1}


def test_a_failed_charge_is_skipped(stage: Stage) -> None:
    subject = charge(stage, customer(stage), payment_method="pm_usBankAccount")
    stage.stripe_does(f"charges/{subject}/fail")
    assert stage.run(FLOW, subject).code == "charge_failed"


def test_a_charge_before_the_start_date_is_skipped(stage: Stage) -> None:
    who = customer(stage)
    stage.decide(start_date="2026-09-01")
    assert stage.run(FLOW, charge(stage, who)).code == "before_start"


def test_the_customer_is_brought_over_first(stage: Stage) -> None:
    who = stage.stripe.v1.customers.create({"name": "New"}).id
    assert stage.run(FLOW, charge(stage, who)).state == "succeeded"


def test_a_guest_is_found_by_a_unique_email(stage: Stage) -> None:
    known = netsuite_customer(stage)
    stage.run(FLOW, charge(stage, receipt_email="grace@example.com"))
    assert [one["entity"] for one in stage.records("invoice")] == [known]


def test_a_guest_whose_email_several_have_is_held_with_the_candidates(stage: Stage) -> None:
    known = {netsuite_customer(stage), netsuite_customer(stage)}
    result = stage.run(FLOW, charge(stage, receipt_email="grace@example.com"))
    assert (result.state, result.code, {one["id"] for one in result.candidates}) == ("held", "ambiguous", known)


def test_an_unknown_guest_goes_to_the_catch_all_customer(stage: Stage) -> None:
    known = netsuite_customer(stage)
    stage.keep_books(catch_all_customer=known)
    stage.run(FLOW, charge(stage))
    assert [one["entity"] for one in stage.records("invoice")] == [known]


def test_an_unknown_guest_is_held_without_one(stage: Stage) -> None:
    result = stage.run(FLOW, charge(stage))
    assert (result.code, result.action) == (
        "no_customer",
        "Set `books.main.catch_all_customer` to the customer for such charges, then replay.",
    )


def netsuite_customer(stage: Stage) -> str:
    body = {"companyName": "Grace", "email": "grace@example.com", "subsidiary": {"id": ids.SUBSIDIARY_US}}
    made: str = stage.saves("customer", body)["id"]
    return made


@pytest.mark.parametrize(
    ("metadata", "items", "item"),
    [
        ({"netsuite_item_id": ids.ITEM_CONSULTING}, {}, ids.ITEM_CONSULTING),
        ({"product": "prod_1"}, {"by_product": {"prod_1": ids.ITEM_USAGE}}, ids.ITEM_USAGE),
        ({}, {"charge": ids.ITEM_SUBSCRIPTION}, ids.ITEM_SUBSCRIPTION),
        ({}, {}, ids.ITEM_STRIPE),
    ],
    ids=["metadata", "product", "item for charges", "default"],
)
def test_the_item(stage: Stage, metadata: dict[str, str], items: dict[str, Any], item: str) -> None:
    stage.keep_books(items={"default": ids.ITEM_STRIPE, **items})
    stage.run(FLOW, charge(stage, customer(stage), metadata=metadata))
    assert stage.records("invoice")[0]["item"][0]["item"] == item


def test_no_item_at_all_is_held_and_names_the_setting(stage: Stage) -> None:
    stage.keep_books(items={})
    result = stage.run(FLOW, charge(stage, customer(stage)))
    assert result.action == "Set `books.main.items.charge` in the configuration, then replay."


def test_department_class_and_location_are_options(stage: Stage) -> None:
    stage.choose(FLOW, department=ids.DEPARTMENT_SALES, class_=ids.CLASS_ONLINE, location=ids.LOCATION_HEADQUARTERS)
    stage.run(FLOW, charge(stage, customer(stage)))
    assert picked(stage.records("invoice")[0], "department", "class", "location") == {
        "department": ids.DEPARTMENT_SALES,
        "class": ids.CLASS_ONLINE,
        "location": ids.LOCATION_HEADQUARTERS,
    }


def test_a_refunded_charge_is_posted_gross(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.stripe.v1.refunds.create({"charge": subject, "amount": 2000})
    stage.run(FLOW, subject)
    assert stage.records("invoice")[0]["total"] == "50.00"


def test_each_currency_has_its_own_decimals(stage: Stage) -> None:
    stage.run(FLOW, charge(stage, customer(stage), 1050, currency="jpy"))
    assert picked(stage.records("invoice")[0], "total", "currency") == {"total": "1050", "currency": ids.JPY}


def test_the_payment_option_goes_by_the_payment_method(stage: Stage) -> None:
    stage.keep_books(payment_options={"card": ids.PAYMENT_METHOD_STRIPE})
    stage.run(FLOW, charge(stage, customer(stage)))
    assert stage.records("customerPayment")[0]["paymentOption"] == ids.PAYMENT_METHOD_STRIPE


def test_a_closed_period_holds_by_default(stage: Stage) -> None:
    subject = charge(stage, customer(stage))
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert (stage.run(FLOW, subject).code, written(stage)) == ("period_closed", {})


def test_the_sweep_finds_what_no_event_told(stage: Stage) -> None:
    who = customer(stage)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.pass_time(minutes=5)
    charge(stage, who)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert written(stage) == {"invoice": 1, "customerPayment": 1}
