from decimal import Decimal
from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, Stage, picked
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import customer

FLOW = "stripe_dispute_to_netsuite"
PAID = "stripe_invoice_paid_to_netsuite_payment"
TOTALS = ("status", "total", "unapplied")


@pytest.fixture(autouse=True)
def _accounts(stage: Stage) -> None:
    keep(stage)


def keep(stage: Stage, **accounts: Any) -> None:
    stage.keep_books(
        items=BOOKS["items"] | {"dispute": ids.ITEM_DISPUTE},
        accounts={"undeposited": ids.UNDEPOSITED_FUNDS, **accounts},
    )


def paid(stage: Stage, value: int = 1000, **given: Any) -> str:
    """The charge of an invoice that is paid, in both systems."""
    subject = posted(stage, customer(stage), value, **given)
    pay(stage, subject)
    assert stage.run(PAID, subject).state == "succeeded"
    return newest_charge(stage)


def newest_charge(stage: Stage) -> str:
    made: str = stage.stripe_state("charge")[-1]["id"]
    return made


def loose(stage: Stage, value: int = 1000, **given: Any) -> str:
    """A charge that paid nothing, as an unapplied payment in NetSuite."""
    who = customer(stage)
    charge: str = stage.stripe_does("charges", amount=value, customer=who, **given)["id"]
    stage.switch("stripe_charge_to_netsuite_invoice", on=False)
    assert stage.run("stripe_payment_to_netsuite_payment", charge).state == "succeeded"
    return charge


def disputed(stage: Stage, charge: str, **given: Any) -> str:
    made: str = stage.stripe_does(f"charges/{charge}/dispute", **given)["id"]
    return made


def withdrawn(stage: Stage, number: int = 0) -> str:
    rows = [row for row in stage.stripe_state("balance_transaction") if row["amount"] < 0]
    made: str = rows[number]["id"]
    return made


def applied(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["doc"], line["amount"]) for line in record["apply"] if line["apply"]]


def ledger(stage: Stage) -> dict[str, str]:
    """What is in the accounts that disputes touch, in US dollars."""
    rows = stage.sandbox.netsuite.trial_balance()["lines"]
    names = {
        ids.UNDEPOSITED_FUNDS: "undeposited funds",
        ids.ACCOUNT_RECEIVABLE: "receivable",
        ids.DISPUTE_LOSSES: "losses",
        ids.CUSTOMER_DEPOSITS: "deposits",
    }
    touched = [row for row in rows if row["account"] in names and Decimal(row["base"])]
    return {names[row["account"]]: f"{Decimal(row['base']):.2f}" for row in touched}


# credit memo and customer refund -------------------------------------------------------------------------------


def test_a_dispute_becomes_a_credit_memo(stage: Stage) -> None:
    charge = paid(stage)
    subject = disputed(stage, charge)
    assert stage.deliver(f"{FLOW}/charge.dispute.funds_withdrawn__by_card", subject).state == "succeeded"
    [memo], [invoice] = stage.records("creditMemo"), stage.records("invoice")
    assert picked(
        memo, "externalId", "entity", "subsidiary", "currency", "account", "tranDate", "memo", "status", "item"
    ) == {
        "externalId": f"stripe-cm-{withdrawn(stage)}",
        "entity": invoice["entity"],
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "account": ids.ACCOUNT_RECEIVABLE,
        "tranDate": "2026-08-20",
        "memo": f"Stripe dispute {subject}, charge {charge}",
        "status": "B",
        "item": memo["item"],
    }
    assert [(line["item"], line["amount"]) for line in memo["item"]] == [(ids.ITEM_DISPUTE, "10.00")]


def test_the_customer_refund_pays_the_memo_out_of_the_account_of_the_payment(stage: Stage) -> None:
    charge = paid(stage)
    subject = disputed(stage, charge)
    stage.run(FLOW, subject)
    [refund], [memo] = stage.records("customerRefund"), stage.records("creditMemo")
    assert refund == {
        "id": refund["id"],
        "externalId": f"stripe-crf-{withdrawn(stage)}",
        "tranId": "REF1001",
        "transactionNumber": "REF1001",
        "tranDate": "2026-08-20",
        "postingPeriod": ids.period(stage.sandbox.clock.now().date()),
        "customer": memo["entity"],
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "account": ids.UNDEPOSITED_FUNDS,
        "arAcct": ids.ACCOUNT_RECEIVABLE,
        "memo": f"Stripe dispute {subject}, charge {charge}",
        "status": "R",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "total": "10.00",
        "custbody_tieout_stripe_id": subject,
        "custbody_tieout_charge_id": charge,
        "apply": refund["apply"],
        "deposit": [],
    }
    assert applied(refund) == [(memo["id"], "10.00")]


