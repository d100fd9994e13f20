from typing import Any

import pytest

from app.core.links import StoredLinks
from app.systems.netsuite.records import Ref
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized, lines_of

FLOW = "stripe_refund_to_netsuite"
PAYMENT = "stripe_payment_to_netsuite_payment"
PAID = "stripe_invoice_paid_to_netsuite_payment"
REALTIME = "stripe_invoice_to_netsuite_realtime"
ACCOUNTS = {"undeposited": ids.UNDEPOSITED_FUNDS}


@pytest.fixture(autouse=True)
def _accounts(stage: Stage) -> None:
    stage.keep_books(accounts=ACCOUNTS)


def charge_of(stage: Stage, number: int = -1) -> str:
    return str(stage.stripe_state("charge")[number]["id"])


def paid(stage: Stage, who: str, *lines: dict[str, Any], **given: Any) -> str:
    """A paid invoice with its payment in NetSuite; the charge."""
    made = finalized(stage, who, *(lines or (amount(1000),)), **given)
    assert stage.run(REALTIME, made).state == "succeeded"
    stage.stripe_does(f"invoices/{made}/pay")
    assert stage.run(PAID, made).state == "succeeded"
    return charge_of(stage)


def charged(stage: Stage, who: str, value: int = 1000, **given: Any) -> str:
    """A charge without an invoice, its payment in NetSuite and applied to nothing."""
    stage.switch("stripe_charge_to_netsuite_invoice", on=False)
    charge = str(stage.stripe_does("charges", amount=value, customer=who, **given)["id"])
    assert stage.run(PAYMENT, charge).state == "succeeded"
    return charge


def refunded(stage: Stage, charge: str, value: int | None = None, **given: Any) -> str:
    asked = {"charge": charge, **given} | ({} if value is None else {"amount": value})
    return str(stage.stripe.v1.refunds.create(asked).id)


def applications(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["doc"], line["amount"]) for line in record["apply"] if line["apply"]]


def test_a_refund_of_a_paid_invoice_is_a_memo_and_a_customer_refund(stage: Stage) -> None:
    charge = paid(stage, customer(stage), amount(800), amount(200, "Support"))
    refund = refunded(stage, charge)
    assert stage.deliver(f"{FLOW}/refund.created__whole", refund).state == "succeeded"
    [memo], [record], [invoice] = (
        stage.records("creditMemo"),
        stage.records("customerRefund"),
        stage.records("invoice"),
    )
    assert lines_of(memo) == [(ids.ITEM_STRIPE, "Licence", "8.00"), (ids.ITEM_STRIPE, "Support", "2.00")]
    assert picked(
        memo, "externalId", "entity", "account", "currency", "total", "unapplied", "status", "memo", "tranDate"
    ) == {
        "externalId": f"stripe-cm-{refund}",
        "entity": invoice["entity"],
        "account": ids.ACCOUNT_RECEIVABLE,
        "currency": ids.USD,
        "total": "10.00",
        "unapplied": "0.00",
        "status": "B",
        "memo": f"Refund {refund} of charge {charge}",
        "tranDate": "2026-08-20",
    }
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-crf-{refund}",
        "tranId": "REF1001",
        "transactionNumber": "REF1001",
        "tranDate": "2026-08-20",
        "postingPeriod": ids.period(stage.sandbox.clock.now().date()),
        "customer": invoice["entity"],
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "account": ids.UNDEPOSITED_FUNDS,
        "arAcct": ids.ACCOUNT_RECEIVABLE,
        "memo": f"Refund {refund} of charge {charge}",
        "status": "R",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "total": "10.00",
        "custbody_tieout_charge_id": charge,
        "custbody_tieout_stripe_id": refund,
        "deposit": [],
        "apply": [
            {
                "doc": memo["id"],
                "line": 1,
                "apply": True,
                "amount": "10.00",
                "due": "10.00",
                "total": "10.00",
                "refNum": memo["tranId"],
                "type": "creditMemo",
                "currency": ids.USD,
            }
        ],
    }


def test_the_invoice_stays_paid(stage: Stage) -> None:
    stage.run(FLOW, refunded(stage, paid(stage, customer(stage))))
    assert stage.records("invoice")[0]["status"] == "B"


def test_the_same_event_again_posts_nothing(stage: Stage) -> None:
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.run(FLOW, refund)
    again = stage.run(FLOW, refund)
    assert (again.code, again.netsuite_calls, len(stage.records("creditMemo"))) == ("echo", 0, 1)


