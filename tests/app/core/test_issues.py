from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.core import issues, retry_errors, runs
from app.core.execute import RESEND_AFTER
from app.core.runs import Run
from app.core.tables import Issue, IssueNote
from app.errors import Rejected, Skipped, Throttled, Unmapped
from tests.app.core.fakes import START, Bench

MISSING = Unmapped("No receivable account for EUR of customer Ada Works.", setting="accounts.receivable.EUR")


def behaving(bench: Bench, error: Exception | None) -> None:
    def behave(subject: str) -> str:
        if error is not None:
            raise error
        return subject

    bench.systems.behave = behave


def fail(bench: Bench, error: Exception, subject: str = "t_1", key: str = "things") -> int:
    behaving(bench, error)
    run_id = bench.demand(key, subject)
    bench.work()
    return run_id


def replay(bench: Bench, run_id: int, error: Exception | None = None) -> None:
    behaving(bench, error)
    with bench.database.session_scope() as session:
        queued = runs.replay(session, [run_id], now=bench.clock.now(), resend_after=RESEND_AFTER)
    bench.broker.runs += [(each.run_id, each.flow) for each in queued]
    bench.work()


def all_of(bench: Bench) -> list[Issue]:
    with bench.database.session_scope() as session:
        return list(session.scalars(select(Issue).order_by(Issue.id)))


def only(bench: Bench) -> Issue:
    [issue] = all_of(bench)
    return issue


def notes(bench: Bench) -> list[tuple[str, str]]:
    with bench.database.session_scope() as session:
        return [(each.author, each.text) for each in session.scalars(select(IssueNote).order_by(IssueNote.id))]


def weight(bench: Bench) -> issues.Weight:
    with bench.database.session_scope() as session:
        return issues.weights(session, [1]).get(1, issues.Weight())


def decide(bench: Bench, state: str, **more: Any) -> None:
    with bench.database.session_scope() as session:
        issues.decide(session, 1, state, actor="controller", now=bench.clock.now(), **more)


def test_the_first_held_run_opens_an_issue(bench: Bench) -> None:
    run_id = fail(bench, MISSING)
    issue = only(bench)
    assert (issue.flow, issue.error_code, issue.field, issue.state, issue.first_seen) == (
        "things",
        "unmapped",
        "accounts.receivable.EUR",
        "open",
        START,
    )
    assert weight(bench) == issues.Weight(1, run_id)


def test_its_title_is_a_sentence_without_anything_of_a_customers(bench: Bench) -> None:
    fail(bench, MISSING)
    assert only(bench).title == "things: a setting is missing: accounts.receivable.EUR."


def test_runs_with_the_same_cause_are_one_issue(bench: Bench) -> None:
    fail(bench, MISSING, "t_1")
    bench.clock.advance(minutes=5)
    newest = fail(bench, MISSING, "t_2")
    issue = only(bench)
    assert (weight(bench), issue.last_seen - issue.first_seen) == (issues.Weight(2, newest), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (Unmapped("No account.", setting="accounts.receivable.GBP"), "things"),
        (Rejected("No."), "things"),
        (MISSING, "parents"),
    ],
    ids=["setting", "code", "flow"],
)
def test_another_cause_is_another_issue(bench: Bench, error: Exception, key: str) -> None:
    fail(bench, MISSING, "t_1")
    fail(bench, error, "t_2", key)
    assert len(all_of(bench)) == 2


def test_a_dead_run_opens_one_with_the_field_that_was_refused(bench: Bench) -> None:
    fail(bench, Rejected("No.", code="INVALID_KEY_OR_REF", fields={"entity.id": "Ada Works is unknown"}))
    assert (only(bench).field, only(bench).title) == (
        "entity.id",
        "things: the other system refuses the record (INVALID_KEY_OR_REF): entity.id.",
    )


def test_a_run_that_retries_by_itself_joins_after_some_tries(bench: Bench) -> None:
    fail(bench, Throttled("Too many."))
    for tries in range(2, 6):
        assert all_of(bench) == [], tries
        bench.clock.advance(hours=1)
        retry_errors.replay_due(bench)
        bench.work()
    assert (only(bench).error_code, weight(bench).open_runs) == ("throttled", 1)


def test_a_run_that_is_skipped_opens_none(bench: Bench) -> None:
    fail(bench, Skipped("It is a draft."))
    assert all_of(bench) == []


def test_it_is_resolved_when_its_last_run_succeeds(bench: Bench) -> None:
    first, second = fail(bench, MISSING, "t_1"), fail(bench, MISSING, "t_2")
    replay(bench, first)
    assert only(bench).state == "open"
    replay(bench, second)
    assert only(bench).state == "resolved"
    assert notes(bench) == [("tieout", "Resolved by itself: none of its runs is open any more.")]


def test_it_comes_back_open_with_a_note(bench: Bench) -> None:
    replay(bench, fail(bench, MISSING, "t_1"))
    again = fail(bench, MISSING, "t_2")
    assert (only(bench).state, only(bench).times_opened) == ("open", 2)
    assert notes(bench)[-1] == ("tieout", f"It was resolved and came back with run {again}.")


