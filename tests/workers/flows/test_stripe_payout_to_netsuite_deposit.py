from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.links import StoredLinks
from app.core.runs import Run
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.records import Ref
from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, Stage, picked
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized

FLOW = "stripe_payout_to_netsuite_deposit"
RATES = "exchange_rates_to_netsuite"
AVAILABLE = "pm_card_bypassPending"
TRANSIT = ids.STRIPE_CLEARING
ACCOUNTS: dict[str, Any] = {
    "undeposited": ids.UNDEPOSITED_FUNDS,
    "bank": ids.BANK,
    "fees": {"*": ids.STRIPE_FEES},
    "reserves": {"*": ids.STRIPE_RESERVES},
    "clearing": ids.STRIPE_CLEARING,
}


def accounts(stage: Stage, **more: Any) -> None:
    stage.keep_books(accounts=ACCOUNTS | more)


@pytest.fixture(autouse=True)
def _accounts(stage: Stage) -> None:
    accounts(stage)


def charged(stage: Stage, value: int = 10_000, who: str | None = None, **given: Any) -> str:
    who = who or customer(stage)
    made = stage.stripe_does("charges", amount=value, customer=who, payment_method=AVAILABLE, **given)
    return str(made["id"])


def moved(stage: Stage, kind: str, value: int, **more: Any) -> str:
    return str(stage.stripe_does("balance_transactions", type=kind, amount=value, **more)["id"])


def pay_out(stage: Stage, **given: Any) -> str:
    """The automatic payout, itemised and paid."""
    [made] = stage.stripe_does("payouts", **given)["payouts"]
    stage.stripe_does(f"payouts/{made['id']}/reconcile")
    stage.stripe_does(f"payouts/{made['id']}/pay")
    return str(made["id"])


def ledger(stage: Stage, account: str) -> Decimal:
    """The account's balance in the subsidiary's currency."""
    books = stage.sandbox.netsuite.books.ledger
    return sum((line.base for lines in books.values() for line in lines if line.account == account), Decimal(0))


def others(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["account"], line["amount"], line["memo"]) for line in record.get("other", ())]


def kept_back(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["account"], line["amount"], line["memo"]) for line in record.get("cashBack", ())]


def ticked(record: dict[str, Any]) -> list[str]:
    return [line["paymentAmount"] for line in record.get("payment", ())]


def recorded(stage: Stage, role: str, stripe_id: str, record_type: str, body: dict[str, Any], **facts: Any) -> str:
    """A record that another flow has made, with its link."""
    made: str = stage.saves(record_type, body)["id"]
    links = StoredLinks(stage.parts.database, "main")
    links.save(role, stripe_id, Ref(record_type, made), origin="stripe", facts=facts)
    return made


def test_a_payout_becomes_a_deposit(stage: Stage) -> None:
    who = customer(stage)
    charge = charged(stage, 10_000, who)
    moved(stage, "stripe_fee", -150, description="Radar")
    subject = pay_out(stage)
    assert stage.deliver(f"{FLOW}/payout.reconciliation_completed__automatic", subject).state == "succeeded"
    [record], [payment] = stage.records("deposit"), stage.records("customerPayment")
    trace = stage.stripe.v1.payouts.retrieve(subject).trace_id.value
    assert payment["externalId"] == f"stripe-pay-{charge}"
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-dep-{subject}",
        "tranId": "BD1001",
        "transactionNumber": "BD1001",
        "tranDate": "2026-08-22",
        "postingPeriod": ids.period(date(2026, 8, 22)),
        "account": ids.BANK["USD"],
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "memo": f"Stripe payout {subject}, bank reference {trace}",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "total": "95.30",
        "custbody_tieout_stripe_id": subject,
        "payment": [{"id": int(payment["id"]), "deposit": True, "paymentAmount": "100.00"}],
        "other": [],
        "cashBack": [
            {"account": ids.STRIPE_FEES, "amount": "3.20", "memo": "Stripe fees on payments"},
            {"account": ids.STRIPE_FEES, "amount": "1.50", "memo": "Stripe fee"},
        ],
    }


def balances(stage: Stage, **wanted: str) -> dict[str, Decimal]:
    return {name: ledger(stage, account) for name, account in wanted.items()}


def test_the_books_say_what_the_bank_says(stage: Stage) -> None:
    charged(stage)
    stage.run(FLOW, pay_out(stage))
    assert balances(stage, bank=ids.BANK["USD"], undeposited=ids.UNDEPOSITED_FUNDS, fees=ids.STRIPE_FEES) == {
        "bank": Decimal("96.80"),
        "undeposited": Decimal(0),
        "fees": Decimal("3.20"),
    }


