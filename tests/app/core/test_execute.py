import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.core import retry_errors
from app.core.attempts import Attempt
from app.core.config import Backoff, Config, FlowConfig, Retries, save
from app.core.execute import RESEND_AFTER
from app.core.flow import Flow, Options
from app.core.interfaces import Ledger
from app.core.links import Link
from app.core.locks import subject_locks
from app.core.retries import Retry
from app.core.runs import Run, claim, dismiss
from app.errors import (
    Ambiguous,
    Candidate,
    Conflict,
    Forbidden,
    LinkMissing,
    NotReady,
    OutcomeUnknown,
    Rejected,
    Skipped,
    Throttled,
    Unmapped,
)
from tests.app.core.fakes import START, Bench


def run_of(bench: Bench, run_id: int) -> Run:
    with bench.database.session_scope() as session:
        return session.get_one(Run, run_id)


def due_of(bench: Bench, run_id: int) -> Retry | None:
    with bench.database.session_scope() as session:
        return session.get(Retry, run_id)


def raising(error: Exception) -> object:
    def behave(_: str) -> str:
        raise error

    return behave


def configure(bench: Bench, **parts: object) -> None:
    with bench.database.session_scope() as session:
        save(session, Config.model_validate(parts), author="test", note="")


def test_a_run_that_succeeds_says_what_it_wrote(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary, run.tries, run.stripe_calls) == ("succeeded", "Wrote invoice ns-t_1.", 1, 1)
    assert run.records == [{"external_id": "stripe-inv-t_1", "type": "invoice", "id": "ns-t_1", "stripe_id": "t_1"}]


def test_success_deletes_the_retry(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.work()
    assert due_of(bench, run_id) is None


def test_an_attempt_keeps_every_exchange(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.work()
    with bench.database.session_scope() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.run_id == run_id)).one()
    assert [exchange["path"] for exchange in attempt.exchanges] == ["/v1/things/t_1"]
    assert attempt.outcome == "succeeded"


