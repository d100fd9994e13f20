from decimal import Decimal

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, Stage, picked
from tests.workers.flows.test_stripe_dispute_to_netsuite import (
    FLOW as DISPUTES,
)
from tests.workers.flows.test_stripe_dispute_to_netsuite import (
    applied,
    disputed,
    keep,
    ledger,
    loose,
    old,
    paid,
    sold,
)
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import customer

FLOW = "stripe_dispute_reversal_to_netsuite"
PAID = "stripe_invoice_paid_to_netsuite_payment"


@pytest.fixture(autouse=True)
def _accounts(stage: Stage) -> None:
    keep(stage)


def lost(stage: Stage, charge: str, amount: int | None = None) -> str:
    """A dispute that is in NetSuite."""
    subject = disputed(stage, charge, **({} if amount is None else {"amount": amount}))
    assert stage.run(DISPUTES, subject).state == "succeeded"
    return subject


def win(stage: Stage, subject: str, **given: int) -> str:
    stage.pass_time(minutes=1)
    stage.stripe_does(f"disputes/{subject}/win", **given)
    return subject


def reinstated(stage: Stage, number: int = 0) -> str:
    rows = [row for row in stage.stripe_state("balance_transaction") if row["reporting_category"] == "dispute_reversal"]
    made: str = rows[number]["id"]
    return made


# customer payment ----------------------------------------------------------------------------------------------


def test_what_came_back_is_a_payment_of_an_invoice(stage: Stage) -> None:
    charge = paid(stage)
    subject = win(stage, lost(stage, charge))
    assert stage.deliver(f"{FLOW}/charge.dispute.funds_reinstated__won", subject).state == "succeeded"
    _, payment = stage.records("customerPayment")
    first, invoice = stage.records("invoice")
    assert payment == {
        "id": payment["id"],
        "externalId": f"stripe-pay-{reinstated(stage)}",
        "tranId": "PYMT1002",
        "transactionNumber": "PYMT1002",
        "tranDate": "2026-08-20",
        "postingPeriod": ids.period(stage.sandbox.clock.now().date()),
        "customer": first["entity"],
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "account": ids.UNDEPOSITED_FUNDS,
        "undepFunds": "T",
        "arAcct": ids.ACCOUNT_RECEIVABLE,
        "memo": f"Stripe dispute {subject} reinstated, charge {charge}",
        "status": "B",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:31:00Z",
        "lastModifiedDate": "2026-08-20T14:31:00Z",
        "autoApply": False,
        "toBeEmailed": False,
        "payment": "10.00",
        "total": "10.00",
        "applied": "10.00",
        "unapplied": "0.00",
        "custbody_tieout_stripe_id": subject,
        "custbody_tieout_charge_id": charge,
        "apply": payment["apply"],
    }
    assert applied(payment) == [(invoice["id"], "10.00")]