def test_it_costs_four_calls_to_netsuite(stage: Stage) -> None:
    refund = refunded(stage, paid(stage, customer(stage)))
    assert stage.run(FLOW, refund).netsuite_calls == 4


def test_customer_invoice_and_payment_are_brought_over_first(stage: Stage) -> None:
    who = stage.stripe.v1.customers.create({"name": "New"}).id
    made = finalized(stage, who, amount(1000))
    stage.stripe_does(f"invoices/{made}/pay")
    assert stage.run(FLOW, refunded(stage, charge_of(stage))).state == "succeeded"
    assert [len(stage.records(kind)) for kind in ("invoice", "customerPayment", "creditMemo", "customerRefund")] == [
        1
    ] * 4


def test_a_charge_that_is_an_invoice_of_its_own_is_given_back_line_by_line(stage: Stage) -> None:
    charge = str(stage.stripe_does("charges", amount=1000, customer=customer(stage), description="Mug")["id"])
    refund = refunded(stage, charge, 400)
    assert stage.run(FLOW, refund).state == "succeeded"
    [memo], [invoice] = stage.records("creditMemo"), stage.records("invoice")
    assert (memo["total"], memo["entity"], memo["item"][0]["item"]) == (
        "4.00",
        invoice["entity"],
        invoice["item"][0]["item"],
    )


# parts ---------------------------------------------------------------------------------------------------------


def test_a_part_is_given_back_in_proportion_with_the_rest_on_the_last_line(stage: Stage) -> None:
    charge = paid(stage, customer(stage), amount(333), amount(333, "Support"), amount(334, "Hosting"))
    stage.run(FLOW, refunded(stage, charge, 100))
    [memo] = stage.records("creditMemo")
    assert [line["amount"] for line in memo["item"]] == ["0.33", "0.33", "0.34"]


def test_a_part_is_the_first_line_by_option(stage: Stage) -> None:
    stage.choose(FLOW, partial="first_line")
    charge = paid(stage, customer(stage), amount(800), amount(200, "Support"))
    stage.run(FLOW, refunded(stage, charge, 300))
    assert lines_of(stage.records("creditMemo")[0]) == [(ids.ITEM_STRIPE, "Licence", "3.00")]


def test_a_part_is_one_item_by_option(stage: Stage) -> None:
    stage.choose(FLOW, partial="item")
    stage.keep_books(items={"default": ids.ITEM_STRIPE, "partial_refund": ids.ITEM_REFUND})
    stage.run(FLOW, refunded(stage, paid(stage, customer(stage)), 300))
    assert lines_of(stage.records("creditMemo")[0]) == [(ids.ITEM_REFUND, "Partial refund", "3.00")]


def test_several_parts_are_several_documents(stage: Stage) -> None:
    charge = paid(stage, customer(stage))
    for value in (100, 200, None):
        stage.run(FLOW, refunded(stage, charge, value))
    assert [one["total"] for one in stage.records("creditMemo")] == ["1.00", "2.00", "7.00"]
    assert [one["total"] for one in stage.records("customerRefund")] == ["1.00", "2.00", "7.00"]


def test_taxes_and_discounts_are_in_proportion(stage: Stage) -> None:
    v1 = stage.stripe.v1
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = v1.coupons.create({"percent_off": 10, "duration": "once"}).id
    charge = paid(stage, customer(stage), default_tax_rates=[rate], discounts=[{"coupon": coupon}])
    stage.run(FLOW, refunded(stage, charge, 540))
    assert [(line["item"], line["amount"]) for line in stage.records("creditMemo")[0]["item"]] == [
        (ids.ITEM_STRIPE, "5.00"),
        (ids.ITEM_DISCOUNT, "-0.50"),
        (ids.ITEM_TAX, "0.90"),
    ]


@pytest.mark.parametrize(
    ("currency", "value", "part", "said"), [("jpy", 1000, 333, "333"), ("kwd", 10010, 3330, "3.330")]
)
def test_currencies_have_their_own_decimals(stage: Stage, currency: str, value: int, part: int, said: str) -> None:
    charge = paid(stage, customer(stage), amount(value), currency=currency)
    stage.run(FLOW, refunded(stage, charge, part))
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    assert (memo["currency"], memo["total"], record["total"]) == (ids.CURRENCIES[currency.upper()], said, said)


