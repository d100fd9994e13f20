from datetime import timedelta

from sqlalchemy import func, select, update

from app.core.config import Config, FlowConfig, save
from app.core.dispatch import Modes
from app.core.inbox import Event, undispatched
from app.core.runs import Run
from tests.app.core.fakes import Bench


def arrive(bench: Bench, event_type: str, object_id: str | None = "t_1", external_id: str = "evt_1") -> int:
    with bench.database.session_scope() as session:
        event = Event(
            source="stripe",
            account="main",
            external_id=external_id,
            type=event_type,
            object_id=object_id,
            livemode=False,
            body=b"{}",
        )
        session.add(event)
        session.flush()
        return event.id


def outcome(bench: Bench, event_id: int) -> tuple[str | None, str | None]:
    with bench.database.session_scope() as session:
        event = session.get_one(Event, event_id)
        return event.outcome, event.reason


def runs(bench: Bench) -> list[tuple[str, str]]:
    with bench.database.session_scope() as session:
        return [(run.flow, run.subject) for run in session.scalars(select(Run).order_by(Run.id))]


def test_an_event_makes_one_run_per_listening_flow(bench: Bench) -> None:
    event = arrive(bench, "thing.made")
    bench.dispatcher.dispatch([event])
    assert (outcome(bench, event), runs(bench)) == (("dispatched", "things"), [("things", "t_1")])


def test_events_about_one_object_share_a_run(bench: Bench) -> None:
    ids = [arrive(bench, "thing.made"), arrive(bench, "thing.changed", external_id="evt_2")]
    bench.dispatcher.dispatch(ids)
    assert runs(bench) == [("things", "t_1")]


def test_an_event_known_to_be_uninteresting_says_why(bench: Bench) -> None:
    event = arrive(bench, "noise.made")
    bench.dispatcher.dispatch([event])
    assert outcome(bench, event) == ("ignored", "Noise is not posted.")


def test_an_event_nobody_knows_is_shown_as_unknown(bench: Bench) -> None:
    event = arrive(bench, "surprise.made")
    bench.dispatcher.dispatch([event])
    assert outcome(bench, event)[0] == "unknown"


def test_a_flow_that_is_off_is_named(bench: Bench) -> None:
    event = arrive(bench, "nap.taken")
    bench.dispatcher.dispatch([event])
    assert outcome(bench, event) == ("ignored", "The flows that listen to it are switched off: sleeping.")


def test_switching_a_flow_on_makes_it_listen(bench: Bench) -> None:
    with bench.database.session_scope() as session:
        save(session, Config(flows={"sleeping": FlowConfig(enabled=True)}), author="test", note="")
    bench.dispatcher.dispatch([arrive(bench, "nap.taken")])
    assert runs(bench) == [("sleeping", "t_1")]


def test_an_event_without_an_object_is_ignored_by_name(bench: Bench) -> None:
    event = arrive(bench, "thing.made", object_id=None)
    bench.dispatcher.dispatch([event])
    assert outcome(bench, event)[0] == "ignored"


def test_dispatching_twice_makes_nothing_twice(bench: Bench) -> None:
    event = arrive(bench, "thing.made")
    assert bench.dispatcher.dispatch([event]) == 1
    assert bench.dispatcher.dispatch([event]) == 0


def test_a_test_mode_object_never_reaches_a_live_ledger(bench: Bench) -> None:
    bench.dispatcher._modes = Modes(stripe={"main": False}, netsuite_live=True)
    event = arrive(bench, "thing.made")
    bench.dispatcher.dispatch([event])
    assert (outcome(bench, event)[0], runs(bench)) == ("refused", [])


def test_what_the_broker_missed_is_found(bench: Bench) -> None:
    event = arrive(bench, "thing.made")
    arrive(bench, "thing.made", external_id="evt_2")
    with bench.database.session_scope() as session:
        session.execute(update(Event).where(Event.id == event).values(received_at=func.now() - timedelta(seconds=30)))
    assert undispatched(bench.database, older_than=timedelta(seconds=10), limit=10) == [event]