def test_the_same_event_again_posts_nothing(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    stage.run(FLOW, subject)
    again = stage.deliver(f"{FLOW}/payout.paid__automatic", subject)
    assert (again.state, again.code, len(stage.records("deposit"))) == ("skipped", "echo", 1)


def test_a_payout_of_many_charges_takes_few_calls(stage: Stage) -> None:
    who = customer(stage)
    for number in range(40):
        charged(stage, 1000 + number, who)
    result = stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (result.state, len(record["payment"]), len(record["cashBack"])) == ("succeeded", 40, 1)
    assert result.netsuite_calls <= 6


def test_all_its_charges_are_brought_over_at_once(stage: Stage) -> None:
    who = customer(stage)
    for number in range(5):
        charged(stage, 1000 + number, who)
    subject = pay_out(stage)
    stage.run(FLOW, subject)
    with stage.parts.database.session_scope() as session:
        tries = session.scalars(select(Run.tries).where(Run.flow == FLOW)).one()
    assert tries <= 3


def test_the_run_says_what_the_payout_held(stage: Stage) -> None:
    charged(stage)
    moved(stage, "stripe_fee", -150)
    assert stage.run(FLOW, pay_out(stage)).notes[-2:] == ["1 × charge: 100.00 USD.", "2 × fee: -4.70 USD."]


def test_the_link_keeps_the_sums(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    stage.run(FLOW, subject)
    assert stage.links()[f"stripe-dep-{subject}"].facts == {
        "payout": subject,
        "net": 9680,
        "currency": "USD",
        "tran_date": "2026-08-22",
        "account": ids.BANK["USD"],
        "subsidiary": ids.SUBSIDIARY_US,
        "lines": {"charge": {"count": 1, "amount": "100.00"}, "fee": {"count": 1, "amount": "-3.20"}},
        "unreconciled": [],
        "abroad": [],
    }


# the clearing account ------------------------------------------------------------------------------------------


def test_money_in_a_clearing_account_is_taken_out_of_it(stage: Stage) -> None:
    accounts(stage, money_in="clearing")
    who = customer(stage)
    charged(stage, 10_000, who)
    charged(stage, 5000, who)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (record.get("payment"), others(record)) == (
        [],
        [(ids.STRIPE_CLEARING["USD"], "150.00", "Stripe payments")],
    )
    assert balances(stage, bank=ids.BANK["USD"], clearing=ids.STRIPE_CLEARING["USD"]) == {
        "bank": Decimal("145.05"),
        "clearing": Decimal(0),
    }


def test_each_transaction_is_a_line_by_option(stage: Stage) -> None:
    accounts(stage, money_in="clearing")
    stage.choose(FLOW, lines="each")
    who = customer(stage)
    first, second = charged(stage, 10_000, who), charged(stage, 5000, who)
    moved(stage, "stripe_fee", -150, description="Radar")
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert [(line["refNum"], line["amount"]) for line in record["other"]] == [(first, "100.00"), (second, "50.00")]
    assert [text for _, _, text in kept_back(record)] == [
        "Stripe fees on payments",
        "Stripe fees on payments",
        "Stripe fee: Radar",
    ]


def test_where_each_payment_lies_decides(stage: Stage) -> None:
    who = customer(stage)
    stage.run("stripe_payment_to_netsuite_payment", charged(stage, 10_000, who))
    accounts(stage, money_in="clearing")
    charged(stage, 5000, who)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), others(record)) == (
        ["100.00"],
        [(ids.STRIPE_CLEARING["USD"], "50.00", "Stripe payments")],
    )


# refunds and disputes ------------------------------------------------------------------------------------------


def refund_recorded(stage: Stage, stripe_id: str, value: str, account: str, **facts: Any) -> str:
    """A customer refund of an unapplied payment."""
    who = stage.records("customer")[0]["id"]
    body = {"customer": {"id": who}, "payment": value, "account": {"id": account}, "currency": {"id": ids.USD}}
    spare = stage.saves("customerPayment", body)["id"]
    applied = {"items": [{"doc": {"id": spare}, "apply": True, "amount": value}]}
    given = {"customer": {"id": who}, "account": {"id": account}, "currency": {"id": ids.USD}, "apply": applied}
    return recorded(stage, "crf", stripe_id, "customerRefund", given, money=account, **facts)


def test_a_refund_is_ticked_with_the_payments(stage: Stage) -> None:
    charged(stage)
    moved(stage, "refund", -2500, source="re_1")
    refund_recorded(stage, "re_1", "25.00", ids.UNDEPOSITED_FUNDS)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), record["total"]) == (["100.00", "-25.00"], "71.80")


def test_a_refund_out_of_the_clearing_account_is_a_line(stage: Stage) -> None:
    accounts(stage, money_in="clearing")
    charged(stage)
    moved(stage, "refund", -2500, source="re_1")
    refund_recorded(stage, "re_1", "25.00", ids.STRIPE_CLEARING["USD"])
    stage.run(FLOW, pay_out(stage))
    assert others(stage.records("deposit")[0]) == [
        (ids.STRIPE_CLEARING["USD"], "100.00", "Stripe payments"),
        (ids.STRIPE_CLEARING["USD"], "-25.00", "Stripe refunds"),
    ]


def test_a_dispute_is_found_by_its_balance_transaction_and_its_fee_has_an_account(stage: Stage) -> None:
    accounts(stage, dispute_fees={"*": ids.DISPUTE_LOSSES})
    charged(stage)
    txn = moved(stage, "adjustment", -2500, reporting_category="dispute", fee=1500, source="du_1")
    refund_recorded(stage, txn, "25.00", ids.UNDEPOSITED_FUNDS)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), kept_back(record)) == (
        ["100.00", "-25.00"],
        [
            (ids.STRIPE_FEES, "3.20", "Stripe fees on payments"),
            (ids.DISPUTE_LOSSES, "15.00", "Stripe fees on disputes"),
        ],
    )