def test_more_than_the_payment_is_held_with_both_sums(stage: Stage) -> None:
    charge = charged(stage, customer(stage))
    stage.saves("customerPayment", {"payment": 6}, stage.records("customerPayment")[0]["id"])
    held = stage.run(FLOW, refunded(stage, charge, 700))
    assert (held.state, held.code) == ("held", "over_refund")
    assert "7.00 USD" in held.summary
    assert "6" in held.summary


# where the money lies ------------------------------------------------------------------------------------------


def test_an_unapplied_payment_is_refunded_directly(stage: Stage) -> None:
    charge = charged(stage, customer(stage))
    stage.run(FLOW, refunded(stage, charge, 400))
    [payment], [record] = stage.records("customerPayment"), stage.records("customerRefund")
    assert applications(record) == [(payment["id"], "4.00")]
    assert (stage.records("creditMemo"), payment["unapplied"]) == ([], "6.00")


def test_a_payment_applied_in_part_gives_first_what_is_not_applied(stage: Stage) -> None:
    who = customer(stage)
    charge = charged(stage, who)
    invoice = stage.saves("invoice", {"entity": {"id": entity(stage)}, "item": {"items": [LINE]}})["id"]
    apply_to(stage, invoice, 6)
    stage.run(FLOW, refunded(stage, charge, 500))
    [payment], [memo], [record] = (
        stage.records("customerPayment"),
        stage.records("creditMemo"),
        stage.records("customerRefund"),
    )
    assert applications(record) == [(payment["id"], "4.00"), (memo["id"], "1.00")]


LINE = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": "6", "description": "Advice"}


def entity(stage: Stage) -> str:
    return str(stage.records("customerPayment")[0]["customer"])


def apply_to(stage: Stage, invoice: str, value: int) -> None:
    payment = stage.records("customerPayment")[0]["id"]
    lines = [{"doc": {"id": invoice}, "apply": True, "amount": value}]
    stage.saves("customerPayment", {"apply": {"items": lines}}, payment)


def test_a_payment_applied_to_another_invoice_gives_that_one_back(stage: Stage) -> None:
    charge = charged(stage, customer(stage), 600)
    invoice = stage.saves("invoice", {"entity": {"id": entity(stage)}, "item": {"items": [LINE]}})["id"]
    apply_to(stage, invoice, 6)
    stage.run(FLOW, refunded(stage, charge, 300))
    assert lines_of(stage.records("creditMemo")[0]) == [(ids.ITEM_CONSULTING, "Advice", "3.00")]


def test_an_invoice_of_netsuites_own_is_given_back_on_one_item_when_that_is_set(stage: Stage) -> None:
    stage.keep_books(items={"default": ids.ITEM_STRIPE, "refund": ids.ITEM_REFUND})
    charge = charged(stage, customer(stage), 600)
    invoice = stage.saves("invoice", {"entity": {"id": entity(stage)}, "item": {"items": [LINE]}})["id"]
    apply_to(stage, invoice, 6)
    stage.run(FLOW, refunded(stage, charge))
    assert lines_of(stage.records("creditMemo")[0]) == [(ids.ITEM_REFUND, "Refund", "6.00")]


def linked(stage: Stage, role: str, charge: str, ref: Ref, **facts: Any) -> None:
    known = {"customer": stage.records(ref.type)[0].get("customer") or stage.records(ref.type)[0].get("entity")}
    known |= {"currency": "USD", "subsidiary": ids.SUBSIDIARY_US, "receivable": None, "money": None}
    StoredLinks(stage.parts.database, "main").save(role, charge, ref, origin="stripe", facts=known | facts)


def in_netsuite(stage: Stage, who: str) -> str:
    return str(stage.links()[f"stripe-cust-{who}"].netsuite_id)


def test_a_deposit_is_refunded_from_the_deposit(stage: Stage) -> None:
    who = customer(stage)
    charge = stage.stripe_does("charges", amount=1000, customer=who)["id"]
    made = stage.saves("customerDeposit", {"customer": {"id": in_netsuite(stage, who)}, "payment": 10})["id"]
    linked(stage, "cdep", charge, Ref("customerDeposit", made))
    assert stage.run(FLOW, refunded(stage, charge, 400)).state == "succeeded"
    [deposit], [record] = stage.records("customerDeposit"), stage.records("customerRefund")
    assert (deposit["unapplied"], record["total"], stage.records("creditMemo")) == ("6.00", "4.00", [])


