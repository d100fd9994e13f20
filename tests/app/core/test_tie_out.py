"""The tie-out on real payouts: what has to differ is listed by name, and what is wrong is named by record."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import payouts, tie_out, tie_out_stripe
from app.core.links import Link
from app.core.payout_tables import Movement, Payout
from app.core.tie_out import TieOut
from app.errors import Unavailable
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage
from tests.workers.house_rules import payout_scenes as scenes
from tests.workers.house_rules.charge_scenes import payer

CLEARING = ids.STRIPE_CLEARING["USD"]
ZERO = Decimal(0)


def in_dollars(stage: Stage) -> TieOut:
    return next(one for one in tie_out.measure(stage.parts) if one.currency == "USD")


def cleared(stage: Stage, **more: Any) -> None:
    stage.keep_books(accounts=scenes.ACCOUNTS | {"money_in": "clearing"} | more)


def told(found: TieOut) -> dict[str, Decimal]:
    return {item.title: item.amount for item in found.items}


def journal(amount: str) -> dict[str, Any]:
    """A clerk's own entry on the clearing account."""
    lines = [
        {"account": {"id": CLEARING}, "debit": amount},
        {"account": {"id": ids.ROUNDING}, "credit": amount},
    ]
    return {"subsidiary": {"id": ids.SUBSIDIARY_US}, "currency": {"id": ids.USD}, "line": {"items": lines}}


def posted(stage: Stage) -> str:
    """A payout of one payment of 100.00, in NetSuite."""
    cleared(stage)
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    made = scenes.pay_out(stage)
    assert stage.run(scenes.PAYOUT, made).state == "succeeded"
    return made


def record_of(stage: Stage, role: str) -> str:
    return next(link.netsuite_id for link in stage.links().values() if link.role == role)


# timing --------------------------------------------------------------------------------------------------------


def test_fees_wait_for_the_payout(stage: Stage) -> None:
    cleared(stage)
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    found = in_dollars(stage)
    assert (found.stripe, found.netsuite, told(found), found.agrees) == (
        Decimal("96.80"),
        Decimal("100.00"),
        {"Fees on payments, booked with the payout": Decimal("-3.20")},
        True,
    )


def test_money_that_is_not_posted_yet_is_listed(stage: Stage) -> None:
    cleared(stage)
    charge = stage.stripe_does("charges", amount=10_000, customer=payer(stage))["id"]
    [fees, waiting] = in_dollars(stage).items
    assert (fees.kind, waiting.kind, waiting.amount, waiting.examples[0].subject) == (
        "booked_later",
        "waiting",
        Decimal("100.00"),
        charge,
    )


def test_what_is_held_is_listed_with_its_run(stage: Stage) -> None:
    cleared(stage)
    charge = stage.stripe_does("charges", amount=10_000)["id"]
    assert stage.run(scenes.PAYMENT, charge).state == "held"
    [held] = [item for item in in_dollars(stage).items if item.kind == "held"]
    assert (held.title, held.examples[0].state) == ("Payments held: they wait for a person", "held")
    assert held.examples[0].run is not None


def test_a_payout_on_its_way_to_the_bank(stage: Stage) -> None:
    cleared(stage)
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    stage.stripe_does("payouts")
    found = in_dollars(stage)
    assert (told(found)["Payouts on their way to the bank"], found.agrees) == (Decimal("-96.80"), True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "scene",
    [
        scenes.payout,
        scenes.cleared_payout,
        scenes.negative_payout,
        scenes.payout_by_hand,
        scenes.failed_payout,
        scenes.failed_payout_to_delete,
        scenes.payout_after_a_failed_one,
    ],
)
def test_it_agrees_before_and_after_a_payout_is_posted(stage: Stage, scene: Callable[[Stage], str]) -> None:
    subject = scene(stage)
    before = in_dollars(stage)
    stage.run(scenes.PAYOUT, subject)
    after = in_dollars(stage)
    assert (before.unexplained, after.agrees, after.arrived) == (ZERO, True, after.bank), (before, after)


def test_a_posted_payout_leaves_nothing_to_explain(stage: Stage) -> None:
    posted(stage)
    found = in_dollars(stage)
    assert (found.stripe, found.netsuite, found.items, found.arrived, found.bank, found.agrees) == (
        ZERO,
        ZERO,
        (),
        Decimal("96.80"),
        Decimal("96.80"),
        True,
    )


# differences ---------------------------------------------------------------------------------------------------


def test_a_payment_deleted_in_netsuite_is_named(stage: Stage) -> None:
    cleared(stage)
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    payment = record_of(stage, "pay")
    stage.removes("customerPayment", payment)
    found = in_dollars(stage)
    [wrong] = found.differences
    assert (found.unexplained, wrong.amount, wrong.record) == (Decimal("100.00"), Decimal("100.00"), payment)


def test_a_payment_changed_in_netsuite_is_named(stage: Stage) -> None:
    cleared(stage)
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    in_dollars(stage)
    stage.pass_time(minutes=1)
    line = {"doc": {"id": record_of(stage, "inv")}, "apply": True, "amount": 90}
    change = {"payment": 90, "apply": {"items": [line]}}
    stage.saves("customerPayment", change, record_of(stage, "pay"))
    found = in_dollars(stage)
    assert (found.unexplained, [one.amount for one in found.differences]) == (Decimal("10.00"), [Decimal("10.00")])


