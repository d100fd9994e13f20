from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select

from app.core.inbox import Event
from app.core.runs import Run
from app.core.tables import Cursor
from tests.app.core.fakes import START, Bench


@dataclass(frozen=True)
class Head:
    id: str
    type: str
    object_id: str
    created: datetime


def subjects(bench: Bench) -> list[tuple[str, str]]:
    with bench.database.session_scope() as session:
        return [(run.subject, run.cause) for run in session.scalars(select(Run).order_by(Run.id))]


def test_a_sweep_makes_a_run_for_each_subject(bench: Bench) -> None:
    assert bench.sweeper.sweep("things", "main") == 2
    assert subjects(bench) == [("t_1", "sweep"), ("t_2", "sweep")]


def test_a_sweep_remembers_how_far_it_saw(bench: Bench) -> None:
    bench.sweeper.sweep("things", "main")
    with bench.database.session_scope() as session:
        assert session.get_one(Cursor, "things/main").at == START


def test_a_sweep_that_fails_leaves_its_cursor(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(account: str, record: object) -> object:
        raise ConnectionError("away")

    monkeypatch.setattr(bench.systems, "stripe", fail)
    with pytest.raises(ConnectionError):
        bench.sweeper.sweep("things", "main")
    with bench.database.session_scope() as session:
        assert session.get(Cursor, "things/main") is None


def test_a_sweep_is_given_out_once_an_interval(bench: Bench) -> None:
    assert ("things", "main") in bench.sweeper.due()
    assert bench.sweeper.due() == []
    bench.clock.advance(minutes=61)
    assert ("things", "main") in bench.sweeper.due()


def test_a_flow_that_is_off_is_not_swept(bench: Bench) -> None:
    assert ("sleeping", "main") not in bench.sweeper.due()


def test_a_missed_webhook_is_stored_as_if_it_had_arrived(bench: Bench) -> None:
    bench.systems.events = [Head("evt_9", "thing.made", "t_9", START)]
    assert bench.sweeper.sweep("inbox", "main") == 1
    with bench.database.session_scope() as session:
        event = session.scalars(select(Event)).one()
    assert (event.external_id, event.object_id, bench.broker.events) == ("evt_9", "t_9", [event.id])


def test_an_event_that_is_there_already_is_left(bench: Bench) -> None:
    bench.systems.events = [Head("evt_9", "thing.made", "t_9", START)]
    bench.sweeper.sweep("inbox", "main")
    assert bench.sweeper.sweep("inbox", "main") == 0