def test_the_loss_is_booked_and_nothing_stays_open(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, paid(stage)))
    assert ledger(stage) == {"losses": "10.00"}


def test_the_same_withdrawal_again_posts_nothing(stage: Stage) -> None:
    subject = disputed(stage, paid(stage))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, len(stage.records("customerRefund"))) == ("echo", 0, 1)


def test_the_payment_is_brought_over_first(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    assert stage.run(FLOW, disputed(stage, newest_charge(stage))).state == "succeeded"
    assert ledger(stage) == {"losses": "10.00"}


@pytest.mark.parametrize(
    "event", ["charge.dispute.created__inquiry", "charge.dispute.updated__escalated", "charge.dispute.closed__lost"]
)
def test_any_event_of_a_dispute_finds_money_that_moved(stage: Stage, event: str) -> None:
    subject = disputed(stage, paid(stage))
    assert stage.deliver(f"{FLOW}/{event}", subject).state == "succeeded"
    assert len(stage.records("customerRefund")) == 1


def test_an_inquiry_posts_nothing(stage: Stage) -> None:
    subject = disputed(stage, paid(stage), inquiry=True)
    result = stage.run(FLOW, subject)
    assert (result.state, result.summary) == (
        "skipped",
        f"Dispute {subject} is an inquiry, which moves no money.",
    )


def test_an_escalated_inquiry_is_posted(stage: Stage) -> None:
    subject = disputed(stage, paid(stage), inquiry=True)
    stage.run(FLOW, subject)
    stage.stripe_does(f"disputes/{subject}/escalate")
    assert stage.run(FLOW, subject).state == "succeeded"
    assert ledger(stage) == {"losses": "10.00"}


def test_a_prevented_dispute_posts_nothing(stage: Stage) -> None:
    result = stage.run(FLOW, disputed(stage, paid(stage), status="prevented"))
    assert (result.code, stage.records("customerRefund")) == ("no_money", [])


def test_a_lost_dispute_changes_nothing_further(stage: Stage) -> None:
    subject = disputed(stage, paid(stage))
    stage.run(FLOW, subject)
    stage.stripe_does(f"disputes/{subject}/lose")
    assert stage.run(FLOW, subject).code == "echo"


def test_a_part_of_the_charge_is_lost(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, paid(stage), amount=400))
    assert ledger(stage) == {"losses": "4.00", "undeposited funds": "6.00"}


def test_two_disputes_of_one_charge_are_two_losses(stage: Stage) -> None:
    charge = paid(stage)
    for subject in (disputed(stage, charge, amount=400), disputed(stage, charge, amount=600)):
        stage.run(FLOW, subject)
    assert [one["total"] for one in stage.records("customerRefund")] == ["4.00", "6.00"]


def test_a_won_dispute_that_is_withdrawn_again_is_posted_again(stage: Stage) -> None:
    subject = disputed(stage, paid(stage))
    stage.run(FLOW, subject)
    stage.stripe_does(f"disputes/{subject}/win")
    stage.stripe_does(f"disputes/{subject}/withdraw_funds")
    stage.run(FLOW, subject)
    assert [one["externalId"] for one in stage.records("customerRefund")] == [
        f"stripe-crf-{withdrawn(stage)}",
        f"stripe-crf-{withdrawn(stage, 1)}",
    ]


def test_what_was_refunded_before_is_not_lost_again(stage: Stage) -> None:
    charge = paid(stage)
    stage.stripe.v1.refunds.create({"charge": charge, "amount": 300})
    stage.run(FLOW, disputed(stage, charge, amount=700))
    assert [one["total"] for one in stage.records("creditMemo")] == ["7.00"]


def test_more_than_was_paid_is_held_with_both_sums(stage: Stage) -> None:
    charge = paid(stage)
    stage.stripe.v1.refunds.create({"charge": charge, "amount": 300})
    result = stage.run(FLOW, disputed(stage, charge))
    assert (result.state, result.code, result.summary) == (
        "held",
        "more_than_paid",
        f"Charge {charge} brought 10.00 USD; refunds took 3.00 USD of it and disputes 10.00 USD, which is more than "
        "was paid.",
    )
    assert stage.records("creditMemo") == []


