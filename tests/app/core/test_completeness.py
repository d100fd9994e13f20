from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.core import completeness
from app.core.config import Config, save
from app.core.inbox import Event
from app.core.runs import Run
from app.core.tables import Alert
from app.errors import Rejected, Skipped, Unmapped
from tests.app.core.fakes import START, Bench

DAY = date(2026, 10, 31)
NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


@dataclass
class Head:
    id: str
    type: str
    object_id: str | None
    created: datetime = NOON


def happened(
    bench: Bench, number: int, event_type: str = "thing.made", *, stored: bool = True, at: datetime = NOON
) -> None:
    """In Stripe, and unless told otherwise in the inbox, dispatched and carried out."""
    head = Head(f"evt_{number}", event_type, f"t_{number}", at)
    bench.systems.events.append(head)
    if not stored:
        return
    with bench.database.session_scope() as session:
        event = Event(
            source="stripe",
            account="main",
            external_id=head.id,
            type=head.type,
            object_id=head.object_id,
            occurred_at=head.created,
            body=b"{}",
        )
        session.add(event)
        session.flush()
        event_id = event.id
    bench.dispatcher.dispatch([event_id])
    bench.work()


def behaving(bench: Bench, error: Exception) -> None:
    def behave(_: str) -> str:
        raise error

    bench.systems.behave = behave


def counted(bench: Bench) -> dict[str, Any]:
    [day] = bench.sweeper.completeness()
    facts = {name: value for name, value in vars(day).items() if value and name not in ("account", "day")}
    return {**facts, "adds_up": day.adds_up}


def test_a_day_on_which_everything_arrived_adds_up(bench: Bench) -> None:
    happened(bench, 1)
    happened(bench, 2)
    assert counted(bench) == {"at_stripe": 2, "stored": 2, "done": 2, "adds_up": True}


def test_an_event_that_is_not_in_the_inbox_is_missing_by_name(bench: Bench) -> None:
    happened(bench, 1)
    happened(bench, 2, stored=False)
    assert counted(bench) == {"at_stripe": 2, "stored": 1, "done": 1, "missing": ("evt_2",), "adds_up": False}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Skipped("It is a draft."), "skipped"),
        (Unmapped("No item.", setting="items.default"), "held"),
        (Rejected("No."), "dead"),
        (KeyError("unforeseen"), "open"),
    ],
)
def test_an_event_ends_as_its_run_does(bench: Bench, error: Exception, kind: str) -> None:
    behaving(bench, error)
    happened(bench, 1)
    assert counted(bench) == {"at_stripe": 1, "stored": 1, kind: 1, "adds_up": True}


@pytest.mark.parametrize("event_type", ["noise.made", "never.heard.of", "nap.taken"])
def test_what_no_flow_wants_is_skipped_by_name(bench: Bench, event_type: str) -> None:
    happened(bench, 1, event_type)
    assert counted(bench) == {"at_stripe": 1, "stored": 1, "skipped": 1, "adds_up": True}


def test_what_is_not_dispatched_yet_is_open(bench: Bench) -> None:
    happened(bench, 1)
    with bench.database.session_scope() as session:
        session.execute(update(Event).values(dispatched_at=None, outcome=None, reason=None))
    assert counted(bench) == {"at_stripe": 1, "stored": 1, "open": 1, "adds_up": True}


def test_a_dispatched_event_without_its_run_is_lost(bench: Bench) -> None:
    happened(bench, 1)
    with bench.database.session_scope() as session:
        session.execute(delete(Run))
    assert counted(bench) == {"at_stripe": 1, "stored": 1, "lost": 1, "adds_up": False}


def test_days_are_counted_apart(bench: Bench) -> None:
    happened(bench, 1)
    happened(bench, 2, at=NOON - timedelta(days=1))
    found = [(day.day, day.stored) for day in bench.sweeper.completeness()]
    assert found == [(DAY - timedelta(days=1), 1), (DAY, 1)]


def test_the_last_hour_is_not_counted_yet(bench: Bench) -> None:
    happened(bench, 1, stored=False, at=START - timedelta(minutes=59))
    assert bench.sweeper.completeness() == []


def test_zero_days_asks_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.database.session_scope() as session:
        save(session, Config.model_validate({"alerts": {"completeness_days": 0}}), author="test", note="")
    monkeypatch.setattr(bench.systems, "stripe", None)
    assert bench.sweeper.completeness() == []


def test_the_window_begins_with_a_day_and_ends_with_what_has_settled() -> None:
    start, end = completeness.window(START, 3)
    assert (start, end) == (datetime(2026, 10, 29, tzinfo=UTC), START - timedelta(hours=1))


def test_what_was_before_the_start_date_is_not_counted() -> None:
    assert completeness.window(START, 3, date(2026, 10, 31))[0] == datetime(2026, 10, 31, tzinfo=UTC)


def test_nothing_is_told_by_counting(bench: Bench) -> None:
    happened(bench, 1, stored=False)
    bench.sweeper.completeness()
    with bench.database.session_scope() as session:
        assert session.query(Alert).count() == 0