def test_a_dispute_that_was_won_is_a_payment(stage: Stage) -> None:
    charged(stage)
    txn = moved(stage, "adjustment", 2500, reporting_category="dispute_reversal", source="du_1")
    who = stage.records("customer")[0]["id"]
    body = {"customer": {"id": who}, "payment": "25.00", "currency": {"id": ids.USD}}
    recorded(stage, "pay", txn, "customerPayment", body, money=None)
    stage.run(FLOW, pay_out(stage))
    assert ticked(stage.records("deposit")[0]) == ["100.00", "25.00"]


def test_a_refund_that_failed_in_the_same_payout_moves_nothing(stage: Stage) -> None:
    charged(stage)
    moved(stage, "refund", -2500, source="re_1")
    moved(stage, "refund_failure", 2500, source="re_1")
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), others(record), record["total"]) == (["100.00"], [], "96.80")


def test_a_refund_that_failed_later_goes_back_to_where_it_came_from(stage: Stage) -> None:
    charged(stage)
    moved(stage, "refund_failure", 2500, source="re_1")
    refund_recorded(stage, "re_1", "25.00", ids.UNDEPOSITED_FUNDS)
    stage.run(FLOW, pay_out(stage))
    assert others(stage.records("deposit")[0]) == [(ids.UNDEPOSITED_FUNDS, "25.00", "Stripe refunds that failed")]


def test_refunds_and_disputes_are_brought_over_too(stage: Stage) -> None:
    stage.keep_books(items=BOOKS["items"] | {"dispute": ids.ITEM_DISPUTE})
    who = customer(stage)
    first, second = charged(stage, 10_000, who), charged(stage, 8000, who)
    stage.stripe.v1.refunds.create({"charge": first, "amount": 2500})
    dispute = stage.stripe_does(f"charges/{second}/dispute")["id"]
    stage.pass_time(minutes=1)
    stage.stripe_does(f"disputes/{dispute}/win")
    result = stage.run(FLOW, pay_out(stage))
    assert result.state == "succeeded", result
    assert sorted(ticked(stage.records("deposit")[0])) == ["-25.00", "-80.00", "100.00", "80.00", "80.00"]


def test_a_refund_of_a_credit_note_is_brought_over_with_it(stage: Stage) -> None:
    invoice = finalized(stage, customer(stage), amount(10_000))
    stage.stripe_does(f"invoices/{invoice}/pay", payment_method=AVAILABLE)
    stage.stripe.v1.credit_notes.create({"invoice": invoice, "amount": 2500, "refund_amount": 2500})
    result = stage.run(FLOW, pay_out(stage))
    assert result.state == "succeeded", result
    assert ticked(stage.records("deposit")[0]) == ["100.00", "-25.00"]
    assert [one["total"] for one in stage.records("creditMemo")] == ["25.00"]


@pytest.mark.parametrize(
    ("account", "ticks", "lines"),
    [
        (ids.UNDEPOSITED_FUNDS, ["100.00"], []),
        (TRANSIT["USD"], [], [(TRANSIT["USD"], "100.00", "Stripe payments")]),
    ],
)
def test_a_payment_entered_by_hand_is_looked_at_where_it_lies(
    stage: Stage, account: str, ticks: list[str], lines: list[tuple[str, str, str]]
) -> None:
    charge = charged(stage)
    body = {"customer": {"id": stage.records("customer")[0]["id"]}, "payment": "100.00", "account": {"id": account}}
    recorded(stage, "pay", charge, "customerPayment", body)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), others(record)) == (ticks, lines)


def test_after_a_refund_has_failed_the_books_are_even_again(stage: Stage) -> None:
    charge = charged(stage)
    refund = stage.stripe.v1.refunds.create({"charge": charge, "amount": 2500}).id
    assert stage.run(FLOW, pay_out(stage)).state == "succeeded"
    stage.stripe_does(f"refunds/{refund}/fail")
    stage.run("stripe_refund_to_netsuite", refund)
    assert stage.run(FLOW, pay_out(stage)).state == "succeeded"
    assert balances(stage, bank=ids.BANK["USD"], undeposited=ids.UNDEPOSITED_FUNDS) == {
        "bank": Decimal("96.80"),
        "undeposited": Decimal(0),
    }


def test_a_capture_that_was_reversed_in_part_is_one_payment(stage: Stage) -> None:
    charge = charged(stage, 6000)
    own = next(row for row in stage.stripe_state("balance_transaction") if row["source"] == charge)
    stored = stage.sandbox.stripe.account.get("balance_transaction", own["id"])
    stored.update(amount=10_000, net=10_000 - own["fee"])
    moved(stage, "refund", -4000, reporting_category="partial_capture_reversal", source=charge)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), record["total"]) == (["60.00"], "57.96")


# what no record stands for -------------------------------------------------------------------------------------


def test_fees_go_by_their_type(stage: Stage) -> None:
    accounts(stage, payout_types={"tax": ids.TAX_LIABILITY})
    charged(stage)
    moved(stage, "stripe_fee", -200, description="Billing")
    moved(stage, "tax_fee", -38, description="VAT on fees")
    stage.run(FLOW, pay_out(stage))
    assert kept_back(stage.records("deposit")[0]) == [
        (ids.STRIPE_FEES, "3.20", "Stripe fees on payments"),
        (ids.STRIPE_FEES, "2.00", "Stripe fee"),
        (ids.TAX_LIABILITY, "0.38", "Stripe tax fee"),
    ]


