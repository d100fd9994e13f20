"""Carrying runs out here and now, in this process, with the runs they depend on."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import func, select, update

from app.admin.actions import replay_named
from app.admin.models import RunOut
from app.core import audit, runs
from app.core.execute import RESEND_AFTER
from app.core.flow import AnyFlow, CoreFlow
from app.core.interfaces import Clock
from app.core.retries import PAUSED, Retry
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
    """Each subject's run as it stands afterwards, in the order given; `tell` is told of each as it ends.

    Raises WrongId before anything is done.
    """
    now = parts.clock.now()
    with parts.database.session_scope() as session:
        if isinstance(flow, CoreFlow):
            _, found = replay_named(session, flow, subjects, actor=actor, now=now)
        else:
            _, found = runs.demand(session, flow, account, subjects, now=now, resend_after=RESEND_AFTER)
            audit.note(session, actor, "flow.demanded", f"flow:{flow.key}", account=account, subjects=list(subjects))
    ended = []
    for subject in dict.fromkeys(subjects):
        ended.append(_follow(parts, found[subject]))
        tell(ended[-1])
    return ended


def _follow(parts: Carries, run_id: int, depth: int = 0) -> RunOut:
    give_up_at = time.monotonic() + PATIENCE.total_seconds()
    while True:
        parts.executor.run(run_id)
        row = _read(parts, run_id)
        if row.state == "retrying" and row.waits_for is not None and depth < DEEPEST:
            if _follow(parts, row.waits_for, depth + 1).state not in ("succeeded", "skipped"):
                return _read(parts, run_id)
        elif row.state not in ("queued", "running") or _is_paused(parts, row) or time.monotonic() > give_up_at:
            return row
        else:
            time.sleep(0.1)


def _is_paused(parts: Carries, run: RunOut) -> bool:
    """One that is queued otherwise was with a worker, and is to be done once more for what has happened meanwhile."""
    with parts.database.session_scope() as session:
        reason = session.scalar(select(Retry.reason).where(Retry.run_id == run.id))
    return run.state == "queued" and reason == PAUSED


def _read(parts: Carries, run_id: int) -> RunOut:
    with parts.database.session_scope() as session:
        return RunOut.model_validate(session.get_one(Run, run_id))