@pytest.mark.parametrize(
    ("error", "state", "error_class"),
    [
        (Skipped("It is a draft."), "skipped", None),
        (Unmapped("No item for price_1.", setting="items.default"), "held", "held"),
        (Throttled("Too many."), "retrying", "throttled"),
        (Conflict("Changed meanwhile."), "retrying", "conflict"),
        (NotReady("Not captured yet."), "retrying", "not_ready"),
        (OutcomeUnknown("No answer."), "retrying", "outcome_unknown"),
        (Rejected("The memo is too long.", code="INVALID_CONTENT"), "dead", "permanent"),
        (Forbidden("The role lacks Transactions."), "dead", "permanent"),
        (KeyError("bug"), "retrying", "default"),
    ],
)
def test_each_error_ends_in_its_state(bench: Bench, error: Exception, state: str, error_class: str | None) -> None:
    bench.systems.behave = raising(error)  # type: ignore[assignment]
    run_id = bench.demand("things", "t_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.error_class) == (state, error_class)
    assert run.summary


def test_only_a_retrying_run_stays_in_the_retry_table(bench: Bench) -> None:
    bench.systems.behave = raising(Unmapped("No item.", setting="items.default"))  # type: ignore[assignment]
    run_id = bench.demand("things", "t_1")
    bench.work()
    assert due_of(bench, run_id) is None


def test_what_the_other_system_asked_for_is_waited(bench: Bench) -> None:
    bench.systems.behave = raising(Throttled("Too many.", retry_after=timedelta(minutes=7)))  # type: ignore[assignment]
    run_id = bench.demand("things", "t_1")
    bench.work()
    retry = due_of(bench, run_id)
    assert retry is not None
    assert retry.due_at == START + timedelta(minutes=7)


def test_candidates_are_kept_for_the_person_who_chooses(bench: Bench) -> None:
    candidate = Candidate("netsuite", "customer", "7", "Acme", "same e-mail")
    bench.systems.behave = raising(Ambiguous("Two fit.", candidates=[candidate]))  # type: ignore[assignment]
    run_id = bench.demand("things", "t_1")
    bench.work()
    assert run_of(bench, run_id).candidates == [
        {"system": "netsuite", "type": "customer", "id": "7", "label": "Acme", "why": "same e-mail"}
    ]


def test_what_was_weighed_is_kept_until_something_else_is(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    weighed = [{"id": "7", "verdict": "chosen", "why": "same e-mail"}]
    with bench.database.session_scope() as session:
        session.get_one(Run, run_id).candidates = weighed
    bench.work()
    assert run_of(bench, run_id).candidates == weighed


def test_the_next_try_is_booked_before_the_first_is_made(bench: Bench) -> None:
    seen: list[Retry | None] = []
    run_id = bench.demand("things", "t_1")
    bench.systems.behave = lambda subject: seen.append(due_of(bench, run_id)) or subject  # type: ignore[func-returns-value]
    bench.work()
    assert seen[0] is not None
    assert seen[0].due_at == START + timedelta(seconds=90)


def test_a_killed_worker_is_noticed_when_the_booked_try_is_due(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.broker.runs.clear()
    assert bench.executor._claim(run_id) is not None
    bench.clock.advance(seconds=89)
    assert bench.executor.replay_due() == 0
    bench.clock.advance(seconds=2)
    assert bench.executor.replay_due() == 1
    bench.work()
    assert (run_of(bench, run_id).state, run_of(bench, run_id).tries) == ("succeeded", 2)


def age(bench: Bench, run_id: int) -> None:
    with bench.database.session_scope() as session:
        session.execute(update(Run).where(Run.id == run_id).values(updated_at=func.now() - timedelta(seconds=20)))


def test_a_run_whose_lock_nobody_holds_is_taken_up_again_at_once(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.broker.runs.clear()
    assert bench.executor._claim(run_id) is not None
    age(bench, run_id)
    assert bench.executor.replay_due() == 1
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_a_run_that_takes_long_but_holds_its_lock_is_left_alone(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.broker.runs.clear()
    assert bench.executor._claim(run_id) is not None
    age(bench, run_id)
    with subject_locks(bench.database) as locks:
        locks.take("main/t_1")
        assert bench.executor.replay_due() == 0


def test_a_message_the_broker_lost_is_sent_again(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.broker.runs.clear()
    bench.clock.advance(seconds=RESEND_AFTER.total_seconds() + 1)
    bench.executor.replay_due()
    assert bench.broker.runs == [(run_id, "things")]


def test_a_broker_that_is_away_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(run_id: int, queue: str) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(bench.broker, "send_run", refuse)
    run_id = bench.demand("things", "t_1")
    monkeypatch.undo()
    bench.clock.advance(seconds=RESEND_AFTER.total_seconds() + 1)
    bench.executor.replay_due()
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_running_out_of_tries_leaves_a_dead_letter(bench: Bench) -> None:
    configure(bench, retries=Retries(conflict=Backoff(tries=2, first_seconds=1, longest_seconds=1)).model_dump())
    bench.systems.behave = raising(Conflict("Changed meanwhile."))  # type: ignore[assignment]
    run_id = bench.demand("things", "t_1")
    bench.work()
    bench.clock.advance(seconds=5)
    retry_errors.replay_due(bench)
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == ("dead", "Given up after 2 tries. Changed meanwhile.")
    assert due_of(bench, run_id) is None


def test_a_missing_object_is_brought_over_first_and_then_the_run_itself(bench: Bench) -> None:
    run_id = bench.demand("children", "c_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"
    assert bench.systems.written == ["parent-of-c_1", "c_1"]


def test_the_run_for_a_missing_object_says_why_it_exists(bench: Bench) -> None:
    bench.demand("children", "c_1")
    bench.work()
    with bench.database.session_scope() as session:
        assert session.scalars(select(Run.cause).where(Run.flow == "parents")).all() == ["dependency"]


def test_a_run_whose_dependency_is_held_is_held_with_its_reason(bench: Bench) -> None:
    bench.systems.behave = lambda s: _held() if s.startswith("parent") else s  # type: ignore[assignment]
    run_id = bench.demand("children", "c_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == ("held", "Waits for parent-of-c_1: No subsidiary.")


def test_a_run_goes_on_by_itself_when_its_dependency_is_repaired(bench: Bench) -> None:
    bench.systems.behave = lambda s: _held() if s.startswith("parent") else s  # type: ignore[assignment]
    run_id = bench.demand("children", "c_1")
    bench.work()
    bench.systems.behave = lambda s: s
    bench.demand("parents", "parent-of-c_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_a_hold_reaches_all_that_wait_down_the_line(bench: Bench) -> None:
    bench.systems.behave = lambda s: _held() if s.startswith("parent-of-parent") else s  # type: ignore[assignment]
    run_id = bench.demand("grandchildren", "g_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == ("held", "Waits for parent-of-parent-of-g_1: No subsidiary.")


def test_all_that_wait_down_the_line_go_on_when_the_first_is_repaired(bench: Bench) -> None:
    bench.systems.behave = lambda s: _held() if s.startswith("parent-of-parent") else s  # type: ignore[assignment]
    run_id = bench.demand("grandchildren", "g_1")
    bench.work()
    bench.systems.behave = lambda s: s
    bench.demand("parents", "parent-of-parent-of-g_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_a_dependency_that_is_skipped_holds_the_run(bench: Bench) -> None:
    bench.systems.behave = lambda s: _skipped() if s.startswith("parent") else s  # type: ignore[assignment]
    run_id = bench.demand("children", "c_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == ("held", "parent-of-c_1 was skipped by its own flow: It was deleted.")


def families(bench: Bench, *members: str) -> list[dict[str, str | None]]:
    """Adds a flow whose objects need several others; what each of its tries found missing, and why."""
    tries: list[dict[str, str | None]] = []
    made: Flow[str, Options] = Flow(
        "families", title="families", source="stripe", reads=lambda to, subject: subject, options=Options
    )

    @made.push
    def push(source: str, to: Ledger[Options]) -> None:
        lacking = [one for one in members if to.links.of_stripe(one, "cust") is None]
        tries.append({one: to.why_skipped("cust", one) for one in lacking})
        if lacking:
            raise LinkMissing("cust", lacking[0], others=[("cust", one) for one in lacking[1:]])

    bench.catalogue._flows["families"] = made
    return tries


def test_all_missing_objects_are_brought_over_at_once(bench: Bench) -> None:
    tries = families(bench, "p_1", "p_2", "p_3")
    run_id = bench.demand("families", "f_1")
    bench.work()
    assert (run_of(bench, run_id).state, len(tries)) == ("succeeded", 2)
    assert bench.systems.written == ["p_1", "p_2", "p_3"]


def test_the_sentence_counts_what_is_missing(bench: Bench) -> None:
    families(bench, "p_1", "p_2", "p_3")
    run_id = bench.demand("families", "f_1")
    bench.executor.run(bench.broker.runs.pop(0)[0])
    assert run_of(bench, run_id).summary == (
        "p_1 and 2 more are not in the other system yet; their own flows run first."
    )


@pytest.mark.slow
def test_many_missing_objects_take_few_rounds(bench: Bench) -> None:
    tries = families(bench, *(f"p_{number}" for number in range(300)))
    run_id = bench.demand("families", "f_1")
    bench.work(limit=400)
    assert (run_of(bench, run_id).state, len(tries)) == ("succeeded", 2)


def test_it_is_held_by_one_of_several_that_is_held(bench: Bench) -> None:
    families(bench, "p_1", "p_2", "p_3")
    bench.systems.behave = lambda s: _held() if s == "p_1" else s  # type: ignore[assignment]
    run_id = bench.demand("families", "f_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == ("held", "Waits for p_1: No subsidiary.")


def test_it_goes_on_when_the_one_of_several_is_repaired(bench: Bench) -> None:
    families(bench, "p_1", "p_2", "p_3")
    bench.systems.behave = lambda s: _held() if s == "p_1" else s  # type: ignore[assignment]
    run_id = bench.demand("families", "f_1")
    bench.work()
    bench.systems.behave = lambda s: s
    bench.demand("parents", "p_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_each_of_several_that_was_skipped_is_told(bench: Bench) -> None:
    families(bench, "p_1", "p_2", "p_3")
    bench.systems.behave = lambda s: _skipped() if s != "p_2" else s  # type: ignore[assignment]
    run_id = bench.demand("families", "f_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == (
        "held",
        "p_1 was skipped by its own flow: It was deleted. p_3 was skipped by its own flow: It was deleted.",
    )


def test_a_flow_learns_which_of_its_missing_objects_were_skipped(bench: Bench) -> None:
    tries = families(bench, "p_1", "p_2")
    bench.systems.behave = lambda s: _skipped() if s == "p_2" else s  # type: ignore[assignment]
    bench.demand("families", "f_1")
    bench.work()
    assert tries == [{"p_1": None, "p_2": None}, {"p_2": "It was deleted."}]


def test_after_a_replay_skipped_objects_are_tried_once_more(bench: Bench) -> None:
    families(bench, "p_1", "p_2")
    bench.systems.behave = lambda s: _skipped() if s == "p_2" else s  # type: ignore[assignment]
    run_id = bench.demand("families", "f_1")
    bench.work()
    bench.systems.behave = lambda s: s
    bench.demand("families", "f_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_what_a_person_dismissed_is_not_asked_for_again(bench: Bench) -> None:
    tries = families(bench, "p_1", "p_2")
    bench.systems.behave = lambda s: _held() if s == "p_2" else s  # type: ignore[assignment]
    dismissed = bench.demand("parents", "p_2")
    bench.work()
    with bench.database.session_scope() as session:
        dismiss(session, dismissed, "Of the old system.")
    bench.demand("families", "f_1")
    bench.work()
    assert tries[0] == {"p_1": None, "p_2": "Dismissed: Of the old system."}


def test_a_skip_of_long_ago_does_not_count(bench: Bench) -> None:
    families(bench, "p_1")
    bench.systems.behave = lambda s: _skipped() if s == "p_1" else s  # type: ignore[assignment]
    bench.demand("parents", "p_1")
    bench.work()
    bench.systems.behave = lambda s: s
    run_id = bench.demand("families", "f_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_without_a_flow_for_one_of_several_it_is_held(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.systems.behave = raising(LinkMissing("cust", "p_1", others=[("dep", "po_1")]))  # type: ignore[assignment]
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.action) == ("held", "Link po_1 to its NetSuite record by hand, then replay.")


def test_runs_of_one_object_do_not_overlap(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    with subject_locks(bench.database) as locks:
        locks.take("main/t_1")
        worker = threading.Thread(target=bench.executor.run, args=(run_id,))
        worker.start()
        worker.join(timeout=15)
        assert not worker.is_alive()
    run = run_of(bench, run_id)
    assert (run.state, run.tries, bench.systems.written) == ("queued", 0, [])


def test_a_paused_flow_keeps_its_work(bench: Bench) -> None:
    configure(bench, flows={"things": FlowConfig(paused=True).model_dump()})
    run_id = bench.sweeper.on_demand("things", "main", ["t_1"], cause="event")[0]
    bench.work()
    assert (run_of(bench, run_id).state, run_of(bench, run_id).tries) == ("queued", 0)


def test_a_person_may_run_one_of_a_paused_flow(bench: Bench) -> None:
    configure(bench, flows={"things": FlowConfig(paused=True).model_dump()})
    run_id = bench.demand("things", "t_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_running_it_twice_leaves_one_link(bench: Bench) -> None:
    bench.demand("things", "t_1")
    bench.work()
    bench.demand("things", "t_1")
    bench.work()
    with bench.database.session_scope() as session:
        assert session.scalars(select(Link.external_id)).all() == ["stripe-inv-t_1"]


def test_an_event_during_the_run_makes_it_run_once_more(bench: Bench) -> None:
    def once(subject: str) -> str:
        bench.systems.behave = lambda s: s
        bench.sweeper.on_demand("things", "main", ["t_1"], cause="event")
        return subject

    bench.systems.behave = once
    run_id = bench.demand("things", "t_1")
    bench.work()
    assert (run_of(bench, run_id).state, run_of(bench, run_id).tries) == ("succeeded", 2)


def test_a_claimed_run_is_not_run_by_a_second_message(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    with bench.database.session_scope() as session:
        claim(session, run_id)
    assert bench.executor.run(run_id) is None


def _held() -> str:
    raise Unmapped("No subsidiary.", setting="books.main.subsidiary")


def _skipped() -> str:
    raise Skipped("It was deleted.")


def test_a_run_that_meets_its_own_echo_has_succeeded(bench: Bench) -> None:
    """Its write comes back as an event while it runs: the second round finds nothing left to do."""

    def echoed(subject: str) -> str:
        if bench.systems.written:
            raise Skipped("Nothing has changed.", code="echo")
        bench.sweeper.on_demand("things", "main", [subject], cause="event")
        return subject

    bench.systems.behave = echoed
    run_id = bench.demand("things", "t_1")
    bench.work()
    run = run_of(bench, run_id)
    assert (run.state, run.summary, run.tries) == ("succeeded", "Wrote invoice ns-t_1.", 2)
