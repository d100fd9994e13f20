from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.core import alerts, issues
from app.core.completeness import Day
from app.errors import Rejected, Throttled
from tests.app.core.alerting import MISSING, RECEIVERS, choose, fail, kinds, look, rows
from tests.app.core.fakes import START, Bench

# what is told ----------------------------------------------------------------------------------------------------


def test_a_new_issue_is_told_to_every_receiver_once(bench: Bench) -> None:
    fail(bench, MISSING)
    assert (look(bench, RECEIVERS), look(bench, RECEIVERS)) == (2, 0)
    assert kinds(bench) == [("issue_opened", "email"), ("issue_opened", "slack")]


def test_an_alert_carries_ids_and_nothing_of_a_customers(bench: Bench) -> None:
    run_id = fail(bench, MISSING)
    look(bench)
    [row] = rows(bench.database)
    assert (row.subject, row.title, row.facts) == (
        "issue:1",
        "things: a setting is missing: accounts.receivable.EUR.",
        {
            "issue": 1,
            "flow": "things",
            "error_code": "unmapped",
            "field": "accounts.receivable.EUR",
            "open_runs": 1,
            "run": run_id,
            "times_opened": 1,
        },
    )


def test_a_run_that_dies_is_told_as_a_dead_letter(bench: Bench) -> None:
    run_id = fail(bench, Rejected("No."))
    look(bench)
    [row] = rows(bench.database)
    assert (row.kind, row.period, row.facts["dead_runs"], row.facts["run"]) == ("dead_letter", str(run_id), 1, run_id)


def test_the_same_issue_is_told_again_only_after_some_hours(bench: Bench) -> None:
    fail(bench, Rejected("No."), "t_1")
    look(bench)
    fail(bench, Rejected("No."), "t_2")
    bench.clock.advance(hours=23, minutes=59)
    assert look(bench) == 0
    bench.clock.advance(minutes=1)
    assert look(bench) == 1


def test_nothing_new_is_not_told_again(bench: Bench) -> None:
    fail(bench, Rejected("No."))
    look(bench)
    bench.clock.advance(days=30)
    assert look(bench) == 0


@pytest.mark.parametrize("state", ["ignored", "snoozed", "acknowledged"])
def test_an_issue_that_was_taken_up_is_not_told_as_new(bench: Bench, state: str) -> None:
    fail(bench, MISSING)
    with bench.database.session_scope() as session:
        until = START + timedelta(hours=1) if state == "snoozed" else None
        issues.decide(session, 1, state, actor="test", now=START, until=until)
    assert look(bench) == 0


def test_an_issue_whose_snooze_is_over_is_told(bench: Bench) -> None:
    fail(bench, MISSING)
    with bench.database.session_scope() as session:
        issues.decide(session, 1, "snoozed", actor="test", now=START, until=START + timedelta(hours=1))
    bench.clock.advance(hours=1)
    assert look(bench) == 1


def test_a_run_that_is_not_finished_for_long_is_told_by_account(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    now = datetime.now(UTC)  # runs are dated by the database
    assert alerts.look(bench.database, ["email"], now + timedelta(hours=23)) == 0
    assert alerts.look(bench.database, ["email"], now + timedelta(hours=25)) == 1
    [row] = rows(bench.database)
    assert (row.kind, row.subject, row.facts) == (
        "oldest_unposted",
        "account:main",
        {"account": "main", "oldest_run": run_id, "hours": 25, "open_runs": 1},
    )


def test_an_age_is_told_once_in_some_hours(bench: Bench) -> None:
    bench.demand("things", "t_1")
    later = datetime.now(UTC) + timedelta(hours=25)
    told = [alerts.look(bench.database, ["email"], later + timedelta(hours=hours)) for hours in (0, 12, 24)]
    assert told == [1, 0, 1]


def day(**values: Any) -> Day:
    counted = {"at_stripe": 2, "stored": 2, "done": 2, "skipped": 0, "held": 0, "open": 0, "dead": 0, "lost": 0}
    return Day(account="main", day=date(2026, 10, 30), **{**counted, "missing": (), **values})


def test_a_day_that_adds_up_is_not_told(bench: Bench) -> None:
    assert alerts.tell_gaps(bench.database, [day()], ["email"], START) == 0


def test_a_day_with_a_gap_is_told_once_in_some_hours(bench: Bench) -> None:
    gap = day(stored=1, done=1, missing=("evt_9",))
    told = [alerts.tell_gaps(bench.database, [gap], ["email"], START + timedelta(hours=h)) for h in (0, 1, 24)]
    assert told == [1, 0, 1]
    assert rows(bench.database)[0].title == (
        "2026-10-30 does not add up for account main: Stripe lists 2 events, 1 are stored, 1 are missing."
    )


# finance's choices -----------------------------------------------------------------------------------------------


def test_kinds_says_who_is_told_of_what(bench: Bench) -> None:
    choose(bench, kinds={"issue_opened": ["slack"]})
    fail(bench, MISSING)
    look(bench, RECEIVERS)
    assert kinds(bench) == [("issue_opened", "slack")]


def test_a_kind_for_nobody_is_told_to_nobody(bench: Bench) -> None:
    choose(bench, kinds={"issue_opened": []})
    fail(bench, MISSING)
    assert look(bench, RECEIVERS) == 0


def test_an_issue_with_a_dead_run_is_told_as_new_where_nobody_wants_dead_letters(bench: Bench) -> None:
    choose(bench, kinds={"dead_letter": []})
    fail(bench, Rejected("No."))
    look(bench)
    assert kinds(bench) == [("issue_opened", "email")]


def test_nothing_is_written_where_no_receiver_is_configured(bench: Bench) -> None:
    fail(bench, MISSING)
    assert look(bench, ()) == 0


def test_throttling_for_a_moment_is_told_to_nobody(bench: Bench) -> None:
    fail(bench, Throttled("Too many."))
    assert look(bench) == 0