def test_a_fee_that_was_given_back_is_a_line_that_adds(stage: Stage) -> None:
    charged(stage)
    moved(stage, "stripe_fee", 120, description="Credit")
    stage.run(FLOW, pay_out(stage))
    assert others(stage.records("deposit")[0]) == [(ids.STRIPE_FEES, "1.20", "Stripe fee")]


def test_reserves_have_an_account(stage: Stage) -> None:
    charged(stage)
    moved(stage, "reserve_transaction", -1000)
    stage.run(FLOW, pay_out(stage))
    assert others(stage.records("deposit")[0]) == [(ids.STRIPE_RESERVES, "-10.00", "Stripe reserves")]


@pytest.mark.parametrize("kind", ["adjustment", "topup", "transfer", "network_surprise"])
def test_other_movements_go_by_finances_map(stage: Stage, kind: str) -> None:
    accounts(stage, payout_types={kind: ids.REFUNDS_PAYABLE})
    charged(stage)
    moved(stage, kind, -700)
    stage.run(FLOW, pay_out(stage))
    [(account, value, _)] = others(stage.records("deposit")[0])
    assert (account, value) == (ids.REFUNDS_PAYABLE, "-7.00")


def test_an_unknown_type_is_held_and_named(stage: Stage) -> None:
    charged(stage)
    txn = moved(stage, "climate_order_purchase", -700)
    result = stage.run(FLOW, pay_out(stage))
    assert (result.state, result.summary, result.action) == (
        "held",
        f"{txn} is of the type climate_order_purchase (climate_order_purchase), for which no account is set.",
        "Set `books.main.accounts.payout_types.climate_order_purchase` in the configuration, then replay.",
    )


@pytest.mark.parametrize(("name", "setting"), [("bank", "bank.USD"), ("fees", "fees.USD")])
def test_a_missing_account_is_held_and_names_the_setting(stage: Stage, name: str, setting: str) -> None:
    accounts(stage, **{name: {}})
    charged(stage)
    result = stage.run(FLOW, pay_out(stage))
    assert (result.code, result.action) == (
        "unmapped",
        f"Set `books.main.accounts.{setting}` in the configuration, then replay.",
    )


