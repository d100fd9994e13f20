from decimal import Decimal
from typing import Any

import pytest

from app.errors import NotAllowed
from app.systems.netsuite.client import NetSuiteGateway
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized
from workers.flows import CATALOGUE

FLOW = "exchange_rates_to_netsuite"
PAYMENT = "stripe_payment_to_netsuite_payment"
REALTIME = "stripe_invoice_to_netsuite_realtime"
REFUND = "stripe_refund_to_netsuite"


@pytest.fixture(autouse=True)
def _accounts(stage: Stage) -> None:
    stage.keep_books(accounts={"undeposited": ids.UNDEPOSITED_FUNDS})
    stage.switch(FLOW, on=True)


def charged(stage: Stage, value: int = 10_000, currency: str = "eur", **given: Any) -> str:
    return str(stage.stripe_does("charges", amount=value, currency=currency, customer=customer(stage), **given)["id"])


def booked(stage: Stage, **given: Any) -> str:
    made = charged(stage, **given)
    assert stage.run(PAYMENT, made).state in ("succeeded", "skipped")
    return made


def rates(stage: Stage, record_type: str = "customerPayment") -> list[Decimal]:
    return [Decimal(one["exchangeRate"]) for one in stage.records(record_type)]


def test_a_payment_gets_stripes_rate(stage: Stage) -> None:
    subject = booked(stage)
    before = stage.records("customerPayment")[0]
    assert stage.deliver(f"{FLOW}/charge.updated__settled", subject).state == "succeeded"
    after = stage.records("customerPayment")[0]
    changed = {name: (before.get(name), after[name]) for name in after if after[name] != before.get(name)}
    assert changed == {"exchangeRate": ("1.10000000", "1.0842")}


def test_it_costs_one_call_to_netsuite(stage: Stage) -> None:
    first = booked(stage)
    stage.run(FLOW, first)
    who = stage.stripe_state("customer")[0]["id"]
    second = stage.stripe_does("charges", amount=500, currency="eur", customer=who)["id"]
    stage.run(PAYMENT, second)
    assert stage.run(FLOW, second).netsuite_calls == 1


def test_the_same_event_again_writes_nothing(stage: Stage) -> None:
    subject = booked(stage)
    stage.run(FLOW, subject)
    again = stage.deliver(f"{FLOW}/charge.succeeded__in_euros", subject)
    assert (again.code, again.netsuite_calls) == ("echo", 0)


def test_it_is_off_unless_it_was_switched_on() -> None:
    assert not CATALOGUE[FLOW].enabled


def test_the_payment_is_brought_over_first(stage: Stage) -> None:
    assert stage.run(FLOW, charged(stage)).state == "succeeded"
    assert rates(stage) == [Decimal("1.0842")]


def test_without_a_flow_that_books_payments_there_is_nothing_to_set(stage: Stage) -> None:
    subject = charged(stage)
    stage.switch(PAYMENT, on=False)
    stage.switch("stripe_charge_to_netsuite_invoice", on=False)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code) == ("skipped", "not_in_netsuite")


def test_yen_are_counted_by_whole_yen(stage: Stage) -> None:
    stage.run(FLOW, booked(stage, currency="jpy"))
    assert rates(stage) == [Decimal("0.006671")]


def test_dinars_are_counted_by_whole_dinars(stage: Stage) -> None:
    stage.run(FLOW, booked(stage, value=100_000, currency="kwd"))
    assert rates(stage) == [Decimal("3.2514")]


def test_dollars_have_no_rate(stage: Stage) -> None:
    assert stage.run(FLOW, booked(stage, currency="usd")).code == "no_exchange"


def test_before_stripe_has_settled_it_waits(stage: Stage) -> None:
    subject = booked(stage)
    stage.sandbox.stripe.account.get("charge", subject)["balance_transaction"] = None
    result = stage.run(FLOW, subject)
    assert (result.state, result.code) == ("retrying", "not_ready")


