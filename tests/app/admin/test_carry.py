import pytest
from sqlalchemy import func, select, update

from app.admin.carry import BookingBroker, carry
from app.core.config import Config, FlowConfig, save
from app.core.execute import RESEND_AFTER
from app.core.retries import Retry
from app.core.runs import Run, Want, enqueue
from app.db import Database
from tests.app.admin.installation import NOW, Installation, held, install, skipped, throttled

CUSTOMERS, INVOICES = "stripe_customer_to_netsuite", "stripe_invoice_to_netsuite"


@pytest.fixture
def parts(database: Database) -> Installation:
    return install(database)


def ended(parts: Installation, flow: str, *subjects: str) -> list[tuple[str, str]]:
    runs = carry(parts, parts.catalogue[flow], "main", subjects, actor="cli")
    return [(run.subject, run.state) for run in runs]


def paused(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        save(session, Config(flows={CUSTOMERS: FlowConfig(paused=True)}), author="cli", note="")


def queued_by_an_event(parts: Installation, subject: str) -> int:
    wants = [Want(CUSTOMERS, "main", subject, "event")]
    with parts.database.session_scope() as session:
        return enqueue(session, wants, now=NOW, resend_after=RESEND_AFTER)[0].run_id


def test_carries_each_out_in_the_order_given(parts: Installation) -> None:
    parts.systems.objects.update(cus_held=held(), cus_test=skipped(), cus_slow=throttled())
    assert ended(parts, CUSTOMERS, "cus_test", "cus_1", "cus_held", "cus_slow", "cus_1") == [
        ("cus_test", "skipped"),
        ("cus_1", "succeeded"),
        ("cus_held", "held"),
        ("cus_slow", "retrying"),
    ]


def test_carries_out_what_it_depends_on_first(parts: Installation) -> None:
    parts.systems.objects["in_1"] = "cus_9"
    assert ended(parts, INVOICES, "in_1") == [("in_1", "succeeded")]
    assert [name for name, _ in parts.systems.books] == ["stripe-cust-cus_9", "stripe-inv-in_1"]


def test_waits_for_no_dependency_that_is_held(parts: Installation) -> None:
    parts.systems.objects.update(in_1="cus_held", cus_held=held())
    assert ended(parts, INVOICES, "in_1") == [("in_1", "held")]


def test_does_a_finished_object_again(parts: Installation) -> None:
    ended(parts, CUSTOMERS, "cus_1")
    ended(parts, CUSTOMERS, "cus_1")
    assert len(parts.systems.books) == 2


def test_does_not_wait_for_a_booked_retry(parts: Installation) -> None:
    parts.systems.objects["cus_1"] = throttled()
    ended(parts, CUSTOMERS, "cus_1")
    del parts.systems.objects["cus_1"]
    assert ended(parts, CUSTOMERS, "cus_1") == [("cus_1", "succeeded")]


def test_carries_out_a_paused_flow_that_a_person_asks_for(parts: Installation) -> None:
    paused(parts)
    assert ended(parts, CUSTOMERS, "cus_1") == [("cus_1", "succeeded")]


def test_beside_an_in_memory_broker_what_is_sent_is_due_now(parts: Installation) -> None:
    parts.sweeper.on_demand(CUSTOMERS, "main", ["cus_1"])
    with parts.database.session_scope() as session:
        session.execute(update(Retry).values(due_at=func.now() + func.make_interval(0, 0, 0, 0, 1)))
    BookingBroker(parts.database.url).send_run(1, CUSTOMERS)
    with parts.database.session_scope() as session:
        due = session.scalars(select(Run.id).join(Retry, Retry.run_id == Run.id).where(Retry.due_at <= func.now()))
        assert list(due) == [1]


def test_carries_out_what_an_event_has_queued_for_a_paused_flow(parts: Installation) -> None:
    paused(parts)
    queued_by_an_event(parts, "cus_1")
    assert ended(parts, CUSTOMERS, "cus_1") == [("cus_1", "succeeded")]


def test_does_not_wait_for_a_dependency_whose_flow_is_paused(parts: Installation) -> None:
    paused(parts)
    parts.systems.objects["in_1"] = "cus_9"
    assert ended(parts, INVOICES, "in_1") == [("in_1", "retrying")]


def test_stays_with_a_run_that_a_worker_has_just_left(parts: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queued once more, because it was asked for while the worker was at it."""
    tried, carried = list[int](), parts.executor.run

    def second_time(run_id: int) -> str | None:
        tried.append(run_id)
        return carried(run_id) if len(tried) > 1 else None

    monkeypatch.setattr(parts.executor, "run", second_time)
    assert ended(parts, CUSTOMERS, "cus_1") == [("cus_1", "succeeded")]
