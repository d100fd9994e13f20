"""The options of the retry flow, over the core with flows that fail on request."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core import plan, retry_errors
from app.core.config import Config, FlowConfig, save
from app.core.flow import Catalogue
from app.core.runs import Run
from app.core.tables import Issue
from app.db import Database
from app.errors import Conflict, Rejected, Throttled, Unmapped
from tests.app.core.fakes import Bench
from workers.flows import CATALOGUE
from workers.flows.retry_errors import flow


@pytest.fixture
def bench(database: Database) -> Bench:
    made = Bench(database)
    made.catalogue = made.executor.catalogue = Catalogue([*made.catalogue.values(), flow], made.catalogue.ignored)
    return made


def choose(bench: Bench, **options: Any) -> None:
    with bench.database.session_scope() as session:
        save(session, Config(flows={flow.key: FlowConfig(options=options)}), author="test", note="")


def fail(bench: Bench, key: str, subject: str, error: Exception) -> int:
    def behave(_: str) -> str:
        raise error

    bench.systems.behave = behave
    run_id = bench.demand(key, subject)
    bench.work()
    bench.clock.advance(hours=2)
    bench.systems.behave = lambda subject: subject
    return run_id


def replayed(bench: Bench) -> list[int]:
    retry_errors.replay_due(bench)
    return [run_id for run_id, _ in bench.broker.runs]


def run_of(bench: Bench, run_id: int) -> Run:
    with bench.database.session_scope() as session:
        return session.get_one(Run, run_id)


def test_it_is_published_between_reversals_and_payouts() -> None:
    keys = list(CATALOGUE)
    assert keys[keys.index(flow.key) - 1 : keys.index(flow.key) + 2] == [
        "stripe_dispute_reversal_to_netsuite",
        "retry_errors",
        "stripe_payout_to_netsuite_deposit",
    ]


def test_by_default_every_error_that_may_heal_is_replayed(bench: Bench) -> None:
    wanted = [
        fail(bench, "things", "t_1", Throttled("Too many.")),
        fail(bench, "parents", "p_1", Conflict("Changed.")),
        fail(bench, "things", "t_2", KeyError("unforeseen")),
    ]
    assert replayed(bench) == wanted


def test_flows_restricts_it_to_those_that_are_named(bench: Bench) -> None:
    choose(bench, flows=["parents"])
    fail(bench, "things", "t_1", Throttled("Too many."))
    wanted = fail(bench, "parents", "p_1", Throttled("Too many."))
    assert replayed(bench) == [wanted]


def test_except_flows_leaves_those_to_a_person(bench: Bench) -> None:
    choose(bench, except_flows=["parents"])
    wanted = fail(bench, "things", "t_1", Throttled("Too many."))
    fail(bench, "parents", "p_1", Throttled("Too many."))
    assert replayed(bench) == [wanted]


@pytest.mark.parametrize("option", ["flows", "except_flows"])
def test_a_flow_that_does_not_exist_is_refused(option: str) -> None:
    document = {"flows": {flow.key: {"options": {option: ["stripe_refund_to_netsuite", "stripe_refnd"]}}}}
    with pytest.raises(plan.InvalidConfig, match=f"retry_errors.options.{option}: there is no flow stripe_refnd"):
        plan.checked(document, CATALOGUE)


def test_error_classes_leaves_the_others_to_a_person(bench: Bench) -> None:
    choose(bench, error_classes=["conflict"])
    fail(bench, "things", "t_1", Throttled("Too many."))
    wanted = fail(bench, "things", "t_2", Conflict("Changed."))
    assert replayed(bench) == [wanted]


def test_most_tries_gives_a_run_up(bench: Bench) -> None:
    choose(bench, most_tries=1)
    run_id = fail(bench, "things", "t_1", Throttled("Too many."))
    assert replayed(bench) == []
    run = run_of(bench, run_id)
    assert (run.state, run.summary) == ("dead", "Given up after 1 tries. Too many.")


def test_a_run_that_is_given_up_is_part_of_an_issue(bench: Bench) -> None:
    choose(bench, most_tries=1)
    run_id = fail(bench, "things", "t_1", Throttled("Too many."))
    replayed(bench)
    with bench.database.session_scope() as session:
        issue = session.scalars(select(Issue)).one()
    assert (issue.error_code, run_of(bench, run_id).issue_id) == ("throttled", issue.id)


def test_per_hour_lets_the_others_wait_until_the_hour_is_over(bench: Bench) -> None:
    choose(bench, per_hour=2)
    runs = [fail(bench, "things", f"t_{number}", Throttled("Too many.")) for number in range(3)]
    assert replayed(bench) == runs[:2]
    bench.broker.runs.clear()
    bench.clock.advance(minutes=59)
    assert replayed(bench) == []
    bench.clock.advance(minutes=1)
    assert replayed(bench) == runs[2:]


def test_batch_is_the_most_at_one_look(bench: Bench) -> None:
    choose(bench, batch=2)
    runs = [fail(bench, "things", f"t_{number}", Throttled("Too many.")) for number in range(3)]
    assert replayed(bench) == runs[:2]


def aged(bench: Bench, run_id: int, *, changed_hours: float, made_hours: float) -> None:
    """As if it had last changed, and been made, so long before the clock's now."""
    now = bench.clock.now()
    values = {
        "updated_at": now - func.make_interval(0, 0, 0, 0, int(changed_hours)),
        "created_at": now - func.make_interval(0, 0, 0, 0, int(made_hours)),
    }
    with bench.database.session_scope() as session:
        session.execute(update(Run).where(Run.id == run_id).values(values))


@pytest.mark.parametrize("error", [Unmapped("No item.", setting="items.default"), Rejected("The memo is too long.")])
def test_again_hours_tries_held_and_dead_runs_too(bench: Bench, error: Exception) -> None:
    choose(bench, again_hours=6)
    run_id = fail(bench, "things", "t_1", error)
    aged(bench, run_id, changed_hours=5, made_hours=5)
    assert replayed(bench) == []
    aged(bench, run_id, changed_hours=6, made_hours=6)
    assert replayed(bench) == [run_id]
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"


def test_again_days_leaves_old_runs_to_a_person(bench: Bench) -> None:
    choose(bench, again_hours=6, again_days=2)
    run_id = fail(bench, "things", "t_1", Unmapped("No item.", setting="items.default"))
    aged(bench, run_id, changed_hours=6, made_hours=49)
    assert replayed(bench) == []