def test_what_stripe_settled_in_another_currency_is_left(stage: Stage) -> None:
    stage.stripe_does("settings", settlement_currency="gbp")
    result = stage.run(FLOW, booked(stage))
    assert (result.code, result.notes) == (
        "other_currency",
        ["Stripe settled in GBP, not in the subsidiary's currency: rate not taken."],
    )


def test_a_part_that_was_captured_has_the_same_rate(stage: Stage) -> None:
    v1 = stage.stripe.v1
    given = {"amount": 10_000, "currency": "eur", "customer": customer(stage), "capture_method": "manual"}
    intent = v1.payment_intents.create(given | {"payment_method": "pm_card_visa", "confirm": True})
    assert stage.run(FLOW, intent.latest_charge).code == "no_money"
    v1.payment_intents.capture(intent.id, {"amount_to_capture": 6000})
    assert stage.deliver(f"{FLOW}/charge.captured__in_part", intent.latest_charge).state == "succeeded"
    assert picked(stage.records("customerPayment")[0], "payment", "exchangeRate") == {
        "payment": "60.00",
        "exchangeRate": "1.0842",
    }


def test_a_refund_gets_its_own_rate(stage: Stage) -> None:
    subject = booked(stage)
    stage.stripe_does("exchange_rates", eur="1.2")
    refund = stage.stripe.v1.refunds.create({"charge": subject, "amount": 2500}).id
    assert stage.run(REFUND, refund).state == "succeeded"
    assert stage.deliver(f"{FLOW}/refund.updated__settled", refund).state == "succeeded"
    assert rates(stage, "customerRefund") == [Decimal("1.2")]


def test_refunds_are_left_out_by_option(stage: Stage) -> None:
    stage.choose(FLOW, refunds=False)
    refund = stage.stripe.v1.refunds.create({"charge": booked(stage)}).id
    assert stage.deliver(f"{FLOW}/refund.created__in_part", refund).code == "by_setting"


def closed(stage: Stage) -> str:
    subject = booked(stage)
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)
    return subject


def test_a_closed_period_holds(stage: Stage) -> None:
    result = stage.run(FLOW, closed(stage))
    assert (result.state, result.code) == ("held", "period_closed")


def test_a_closed_period_is_left_by_option(stage: Stage) -> None:
    stage.choose(FLOW, closed_period="skip")
    result = stage.run(FLOW, closed(stage))
    assert (result.state, result.code) == ("skipped", "period_closed")


def test_a_rate_that_netsuite_refuses_is_held(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = booked(stage)

    def refuse(*_: object, **__: object) -> None:
        raise NotAllowed("It is part of a deposit.")

    monkeypatch.setattr(NetSuiteGateway, "patch", refuse)
    [record] = stage.records("customerPayment")
    result = stage.run(FLOW, subject)
    assert (result.code, result.summary) == (
        "rate_refused",
        f"NetSuite does not let the rate of customerPayment {record['id']} be set to 1.0842: It is part of a deposit.",
    )


def test_the_payment_flow_takes_the_same_rate_from_the_start(stage: Stage) -> None:
    stage.choose("stripe_invoice_paid_to_netsuite_payment", exchange_rate=True)
    subject = finalized(stage, customer(stage), amount(10_000), currency="jpy")
    stage.run(REALTIME, subject)
    stage.stripe_does(f"invoices/{subject}/pay")
    stage.run("stripe_invoice_paid_to_netsuite_payment", subject)
    assert rates(stage) == [Decimal("0.006671")]
    [charge] = stage.stripe_state("charge")
    stage.run(FLOW, charge["id"])
    assert rates(stage) == [Decimal("0.006671")]


def test_another_flow_that_writes_the_payment_again_keeps_the_rate(stage: Stage) -> None:
    subject = booked(stage)
    stage.run(FLOW, subject)
    stage.run(PAYMENT, subject)
    assert rates(stage) == [Decimal("1.0842")]


def test_the_sweep_finds_charges_and_refunds(stage: Stage) -> None:
    subject = booked(stage)
    refund = stage.stripe.v1.refunds.create({"charge": subject}).id
    stage.run(REFUND, refund)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert (rates(stage), rates(stage, "customerRefund")) == ([Decimal("1.0842")], [Decimal("1.0842")])