def test_a_deposit_deleted_in_netsuite_is_named(stage: Stage) -> None:
    subject = posted(stage)
    in_dollars(stage)
    stage.removes("deposit", record_of(stage, "dep"))
    found = in_dollars(stage)
    assert (found.unexplained, {(one.payout, one.bank, one.amount) for one in found.differences}) == (
        Decimal("-100.00"),
        {(subject, False, Decimal("-100.00")), (subject, True, Decimal("96.80"))},
    )


def test_a_payment_deleted_after_it_was_paid_out_is_named(stage: Stage) -> None:
    subject = posted(stage)
    payment = record_of(stage, "pay")
    stage.removes("customerPayment", payment)
    found = in_dollars(stage)
    assert [(one.payout, one.record, one.amount) for one in found.differences] == [
        (subject, payment, found.unexplained)
    ]


def test_an_entry_of_somebody_else_is_named(stage: Stage) -> None:
    posted(stage)
    stray = stage.saves("journalEntry", journal("7.00"))["id"]
    found = in_dollars(stage)
    assert (found.unexplained, [(one.record, one.amount) for one in found.differences]) == (
        Decimal("-7.00"),
        [(stray, Decimal("-7.00"))],
    )


def test_entries_from_before_the_start_are_opening_ones(stage: Stage) -> None:
    cleared(stage)
    stage.saves("journalEntry", journal("7.00"))
    stage.decide(start_date="2026-08-21")
    found = in_dollars(stage)
    assert (told(found), found.agrees) == ({"NetSuite's own entries from before 2026-08-21": Decimal("-7.00")}, True)


def test_posting_again_mends_a_deposit_that_was_deleted(stage: Stage) -> None:
    subject = posted(stage)
    stage.removes("deposit", record_of(stage, "dep"))
    in_dollars(stage)
    with stage.parts.database.session_scope() as session:
        payouts.forget_what_was_sent(session, subject, actor="test", reason="somebody deleted it")
    assert stage.run(scenes.PAYOUT, subject).state == "succeeded"
    assert in_dollars(stage).agrees


# how it is read ------------------------------------------------------------------------------------------------


def test_what_was_read_is_not_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    posted(stage)
    in_dollars(stage)
    asked: list[str] = []
    real = stage.parts.systems.netsuite_client.bound

    def bound(*given: Any) -> Any:
        gateway = real(*given)
        query = gateway.query
        monkeypatch.setattr(gateway, "query", lambda sql, *more: asked.append(sql) or query(sql, *more), raising=False)
        return gateway

    monkeypatch.setattr(stage.parts.systems.netsuite_client, "bound", bound)
    assert in_dollars(stage).agrees
    assert len([sql for sql in asked if "transactionaccountingline" in sql]) == 1


def test_a_first_look_that_was_cut_off_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    cleared(stage)
    for amount in (1000, 2000, 3000):
        stage.stripe_does("charges", amount=amount)
        stage.pass_time(minutes=1)
    monkeypatch.setattr(tie_out_stripe, "BATCH", 1)
    stripe = stage.parts.systems.stripe("main", lambda _: None)
    real = stripe.movements

    def breaks(**given: Any) -> Any:
        yield next(real(**given))
        raise Unavailable("Stripe went away.")

    monkeypatch.setattr(stripe, "movements", breaks)
    with pytest.raises(Unavailable):
        tie_out_stripe.read_movements(stage.parts.database, stripe, "main", stage.parts.clock.now())
    monkeypatch.setattr(stripe, "movements", real)
    tie_out_stripe.read_movements(stage.parts.database, stripe, "main", stage.parts.clock.now())
    with stage.parts.database.session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Movement)) == 3


def test_a_payout_posted_before_it_was_kept_is_itemised(stage: Stage) -> None:
    posted(stage)
    with stage.parts.database.session_scope() as session:
        session.query(Movement).delete()
        session.query(Payout).delete()
    assert in_dollars(stage).agrees


def test_a_failure_is_kept_with_the_account(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    cleared(stage)
    monkeypatch.setattr(
        "app.core.postings.read", lambda *_: (_ for _ in ()).throw(Unavailable("NetSuite does not answer."))
    )
    with pytest.raises(Unavailable):
        tie_out.measure(stage.parts)
    with stage.parts.database.session_scope() as session:
        assert tie_out.attempts(session)["main"].error == "NetSuite does not answer."


def test_a_payment_that_somebody_entered_and_we_linked_counts(stage: Stage) -> None:
    """In undeposited funds nothing but the link tells that it is Stripe's."""
    stage.keep_books(accounts=scenes.ACCOUNTS)
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    stage.saves("customerPayment", {"externalId": ""}, record_of(stage, "pay"))
    found = in_dollars(stage)
    assert (found.netsuite, found.agrees) == (Decimal("100.00"), True)


def test_results_are_kept(stage: Stage) -> None:
    posted(stage)
    in_dollars(stage)
    stage.pass_time(hours=1)
    in_dollars(stage)
    with stage.parts.database.session_scope() as session:
        [row] = [one for one in tie_out.latest(session) if one.currency == "USD"]
        assert (row.at - timedelta(hours=1) < stage.parts.clock.now(), row.agrees) == (True, True)
        assert session.scalar(select(func.count()).select_from(Link).where(Link.role == "dep")) == 1
