"""What is told of a payout, from the tables alone; and what can be done about one."""

from decimal import Decimal

import pytest

from app.admin import payout_deeds
from app.admin.actions import Impossible
from app.core import payouts, tie_out
from app.core.audit import AuditEntry
from app.core.payouts import Listed, PayoutFilter
from sandbox.netsuite import ids
from tests.app.core.test_tie_out import cleared, posted, record_of
from tests.workers.flows.stage import Stage
from tests.workers.house_rules import payout_scenes as scenes
from tests.workers.house_rules.charge_scenes import payer


def seen(stage: Stage, payout: str) -> Listed:
    with stage.parts.database.session_scope() as session:
        found = payouts.found(session, payout)
    assert found is not None
    return found


def listed(stage: Stage, **wanted: object) -> list[str]:
    with stage.parts.database.session_scope() as session:
        return [one.id for one in payouts.listed(session, PayoutFilter(**wanted))]  # type: ignore[arg-type]


def spoilt(stage: Stage) -> str:
    """A posted payout, to whose deposit somebody has added a fee."""
    subject = posted(stage)
    fee = {"account": {"id": ids.STRIPE_FEES}, "amount": 1, "memo": "corrected"}
    stage.saves("deposit", {"cashBack": {"items": [fee]}}, record_of(stage, "dep"))
    tie_out.measure(stage.parts)
    return subject


def test_what_the_flow_has_posted_is_known_at_once(stage: Stage) -> None:
    found = seen(stage, posted(stage))
    assert (found.state, found.expected, found.deposited, found.difference, found.read_at) == (
        "posted",
        Decimal("96.80"),
        Decimal("96.80"),
        Decimal(0),
        None,
    )


def test_a_changed_deposit_differs(stage: Stage) -> None:
    found = seen(stage, spoilt(stage))
    assert (found.state, found.deposited, found.difference) == ("differs", Decimal("95.80"), Decimal("-1.00"))


def test_a_held_payout_tells_why(stage: Stage) -> None:
    cleared(stage, bank={})
    scenes.booked(stage, amount=10_000, customer=payer(stage))
    subject = scenes.pay_out(stage)
    assert stage.run(scenes.PAYOUT, subject).state == "held"
    found = seen(stage, subject)
    assert (found.state, found.deposited, "bank account" in found.sentence) == ("held", None, True)


def test_its_transactions_are_known_though_it_is_held(stage: Stage) -> None:
    cleared(stage, bank={})
    charge = scenes.booked(stage, amount=10_000, customer=payer(stage))
    subject = scenes.pay_out(stage)
    stage.run(scenes.PAYOUT, subject)
    with stage.parts.database.session_scope() as session:
        [line] = payouts.lines(session, seen(stage, subject))
    assert (line.source, line.net, line.record_type) == (charge, Decimal("96.80"), "customerPayment")


def test_lines_add_up_to_the_payout(stage: Stage) -> None:
    stage.keep_books(accounts=scenes.ACCOUNTS)
    subject = scenes.payout(stage)
    stage.run(scenes.PAYOUT, subject)
    payout = seen(stage, subject)
    with stage.parts.database.session_scope() as session:
        sums = payouts.sums(session, payout)
        lines = list(payouts.all_lines(session, payout))
    assert sum(one.net for one in sums) == sum(one.net for one in lines) == payout.amount
    assert {one.category: one.count for one in sums} == {"charge": 2, "refund": 1, "fee": 1}


def test_filters(stage: Stage) -> None:
    subject = spoilt(stage)
    month = f"{seen(stage, subject).arrival_date:%Y-%m}"
    narrow = {"account": "main", "currency": "usd", "month": month, "state": "differs", "differs": True}
    assert listed(stage, **narrow) == [subject]
    for name, other in (("account", "x"), ("currency", "EUR"), ("month", "2020-01"), ("state", "posted")):
        assert listed(stage, **{**narrow, name: other}) == [], name


def test_pages_follow_each_other(stage: Stage) -> None:
    cleared(stage)
    who = payer(stage)
    for amount in (5000, 6000, 7000):
        scenes.booked(stage, amount=amount, customer=who)
        stage.run(scenes.PAYOUT, scenes.pay_out(stage))
        stage.pass_time(days=1)
    with stage.parts.database.session_scope() as session:
        first = payouts.listed(session, PayoutFilter(), limit=2)
        rest = payouts.listed(session, PayoutFilter(), limit=2, before=first[-1].cursor)
    assert [one.amount for one in (*first, *rest)] == [Decimal("67.67"), Decimal("57.96"), Decimal("48.25")]


# deeds ---------------------------------------------------------------------------------------------------------


def test_posting_again_overwrites_what_was_changed(stage: Stage) -> None:
    subject = spoilt(stage)
    run = payout_deeds.post_again(stage.parts, subject, actor="kim", reason="the fee was changed")
    stage.work()
    assert (stage.result(run).state, seen(stage, subject).state) == ("succeeded", "posted")
    tie_out.measure(stage.parts)
    assert (seen(stage, subject).deposited, len(stage.records("deposit"))) == (Decimal("96.80"), 1)


def test_posting_again_is_noted_with_its_reason(stage: Stage) -> None:
    payout_deeds.post_again(stage.parts, spoilt(stage), actor="kim", reason="the fee was changed")
    with stage.parts.database.session_scope() as session:
        [noted] = session.query(AuditEntry).filter_by(action="payout.posted_again")
        assert (noted.actor, noted.details) == ("kim", {"reason": "the fee was changed"})


def test_a_record_that_is_gone_is_brought_over_again(stage: Stage) -> None:
    subject = posted(stage)
    stage.removes("customerPayment", record_of(stage, "pay"))
    tie_out.measure(stage.parts)
    with stage.parts.database.session_scope() as session:
        [line] = payouts.lines(session, seen(stage, subject))
    assert line.there is False
    payout_deeds.bring_again(stage.parts, subject, line.id, actor="kim", reason="it was deleted")
    stage.work()
    assert (tie_out.measure(stage.parts)[0].agrees, len(stage.records("customerPayment"))) == (True, 1)


def test_what_is_there_is_not_brought_again(stage: Stage) -> None:
    subject = posted(stage)
    tie_out.measure(stage.parts)
    with stage.parts.database.session_scope() as session:
        [line] = payouts.lines(session, seen(stage, subject))
    with pytest.raises(Impossible, match="is in NetSuite"):
        payout_deeds.bring_again(stage.parts, subject, line.id, actor="kim", reason="no reason")


def test_a_comparison_is_asked_for_once(stage: Stage) -> None:
    first, second = (payout_deeds.measure(stage.parts, actor="kim").id for _ in "ab")
    assert first == second