def test_two_whole_disputes_of_one_charge_are_held(stage: Stage) -> None:
    charge = paid(stage)
    disputed(stage, charge)
    assert stage.run(FLOW, disputed(stage, charge)).code == "more_than_paid"


# currencies ----------------------------------------------------------------------------------------------------


def test_the_loss_is_in_the_currency_of_the_charge(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, paid(stage, currency="eur")))
    [refund] = stage.records("customerRefund")
    assert picked(refund, "currency", "total") == {"currency": ids.EUR, "total": "10.00"}


def test_a_part_in_another_currency_is_the_disputes_own_amount(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, paid(stage, currency="eur"), amount=333))
    assert [one["total"] for one in stage.records("creditMemo")] == ["3.33"]


def test_a_part_that_only_the_settlement_currency_tells_is_held(stage: Stage) -> None:
    subject = disputed(stage, paid(stage, currency="eur"))
    stage.run(FLOW, subject)
    stage.stripe_does(f"disputes/{subject}/win")
    stage.stripe_does(f"disputes/{subject}/withdraw_funds", amount=500)
    result = stage.run(FLOW, subject)
    assert (result.code, result.action) == (
        "other_currency",
        "Book this movement by hand in NetSuite, then dismiss.",
    )


def test_yen_have_no_decimals(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, paid(stage, 10_000, currency="jpy"), amount=4_001))
    assert [Decimal(one["total"]) for one in stage.records("customerRefund")] == [Decimal(4001)]


# where the money lies ------------------------------------------------------------------------------------------


def test_the_clearing_account_of_the_payment_is_what_the_money_leaves(stage: Stage) -> None:
    keep(stage, money_in="clearing", clearing=ids.STRIPE_CLEARING)
    stage.run(FLOW, disputed(stage, paid(stage, currency="eur")))
    assert stage.records("customerRefund")[0]["account"] == ids.STRIPE_CLEARING["EUR"]


def test_a_missing_account_is_held_and_names_the_setting(stage: Stage) -> None:
    keep(stage, undeposited=None)
    result = stage.run(FLOW, disputed(stage, paid(stage)))
    assert (result.state, result.action) == (
        "held",
        "Set `books.main.accounts.undeposited` in the configuration, then replay.",
    )


def test_a_missing_item_is_held_and_names_the_setting(stage: Stage) -> None:
    stage.keep_books(items=BOOKS["items"])
    result = stage.run(FLOW, disputed(stage, paid(stage)))
    assert (result.state, result.action, stage.records("creditMemo")) == (
        "held",
        "Set `books.main.items.dispute` in the configuration, then replay.",
        [],
    )


# what the charge became ----------------------------------------------------------------------------------------


def test_money_that_paid_nothing_is_only_paid_back(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, loose(stage)))
    [payment], [refund] = stage.records("customerPayment"), stage.records("customerRefund")
    assert (applied(refund), stage.records("creditMemo"), ledger(stage)) == ([(payment["id"], "10.00")], [], {})


def test_what_paid_in_part_is_lost_in_part(stage: Stage) -> None:
    subject = posted(stage, customer(stage), 600)
    stage.stripe_does("payments", invoices={subject: 1000})
    stage.run(PAID, subject)
    stage.run(FLOW, disputed(stage, newest_charge(stage)))
    [payment], [memo], [refund] = (stage.records(kind) for kind in ("customerPayment", "creditMemo", "customerRefund"))
    assert sorted(applied(refund)) == sorted([(memo["id"], "6.00"), (payment["id"], "4.00")])
    assert ledger(stage) == {"losses": "6.00"}


def sold(stage: Stage) -> str:
    """A charge that is a cash sale in NetSuite."""
    stage.choose("stripe_charge_to_netsuite_invoice", mode="cash_sale")
    charge: str = stage.stripe_does("charges", amount=1000, customer=customer(stage))["id"]
    stage.run("stripe_charge_to_netsuite_invoice", charge)
    assert [one["externalId"] for one in stage.records("cashSale")] == [f"stripe-cs-{charge}"]
    return charge