def test_a_run_that_fails_otherwise_leaves_its_old_issue(bench: Bench) -> None:
    run_id = fail(bench, MISSING)
    replay(bench, run_id, Rejected("No."))
    assert [(issue.error_code, issue.state) for issue in all_of(bench)] == [
        ("unmapped", "resolved"),
        ("rejected", "open"),
    ]


def test_runs_that_are_held_because_another_is_belong_to_its_issue(bench: Bench) -> None:
    fail(bench, MISSING, "c_1", "children")
    behaving(bench, None)
    bench.systems.behave = lambda subject: subject if subject == "c_2" else behave_missing(subject)
    child = bench.demand("children", "c_2")
    bench.work()
    with bench.database.session_scope() as session:
        assert session.get_one(Run, child).state == "held"
        parent = session.scalars(select(Run).where(Run.flow == "parents")).one()
        assert session.get_one(Run, child).issue_id == parent.issue_id


def behave_missing(_: str) -> str:
    raise MISSING


@pytest.mark.parametrize("state", ["acknowledged", "ignored"])
def test_what_a_person_decided_stays_when_it_happens_again(bench: Bench, state: str) -> None:
    fail(bench, MISSING, "t_1")
    decide(bench, state)
    fail(bench, MISSING, "t_2")
    assert only(bench).state == state


def test_what_is_ignored_is_not_resolved_by_itself(bench: Bench) -> None:
    run_id = fail(bench, MISSING)
    decide(bench, "ignored")
    replay(bench, run_id)
    assert only(bench).state == "ignored"


def test_a_snooze_ends_when_it_is_over(bench: Bench) -> None:
    fail(bench, MISSING)
    decide(bench, "snoozed", until=START + timedelta(hours=1))
    with bench.database.session_scope() as session:
        assert issues.wake_snoozed(session, START + timedelta(minutes=59)) == 0
        assert issues.wake_snoozed(session, START + timedelta(hours=1)) == 1
    assert (only(bench).state, only(bench).snoozed_until) == ("open", None)


def test_a_snooze_without_an_open_run_ends_resolved(bench: Bench) -> None:
    run_id = fail(bench, MISSING)
    decide(bench, "snoozed", until=START + timedelta(hours=1))
    with bench.database.session_scope() as session:
        session.get_one(Run, run_id).state = "succeeded"
        issues.wake_snoozed(session, START + timedelta(hours=1))
    assert only(bench).state == "resolved"


def test_a_snooze_has_to_end_in_the_future(bench: Bench) -> None:
    fail(bench, MISSING)
    with pytest.raises(ValueError, match="a time to come"):
        decide(bench, "snoozed", until=START)


def test_decisions_leave_a_note(bench: Bench) -> None:
    fail(bench, MISSING)
    decide(bench, "acknowledged")
    assert notes(bench) == [("controller", "Was open, is acknowledged now.")]


def test_an_unknown_issue_is_said_to_be_unknown(bench: Bench) -> None:
    with pytest.raises(LookupError, match="There is no issue"):
        decide(bench, "resolved")


def test_runs_that_fail_at_the_same_moment_open_one_issue(bench: Bench) -> None:
    behaving(bench, MISSING)
    ids = [bench.demand("things", f"t_{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bench.executor.run, ids))
    assert (len(all_of(bench)), weight(bench).open_runs) == (1, 8)


def test_runs_that_change_places_between_issues_do_not_stop_each_other(bench: Bench) -> None:
    """Half of them go from one issue to the other while the other half goes back."""
    ids = [fail(bench, MISSING, f"t_{number}") for number in range(4)]
    ids += [fail(bench, Rejected("No."), f"t_{number}") for number in range(4, 8)]

    def swap(subject: str) -> str:
        raise Rejected("No.") if int(subject.removeprefix("t_")) < 4 else MISSING

    bench.systems.behave = swap
    with bench.database.session_scope() as session:
        runs.replay(session, ids, now=START, resend_after=RESEND_AFTER)
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(bench.executor.run, ids))
    with bench.database.session_scope() as session:
        weighed = [each.open_runs for _, each in sorted(issues.weights(session, [1, 2]).items())]
    assert (states, weighed) == (["dead"] * 4 + ["held"] * 4, [4, 4])


def test_runs_from_before_there_were_issues_are_adopted(bench: Bench) -> None:
    run_id = fail(bench, MISSING)
    with bench.database.session_scope() as session:
        session.execute(update(Run).values(issue_id=None))
        session.execute(delete(Issue))
    with bench.database.session_scope() as session:
        assert issues.adopt(session, {"things": "Things"}, START) == 1
        assert issues.adopt(session, {"things": "Things"}, START) == 0
    [issue] = all_of(bench)
    assert (issue.title, issue.error_code) == ("Things: a setting is missing.", "unmapped")
    with bench.database.session_scope() as session:
        assert session.get_one(Run, run_id).issue_id == issue.id