def test_the_bank_goes_by_stripes_own_account_first(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    destination = stage.stripe.v1.payouts.retrieve(subject).destination
    accounts(stage, bank_by_destination={destination: ids.STRIPE_CLEARING["USD"]})
    stage.run(FLOW, subject)
    assert stage.records("deposit")[0]["account"] == ids.STRIPE_CLEARING["USD"]


# what must not be posted ---------------------------------------------------------------------------------------


def test_what_is_not_itemised_yet_waits(stage: Stage) -> None:
    charged(stage)
    [made] = stage.stripe_does("payouts")["payouts"]
    stage.stripe_does(f"payouts/{made['id']}/pay")
    result = stage.run(FLOW, made["id"])
    assert (result.state, result.code) == ("retrying", "not_ready")


def test_a_payout_on_its_way_is_posted_when_it_was_paid(stage: Stage) -> None:
    charged(stage)
    [made] = stage.stripe_does("payouts")["payouts"]
    stage.stripe_does(f"payouts/{made['id']}/reconcile")
    assert stage.run(FLOW, made["id"]).code == "in_transit"


def test_a_payout_on_its_way_is_posted_by_option(stage: Stage) -> None:
    stage.choose(FLOW, when_paid=False)
    charged(stage)
    [made] = stage.stripe_does("payouts")["payouts"]
    stage.stripe_does(f"payouts/{made['id']}/reconcile")
    assert stage.run(FLOW, made["id"]).state == "succeeded"


def test_a_sum_that_is_a_cent_off_is_held_with_both(stage: Stage) -> None:
    charge = charged(stage)
    subject = pay_out(stage)
    stage.run("stripe_payment_to_netsuite_payment", charge)
    [payment] = stage.records("customerPayment")
    stage.saves("customerPayment", {"payment": "100.01"}, payment["id"])
    result = stage.run(FLOW, subject)
    assert (result.state, result.summary) == (
        "held",
        f"customerPayment {payment['id']} of {charge}: the lines add up to 100.01 USD, but the total is 100.00 USD.",
    )


def test_rows_that_do_not_make_up_the_payout_are_held(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    stage.sandbox.stripe.account.get("payout", subject)["amount"] = 9681
    result = stage.run(FLOW, subject)
    assert (result.code, stage.records("deposit")) == ("amount_mismatch", [])


def test_what_somebody_else_has_deposited_is_held(stage: Stage) -> None:
    charge = charged(stage)
    stage.run("stripe_payment_to_netsuite_payment", charge)
    [payment] = stage.records("customerPayment")
    stage.saves("deposit", {"account": {"id": ids.BANK["USD"]}, "payment": {"items": [{"id": payment["id"]}]}})
    result = stage.run(FLOW, pay_out(stage))
    assert (result.code, result.summary) == (
        "already_deposited",
        f"1 of its transactions are part of a deposit already: {charge}.",
    )


def test_a_payment_that_was_voided_is_held(stage: Stage) -> None:
    charge = charged(stage)
    stage.run("stripe_payment_to_netsuite_payment", charge)
    [payment] = stage.records("customerPayment")
    stage.netsuite_does(f"ui/customerPayment/{payment['id']}/void")
    assert stage.run(FLOW, pay_out(stage)).code == "gone"


def test_a_payout_before_the_start_is_skipped(stage: Stage) -> None:
    stage.decide(start_date="2026-09-01")
    charged(stage)
    assert stage.run(FLOW, pay_out(stage)).code == "before_start"


def skipping(stage: Stage) -> str:
    """A payout of two charges, one of them before the start date."""
    who = customer(stage)
    charged(stage, 4000, who)
    stage.pass_time(days=3)
    charged(stage, 10_000, who)
    stage.decide(start_date="2026-08-22")
    return pay_out(stage)


def test_what_is_from_before_the_start_holds_it_with_the_list(stage: Stage) -> None:
    result = stage.run(FLOW, skipping(stage))
    [old] = [one["id"] for one in stage.stripe_state("charge") if one["amount"] == 4000]
    assert (result.code, result.summary) == (
        "not_in_netsuite",
        f"1 of its transactions are not kept in NetSuite. {old}: It is of 2026-08-20, before the start date "
        "2026-08-22.",
    )


def test_what_is_from_before_the_start_has_an_account_by_option(stage: Stage) -> None:
    accounts(stage, unreconciled={"*": ids.REFUNDS_PAYABLE})
    stage.choose(FLOW, unreconciled="account")
    stage.run(FLOW, skipping(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), others(record)) == (
        ["100.00"],
        [(ids.REFUNDS_PAYABLE, "40.00", "Stripe transactions not kept in NetSuite")],
    )


def leave_out(stage: Stage, flow: str, subject: str) -> None:
    """A person has dismissed it."""
    with stage.parts.database.session_scope() as session:
        session.add(Run(flow=flow, account="main", subject=subject, state="dismissed", cause="demand", summary="Old."))


def test_what_its_own_flow_skipped_has_an_account_by_option(stage: Stage) -> None:
    accounts(stage, unreconciled={"*": ids.REFUNDS_PAYABLE})
    stage.choose(FLOW, unreconciled="account")
    charged(stage)
    moved(stage, "charge", 500, source="ch_gone")
    leave_out(stage, "stripe_payment_to_netsuite_payment", "ch_gone")
    subject = pay_out(stage)
    assert stage.run(FLOW, subject).state == "succeeded"
    assert others(stage.records("deposit")[0]) == [
        (ids.REFUNDS_PAYABLE, "5.00", "Stripe transactions not kept in NetSuite")
    ]
    assert stage.run(FLOW, subject).code == "echo"


def test_a_debit_that_was_returned_before_it_was_booked_leaves_its_fee(stage: Stage) -> None:
    charged(stage)
    given = {"reporting_category": "charge", "source": "py_gone", "fee": 40}
    moved(stage, "payment", 5000, **given)
    moved(stage, "payment_failure_refund", -5000, source="py_gone")
    leave_out(stage, "stripe_payment_to_netsuite_payment", "py_gone")
    leave_out(stage, "stripe_dispute_to_netsuite", "py_gone")
    assert stage.run(FLOW, pay_out(stage)).state == "succeeded"
    [record] = stage.records("deposit")
    assert (ticked(record), others(record), kept_back(record)[1]) == (
        ["100.00"],
        [],
        (ids.STRIPE_FEES, "0.40", "Stripe fees on payments that came back at once"),
    )


def test_a_closed_period_holds_by_default(stage: Stage) -> None:
    charge = charged(stage)
    stage.run("stripe_payment_to_netsuite_payment", charge)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert stage.run(FLOW, pay_out(stage)).code == "period_closed"


def test_a_deposit_that_is_there_keeps_its_day_when_its_period_closes(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    stage.run(FLOW, subject)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    assert stage.run(FLOW, subject).code == "echo"


# payouts that are not deposits ---------------------------------------------------------------------------------


def sides(record: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    return [(line["account"], line.get("debit"), line.get("credit")) for line in record["line"]]


def test_a_negative_payout_is_taken_from_the_bank_by_a_journal_entry(stage: Stage) -> None:
    charged(stage, 1000)
    moved(stage, "stripe_fee", -5000)
    subject = pay_out(stage)
    assert stage.run(FLOW, subject).state == "succeeded"
    [record], [entry] = stage.records("deposit"), stage.records("journalEntry")
    assert (record["total"], ticked(record), entry["externalId"]) == ("0.00", ["10.00"], f"stripe-je-{subject}")
    assert sides(entry) == [(TRANSIT["USD"], "40.59", None), (ids.BANK["USD"], None, "40.59")]
    assert balances(stage, bank=ids.BANK["USD"], transit=TRANSIT["USD"], undeposited=ids.UNDEPOSITED_FUNDS) == {
        "bank": Decimal("-40.59"),
        "transit": Decimal(0),
        "undeposited": Decimal(0),
    }


@pytest.mark.parametrize(("method", "fee"), [("standard", None), ("instant", "0.50")])
def test_a_payout_made_by_hand_is_a_transfer(stage: Stage, method: str, fee: str | None) -> None:
    accounts(stage, money_in="clearing")
    charged(stage)
    subject = stage.stripe.v1.payouts.create({"amount": 4000, "currency": "usd", "method": method}).id
    stage.stripe_does(f"payouts/{subject}/pay")
    result = stage.deliver(f"{FLOW}/payout.paid__instant", subject)
    [entry] = stage.records("journalEntry")
    costs = [(ids.STRIPE_FEES, fee, None)] if fee else []
    whole = "40.50" if fee else "40.00"
    assert sides(entry) == [(ids.BANK["USD"], "40.00", None), *costs, (TRANSIT["USD"], None, whole)]
    assert result.notes[0] == (
        "Stripe does not itemise payouts made by hand: this one is posted as a transfer to the bank."
    )


def test_without_a_clearing_account_it_is_taken_from_undeposited_funds(stage: Stage) -> None:
    accounts(stage, clearing={})
    charged(stage)
    subject = stage.stripe.v1.payouts.create({"amount": 4000, "currency": "usd"}).id
    stage.stripe_does(f"payouts/{subject}/pay")
    stage.run(FLOW, subject)
    assert sides(stage.records("journalEntry")[0])[-1] == (ids.UNDEPOSITED_FUNDS, None, "40.00")


def test_a_payout_made_by_hand_is_held_by_option(stage: Stage) -> None:
    stage.choose(FLOW, unitemised="hold")
    charged(stage)
    subject = stage.stripe.v1.payouts.create({"amount": 4000, "currency": "usd"}).id
    stage.stripe_does(f"payouts/{subject}/pay")
    assert stage.run(FLOW, subject).code == "not_itemised"


def test_a_payout_made_by_hand_is_a_line_of_the_next_one(stage: Stage) -> None:
    charged(stage)
    first = stage.stripe.v1.payouts.create({"amount": 4000, "currency": "usd"}).id
    stage.stripe_does(f"payouts/{first}/pay")
    stage.run(FLOW, first)
    stage.run(FLOW, pay_out(stage))
    assert others(stage.records("deposit")[0]) == [(TRANSIT["USD"], "-40.00", "Stripe payouts made by hand")]
    assert balances(stage, bank=ids.BANK["USD"], transit=TRANSIT["USD"], undeposited=ids.UNDEPOSITED_FUNDS) == {
        "bank": Decimal("96.80"),
        "transit": Decimal(0),
        "undeposited": Decimal(0),
    }


@pytest.mark.parametrize("posted_first", [True, False])
def test_what_a_payout_made_by_hand_cost_is_booked_once(stage: Stage, posted_first: bool) -> None:
    accounts(stage, money_in="clearing")
    charged(stage)
    first = stage.stripe.v1.payouts.create({"amount": 4000, "currency": "usd", "method": "instant"}).id
    stage.stripe_does(f"payouts/{first}/pay")
    second = pay_out(stage)
    for subject in (first, second) if posted_first else (second, first):
        assert stage.run(FLOW, subject).state == "succeeded"
    assert balances(stage, bank=ids.BANK["USD"], transit=TRANSIT["USD"], fees=ids.STRIPE_FEES) == {
        "bank": Decimal("96.30"),
        "transit": Decimal(0),
        "fees": Decimal("3.70"),
    }


# payouts that came back ----------------------------------------------------------------------------------------


def failed(stage: Stage) -> str:
    """Posted, and sent back by the bank a week later."""
    charged(stage)
    subject = pay_out(stage)
    assert stage.run(FLOW, subject).state == "succeeded"
    stage.pass_time(days=7)
    stage.stripe_does(f"payouts/{subject}/fail")
    return subject


def test_a_payout_that_came_back_is_reversed(stage: Stage) -> None:
    subject = failed(stage)
    assert stage.deliver(f"{FLOW}/payout.failed__account_closed", subject).state == "succeeded"
    [entry] = stage.records("journalEntry")
    assert picked(entry, "externalId", "tranDate", "memo") == {
        "externalId": f"stripe-je-{subject}-reversal",
        "tranDate": "2026-08-27",
        "memo": f"Stripe payout {subject} came back: The bank account has been closed.",
    }
    assert sides(entry) == [(TRANSIT["USD"], "96.80", None), (ids.BANK["USD"], None, "96.80")]


def test_it_is_reversed_once(stage: Stage) -> None:
    subject = failed(stage)
    stage.run(FLOW, subject)
    assert (stage.run(FLOW, subject).code, len(stage.records("journalEntry"))) == ("echo", 1)


def test_what_came_back_is_matched_in_the_next_payout(stage: Stage) -> None:
    stage.run(FLOW, failed(stage))
    charged(stage, 5000, stage.stripe_state("customer")[0]["id"])
    stage.run(FLOW, pay_out(stage))
    second = stage.records("deposit")[1]
    assert (ticked(second), others(second)) == (
        ["50.00"],
        [(TRANSIT["USD"], "96.80", "Stripe payouts that came back")],
    )
    assert balances(stage, bank=ids.BANK["USD"], transit=TRANSIT["USD"], undeposited=ids.UNDEPOSITED_FUNDS) == {
        "bank": Decimal("145.05"),
        "transit": Decimal(0),
        "undeposited": Decimal(0),
    }


def test_the_next_payout_has_it_reversed_first(stage: Stage) -> None:
    subject = failed(stage)
    assert stage.run(FLOW, pay_out(stage)).state == "succeeded"
    assert [one["externalId"] for one in stage.records("journalEntry")] == [f"stripe-je-{subject}-reversal"]


def test_its_deposit_is_deleted_by_option(stage: Stage) -> None:
    stage.choose(FLOW, came_back="delete")
    subject = failed(stage)
    stage.run(FLOW, subject)
    assert (stage.records("deposit"), stage.links()[f"stripe-dep-{subject}"].current) == ([], False)
    assert stage.run(FLOW, subject).code == "not_posted"


def test_what_a_deleted_deposit_held_is_in_the_next_one(stage: Stage) -> None:
    stage.choose(FLOW, came_back="delete")
    stage.run(FLOW, failed(stage))
    charged(stage, 5000, stage.stripe_state("customer")[0]["id"])
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), others(record), record["total"]) == (["100.00", "50.00"], [], "145.05")


def test_a_payout_that_failed_before_it_was_posted_is_not_posted(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    stage.stripe_does(f"payouts/{subject}/fail")
    assert stage.run(FLOW, subject).code == "not_posted"
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (ticked(record), others(record)) == (["100.00"], [])


def test_a_payout_that_was_canceled_is_reversed(stage: Stage) -> None:
    stage.choose(FLOW, when_paid=False)
    charged(stage)
    subject = stage.stripe.v1.payouts.create({"amount": 4000, "currency": "usd"}).id
    assert stage.run(FLOW, subject).state == "succeeded"
    stage.stripe.v1.payouts.cancel(subject)
    stage.deliver(f"{FLOW}/payout.canceled__by_hand", subject)
    assert balances(stage, bank=ids.BANK["USD"], transit=TRANSIT["USD"]) == {"bank": Decimal(0), "transit": Decimal(0)}


# currencies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "value", "total"), [("jpy", 10_000, "9680"), ("kwd", 100_000, "97.070")])
def test_each_currency_has_its_own_decimals(stage: Stage, currency: str, value: int, total: str) -> None:
    stage.stripe_does("settings", settlement_currencies=[currency])
    charged(stage, value, currency=currency)
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert (record["account"], Decimal(record["total"])) == (ids.BANK[currency.upper()], Decimal(total))


def test_each_settlement_currency_has_its_own_payout(stage: Stage) -> None:
    stage.stripe_does("settings", settlement_currencies=["eur"])
    who = customer(stage)
    charged(stage, 10_000, who)
    charged(stage, 10_000, who, currency="eur")
    for made in stage.stripe_does("payouts")["payouts"]:
        stage.stripe_does(f"payouts/{made['id']}/reconcile")
        stage.stripe_does(f"payouts/{made['id']}/pay")
        assert stage.run(FLOW, made["id"]).state == "succeeded"
    assert {(one["currency"], one["account"], one["total"]) for one in stage.records("deposit")} == {
        (ids.USD, ids.BANK["USD"], "96.80"),
        (ids.EUR, ids.BANK["EUR"], "96.80"),
    }


def test_euros_settled_in_dollars_leave_undeposited_funds_at_stripes_rate(stage: Stage) -> None:
    who = customer(stage)
    charged(stage, 10_000, who)
    charged(stage, 10_000, who, currency="eur")
    subject = pay_out(stage)
    assert stage.run(FLOW, subject).state == "succeeded"
    abroad, main = stage.records("deposit")
    assert picked(abroad, "externalId", "account", "currency", "exchangeRate", "total") == {
        "externalId": f"stripe-dep-{subject}-EUR",
        "account": ids.STRIPE_CLEARING["EUR"],
        "currency": ids.EUR,
        "exchangeRate": "1.084200000000",
        "total": "100.00",
    }
    assert (ticked(main), others(main)) == (
        ["100.00"],
        [(ids.STRIPE_CLEARING["EUR"], "108.42", "Stripe transactions in EUR")],
    )
    assert balances(stage, bank=ids.BANK["USD"], clearing=ids.STRIPE_CLEARING["EUR"]) == {
        "bank": Decimal("201.78"),
        "clearing": Decimal(0),
    }


def test_euros_refunded_in_dollars_come_out_of_undeposited_funds(stage: Stage) -> None:
    accounts(stage, bank={"*": ids.BANK["USD"]})
    who = customer(stage)
    charged(stage, 10_000, who)
    moved(stage, "refund", -1084, source="re_1")
    stage.sandbox.stripe.account.kind("balance_transaction")[
        next(row["id"] for row in stage.stripe_state("balance_transaction") if row["source"] == "re_1")
    ]["exchange_rate"] = Decimal("1.0842")
    customer_id = stage.records("customer")[0]["id"]
    stage.saves("customer", {"currencyList": {"items": [{"currency": {"id": ids.EUR}}]}}, customer_id)
    body = {"customer": {"id": customer_id}, "payment": "10.00", "currency": {"id": ids.EUR}}
    spare = stage.saves("customerPayment", body)["id"]
    applied = {"items": [{"doc": {"id": spare}, "apply": True, "amount": "10.00"}]}
    given = {"customer": {"id": customer_id}, "account": {"id": ids.UNDEPOSITED_FUNDS}, "currency": {"id": ids.EUR}}
    recorded(stage, "crf", "re_1", "customerRefund", given | {"apply": applied}, money=ids.UNDEPOSITED_FUNDS)
    assert stage.run(FLOW, pay_out(stage)).state == "succeeded"
    abroad, main = stage.records("deposit")
    assert (ticked(abroad), others(abroad)[0][:2], abroad["total"]) == (
        ["-10.00"],
        (ids.STRIPE_CLEARING["EUR"], "10.00"),
        "0.00",
    )
    assert others(main) == [(ids.STRIPE_CLEARING["EUR"], "-10.84", "Stripe transactions in EUR")]
    assert ledger(stage, ids.STRIPE_CLEARING["EUR"]) == 0


def test_euros_in_a_clearing_account_leave_the_difference_to_exchange(stage: Stage) -> None:
    accounts(stage, money_in="clearing", exchange={"*": ids.FX_GAIN_LOSS})
    charged(stage, 10_000, currency="eur")
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert others(record) == [
        (ids.STRIPE_CLEARING["EUR"], "110.00", "Stripe payments in EUR"),
        (ids.FX_GAIN_LOSS, "-1.58", "Exchange difference, EUR"),
    ]
    assert ledger(stage, ids.STRIPE_CLEARING["EUR"]) == 0


def test_a_rate_that_was_set_before_leaves_no_difference(stage: Stage) -> None:
    accounts(stage, money_in="clearing", exchange={"*": ids.FX_GAIN_LOSS})
    stage.switch(RATES, on=True)
    assert stage.run(RATES, charged(stage, 10_000, currency="eur")).state == "succeeded"
    stage.run(FLOW, pay_out(stage))
    [record] = stage.records("deposit")
    assert others(record) == [(ids.STRIPE_CLEARING["EUR"], "108.42", "Stripe payments in EUR")]
    assert ledger(stage, ids.STRIPE_CLEARING["EUR"]) == 0


def test_a_rate_that_comes_after_the_deposit_changes_nothing(stage: Stage) -> None:
    accounts(stage, money_in="clearing", exchange={"*": ids.FX_GAIN_LOSS})
    stage.switch(RATES, on=True)
    charge, payout = charged(stage, 10_000, currency="eur"), pay_out(stage)
    stage.run(FLOW, payout)
    result = stage.run(RATES, charge)
    assert (result.state, result.code, result.summary) == (
        "skipped",
        "deposited",
        f"The deposit of {payout} has booked the exchange difference of customerPayment "
        f"{stage.records('customerPayment')[0]['id']}; its rate stays as it is.",
    )
    assert ledger(stage, ids.STRIPE_CLEARING["EUR"]) == 0


def test_while_a_rate_is_being_set_the_payout_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts(stage, money_in="clearing", exchange={"*": ids.FX_GAIN_LOSS})
    stage.switch(RATES, on=True)
    charge, payout = charged(stage, 10_000, currency="eur"), pay_out(stage)
    seen: list[Any] = []

    def late(self: NetSuiteGateway, *given: Any, **more: Any) -> None:
        monkeypatch.undo()
        seen.append(stage.run(FLOW, payout))
        self.patch(*given, **more)

    stage.run("stripe_payment_to_netsuite_payment", charge)
    monkeypatch.setattr(NetSuiteGateway, "patch", late)
    assert stage.run(RATES, charge).state == "succeeded"
    assert [(one.state, one.code) for one in seen] == [("retrying", "not_ready")]
    assert stage.run(FLOW, payout).state == "succeeded"
    assert ledger(stage, ids.STRIPE_CLEARING["EUR"]) == 0


def test_yen_settled_in_dollars(stage: Stage) -> None:
    charged(stage, 10_000, currency="jpy")
    assert stage.run(FLOW, pay_out(stage)).state == "succeeded"
    abroad, main = stage.records("deposit")
    assert (abroad["total"], abroad["exchangeRate"], others(main)[0][1]) == ("10000", "0.006671000000", "66.71")


def test_a_settlement_that_is_not_in_the_subsidiarys_currency_is_held(stage: Stage) -> None:
    stage.stripe_does("settings", settlement_currencies=["gbp"], settlement_currency="gbp")
    charged(stage, 10_000, currency="eur")
    result = stage.run(FLOW, pay_out(stage))
    assert (result.state, result.code) == ("held", "other_currency")


# the rest ------------------------------------------------------------------------------------------------------


def test_the_deposit_id_is_written_to_the_payout_by_option(stage: Stage) -> None:
    stage.choose(FLOW, write_back=True)
    charged(stage)
    subject = pay_out(stage)
    stage.run(FLOW, subject)
    payout = stage.stripe.v1.payouts.retrieve(subject)
    assert payout.metadata.to_dict() == {"netsuite_deposit_id": stage.records("deposit")[0]["id"]}


def test_the_sweep_finds_payouts(stage: Stage) -> None:
    charged(stage)
    subject = pay_out(stage)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert [one["externalId"] for one in stage.records("deposit")] == [f"stripe-dep-{subject}"]