def test_a_cash_sale_is_given_back_by_a_cash_refund(stage: Stage) -> None:
    who = customer(stage)
    charge = stage.stripe_does("charges", amount=600, customer=who)["id"]
    made = stage.saves("cashSale", {"entity": {"id": in_netsuite(stage, who)}, "item": {"items": [LINE]}})["id"]
    linked(stage, "cs", charge, Ref("cashSale", made))
    refund = refunded(stage, charge, 200)
    assert stage.run(FLOW, refund).state == "succeeded"
    [record] = stage.records("cashRefund")
    assert lines_of(record) == [(ids.ITEM_STRIPE, f"Refund {refund}", "2.00")]
    assert picked(record, "externalId", "account", "total", "entity") == {
        "externalId": f"stripe-cr-{refund}",
        "account": ids.UNDEPOSITED_FUNDS,
        "total": "2.00",
        "entity": in_netsuite(stage, who),
    }
    assert (stage.records("customerRefund"), stage.run(FLOW, refund).code) == ([], "echo")


def test_the_clearing_account_pays_when_the_payment_lies_there(stage: Stage) -> None:
    stage.keep_books(accounts={"money_in": "clearing", "clearing": ids.STRIPE_CLEARING})
    stage.run(FLOW, refunded(stage, paid(stage, customer(stage))))
    assert stage.records("customerRefund")[0]["account"] == ids.STRIPE_CLEARING["USD"]


def test_a_payment_keeps_its_account_when_the_setting_changes_later(stage: Stage) -> None:
    charge = paid(stage, customer(stage))
    stage.keep_books(accounts={**ACCOUNTS, "money_in": "clearing", "clearing": ids.STRIPE_CLEARING})
    stage.run(FLOW, refunded(stage, charge))
    assert stage.records("customerRefund")[0]["account"] == ids.UNDEPOSITED_FUNDS


def test_without_the_account_of_undeposited_funds_it_is_held(stage: Stage) -> None:
    stage.keep_books(accounts={})
    charge = paid(stage, customer(stage))
    held = stage.run(FLOW, refunded(stage, charge))
    assert (held.state, held.code) == ("held", "unmapped")
    assert "books.main.accounts.undeposited" in str(held.action)


def test_the_payment_option_is_that_of_the_payment_method(stage: Stage) -> None:
    stage.keep_books(payment_options={"card": ids.PAYMENT_METHOD_STRIPE})
    stage.run(FLOW, refunded(stage, paid(stage, customer(stage))))
    assert stage.records("customerRefund")[0]["paymentOption"] == ids.PAYMENT_METHOD_STRIPE


# on its way, and back ------------------------------------------------------------------------------------------


def test_a_refund_on_its_way_waits(stage: Stage) -> None:
    charge = charged(stage, customer(stage), payment_method="pm_card_pendingRefund")
    refund = refunded(stage, charge)
    waiting = stage.run(FLOW, refund)
    assert (waiting.state, waiting.code, stage.records("customerRefund")) == ("skipped", "pending", [])
    stage.stripe_does(f"refunds/{refund}/succeed")
    assert stage.deliver(f"{FLOW}/refund.updated__succeeded", refund).state == "succeeded"
    assert len(stage.records("customerRefund")) == 1


def test_a_refund_on_its_way_is_posted_by_option(stage: Stage) -> None:
    stage.choose(FLOW, pending="post")
    charge = charged(stage, customer(stage), payment_method="pm_card_pendingRefund")
    assert stage.run(FLOW, refunded(stage, charge)).state == "succeeded"


def test_a_refund_that_waits_for_the_customer_is_skipped(stage: Stage) -> None:
    stage.choose(FLOW, pending="post")
    refund = refunded(stage, charged(stage, customer(stage)), instructions_email="ada@example.com")
    assert stage.run(FLOW, refund).code == "requires_action"


def failed(stage: Stage, refund: str) -> None:
    stage.stripe_does(f"refunds/{refund}/fail")


def test_a_refund_that_failed_is_voided_and_its_memo_stays_open(stage: Stage) -> None:
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.run(FLOW, refund)
    failed(stage, refund)
    assert stage.deliver(f"{FLOW}/refund.failed__by_the_bank", refund).state == "succeeded"
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    assert (record["status"], memo["status"], memo["unapplied"]) == ("V", "A", "10.00")
    assert not stage.links()[f"stripe-crf-{refund}"].current


