from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from app.core import alert_sending
from app.core.alert_sending import Message
from app.core.tables import Alert
from tests.app.core.alerting import MISSING, RECEIVERS, Taking, choose, fail, look, rows
from tests.app.core.fakes import START, Bench


def told(bench: Bench, senders: Mapping[str, Taking], **later: float) -> Alert:
    alert_sending.send_due(bench.database, senders, bench.clock.now() + timedelta(**later))
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
        alert_sending.send_due(bench.database, {"email": Dying()}, START)
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


def test_an_alert_waits_for_the_end_of_the_quiet_hours(bench: Bench) -> None:
    choose(bench, quiet_hours={"start": "11:00", "end": "14:00", "time_zone": "UTC"})
    fail(bench, MISSING)
    look(bench)
    receiver = Taking()
    assert alert_sending.send_due(bench.database, {"email": receiver}, START) == 0
    assert alert_sending.send_due(bench.database, {"email": receiver}, START + timedelta(hours=2)) == 1
