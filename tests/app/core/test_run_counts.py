from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update

from app.core import run_counts
from app.core.run_counts import RunCount
from app.core.runs import Run
from app.db import Database

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


def add(database: Database, state: str, number: int, at: datetime = NOW, account: str = "main") -> None:
    with database.session_scope() as session:
        rows = [
            Run(flow="things", account=account, subject=f"{state}{at}{n}", cause="event", state=state, updated_at=at)
            for n in range(number)
        ]
        session.add_all(rows)


def counted(database: Database) -> dict[str, int]:
    with database.session_scope() as session:
        return run_counts.by_flow(session).get("things", {})


def test_new_changed_and_deleted_runs_are_counted(database: Database) -> None:
    add(database, "queued", 3)
    with database.session_scope() as session:
        session.execute(update(Run).where(Run.id == 1).values(state="held"))
        session.execute(delete(Run).where(Run.id == 2))
    assert counted(database) == {"queued": 1, "held": 1}


def test_compacting_changes_no_number(database: Database) -> None:
    for days in (0, 1, 5, 90):
        add(database, "succeeded", 2, NOW - timedelta(days=days))
    before = counted(database)
    with database.session_scope() as session:
        assert run_counts.compact(session, NOW)
    assert (counted(database), before) == ({"succeeded": 8}, {"succeeded": 8})


def test_compacting_leaves_one_row_where_there_were_many(database: Database) -> None:
    for number in range(5):
        add(database, "succeeded", 1, NOW + timedelta(seconds=number))
    with database.session_scope() as session:
        run_counts.compact(session, NOW)
        assert session.scalar(select(func.count()).select_from(RunCount)) == 1


def test_what_cancels_out_leaves_nothing(database: Database) -> None:
    add(database, "queued", 1)
    with database.session_scope() as session:
        session.execute(delete(Run))
        run_counts.compact(session, NOW)
        assert session.scalar(select(func.count()).select_from(RunCount)) == 0


def test_hours_and_days(database: Database) -> None:
    add(database, "held", 2, NOW)
    add(database, "held", 1, NOW - timedelta(hours=3))
    add(database, "held", 4, NOW - timedelta(days=4))
    with database.session_scope() as session:
        run_counts.compact(session, NOW)
        hours = run_counts.hourly(session, NOW - timedelta(days=1))
        days = run_counts.daily(session, NOW - timedelta(days=10))
    assert [(one.at.hour, one.runs) for one in hours] == [(9, 1), (12, 2)]
    assert [(one.at.day, one.runs) for one in days] == [(6, 4), (10, 3)]


def test_totals_by_account_state_and_time(database: Database) -> None:
    add(database, "held", 2)
    add(database, "dead", 1)
    add(database, "held", 5, NOW - timedelta(days=3), account="other")
    with database.session_scope() as session:
        assert run_counts.total(session, account="other") == 5
        assert run_counts.total(session, states=("held", "dead")) == 8
        assert run_counts.total(session, since=NOW - timedelta(hours=1)) == 3
