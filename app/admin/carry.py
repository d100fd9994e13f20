"""Carrying runs out here and now, in this process, with the runs they depend on."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import func, update

from app.admin.models import RunOut
from app.core import audit, runs
from app.core.execute import RESEND_AFTER
from app.core.flow import AnyFlow
from app.core.interfaces import Clock
from app.core.retries import Retry
from app.core.runs import Run
from app.db import Database

PATIENCE = timedelta(minutes=2)
"""For a run that another worker is at, or whose object is being worked on."""
DEEPEST = 5


class Executes(Protocol):
    def run(self, run_id: int) -> str | None: ...


class Carries(Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def executor(self) -> Executes: ...


class BookingBroker:
    """For a process beside `tieout up` on its in-memory broker: what is sent is due now, and found within seconds."""

    def __init__(self, database_url: str) -> None:
        self._database = Database(database_url)

    def send_dispatch(self, event_ids: Sequence[int]) -> None:
        """Undispatched events are found by the inbox sweep."""

    def send_run(self, run_id: int, queue: str) -> None:
        with self._database.session_scope() as session:
            session.execute(update(Retry).where(Retry.run_id == run_id).values(due_at=func.now()))

    def send_job(self, job_id: int) -> None:
        """Jobs that were not sent are found by the clock."""


def carry(
    parts: Carries,
    flow: AnyFlow,
    account: str,
    subjects: Sequence[str],
    *,
    actor: str,
    tell: Callable[[RunOut], None] = lambda run: None,
) -> list[RunOut]:
    """Each subject's run as it stands afterwards, in the order given; `tell` is told of each as it ends."""
    with parts.database.session_scope() as session:
        _, found = runs.demand(session, flow.key, account, subjects, now=parts.clock.now(), resend_after=RESEND_AFTER)
        audit.note(session, actor, "flow.demanded", f"flow:{flow.key}", account=account, subjects=list(subjects))
    ended = []
    for subject in dict.fromkeys(subjects):
        ended.append(_follow(parts, found[subject]))
        tell(ended[-1])
    return ended


def _follow(parts: Carries, run_id: int, depth: int = 0) -> RunOut:
    give_up_at = time.monotonic() + PATIENCE.total_seconds()
    while True:
        tried = parts.executor.run(run_id)
        row = _read(parts, run_id)
        if row.state == "retrying" and row.waits_for is not None and depth < DEEPEST:
            if _follow(parts, row.waits_for, depth + 1).state not in ("succeeded", "skipped"):
                return _read(parts, run_id)
        elif row.state not in ("queued", "running") or time.monotonic() > give_up_at:
            return row
        elif tried is None and row.state == "queued":
            return row  # its flow is paused
        else:
            time.sleep(0.1)


def _read(parts: Carries, run_id: int) -> RunOut:
    with parts.database.session_scope() as session:
        return RunOut.model_validate(session.get_one(Run, run_id))
