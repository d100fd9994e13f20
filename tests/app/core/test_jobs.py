from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core import job_work, jobs
from app.core.audit import AuditEntry
from app.core.jobs import RunFilter
from app.core.retries import Retry
from app.core.runs import Run
from app.core.tables import Cursor, Job
from app.db import Database
from tests.app.admin.installation import NOW, Installation, install

FLOW = "stripe_customer_to_netsuite"


@pytest.fixture
def parts(database: Database) -> Installation:
    return install(database)


def waiting(parts: Installation, states: Sequence[str]) -> list[int]:
    """One run in each of these states, each tried seven times."""
    with parts.database.session_scope() as session:
        rows = [
            Run(flow=FLOW, account="main", subject=f"cus_{at}", cause="event", state=state, tries=7)
            for at, state in enumerate(states)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def replaying(parts: Installation, wanted: RunFilter = RunFilter()) -> int:
    with parts.database.session_scope() as session:
        return jobs.replay_all(session, wanted, actor="cli").id


def states(parts: Installation) -> list[str]:
    with parts.database.session_scope() as session:
        return list(session.scalars(select(Run.state).order_by(Run.id)))


def job(parts: Installation, job_id: int) -> Job:
    with parts.database.session_scope() as session:
        return session.get_one(Job, job_id)


def test_replays_what_waits_and_nothing_else(parts: Installation) -> None:
    waiting(parts, ["held", "dead", "retrying", "succeeded", "skipped", "dismissed", "running"])
    jobs.carry_out(parts, replaying(parts))
    assert states(parts) == ["queued", "queued", "queued", "succeeded", "skipped", "dismissed", "running"]


def test_sends_each_to_its_queue(parts: Installation) -> None:
    ids = waiting(parts, ["held", "dead"])
    jobs.carry_out(parts, replaying(parts))
    assert parts.broker.runs == [(run_id, FLOW) for run_id in ids]


def test_books_each_in_case_the_message_is_lost(parts: Installation) -> None:
    waiting(parts, ["held"])
    jobs.carry_out(parts, replaying(parts))
    with parts.database.session_scope() as session:
        assert session.scalars(select(Retry.due_at)).one() == NOW + timedelta(seconds=60)


def test_gives_back_all_tries(parts: Installation) -> None:
    waiting(parts, ["dead"])
    jobs.carry_out(parts, replaying(parts))
    with parts.database.session_scope() as session:
        assert session.scalars(select(Run.tries)).one() == 0


def test_replays_only_what_the_filter_finds(parts: Installation) -> None:
    waiting(parts, ["held", "dead"])
    jobs.carry_out(parts, replaying(parts, RunFilter(states=("dead",))))
    assert states(parts) == ["held", "queued"]


def test_replays_in_batches_and_tells_of_each(parts: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_work, "BATCH", 2)
    waiting(parts, ["held"] * 5)
    told: list[tuple[int, int]] = []
    jobs.carry_out(parts, replaying(parts), lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5), (5, 5)]


def test_ends_done_with_a_count(parts: Installation) -> None:
    waiting(parts, ["held", "held"])
    job_id = replaying(parts)
    jobs.carry_out(parts, job_id)
    found = job(parts, job_id)
    assert (found.state, found.done, found.total, found.message) == ("done", 2, 2, "Replayed 2 of 2 runs.")


def test_abort_stops_after_the_batch(parts: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_work, "BATCH", 2)
    waiting(parts, ["held"] * 5)
    job_id = replaying(parts)

    def abort(done: int, total: int) -> None:
        if not job(parts, job_id).abort_asked:
            with parts.database.session_scope() as session:
                jobs.abort(session, job_id, actor="cli")

    assert jobs.carry_out(parts, job_id, abort) == "aborted"
    assert states(parts) == ["queued", "queued", "held", "held", "held"]


def test_aborted_before_it_began_is_not_carried_out(parts: Installation) -> None:
    waiting(parts, ["held"])
    job_id = replaying(parts)
    with parts.database.session_scope() as session:
        jobs.abort(session, job_id, actor="cli")
    assert jobs.carry_out(parts, job_id) is None
    assert states(parts) == ["held"]


def test_finished_job_cannot_be_aborted(parts: Installation) -> None:
    job_id = replaying(parts)
    jobs.carry_out(parts, job_id)
    with parts.database.session_scope() as session, pytest.raises(ValueError, match="done already"):
        jobs.abort(session, job_id, actor="cli")


def test_is_carried_out_once(parts: Installation) -> None:
    job_id = replaying(parts)
    jobs.carry_out(parts, job_id)
    assert jobs.carry_out(parts, job_id) is None


def test_running_job_is_left_to_its_worker(parts: Installation) -> None:
    waiting(parts, ["held"])
    job_id = replaying(parts)
    with parts.database.session_scope() as session:
        session.execute(update(Job).values(state="running"))
    assert jobs.carry_out(parts, job_id) is None


