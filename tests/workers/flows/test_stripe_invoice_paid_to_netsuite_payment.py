from decimal import Decimal
from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import (
    amount,
    customer,
    draft,
    finalized,
    with_balance,
)

FLOW = "stripe_invoice_paid_to_netsuite_payment"
REALTIME = "stripe_invoice_to_netsuite_realtime"
APPLIED = ("payment", "applied", "unapplied")


def posted(stage: Stage, who: str, value: int = 1000, **given: Any) -> str:
    """A finalized invoice that is in NetSuite."""
    made = finalized(stage, who, amount(value), **given)
    assert stage.run(REALTIME, made).state == "succeeded"
    return made


def pay(stage: Stage, subject: str, **how: Any) -> None:
    stage.stripe_does(f"invoices/{subject}/pay", **how)


def applications(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["doc"], line["amount"]) for line in record["apply"] if line["apply"]]


def charges(stage: Stage) -> list[str]:
    return [one["id"] for one in stage.stripe_state("charge")]


def test_a_paid_invoice_becomes_a_payment(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    assert stage.deliver(f"{FLOW}/invoice.paid__by_card", subject).state == "succeeded"
    [record], [charge] = stage.records("customerPayment"), charges(stage)
    invoice = stage.records("invoice")[0]
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-pay-{charge}",
        "tranId": "PYMT1001",
        "transactionNumber": "PYMT1001",
        "tranDate": "2026-08-20",
        "postingPeriod": ids.period(stage.sandbox.clock.now().date()),
        "customer": invoice["entity"],
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "account": ids.UNDEPOSITED_FUNDS,
        "undepFunds": "T",
        "arAcct": ids.ACCOUNT_RECEIVABLE,
        "memo": f"Stripe payment {charge}",
        "status": "B",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "autoApply": False,
        "toBeEmailed": False,
        "payment": "10.00",
        "total": "10.00",
        "applied": "10.00",
        "unapplied": "0.00",
        "custbody_tieout_charge_id": charge,
        "apply": [
            {
                "doc": invoice["id"],
                "line": 0,
                "apply": True,
                "amount": "10.00",
                "due": "10.00",
                "total": "10.00",
                "refNum": invoice["tranId"],
                "type": "invoice",
                "currency": ids.USD,
            }
        ],
    }


