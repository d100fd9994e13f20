"""What is retried whatever flow `retry_errors` does, and what waits for it."""

from datetime import timedelta

import pytest

from app.core import retry_errors
from app.core.config import Config, FlowConfig, save
from app.core.execute import RESEND_AFTER
from app.core.flow import Catalogue
from app.core.retries import Retry
from app.core.retry_errors import KEY
from app.core.runs import Run
from app.core.tables import Cursor
from app.errors import Throttled, Unmapped
from tests.app.core.fakes import START, Bench
from workers.flows.retry_errors import flow

OFF, PAUSED = FlowConfig(enabled=False), FlowConfig(paused=True)


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.catalogue = bench.executor.catalogue = Catalogue([*bench.catalogue.values(), flow], bench.catalogue.ignored)
    return bench


def choose(bench: Bench, chosen: FlowConfig) -> None:
    with bench.database.session_scope() as session:
        save(session, Config(flows={KEY: chosen}), author="test", note="")


def fail(bench: Bench) -> int:
    """A run that is throttled once, and waits for its next try."""

    def behave(_: str) -> str:
        raise Throttled("Too many.")

    bench.systems.behave = behave
    run_id = bench.demand("things", "t_1")
    bench.work()
    bench.systems.behave = lambda subject: subject
    bench.clock.advance(hours=1)
    return run_id


def state(bench: Bench, run_id: int) -> str:
    with bench.database.session_scope() as session:
        return session.get_one(Run, run_id).state


def test_a_failed_run_is_replayed_when_its_try_is_due(bench: Bench) -> None:
    run_id = fail(bench)
    assert retry_errors.replay_due(bench) == 1
    bench.work()
    assert state(bench, run_id) == "succeeded"


def test_it_is_not_replayed_before(bench: Bench) -> None:
    fail(bench)
    bench.clock.at = START
    assert retry_errors.replay_due(bench) == 0


def test_it_is_replayed_once(bench: Bench) -> None:
    fail(bench)
    assert (retry_errors.replay_due(bench), retry_errors.replay_due(bench)) == (1, 0)


def test_a_replay_that_the_broker_lost_is_sent_again_also_when_the_flow_is_off_meanwhile(bench: Bench) -> None:
    run_id = fail(bench)
    retry_errors.replay_due(bench)
    bench.broker.runs.clear()
    choose(bench, OFF)
    bench.clock.advance(seconds=RESEND_AFTER.total_seconds() + 1)
    assert bench.executor.replay_due() == 1
    bench.work()
    assert state(bench, run_id) == "succeeded"


@pytest.mark.parametrize("chosen", [OFF, PAUSED], ids=["off", "paused"])
def test_nothing_is_replayed_by_a_flow_that_is(bench: Bench, chosen: FlowConfig) -> None:
    run_id = fail(bench)
    choose(bench, chosen)
    assert (retry_errors.replay_due(bench), bench.executor.replay_due(), state(bench, run_id)) == (0, 0, "retrying")


@pytest.mark.parametrize("chosen", [OFF, PAUSED], ids=["off", "paused"])
def test_what_waited_meanwhile_is_replayed_afterwards(bench: Bench, chosen: FlowConfig) -> None:
    run_id = fail(bench)
    choose(bench, chosen)
    retry_errors.replay_due(bench)
    choose(bench, FlowConfig())
    retry_errors.replay_due(bench)
    bench.work()
    assert state(bench, run_id) == "succeeded"


def test_first_sends_do_not_depend_on_it(bench: Bench) -> None:
    choose(bench, OFF)
    run_id = bench.demand("things", "t_1")
    bench.broker.runs.clear()
    bench.clock.advance(seconds=RESEND_AFTER.total_seconds() + 1)
    bench.executor.replay_due()
    bench.work()
    assert state(bench, run_id) == "succeeded"


def test_a_run_whose_worker_died_does_not_depend_on_it(bench: Bench) -> None:
    choose(bench, OFF)
    run_id = bench.demand("things", "t_1")
    bench.broker.runs.clear()
    assert bench.executor._claim(run_id) is not None
    bench.clock.advance(seconds=91)
    bench.executor.replay_due()
    bench.work()
    assert state(bench, run_id) == "succeeded"


def test_a_run_that_waited_for_another_does_not_depend_on_it(bench: Bench) -> None:
    choose(bench, OFF)
    run_id = bench.demand("children", "c_1")
    bench.work()
    assert state(bench, run_id) == "succeeded"


def test_held_runs_are_left_to_a_person(bench: Bench) -> None:
    def behave(_: str) -> str:
        raise Unmapped("No item.", setting="items.default")

    bench.systems.behave = behave
    bench.demand("things", "t_1")
    bench.work()
    bench.clock.advance(days=30)
    assert retry_errors.replay_due(bench) == 0


def test_beats_own_interval_needs_no_cursor(bench: Bench) -> None:
    retry_errors.replay_due(bench)
    with bench.database.session_scope() as session:
        assert session.get(Cursor, retry_errors.CURSOR) is None


def test_a_longer_schedule_is_kept(bench: Bench) -> None:
    choose(bench, FlowConfig(every_minutes=30))
    retry_errors.replay_due(bench)
    run_id = fail(bench)
    bench.clock.at = START + timedelta(minutes=29)
    assert retry_errors.replay_due(bench) == 0
    bench.clock.advance(minutes=1)
    assert retry_errors.replay_due(bench) == 1
    assert state(bench, run_id) == "retrying"


def test_without_the_flow_in_the_catalogue_everything_is_replayed(bench: Bench) -> None:
    bench.catalogue = Catalogue([each for each in bench.catalogue.values() if each.key != KEY], {})
    fail(bench)
    assert retry_errors.replay_due(bench) == 1


def test_its_counters_are_the_errors_of_all_flows(bench: Bench) -> None:
    run_id = fail(bench)
    with bench.database.session_scope() as session:
        assert retry_errors.counts(session) == {"retrying": 1}
    retry_errors.replay_due(bench)
    bench.work()
    with bench.database.session_scope() as session:
        assert (retry_errors.counts(session), session.get(Retry, run_id)) == ({"succeeded": 1}, None)
