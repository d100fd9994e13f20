from datetime import datetime

import pytest

from app.core import alert_rows
from app.core.alert_rows import Notice
from app.core.config import QuietHours
from tests.app.core.alerting import rows
from tests.app.core.fakes import START, Bench


def test_a_fact_that_is_not_listed_is_left_out(bench: Bench) -> None:
    notice = Notice("test", "test", "1", "A test.", {"issue": 7, "email": "ada@example.com", "summary": "Ada"})
    with bench.database.session_scope() as session:
        alert_rows.write(session, notice, "email", START, due_at=START)
    assert rows(bench.database)[0].facts == {"issue": 7}


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
    assert alert_rows.after_quiet(quiet, datetime.fromisoformat(now)) == datetime.fromisoformat(due)
