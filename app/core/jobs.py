"""Bulk jobs: one action over a whole filter, with progress kept, that can be rehearsed, paused, resumed and aborted."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.flow import AnyFlow
from app.core.job_rows import ABANDONED_AFTER as ABANDONED_AFTER
from app.core.job_rows import FINISHED, STEP, abandoned, end, rest, so_far
from app.core.job_rows import KINDS as KINDS
from app.core.job_rows import REPLAY_ABANDONED_AFTER as REPLAY_ABANDONED_AFTER
from app.core.job_rows import STATES as STATES
from app.core.job_rows import log as log
from app.core.job_rows import send as send
from app.core.job_work import Parts as Parts
from app.core.job_work import Sweeps as Sweeps
from app.core.job_work import Tell as Tell
from app.core.job_work import carry_out as carry_out
from app.core.run_filter import RunFilter as RunFilter
from app.core.runs import Run
from app.core.tables import Job

UNSENT_AFTER = timedelta(minutes=1)

# making one ----------------------------------------------------------------------------------------------------


def count(session: Session, wanted: RunFilter) -> int:
    return session.scalar(select(func.count()).select_from(Run).where(*wanted.conditions())) or 0


def count_up_to(session: Session, wanted: RunFilter, most: int) -> int:
    """At most `most + 1`, which means: more."""
    some = select(Run.id).where(*wanted.conditions()).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def replay_all(session: Session, wanted: RunFilter, *, actor: str, reason: str = "") -> Job:
    """A job that replays what the filter finds now; runs that come to fit it later are not its concern."""
    return start(session, "replay", wanted, actor=actor, reason=reason)


def start(
    session: Session,
    kind: str,
    wanted: RunFilter,
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    canary: int | None = None,
) -> Job:
    """One of the actions of `FIT` over what the filter finds now. Raises ValueError when it fits none of it."""
    wanted = wanted.fit_for(kind)
    last = session.scalar(select(func.max(Run.id)).where(*wanted.conditions())) or 0
    params = {"filter": wanted.as_json(), "after": 0, "last": last}
    job = Job(kind=kind, total=count(session, wanted), reason=reason, dry_run=dry_run, canary=canary)
    return _add(session, job, params, actor=actor)


def sweep_now(session: Session, flow: str, account: str, *, since: datetime | None, actor: str) -> Job:
    params = {"flow": flow, "account": account, "since": since.isoformat() if since else None}
    return _add(session, Job(kind="sweep", total=1, reason=""), params, actor=actor)


def completeness(session: Session, *, actor: str, reason: str = "") -> Job:
    """A job that counts completeness anew."""
    return _add(session, Job(kind="completeness", total=1, reason=reason), {}, actor=actor)


def tie_out(session: Session, *, actor: str, reason: str = "") -> Job:
    """Compare the two ledgers now."""
    return _add(session, Job(kind="tie_out", total=1, reason=reason), {}, actor=actor)


def back_fill(
    session: Session,
    flow: AnyFlow,
    account: str,
    since: datetime,
    until: datetime,
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    canary: int | None = None,
) -> Job:
    """What a flow would have seen between two times, day by day where its source can be asked so.

    Raises ValueError when there is nothing between them or the flow has no sweep.
    """
    if flow.sweep is None:
        raise ValueError(f"{flow.key} has no sweep: it is triggered by events and ids only")
    if until <= since:
        raise ValueError("the end of a back-fill lies after its beginning")
    days = -((since - until) // STEP) if flow.sweep.windows else 1
    params = {"flow": flow.key, "account": account, "since": since.isoformat(), "until": until.isoformat()}
    job = Job(kind="backfill", total=days, reason=reason, dry_run=dry_run, canary=canary)
    return _add(session, job, params, actor=actor)


def _add(session: Session, job: Job, params: dict[str, Any], *, actor: str) -> Job:
    job.params, job.actor = params, actor
    session.add(job)
    session.flush()
    asked = {"kind": job.kind, "total": job.total, "reason": job.reason, "dry_run": job.dry_run, "canary": job.canary}
    audit.note(session, actor, "job.created", f"job:{job.id}", **asked, **params)
    session.refresh(job)
    return job


# steering it ---------------------------------------------------------------------------------------------------


def abort(session: Session, job_id: int, *, actor: str, reason: str = "") -> Job:
    """Asks a running job to stop after its batch. Raises LookupError, or ValueError when it is over already."""
    job = _going_on(session, job_id)
    job.abort_asked = True
    if job.state == "queued":
        end(job, "aborted", "Aborted before it began." if not job.done else so_far(job, "Aborted after"))
    if job.state == "paused":
        end(job, "aborted", so_far(job, "Aborted after"))
    return _noted(session, job, "job.aborted", actor, reason)


def pause(session: Session, job_id: int, *, actor: str, reason: str = "") -> Job:
    """Asks a job to wait after its batch. Raises LookupError; ValueError when it is over or waits already."""
    job = _going_on(session, job_id)
    if job.state == "paused" or job.pause_asked:
        raise ValueError(f"job {job_id} is paused already")
    job.pause_asked = True
    if job.state == "queued":
        rest(job, so_far(job, "Paused after"))
    return _noted(session, job, "job.paused", actor, reason)


def resume(session: Session, job_id: int, *, actor: str, reason: str = "") -> Job:
    """Queued again, to be sent after the commit. Raises LookupError; ValueError when it is not paused."""
    job = _going_on(session, job_id)
    if job.state != "paused" and not job.pause_asked:
        raise ValueError(f"job {job_id} is {job.state}, not paused")
    job.pause_asked = False
    if job.state == "paused":
        job.state, job.message, job.updated_at = "queued", "", func.now()
    return _noted(session, job, "job.resumed", actor, reason)


def _going_on(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id, with_for_update=True)
    if job is None:
        raise LookupError(f"There is no job {job_id}.")
    if job.state in FINISHED:
        raise ValueError(f"job {job_id} is {job.state} already")
    return job


def _noted(session: Session, job: Job, action: str, actor: str, reason: str) -> Job:
    audit.note(session, actor, action, f"job:{job.id}", **({"reason": reason} if reason else {}))
    session.flush()
    session.refresh(job)
    return job


def stranded(session: Session) -> list[int]:
    """Jobs to send again: the broker may have lost the message, or the worker went away."""
    unsent = and_(Job.state == "queued", Job.created_at < func.now() - UNSENT_AFTER)
    return list(session.scalars(select(Job.id).where(or_(unsent, abandoned())).order_by(Job.id)))