def test_goes_on_where_a_killed_worker_stopped(parts: Installation) -> None:
    ids = waiting(parts, ["held", "held"])
    job_id = replaying(parts)
    with parts.database.session_scope() as session:
        row = session.get_one(Job, job_id)
        row.state, row.params, row.done = "running", {**row.params, "after": ids[0]}, 1
        row.updated_at = func.now() - jobs.REPLAY_ABANDONED_AFTER - timedelta(minutes=1)
    assert jobs.carry_out(parts, job_id) == "done"
    assert states(parts) == ["held", "queued"]


def test_job_whose_message_was_lost_is_found(parts: Installation) -> None:
    job_id = replaying(parts)
    with parts.database.session_scope() as session:
        session.execute(update(Job).values(created_at=func.now() - timedelta(minutes=2)))
        assert jobs.stranded(session) == [job_id]


def test_fresh_job_is_not_stranded(parts: Installation) -> None:
    replaying(parts)
    with parts.database.session_scope() as session:
        assert jobs.stranded(session) == []


def test_runs_that_come_later_are_not_its_concern(parts: Installation) -> None:
    waiting(parts, ["held"])
    job_id = replaying(parts)
    with parts.database.session_scope() as session:
        session.add(Run(flow=FLOW, account="main", subject="cus_late", cause="event", state="held"))
    jobs.carry_out(parts, job_id)
    assert states(parts) == ["queued", "held"]


def test_broker_that_is_away_fails_nothing(parts: Installation) -> None:
    waiting(parts, ["held"])
    parts.broker.away = True
    assert jobs.carry_out(parts, replaying(parts)) == "done"


def test_nothing_replayable_in_the_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="retrying, held, dead"):
        RunFilter(states=("succeeded",)).replayable()


def test_filter_survives_being_stored() -> None:
    wanted = RunFilter(flow=FLOW, states=("held",), text="50%", since=datetime(2026, 1, 1, tzinfo=UTC))
    assert RunFilter.from_json(wanted.as_json()) == wanted


def test_text_is_taken_literally(parts: Installation) -> None:
    waiting(parts, ["held"])
    with parts.database.session_scope() as session:
        assert jobs.count(session, RunFilter(text="cus%")) == 0


