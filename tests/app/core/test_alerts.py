from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import alerts, issues
from app.core.alerts import Message, Refused
from app.core.completeness import Day
from app.core.config import Config, QuietHours, save
from app.core.tables import Alert
from app.db import Database
from app.errors import Rejected, Throttled, Unmapped
from tests.app.core.fakes import START, Bench

RECEIVERS = ("email", "slack")
MISSING = Unmapped("No account for Ada Works <ada@example.com>.", setting="accounts.receivable.EUR")


class Taking:
    """A receiver that takes everything, or refuses with these words."""

    def __init__(self, refusal: str | None = None) -> None:
        self.refusal = refusal
        self.got: list[Message] = []

    def send(self, message: Message, now: datetime) -> str:
        if self.refusal:
            raise Refused(self.refusal)
        self.got.append(message)
        return "It took it."


def fail(bench: Bench, error: Exception, subject: str = "t_1") -> int:
    def behave(_: str) -> str:
        raise error

    bench.systems.behave = behave
    run_id = bench.demand("things", subject)
    bench.work()
    return run_id


def look(bench: Bench, receivers: tuple[str, ...] = ("email",)) -> int:
    return alerts.look(bench.database, receivers, bench.clock.now())


def choose(bench: Bench, **chosen: Any) -> None:
    with bench.database.session_scope() as session:
        save(session, Config.model_validate({"alerts": chosen}), author="test", note="")


def rows(database: Database) -> list[Alert]:
    with database.session_scope() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def kinds(bench: Bench) -> list[tuple[str, str]]:
    return [(row.kind, row.receiver) for row in rows(bench.database)]


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


def test_a_fact_that_is_not_listed_is_left_out(bench: Bench) -> None:
    notice = alerts.Notice("test", "test", "1", "A test.", {"issue": 7, "email": "ada@example.com", "summary": "Ada"})
    with bench.database.session_scope() as session:
        alerts.write(session, notice, "email", START, due_at=START)
    assert rows(bench.database)[0].facts == {"issue": 7}


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


QUIET = QuietHours(start="22:00", end="07:00", time_zone="America/New_York")
NOON_BREAK = QuietHours(start="12:00", end="13:00", time_zone="UTC")


@pytest.mark.parametrize(
    ("quiet", "now", "due"),
    [
        (QUIET, "2026-11-22T23:00-05:00", "2026-11-23T07:00-05:00"),
        (QUIET, "2026-11-23T06:59-05:00", "2026-11-23T07:00-05:00"),
        (QUIET, "2026-11-23T07:00-05:00", "2026-11-23T07:00-05:00"),
        (QUIET, "2026-11-23T12:00-05:00", "2026-11-23T12:00-05:00"),
        (NOON_BREAK, "2026-11-23T12:30+00:00", "2026-11-23T13:00+00:00"),
        (NOON_BREAK, "2026-11-23T13:30+00:00", "2026-11-23T13:30+00:00"),
        (None, "2026-11-23T03:00+00:00", "2026-11-23T03:00+00:00"),
    ],
)
def test_quiet_hours_put_an_alert_off(quiet: QuietHours | None, now: str, due: str) -> None:
    assert alerts.after_quiet(quiet, datetime.fromisoformat(now)) == datetime.fromisoformat(due)


def test_an_alert_waits_for_the_end_of_the_quiet_hours(bench: Bench) -> None:
    choose(bench, quiet_hours={"start": "11:00", "end": "14:00", "time_zone": "UTC"})
    fail(bench, MISSING)
    look(bench)
    receiver = Taking()
    assert alerts.send_due(bench.database, {"email": receiver}, START) == 0
    assert alerts.send_due(bench.database, {"email": receiver}, START + timedelta(hours=2)) == 1


# sending ---------------------------------------------------------------------------------------------------------


def told(bench: Bench, senders: Mapping[str, Taking], **later: float) -> Alert:
    alerts.send_due(bench.database, senders, bench.clock.now() + timedelta(**later))
    return rows(bench.database)[0]


def test_an_alert_is_sent_once(bench: Bench) -> None:
    fail(bench, MISSING)
    look(bench)
    receiver = Taking()
    first, _ = told(bench, {"email": receiver}), told(bench, {"email": receiver}, days=1)
    assert (first.state, first.tries, first.answer, first.sent_at) == ("sent", 1, "It took it.", START)
    assert [message.title for message in receiver.got] == [first.title]


def test_what_is_refused_is_tried_again_later(bench: Bench) -> None:
    fail(bench, MISSING)
    look(bench)
    row = told(bench, {"email": Taking("It answered 503.")})
    assert (row.state, row.tries, row.last_error, row.due_at > START) == (
        "queued",
        1,
        "It answered 503.",
        True,
    )
    row = told(bench, {"email": Taking()}, minutes=5)
    assert (row.state, row.tries, row.last_error) == ("sent", 2, None)


def test_the_tries_are_used_up_in_the_end(bench: Bench) -> None:
    choose(bench, sends={"tries": 2, "first_seconds": 1, "longest_seconds": 1})
    fail(bench, MISSING)
    look(bench)
    told(bench, {"email": Taking("No.")})
    assert told(bench, {"email": Taking("No.")}, minutes=1).state == "failed"


def test_a_try_that_is_cut_off_is_made_again(bench: Bench) -> None:
    fail(bench, MISSING)
    look(bench)

    class Dying:
        def send(self, message: Message, now: datetime) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        alerts.send_due(bench.database, {"email": Dying()}, START)
    receiver = Taking()
    assert told(bench, {"email": receiver}, minutes=5).state == "sent"
    assert len(receiver.got) == 1


def test_one_receiver_does_not_hold_up_another(bench: Bench) -> None:
    fail(bench, MISSING)
    look(bench, RECEIVERS)
    told(bench, {"email": Taking("No."), "slack": Taking()})
    assert [row.state for row in rows(bench.database)] == ["queued", "sent"]


def test_a_receiver_that_is_not_configured_any_more_is_named(bench: Bench) -> None:
    fail(bench, MISSING)
    look(bench)
    row = told(bench, {})
    assert (row.state, row.last_error) == ("failed", "The receiver email is not configured any more.")


def test_throttling_for_a_moment_is_told_to_nobody(bench: Bench) -> None:
    fail(bench, Throttled("Too many."))
    assert look(bench) == 0
