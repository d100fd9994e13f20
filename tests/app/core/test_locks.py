from contextlib import ExitStack

import pytest
from sqlalchemy import text

from app.core.locks import Busy, subject_locks
from app.db import Database


def test_an_object_is_held_by_one_run_at_a_time(database: Database) -> None:
    with subject_locks(database) as one, subject_locks(database, wait_ms=10) as other:
        one.take("invoice:in_1")
        with pytest.raises(Busy):
            other.take("invoice:in_1")


def test_an_object_is_free_again_after_its_run(database: Database) -> None:
    with subject_locks(database) as one:
        one.take("invoice:in_1")
    with subject_locks(database, wait_ms=10) as other:
        other.take("invoice:in_1")
        other.take("invoice:in_1")


def test_however_many_runs_hold_a_lock_each_can_read_its_rows(database: Database) -> None:
    """64 at once, as for a back-fill: more than the pool of the sessions has connections."""
    with ExitStack() as stack:
        stack.callback(database.lock_engine.dispose)  # other tests need the server's connections too
        for number in range(64):
            stack.enter_context(subject_locks(database)).take(f"invoice:in_{number}")
        with database.session_scope() as session:
            assert session.scalar(text("SELECT 1")) == 1