def test_the_invoice_takes_the_loss_back(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.run(FLOW, subject)
    invoice = stage.records("invoice")[1]
    assert picked(invoice, "externalId", "account", "currency", "status", "total", "tranDate", "dueDate") == {
        "externalId": f"stripe-inv-{reinstated(stage)}",
        "account": ids.ACCOUNT_RECEIVABLE,
        "currency": ids.USD,
        "status": "B",
        "total": "10.00",
        "tranDate": "2026-08-20",
        "dueDate": "2026-08-20",
    }
    assert [(line["item"], line["amount"]) for line in invoice["item"]] == [(ids.ITEM_DISPUTE, "10.00")]


def test_the_invoice_says_nothing_of_a_stripe_invoice(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.run(FLOW, subject)
    assert "custbody_tieout_stripe_id" not in stage.records("invoice")[1]


def test_the_invoice_is_not_billed_in_stripe(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.run(FLOW, subject)
    result = stage.run("netsuite_invoice_to_stripe", stage.records("invoice")[1]["id"])
    assert (result.code, len(stage.stripe_state("invoice"))) == ("echo", 1)


def test_the_books_are_as_if_nobody_had_disputed(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.run(FLOW, subject)
    assert ledger(stage) == {"undeposited funds": "10.00"}


def test_the_dispute_is_posted_first(stage: Stage) -> None:
    subject = win(stage, disputed(stage, paid(stage)))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert ledger(stage) == {"undeposited funds": "10.00"}


def test_payment_and_dispute_are_brought_over_first(stage: Stage) -> None:
    invoice = posted(stage, customer(stage))
    pay(stage, invoice)
    subject = win(stage, disputed(stage, stage.stripe_state("charge")[-1]["id"]))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert ledger(stage) == {"undeposited funds": "10.00"}


def test_the_same_reinstatement_again_posts_nothing(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, len(stage.records("customerPayment"))) == ("echo", 0, 2)


def test_the_closing_event_finds_money_that_came_back(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    assert stage.deliver(f"{FLOW}/charge.dispute.closed__won", subject).state == "succeeded"


def test_a_lost_dispute_brings_nothing_back(stage: Stage) -> None:
    subject = lost(stage, paid(stage))
    stage.stripe_does(f"disputes/{subject}/lose")
    result = stage.run(FLOW, subject)
    assert (result.state, result.summary) == ("skipped", f"No money has come back for dispute {subject}.")


def test_a_part_comes_back(stage: Stage) -> None:
    stage.run(FLOW, win(stage, lost(stage, paid(stage)), amount=400))
    assert ledger(stage) == {"losses": "6.00", "undeposited funds": "4.00"}


def test_the_rest_comes_back_later(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)), amount=400)
    stage.run(FLOW, subject)
    stage.pass_time(minutes=1)
    stage.stripe_does(f"disputes/{subject}/reinstate", amount=600)
    stage.run(FLOW, subject)
    assert ledger(stage) == {"undeposited funds": "10.00"}


def test_what_was_won_is_withdrawn_and_won_again(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.run(FLOW, subject)
    stage.pass_time(minutes=1)
    stage.stripe_does(f"disputes/{subject}/withdraw_funds")
    stage.run(DISPUTES, subject)
    assert ledger(stage) == {"losses": "10.00"}
    win(stage, subject)
    stage.run(FLOW, subject)
    assert ledger(stage) == {"undeposited funds": "10.00"}


def test_all_at_once_in_any_order_gives_the_same_books(stage: Stage) -> None:
    subject = win(stage, disputed(stage, paid(stage)))
    stage.pass_time(minutes=1)
    stage.stripe_does(f"disputes/{subject}/withdraw_funds")
    win(stage, subject)
    for flow in (FLOW, DISPUTES, FLOW):
        stage.run(flow, subject)
        stage.make_all_due()
    assert (ledger(stage), len(stage.records("customerRefund"))) == ({"undeposited funds": "10.00"}, 2)


# what the dispute had posted -----------------------------------------------------------------------------------


def test_money_that_had_paid_nothing_is_open_credit_again(stage: Stage) -> None:
    stage.run(FLOW, win(stage, lost(stage, loose(stage))))
    assert [one["unapplied"] for one in stage.records("customerPayment")] == ["0.00", "10.00"]
    assert stage.records("invoice") == []


def test_a_part_that_was_lost_is_invoiced_and_the_rest_is_credit(stage: Stage) -> None:
    invoice = posted(stage, customer(stage), 600)
    stage.stripe_does("payments", invoices={invoice: 1000})
    stage.run(PAID, invoice)
    stage.run(FLOW, win(stage, lost(stage, stage.stripe_state("charge")[-1]["id"])))
    assert picked(stage.records("customerPayment")[1], "payment", "unapplied") == {
        "payment": "10.00",
        "unapplied": "4.00",
    }


def test_a_cash_refund_is_followed_by_a_cash_sale(stage: Stage) -> None:
    subject = win(stage, lost(stage, sold(stage), 400))
    assert stage.run(FLOW, subject).state == "succeeded"
    again = stage.records("cashSale")[1]
    assert picked(again, "externalId", "account", "total", "custbody_tieout_stripe_id") == {
        "externalId": f"stripe-cs-{reinstated(stage)}",
        "account": ids.UNDEPOSITED_FUNDS,
        "total": "4.00",
        "custbody_tieout_stripe_id": subject,
    }
    assert "losses" not in ledger(stage)


def test_a_reopened_invoice_is_paid_again(stage: Stage) -> None:
    stage.choose(DISPUTES, receivable="reopen")
    subject = win(stage, lost(stage, paid(stage), 400))
    stage.run(FLOW, subject)
    [invoice] = stage.records("invoice")
    assert (applied(stage.records("customerPayment")[1]), invoice["status"]) == ([(invoice["id"], "4.00")], "B")
    assert ledger(stage) == {"undeposited funds": "10.00"}


def test_a_reopened_invoice_that_somebody_paid_leaves_open_credit(stage: Stage) -> None:
    stage.choose(DISPUTES, receivable="reopen")
    subject = lost(stage, paid(stage))
    [invoice] = stage.records("invoice")
    line = {"doc": {"id": invoice["id"]}, "apply": True, "amount": "7.00"}
    body = {"customer": {"id": invoice["entity"]}, "payment": "7.00", "apply": {"items": [line]}}
    stage.saves("customerPayment", body)
    stage.run(FLOW, win(stage, subject))
    assert picked(stage.records("customerPayment")[2], "payment", "unapplied") == {
        "payment": "10.00",
        "unapplied": "7.00",
    }


@pytest.mark.parametrize("receivable", ["write_off", "reopen"])
def test_money_that_had_paid_nothing_is_taken_from_what_came_back(stage: Stage, receivable: str) -> None:
    stage.choose(DISPUTES, receivable=receivable)
    subject = win(stage, lost(stage, loose(stage)))
    stage.stripe_does(f"disputes/{subject}/withdraw_funds")
    stage.run(DISPUTES, subject)
    stage.make_all_due()
    assert (ledger(stage), [one["unapplied"] for one in stage.records("customerPayment")]) == ({}, ["0.00", "0.00"])


def test_a_reopened_invoice_is_reopened_again(stage: Stage) -> None:
    stage.choose(DISPUTES, receivable="reopen")
    subject = win(stage, lost(stage, paid(stage)))
    stage.stripe_does(f"disputes/{subject}/withdraw_funds")
    stage.run(DISPUTES, subject)
    stage.make_all_due()
    assert ledger(stage) == {"receivable": "10.00"}
    win(stage, subject)
    stage.run(FLOW, subject)
    assert ledger(stage) == {"undeposited funds": "10.00"}


# options and settings ------------------------------------------------------------------------------------------


def test_the_payment_is_left_as_credit_by_option(stage: Stage) -> None:
    stage.choose(FLOW, applied_to="unapplied")
    stage.run(FLOW, win(stage, lost(stage, paid(stage))))
    assert (stage.records("customerPayment")[1]["unapplied"], len(stage.records("invoice"))) == ("10.00", 1)
    assert ledger(stage) == {"losses": "10.00", "receivable": "-10.00", "undeposited funds": "10.00"}


def test_the_clearing_account_goes_by_currency(stage: Stage) -> None:
    keep(stage, money_in="clearing", clearing=ids.STRIPE_CLEARING)
    stage.run(FLOW, win(stage, lost(stage, paid(stage, currency="eur"))))
    payment = stage.records("customerPayment")[1]
    assert picked(payment, "account", "currency", "payment") == {
        "account": ids.STRIPE_CLEARING["EUR"],
        "currency": ids.EUR,
        "payment": "10.00",
    }


def test_yen_have_no_decimals(stage: Stage) -> None:
    stage.run(FLOW, win(stage, lost(stage, paid(stage, 10_000, currency="jpy"), 4_001)))
    assert Decimal(stage.records("customerPayment")[1]["payment"]) == Decimal(4001)


def test_a_part_that_only_the_settlement_currency_tells_is_held(stage: Stage) -> None:
    result = stage.run(FLOW, win(stage, lost(stage, paid(stage, currency="eur")), amount=400))
    assert (result.state, result.code) == ("held", "other_currency")


def test_a_missing_item_is_held_and_names_the_setting(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.keep_books(items=BOOKS["items"])
    result = stage.run(FLOW, subject)
    assert (result.state, result.action) == (
        "held",
        "Set `books.main.items.dispute` in the configuration, then replay.",
    )


def test_a_closed_period_holds_by_default(stage: Stage) -> None:
    subject = win(stage, lost(stage, paid(stage)))
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert (stage.run(FLOW, subject).code, len(stage.records("invoice"))) == ("period_closed", 1)


@pytest.mark.parametrize(("chosen", "state"), [("hold", "held"), ("skip", "skipped"), ("post", "succeeded")])
def test_a_reversal_of_money_from_before_the_start_is_as_finance_chose(stage: Stage, chosen: str, state: str) -> None:
    assert stage.run(FLOW, win(stage, old(stage, older=chosen))).state == state


def test_the_sweep_finds_what_was_won_since(stage: Stage) -> None:
    subject = lost(stage, paid(stage))
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.pass_time(days=40)
    win(stage, subject)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert ledger(stage) == {"undeposited funds": "10.00"}