def test_a_cash_sale_is_given_back_by_a_cash_refund(stage: Stage) -> None:
    subject = disputed(stage, sold(stage), amount=400)
    assert stage.run(FLOW, subject).state == "succeeded"
    [refund] = stage.records("cashRefund")
    assert picked(refund, "externalId", "account", "total", "custbody_tieout_stripe_id") == {
        "externalId": f"stripe-cr-{withdrawn(stage)}",
        "account": ids.UNDEPOSITED_FUNDS,
        "total": "4.00",
        "custbody_tieout_stripe_id": subject,
    }
    assert [(line["item"], line["amount"]) for line in refund["item"]] == [(ids.ITEM_DISPUTE, "4.00")]


def test_a_customer_deposit_is_given_back(stage: Stage) -> None:
    stage.choose("stripe_charge_to_netsuite_invoice", mode="customer_deposit")
    charge: str = stage.stripe_does("charges", amount=1000, customer=customer(stage))["id"]
    stage.run("stripe_charge_to_netsuite_invoice", charge)
    assert len(stage.records("customerDeposit")) == 1
    assert stage.run(FLOW, disputed(stage, charge)).state == "succeeded"
    assert ([one["total"] for one in stage.records("customerRefund")], ledger(stage)) == (["10.00"], {})


# options -------------------------------------------------------------------------------------------------------


def test_cash_mode_by_option(stage: Stage) -> None:
    stage.choose(FLOW, mode="cash")
    stage.run(FLOW, disputed(stage, paid(stage)))
    assert ([one["total"] for one in stage.records("cashRefund")], stage.records("creditMemo")) == (["10.00"], [])
    assert ledger(stage) == {"losses": "10.00"}


def test_payment_mode_by_option(stage: Stage) -> None:
    stage.choose(FLOW, mode="payment")
    stage.run(FLOW, disputed(stage, sold(stage)))
    assert ([one["total"] for one in stage.records("customerRefund")], stage.records("cashRefund")) == (["10.00"], [])


def test_the_receivable_is_reopened_by_option(stage: Stage) -> None:
    stage.choose(FLOW, receivable="reopen")
    stage.run(FLOW, disputed(stage, paid(stage), amount=400))
    [payment], [invoice] = stage.records("customerPayment"), stage.records("invoice")
    assert (picked(payment, "payment", "unapplied"), invoice["amountRemaining"]) == (
        {"payment": "10.00", "unapplied": "0.00"},
        "4.00",
    )
    assert (stage.records("creditMemo"), applied(stage.records("customerRefund")[0])) == (
        [],
        [(payment["id"], "4.00")],
    )
    assert ledger(stage) == {"receivable": "4.00", "undeposited funds": "6.00"}


def test_a_reopened_invoice_is_not_paid_again_by_the_same_charge(stage: Stage) -> None:
    stage.choose(FLOW, receivable="reopen")
    charge = paid(stage)
    stage.run(FLOW, disputed(stage, charge))
    stage.run(PAID, stage.stripe_state("invoice")[0]["id"])
    stage.run("stripe_payment_to_netsuite_payment", charge)
    assert ledger(stage) == {"receivable": "10.00"}