def test_the_invoice_is_paid_in_full(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert picked(stage.records("invoice")[0], "status", "amountRemaining") == {
        "status": "B",
        "amountRemaining": "0.00",
    }


def test_it_costs_one_call_to_netsuite(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    assert stage.run(FLOW, subject).netsuite_calls == 1


def test_the_same_event_again_posts_nothing(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, len(stage.records("customerPayment"))) == ("echo", 0, 1)


def test_customer_and_invoice_are_brought_over_first(stage: Stage) -> None:
    who = stage.stripe.v1.customers.create({"name": "New"}).id
    subject = finalized(stage, who, amount(1000))
    pay(stage, subject)
    assert stage.run(FLOW, subject).state == "succeeded"
    assert len(stage.records("customerPayment")) == 1


def test_each_charge_is_a_payment_of_its_own(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject, amount=300)
    stage.pass_time(minutes=1)
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert [one["payment"] for one in stage.records("customerPayment")] == ["3.00", "7.00"]


def test_a_part_payment_is_booked_when_it_comes(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject, amount=300)
    [payment] = stage.stripe.v1.invoice_payments.list({"invoice": subject, "status": "paid"}).data
    stage.deliver(f"{FLOW}/invoice_payment.paid__in_part", payment.id)
    [record], [invoice] = stage.records("customerPayment"), stage.records("invoice")
    assert (record["payment"], invoice["amountRemaining"]) == ("3.00", "7.00")


def test_an_unpaid_invoice_is_skipped(stage: Stage) -> None:
    result = stage.run(FLOW, posted(stage, customer(stage)))
    assert (result.code, result.summary) == (
        "no_payment",
        "The invoice is open and nothing has been paid on it yet.",
    )


def test_a_bank_debit_waits_until_it_has_settled(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject, payment_method="pm_usBankAccount")
    assert stage.run(FLOW, subject).code == "no_payment"
    assert stage.records("customerPayment") == []


def test_a_settled_bank_debit_is_booked(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject, payment_method="pm_usBankAccount")
    stage.stripe_does(f"charges/{charges(stage)[0]}/settle")
    stage.run(FLOW, subject)
    assert [one["payment"] for one in stage.records("customerPayment")] == ["10.00"]


def test_a_zero_invoice_has_no_payment(stage: Stage) -> None:
    result = stage.run(FLOW, posted(stage, customer(stage), 0))
    assert (result.state, result.summary) == (
        "skipped",
        "The invoice's total was zero or below, so nothing had to be paid.",
    )


def test_an_invoice_paid_by_the_balance_has_no_payment(stage: Stage) -> None:
    result = stage.run(FLOW, posted(stage, with_balance(stage, -5000)))
    assert (result.state, result.summary) == (
        "skipped",
        "The invoice was paid from the customer's balance; there is no payment.",
    )


def test_what_the_balance_left_over_is_paid_in_full(stage: Stage) -> None:
    subject = posted(stage, with_balance(stage, -300))
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert (stage.records("customerPayment")[0]["payment"], stage.records("invoice")[0]["status"]) == ("7.00", "B")


def test_money_outside_of_stripe_is_booked_under_the_invoice(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.stripe.v1.invoices.pay(subject, {"paid_out_of_band": True})
    stage.run(FLOW, subject)
    [record] = stage.records("customerPayment")
    assert (
        record["payment"],
        "custbody_tieout_charge_id" in record,
        record["externalId"].startswith("stripe-pay-"),
    ) == (
        "10.00",
        False,
        True,
    )


def test_money_outside_of_stripe_never_lies_in_the_clearing_account(stage: Stage) -> None:
    stage.keep_books(accounts={"money_in": "clearing", "clearing": ids.STRIPE_CLEARING})
    subject = posted(stage, customer(stage))
    stage.stripe.v1.invoices.pay(subject, {"paid_out_of_band": True})
    stage.run(FLOW, subject)
    assert stage.records("customerPayment")[0]["account"] == ids.UNDEPOSITED_FUNDS


def test_money_outside_of_stripe_is_left_out_by_option(stage: Stage) -> None:
    stage.choose(FLOW, include_out_of_band=False)
    subject = posted(stage, customer(stage))
    stage.stripe.v1.invoices.pay(subject, {"paid_out_of_band": True})
    result = stage.run(FLOW, subject)
    assert (result.state, result.notes) == (
        "skipped",
        ["The invoice was paid outside of Stripe, which is left out by setting."],
    )


def test_money_that_netsuite_reported_to_stripe_is_not_booked_again(stage: Stage) -> None:
    subject = posted(stage, customer(stage), metadata={"netsuite_payment_id": "55"})
    stage.stripe.v1.invoices.pay(subject, {"paid_out_of_band": True})
    result = stage.run(FLOW, subject)
    assert (result.state, result.notes) == (
        "skipped",
        ["The payment outside of Stripe is NetSuite's own payment 55."],
    )


def test_one_charge_pays_two_invoices(stage: Stage) -> None:
    who = customer(stage)
    first, second = posted(stage, who, 1000), posted(stage, who, 500)
    stage.stripe_does("payments", invoices={first: 1000, second: 500})
    stage.run(FLOW, first)
    [record] = stage.records("customerPayment")
    documents = {one["custbody_tieout_stripe_id"]: one["id"] for one in stage.records("invoice")}
    assert applications(record) == [(documents[first], "10.00"), (documents[second], "5.00")]


def test_an_overpayment_stays_unapplied(stage: Stage) -> None:
    subject = posted(stage, customer(stage), 1000)
    stage.stripe_does("payments", invoices={subject: 1500})
    stage.run(FLOW, subject)
    assert picked(stage.records("customerPayment")[0], *APPLIED) == {
        "payment": "15.00",
        "applied": "10.00",
        "unapplied": "5.00",
    }


def test_only_the_payment_that_came_too_late_stays_unapplied(stage: Stage) -> None:
    subject = posted(stage, customer(stage), 1000)
    pay(stage, subject, amount=400)
    stage.stripe_does("payments", invoices={subject: 800})
    stage.run(FLOW, subject)
    assert [picked(one, *APPLIED) for one in stage.records("customerPayment")] == [
        {"payment": "4.00", "applied": "4.00", "unapplied": "0.00"},
        {"payment": "8.00", "applied": "6.00", "unapplied": "2.00"},
    ]


def test_an_invoice_born_in_netsuite_is_paid_there(stage: Stage) -> None:
    entity = stage.saves(
        "customer", {"companyName": "N", "email": "n@example.com", "subsidiary": {"id": ids.SUBSIDIARY_US}}
    )["id"]
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 40, "description": "Advice"}
    invoice = stage.saves("invoice", {"entity": {"id": entity}, "item": {"items": [line]}})["id"]
    stage.run("netsuite_invoice_to_stripe", invoice)
    [subject] = [one["id"] for one in stage.stripe_state("invoice")]
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert (applications(stage.records("customerPayment")[0]), stage.records("invoice")[0]["status"]) == (
        [(invoice, "40.00")],
        "B",
    )


def test_the_clearing_account_goes_by_currency(stage: Stage) -> None:
    stage.keep_books(accounts={"money_in": "clearing", "clearing": ids.STRIPE_CLEARING})
    subject = posted(stage, customer(stage), currency="eur")
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert stage.records("customerPayment")[0]["account"] == ids.STRIPE_CLEARING["EUR"]


def test_a_missing_clearing_account_is_held_and_names_the_setting(stage: Stage) -> None:
    stage.keep_books(accounts={"money_in": "clearing"})
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, result.action) == (
        "held",
        "unmapped",
        "Set `books.main.accounts.clearing.USD` in the configuration, then replay.",
    )


@pytest.mark.parametrize(("currency", "minor", "total"), [("jpy", 1050, "1050"), ("kwd", 10500, "10.500")])
def test_each_currency_has_its_own_decimals(stage: Stage, currency: str, minor: int, total: str) -> None:
    subject = posted(stage, customer(stage), minor, currency=currency)
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert Decimal(stage.records("customerPayment")[0]["payment"]) == Decimal(total)


def test_the_exchange_rate_is_stripes_by_option(stage: Stage) -> None:
    stage.choose(FLOW, exchange_rate=True)
    subject = posted(stage, customer(stage), currency="eur")
    pay(stage, subject)
    stage.run(FLOW, subject)
    [transaction] = [one for one in stage.stripe_state("balance_transaction") if one["type"] == "charge"]
    assert Decimal(stage.records("customerPayment")[0]["exchangeRate"]) == Decimal(str(transaction["exchange_rate"]))


def test_a_closed_period_holds_by_default(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert (stage.run(FLOW, subject).code, stage.records("customerPayment")) == ("period_closed", [])


def test_a_payment_that_is_there_keeps_its_day_when_its_period_closes(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.run(FLOW, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert stage.run(FLOW, subject).code == "echo"


def test_the_payment_id_is_written_to_the_charge_by_option(stage: Stage) -> None:
    stage.choose(FLOW, write_back=True)
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    stage.run(FLOW, subject)
    charge = stage.stripe.v1.charges.retrieve(charges(stage)[0])
    assert charge.metadata.to_dict() == {"netsuite_payment_id": stage.records("customerPayment")[0]["id"]}


def test_a_draft_is_skipped(stage: Stage) -> None:
    assert stage.run(FLOW, draft(stage, customer(stage), amount(1000))).code == "no_payment"


def test_the_sweep_finds_an_old_invoice_that_was_paid_since(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.pass_time(days=40)
    pay(stage, subject)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert [one["payment"] for one in stage.records("customerPayment")] == ["10.00"]
