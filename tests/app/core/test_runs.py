from datetime import timedelta

from app.core.execute import RESEND_AFTER
from app.core.retries import Retry
from app.core.runs import Run, Want, claim, close, enqueue
from tests.app.core.fakes import START, Bench


def enqueue_one(bench: Bench, subject: str = "t_1") -> list[int]:
    with bench.database.session_scope() as session:
        queued = enqueue(session, [Want("things", "main", subject, "event")], now=START, resend_after=RESEND_AFTER)
    return [run.run_id for run in queued]


def run_of(bench: Bench, run_id: int) -> Run:
    with bench.database.session_scope() as session:
        return session.get_one(Run, run_id)


def test_a_second_event_is_folded_into_the_open_run(bench: Bench) -> None:
    [first] = enqueue_one(bench)
    [again] = enqueue_one(bench)
    assert again == first
    assert run_of(bench, first).version == 2


def test_the_same_want_twice_in_one_batch_is_one_run(bench: Bench) -> None:
    wants = [Want("things", "main", "t_1", "event"), Want("things", "main", "t_1", "sweep")]
    with bench.database.session_scope() as session:
        assert len(enqueue(session, wants, now=START, resend_after=RESEND_AFTER)) == 1


def test_a_finished_run_leaves_room_for_a_new_one(bench: Bench) -> None:
    run_id = bench.demand("things", "t_1")
    bench.work()
    assert run_of(bench, run_id).state == "succeeded"
    assert enqueue_one(bench) != [run_id]


def test_an_event_that_lands_while_the_run_is_running_is_not_sent_but_counted(bench: Bench) -> None:
    [run_id] = enqueue_one(bench)
    with bench.database.session_scope() as session:
        assert claim(session, run_id) is not None
    assert enqueue_one(bench) == []
    assert run_of(bench, run_id).version == 2


def test_finishing_an_older_version_queues_the_run_again(bench: Bench) -> None:
    [run_id] = enqueue_one(bench)
    with bench.database.session_scope() as session:
        run = claim(session, run_id)
    assert run is not None
    enqueue_one(bench)
    with bench.database.session_scope() as session:
        assert close(session, run, "succeeded", {"summary": "Done."}) == "queued"


def test_only_one_worker_gets_a_run(bench: Bench) -> None:
    [run_id] = enqueue_one(bench)
    with bench.database.session_scope() as session:
        assert claim(session, run_id) is not None
    with bench.database.session_scope() as session:
        assert claim(session, run_id) is None


def test_a_queued_run_has_a_retry_booked(bench: Bench) -> None:
    [run_id] = enqueue_one(bench)
    with bench.database.session_scope() as session:
        assert session.get_one(Retry, run_id).due_at == START + RESEND_AFTER


def test_a_held_run_is_taken_up_again_by_a_new_event(bench: Bench) -> None:
    [run_id] = enqueue_one(bench)
    with bench.database.session_scope() as session:
        session.get_one(Run, run_id).state = "held"
    assert enqueue_one(bench) == [run_id]
    assert run_of(bench, run_id).state == "queued"


def test_a_run_that_backs_off_from_a_throttle_is_not_hurried_by_an_event(bench: Bench) -> None:
    [run_id] = enqueue_one(bench)
    with bench.database.session_scope() as session:
        run = session.get_one(Run, run_id)
        run.state, run.error_class = "retrying", "throttled"
        session.get_one(Retry, run_id).due_at = START + timedelta(hours=1)
    assert enqueue_one(bench) == []
    with bench.database.session_scope() as session:
        assert session.get_one(Retry, run_id).due_at == START + timedelta(hours=1)