def test_a_reopened_netsuite_invoice_is_not_paid_again_by_the_same_charge(stage: Stage) -> None:
    stage.choose(FLOW, receivable="reopen")
    who, line = customer(stage), {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": "10", "description": "A"}
    body = {"entity": {"id": stage.records("customer")[0]["id"]}, "item": {"items": [line]}}
    invoice = stage.saves("invoice", body)["id"]
    marked = {"netsuite_invoice_id": invoice}
    charge = stage.stripe_does("charges", amount=1000, customer=who, metadata=marked)["id"]
    stage.run("stripe_payment_to_netsuite_payment", charge)
    stage.run(FLOW, disputed(stage, charge))
    stage.run("open_invoice_payments_from_stripe_charges", invoice)
    stage.run("stripe_payment_to_netsuite_payment", charge)
    assert ledger(stage) == {"receivable": "10.00"}


# dates ---------------------------------------------------------------------------------------------------------


def test_the_day_is_the_one_of_the_withdrawal(stage: Stage) -> None:
    charge = paid(stage)
    stage.pass_time(days=5, hours=12)
    subject = disputed(stage, charge)
    stage.pass_time(days=3)
    stage.run(FLOW, subject)
    assert {one["tranDate"] for kind in ("creditMemo", "customerRefund") for one in stage.records(kind)} == {
        "2026-08-25"
    }


def test_a_closed_period_holds_by_default(stage: Stage) -> None:
    subject = disputed(stage, paid(stage))
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert (stage.run(FLOW, subject).code, stage.records("creditMemo")) == ("period_closed", [])


def test_what_is_posted_stays_when_its_period_closes(stage: Stage) -> None:
    subject = disputed(stage, paid(stage))
    stage.run(FLOW, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert stage.run(FLOW, subject).code == "echo"


def old(stage: Stage, **decided: Any) -> str:
    """A dispute of a charge from before the start, which is not in NetSuite."""
    charge: str = stage.stripe_does("charges", amount=1000, customer=customer(stage))["id"]
    stage.decide(start_date="2026-09-01", **decided)
    stage.pass_time(days=20)
    return disputed(stage, charge)


@pytest.mark.parametrize(("chosen", "state"), [("hold", "held"), ("skip", "skipped"), ("post", "succeeded")])
def test_a_dispute_of_money_from_before_the_start_is_as_finance_chose(stage: Stage, chosen: str, state: str) -> None:
    assert stage.run(FLOW, old(stage, older=chosen)).state == state


def test_without_a_payment_the_whole_is_lost_by_the_charges_customer(stage: Stage) -> None:
    stage.run(FLOW, old(stage, older="post"))
    [memo], [who] = stage.records("creditMemo"), stage.records("customer")
    assert (memo["entity"], memo["total"], ledger(stage)) == (
        who["id"],
        "10.00",
        {"losses": "10.00", "undeposited funds": "-10.00"},
    )


def test_a_dispute_from_before_the_start_is_skipped(stage: Stage) -> None:
    subject = disputed(stage, paid(stage))
    stage.decide(start_date="2026-09-01")
    assert stage.run(FLOW, subject).code == "before_start"


def test_the_sweep_finds_a_dispute_of_an_old_charge(stage: Stage) -> None:
    charge = paid(stage)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.pass_time(days=40)
    disputed(stage, charge)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert ledger(stage) == {"losses": "10.00"}


# debits that come back -----------------------------------------------------------------------------------------


def debited(stage: Stage) -> str:
    """The charge of an invoice that was paid by a bank debit, in both systems."""
    subject = posted(stage, customer(stage))
    pay(stage, subject, payment_method="pm_usBankAccount")
    charge = newest_charge(stage)
    stage.stripe_does(f"charges/{charge}/settle")
    assert stage.run(PAID, subject).state == "succeeded"
    return charge


def test_a_returned_debit_leaves_the_invoice_open(stage: Stage) -> None:
    charge = debited(stage)
    stage.stripe_does(f"charges/{charge}/return")
    assert stage.deliver(f"{FLOW}/charge.failed__returned_debit", charge).state == "succeeded"
    [payment], [invoice] = stage.records("customerPayment"), stage.records("invoice")
    [refund] = stage.records("customerRefund")
    assert (applied(refund), invoice["amountRemaining"]) == ([(payment["id"], "10.00")], "10.00")
    assert ledger(stage) == {"receivable": "10.00"}


def test_a_debit_that_is_returned_as_a_dispute_leaves_the_invoice_open_too(stage: Stage) -> None:
    stage.run(FLOW, disputed(stage, debited(stage), reason="insufficient_funds"))
    assert ledger(stage) == {"receivable": "10.00"}


def test_a_returned_debit_is_posted_once(stage: Stage) -> None:
    charge = debited(stage)
    stage.stripe_does(f"charges/{charge}/return")
    stage.run(FLOW, charge)
    assert (stage.run(FLOW, charge).code, len(stage.records("customerRefund"))) == ("echo", 1)


def test_a_returned_debit_that_never_was_in_netsuite_is_skipped(stage: Stage) -> None:
    charge: str = stage.stripe_does("charges", amount=1000, payment_method="pm_usBankAccount")["id"]
    stage.stripe_does(f"charges/{charge}/settle")
    stage.stripe_does(f"charges/{charge}/return")
    assert stage.run(FLOW, charge).code == "never_posted"


def test_a_payment_that_never_came_is_skipped(stage: Stage) -> None:
    charge: str = stage.stripe_does("charges", amount=1000, payment_method="pm_usBankAccount")["id"]
    stage.stripe_does(f"charges/{charge}/fail")
    result = stage.run(FLOW, charge)
    assert (result.state, result.summary) == ("skipped", "The payment failed before it had brought any money.")