def test_sweep_job_looks_and_counts(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        job_id = jobs.sweep_now(session, FLOW, "main", since=None, actor="cli").id
    jobs.carry_out(parts, job_id)
    assert (job(parts, job_id).message, states(parts)) == ("Found 2 object(s).", ["queued", "queued"])


def test_job_that_breaks_says_so(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        job_id = jobs.sweep_now(session, "stripe_invoice_to_netsuite", "main", since=None, actor="cli").id
    assert jobs.carry_out(parts, job_id) == "failed"
    assert job(parts, job_id).message == "It broke off: ValueError."


# pausing, rehearsing, asking ----------------------------------------------------------------------------------------


def starting(parts: Installation, kind: str, **given: Any) -> int:
    with parts.database.session_scope() as session:
        return jobs.start(session, kind, given.pop("wanted", RunFilter()), actor="cli", reason="Because.", **given).id


def test_hold_keeps_back_what_nobody_has_begun(parts: Installation) -> None:
    waiting(parts, ["queued", "retrying", "running", "held"])
    jobs.carry_out(parts, starting(parts, "hold"))
    with parts.database.session_scope() as session:
        held = session.scalars(select(Run.summary).where(Run.error_code == "held_by_hand")).all()
        assert (held, session.scalars(select(Retry)).all()) == (["Held back: Because."] * 2, [])
    assert states(parts) == ["held", "held", "running", "held"]


def test_dismiss_keeps_the_reason_with_each(parts: Installation) -> None:
    waiting(parts, ["held", "succeeded"])
    jobs.carry_out(parts, starting(parts, "dismiss"))
    with parts.database.session_scope() as session:
        assert session.scalars(select(Run.summary).order_by(Run.id)).all() == ["Dismissed: Because.", ""]


def test_run_again_makes_new_runs_of_what_is_finished_and_replays_the_rest(parts: Installation) -> None:
    waiting(parts, ["succeeded", "held", "skipped"])
    job_id = starting(parts, "run")
    jobs.carry_out(parts, job_id)
    assert states(parts) == ["succeeded", "queued", "skipped", "queued", "queued"]
    with parts.database.session_scope() as session:
        assert set(session.scalars(select(Run.id).where(Run.job_id == job_id))) == {2, 4, 5}


def test_canary_asks_after_the_first_few_and_goes_on_when_resumed(parts: Installation) -> None:
    waiting(parts, ["held"] * 5)
    job_id = starting(parts, "replay", canary=2)
    assert jobs.carry_out(parts, job_id) == "paused"
    assert (states(parts).count("queued"), job(parts, job_id).message) == (
        2,
        "The first 2 are on the way. Look how it ends, then resume or abort.",
    )
    with parts.database.session_scope() as session:
        jobs.resume(session, job_id, actor="cli")
    assert jobs.carry_out(parts, job_id) == "done"
    assert states(parts) == ["queued"] * 5


def test_canary_larger_than_the_job_does_not_ask(parts: Installation) -> None:
    waiting(parts, ["held"] * 2)
    assert jobs.carry_out(parts, starting(parts, "replay", canary=2)) == "done"


def test_pause_takes_effect_after_the_batch(parts: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_work, "BATCH", 2)
    waiting(parts, ["held"] * 5)
    job_id = starting(parts, "replay")

    def pause(done: int, total: int) -> None:
        if done == 2 and job(parts, job_id).state == "running":
            with parts.database.session_scope() as session:
                jobs.pause(session, job_id, actor="cli")

    assert jobs.carry_out(parts, job_id, pause) == "paused"
    assert (states(parts).count("queued"), job(parts, job_id).message) == (2, "Paused after 2 of 5 runs.")


def test_paused_job_is_left_alone_and_can_be_aborted(parts: Installation) -> None:
    waiting(parts, ["held"])
    job_id = starting(parts, "replay")
    with parts.database.session_scope() as session:
        jobs.pause(session, job_id, actor="cli")
        session.execute(update(Job).values(created_at=func.now() - timedelta(days=1)))
    with parts.database.session_scope() as session:
        assert jobs.stranded(session) == []
        assert jobs.abort(session, job_id, actor="cli").state == "aborted"


def test_steering_is_audited_with_its_reason(parts: Installation) -> None:
    job_id = replaying(parts)
    with parts.database.session_scope() as session:
        jobs.pause(session, job_id, actor="ada", reason="Not before the close.")
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert noted is not None
        assert (noted.actor, noted.action, noted.details) == (
            "ada",
            "job.paused",
            {"reason": "Not before the close."},
        )


def test_rehearsal_changes_nothing(parts: Installation) -> None:
    waiting(parts, ["held", "dead"])
    job_id = starting(parts, "replay", dry_run=True)
    assert jobs.carry_out(parts, job_id) == "done"
    found = job(parts, job_id)
    assert (states(parts), found.found["states"], parts.broker.runs) == (["held", "dead"], {"succeeded": 2}, [])


def test_rehearsal_stops_at_its_limit_and_says_so(parts: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_work, "MOST_REHEARSED", 1)
    monkeypatch.setattr(job_work, "REHEARSED_AT_ONCE", 1)
    waiting(parts, ["held"] * 3)
    job_id = starting(parts, "replay", dry_run=True)
    jobs.carry_out(parts, job_id)
    assert job(parts, job_id).message == "Rehearsed 1 of 3: a rehearsal looks at no more. Nothing was changed."


# back-fills ---------------------------------------------------------------------------------------------------------


def filling(parts: Installation, days: int = 3, **given: Any) -> int:
    flow = replace_windows(parts)
    with parts.database.session_scope() as session:
        return jobs.back_fill(
            session, flow, "main", NOW - timedelta(days=days), NOW, actor="cli", reason="Because.", **given
        ).id


def replace_windows(parts: Installation) -> Any:
    """The customer flow, whose source can be asked for single days."""
    flow = parts.catalogue[FLOW]
    assert flow.sweep is not None
    flow.sweep = replace(flow.sweep, windows=True)
    return flow


def test_back_fill_looks_at_one_day_after_the_other(parts: Installation) -> None:
    looked: list[tuple[datetime, datetime]] = []
    sweeper = parts.sweeper.back_fill

    def watched(flow: str, account: str, since: datetime, until: datetime, **given: Any) -> Any:
        looked.append((since, until))
        return sweeper(flow, account, since, until, **given)

    parts.sweeper.back_fill = watched  # type: ignore[method-assign]
    job_id = filling(parts, 2)
    assert jobs.carry_out(parts, job_id) == "done"
    assert looked == [(NOW - timedelta(days=2), NOW - timedelta(days=1)), (NOW - timedelta(days=1), NOW)]
    assert job(parts, job_id).message == ("Found 4 object(s), 2 of which no run had seen. All of them are queued.")


def test_back_fill_asks_after_the_first_day_with_something(parts: Installation) -> None:
    job_id = filling(parts, canary=1)
    assert (jobs.carry_out(parts, job_id), job(parts, job_id).done) == ("paused", 1)


def test_back_fill_leaves_the_cursor_where_it_is(parts: Installation) -> None:
    jobs.carry_out(parts, filling(parts))
    with parts.database.session_scope() as session:
        assert session.scalars(select(Cursor)).all() == []


def test_back_fill_needs_an_end_after_its_beginning(parts: Installation) -> None:
    with pytest.raises(ValueError, match="after its beginning"):
        filling(parts, 0)