def test_a_refund_that_failed_is_deleted_by_option(stage: Stage) -> None:
    stage.choose(FLOW, failed="delete")
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.run(FLOW, refund)
    failed(stage, refund)
    stage.run(FLOW, refund)
    assert (stage.records("customerRefund"), len(stage.records("creditMemo"))) == ([], 1)


def test_the_same_money_refunded_again_takes_the_memo_that_is_open(stage: Stage) -> None:
    charge = paid(stage, customer(stage))
    first = refunded(stage, charge)
    stage.run(FLOW, first)
    failed(stage, first)
    stage.run(FLOW, first)
    again = refunded(stage, charge)
    stage.run(FLOW, again)
    [memo] = stage.records("creditMemo")
    assert (memo["status"], applications(stage.records("customerRefund")[-1])) == ("B", [(memo["id"], "10.00")])
    assert stage.run(FLOW, again).code == "echo"


def test_a_failure_is_reversed_once(stage: Stage) -> None:
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.run(FLOW, refund)
    failed(stage, refund)
    stage.run(FLOW, refund)
    again = stage.run(FLOW, refund)
    assert (again.state, again.code, again.netsuite_calls) == ("skipped", "echo", 0)


def test_a_refund_that_failed_before_it_was_posted_is_skipped(stage: Stage) -> None:
    refund = refunded(stage, paid(stage, customer(stage)))
    failed(stage, refund)
    assert stage.run(FLOW, refund).code == "failed"


def test_a_cash_refund_that_failed_is_reversed_too(stage: Stage) -> None:
    who = customer(stage)
    charge = stage.stripe_does("charges", amount=600, customer=who)["id"]
    made = stage.saves("cashSale", {"entity": {"id": in_netsuite(stage, who)}, "item": {"items": [LINE]}})["id"]
    linked(stage, "cs", charge, Ref("cashSale", made))
    refund = refunded(stage, charge, 200)
    stage.run(FLOW, refund)
    failed(stage, refund)
    assert stage.run(FLOW, refund).state == "succeeded"
    assert stage.records("cashRefund")[0]["status"] == "V"


# the rest ------------------------------------------------------------------------------------------------------


def test_ids_are_written_back_by_option(stage: Stage) -> None:
    stage.choose(FLOW, write_back=True)
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.run(FLOW, refund)
    assert stage.stripe.v1.refunds.retrieve(refund).metadata.to_dict() == {
        "netsuite_customer_refund_id": stage.records("customerRefund")[0]["id"],
        "netsuite_credit_memo_id": stage.records("creditMemo")[0]["id"],
    }
    assert stage.run(FLOW, refund).code == "echo"


def older(stage: Stage, **rest: Any) -> str:
    charge = str(stage.stripe_does("charges", amount=1000, customer=customer(stage))["id"])
    stage.pass_time(days=2)
    stage.decide(start_date="2026-08-21", **rest)
    return refunded(stage, charge)


def test_a_refund_of_an_older_charge_is_held(stage: Stage) -> None:
    held = stage.run(FLOW, older(stage))
    assert (held.state, held.code) == ("held", "older_charge")


def test_a_refund_of_an_older_charge_is_skipped_by_choice(stage: Stage) -> None:
    assert stage.run(FLOW, older(stage, older="skip")).code == "older_charge"


def test_a_refund_of_an_older_charge_is_posted_by_choice(stage: Stage) -> None:
    refund = older(stage, older="post")
    stage.run(FLOW, refund)
    stage.make_all_due()
    assert [one["total"] for one in stage.records("customerRefund")] == ["10.00"]


def test_a_closed_period_holds_it(stage: Stage) -> None:
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.netsuite_does("periods/2026-08", state="closed")
    assert (stage.run(FLOW, refund).state, stage.records("creditMemo")) == ("held", [])


def test_a_customer_refund_follows_its_period_policy(stage: Stage) -> None:
    stage.decide(period_policy={"*": "first_open_period"})
    refund = refunded(stage, paid(stage, customer(stage)))
    stage.pass_time(days=20)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.run(FLOW, refund)
    stage.replay()
    [record] = stage.records("customerRefund")
    assert picked(record, "tranDate", "custbody_tieout_original_date") == {
        "tranDate": "2026-09-01",
        "custbody_tieout_original_date": "2026-08-20",
    }


def test_the_sweep_finds_what_no_event_told(stage: Stage) -> None:
    refunded(stage, paid(stage, customer(stage)))
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert len(stage.records("customerRefund")) == 1
