"""What was counted is kept, by day, and is not asked for again where it cannot change."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import completeness_rows
from app.core.completeness_rows import CompletenessDay, summed
from app.core.inbox import Event
from app.db import Database
from app.errors import Unavailable, Unmapped
from tests.app.core.fakes import Bench
from tests.app.core.test_completeness import DAY, NOON, behaving, happened

EARLIER = NOON - timedelta(days=9)


@pytest.fixture
def bench(database: Database) -> Bench:
    """On the last day of a month."""
    made = Bench(database)
    made.clock.at = datetime(2026, 10, 31, 14, tzinfo=UTC)
    return made


def kept(bench: Bench) -> dict[date, CompletenessDay]:
    with bench.database.session_scope() as session:
        return {row.day: row for row in completeness_rows.between(session, date(2026, 10, 1), DAY)}


def asked_since(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """How far back Stripe is asked."""
    seen: list[datetime] = []
    gateway = bench.systems.stripe("main", lambda _: None)
    monkeypatch.setattr(gateway, "events_since", lambda since: seen.append(since) or iter(bench.systems.events))
    monkeypatch.setattr(bench.systems, "stripe", lambda *_: gateway)
    bench.sweeper.completeness()
    return seen[0]


def test_every_day_of_the_month_is_counted_once(bench: Bench) -> None:
    happened(bench, 1, at=EARLIER)
    happened(bench, 2)
    bench.sweeper.completeness()
    found = kept(bench)
    assert len(found) == 30
    assert (found[EARLIER.date()].done, found[DAY].done, found[DAY].adds_up) == (1, 1, True)


def test_days_that_were_counted_to_their_end_are_not_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(bench, 1, at=EARLIER)
    assert asked_since(bench, monkeypatch).date() == date(2026, 10, 2)
    assert asked_since(bench, monkeypatch).date() == DAY - timedelta(days=3)


def test_what_waited_then_is_looked_at_again(bench: Bench) -> None:
    behaving(bench, Unmapped("No account.", setting="x"))
    happened(bench, 1, at=EARLIER)
    bench.sweeper.completeness()
    assert kept(bench)[EARLIER.date()].held == 1
    bench.systems.behave = lambda subject: subject
    bench.demand("things", "t_1")
    bench.work()
    bench.sweeper.completeness()
    row = kept(bench)[EARLIER.date()]
    assert (row.at_stripe, row.held, row.done) == (1, 0, 1)


def test_what_was_missing_then_may_have_arrived(bench: Bench) -> None:
    happened(bench, 1, stored=False, at=EARLIER)
    bench.sweeper.completeness()
    assert kept(bench)[EARLIER.date()].missing == ["evt_1"]
    with bench.database.session_scope() as session:
        late = {"source": "stripe", "account": "main", "type": "noise.made", "outcome": "ignored"}
        session.add(Event(external_id="evt_1", occurred_at=EARLIER, body=b"", dispatched_at=NOON, **late))
    bench.sweeper.completeness()
    row = kept(bench)[EARLIER.date()]
    assert (row.missing, row.stored, row.skipped, row.adds_up) == ([], 1, 1, True)


def test_a_count_that_failed_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("Stripe cannot be reached.")

    monkeypatch.setattr(bench.systems, "stripe", away)
    with pytest.raises(Unavailable):
        bench.sweeper.completeness()
    with bench.database.session_scope() as session:
        row = completeness_rows.attempts(session)["main"]
    assert (row.at, row.error) == (None, "Stripe cannot be reached.")


def test_a_sum_is_never_rounded_up_to_everything() -> None:
    numbers = {"at_stripe": 10_000, "stored": 10_000, "done": 9_998, "skipped": 1, "held": 1}
    row = CompletenessDay(account="main", day=DAY, **dict.fromkeys(completeness_rows.NUMBERS, 0), missing=[])
    for name, value in numbers.items():
        setattr(row, name, value)
    row.until = row.counted_at = datetime(2026, 10, 31, 13, tzinfo=UTC)
    assert (summed([row]).share, summed([row]).adds_up) == (99.9, True)
