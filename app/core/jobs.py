"""Bulk jobs: one action over a whole filter, in batches, with progress kept and an abort that is honoured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.core import audit, runs
from app.core.broker import Broker
from app.core.dispatch import send_all
from app.core.execute import RESEND_AFTER
from app.core.flow import Catalogue
from app.core.interfaces import Clock
from app.core.runs import REPLAYABLE, Queued, Run
from app.core.tables import Job
from app.db import Database
from app.errors import TieoutError

log = structlog.get_logger()
BATCH = 200
ABANDONED_AFTER = timedelta(minutes=15)
"""A running job that has saved no progress for this long has lost its worker."""
REPLAY_ABANDONED_AFTER = timedelta(minutes=2)
"""A replay saves its progress every few seconds; two workers at one would only take turns."""
UNSENT_AFTER = timedelta(minutes=1)
FINISHED = ("done", "aborted", "failed")

Tell = Callable[[int, int], None]
"""Told (done, total) after each batch."""


class Sweeps(Protocol):
    def sweep(self, flow_key: str, account: str, *, since: datetime | None = None) -> int: ...


class Parts(Protocol):
    """What carrying out a job needs."""

    @property
    def database(self) -> Database: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def broker(self) -> Broker: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def sweeper(self) -> Sweeps: ...


@dataclass(frozen=True)
class RunFilter:
    """Which runs are meant; what is not given restricts nothing. `since` and `until` are about the last change."""

    flow: str | None = None
    states: tuple[str, ...] = ()
    account: str | None = None
    subject: str | None = None
    error_code: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    issue: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        exact = {
            Run.flow: self.flow,
            Run.account: self.account,
            Run.subject: self.subject,
            Run.error_code: self.error_code,
            Run.issue_id: self.issue,
        }
        found: list[ColumnElement[bool]] = [column == value for column, value in exact.items() if value is not None]
        if self.states:
            found.append(Run.state.in_(self.states))
        if self.text:
            found.append(or_(*(column.icontains(self.text, autoescape=True) for column in (Run.summary, Run.subject))))
        if self.since:
            found.append(Run.updated_at >= self.since)
        if self.until:
            found.append(Run.updated_at < self.until)
        return found

    def as_json(self) -> dict[str, Any]:
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: _plain(value) for name, value in given.items() if value not in (None, ())}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RunFilter":
        values = dict(stored)
        for name in ("since", "until"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        return cls(**{**values, "states": tuple(values.get("states", ()))})

    def replayable(self) -> "RunFilter":
        """The same, but only what can be replayed at all. Raises ValueError when nothing of it can."""
        states = tuple(state for state in (self.states or REPLAYABLE) if state in REPLAYABLE)
        if not states:
            raise ValueError(f"only runs that are {', '.join(REPLAYABLE)} can be replayed")
        return replace(self, states=states)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


# making one ----------------------------------------------------------------------------------------------------


def count(session: Session, wanted: RunFilter) -> int:
    return session.scalar(select(func.count()).select_from(Run).where(*wanted.conditions())) or 0


def replay_all(session: Session, wanted: RunFilter, *, actor: str, reason: str = "") -> Job:
    """A job that replays what the filter finds now; runs that come to fit it later are not its concern."""
    wanted = wanted.replayable()
    last = session.scalar(select(func.max(Run.id)).where(*wanted.conditions())) or 0
    params = {"filter": wanted.as_json(), "after": 0, "last": last}
    return _add(session, "replay", params, total=count(session, wanted), actor=actor, reason=reason)


def sweep_now(session: Session, flow: str, account: str, *, since: datetime | None, actor: str) -> Job:
    params = {"flow": flow, "account": account, "since": since.isoformat() if since else None}
    return _add(session, "sweep", params, total=1, actor=actor, reason="")


def _add(session: Session, kind: str, params: dict[str, Any], *, total: int, actor: str, reason: str) -> Job:
    job = Job(kind=kind, params=params, total=total, actor=actor, reason=reason)
    session.add(job)
    session.flush()
    audit.note(session, actor, "job.created", f"job:{job.id}", kind=kind, total=total, reason=reason, **params)
    return job


def abort(session: Session, job_id: int, *, actor: str) -> Job:
    """Asks a running job to stop after its batch. Raises LookupError, or ValueError when it is over already."""
    job = session.get(Job, job_id, with_for_update=True)
    if job is None:
        raise LookupError(f"there is no job {job_id}")
    if job.state in FINISHED:
        raise ValueError(f"job {job_id} is {job.state} already")
    job.abort_asked = True
    if job.state == "queued":
        _end(job, "aborted", "Aborted before it began.")
    audit.note(session, actor, "job.aborted", f"job:{job.id}")
    session.flush()
    session.refresh(job)
    return job


def send(broker: Broker, catalogue: Catalogue, queued: Sequence[Queued]) -> None:
    """After the commit. A broker that is away is no failure: what is queued has a retry booked and is sent again."""
    try:
        send_all(broker, catalogue, queued)
    except Exception as error:
        log.warning("broker.refused", runs=len(queued), error=type(error).__name__)


def stranded(session: Session) -> list[int]:
    """Jobs to send again: the broker may have lost the message, or the worker went away."""
    unsent = and_(Job.state == "queued", Job.created_at < func.now() - UNSENT_AFTER)
    return list(session.scalars(select(Job.id).where(or_(unsent, _abandoned())).order_by(Job.id)))


# carrying it out -----------------------------------------------------------------------------------------------


def carry_out(parts: Parts, job_id: int, tell: Tell = lambda done, total: None) -> str | None:
    """Returns the state the job ends in; None when it is not ours to carry out."""
    kind = _claim(parts, job_id)
    if kind is None:
        return None
    try:
        return _KINDS[kind](parts, job_id, tell)
    except Exception as error:
        log.error("job.failed", job=job_id, error=repr(error), exc_info=not isinstance(error, TieoutError))
        sentence = error.sentence if isinstance(error, TieoutError) else f"It broke off: {type(error).__name__}."
        with parts.database.session_scope() as session:
            _end(session.get_one(Job, job_id), "failed", sentence)
        return "failed"


def _abandoned() -> ColumnElement[bool]:
    replay = and_(Job.kind == "replay", Job.updated_at < func.now() - REPLAY_ABANDONED_AFTER)
    return and_(Job.state == "running", or_(replay, Job.updated_at < func.now() - ABANDONED_AFTER))


def _claim(parts: Parts, job_id: int) -> str | None:
    with parts.database.session_scope() as session:
        return session.scalars(
            update(Job)
            .where(Job.id == job_id, or_(Job.state == "queued", _abandoned()))
            .values(state="running", updated_at=func.now())
            .returning(Job.kind)
        ).first()


def _replay(parts: Parts, job_id: int, tell: Tell) -> str:
    while True:
        with parts.database.session_scope() as session:
            job = session.get_one(Job, job_id, with_for_update=True)
            queued = _next_batch(session, job, parts.clock.now())
        send(parts.broker, parts.catalogue, queued)
        tell(job.done, job.total)
        if job.state != "running":
            return job.state


def _next_batch(session: Session, job: Job, now: datetime) -> list[Queued]:
    """Replays the next runs and saves how far it has come, in one transaction; ends the job when none are left."""
    if job.abort_asked:
        _end(job, "aborted", f"Aborted after {job.done} of {job.total} runs.")
        return []
    wanted = RunFilter.from_json(job.params["filter"]).conditions()
    within = (Run.id > job.params["after"], Run.id <= job.params["last"])
    ids = session.scalars(select(Run.id).where(*wanted, *within).order_by(Run.id).limit(BATCH)).all()
    if not ids:
        _end(job, "done", f"Replayed {job.done} of {job.total} runs.")
        return []
    queued = runs.replay(session, ids, now=now, resend_after=RESEND_AFTER)
    job.done += len(queued)
    job.params = {**job.params, "after": ids[-1]}
    job.updated_at = func.now()
    session.flush()
    return queued


def _sweep(parts: Parts, job_id: int, tell: Tell) -> str:
    with parts.database.session_scope() as session:
        params = session.get_one(Job, job_id).params
    since = datetime.fromisoformat(params["since"]) if params["since"] else None
    found = parts.sweeper.sweep(params["flow"], params["account"], since=since)
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id)
        job.done = 1
        _end(job, "done", f"Found {found} object(s).")
    tell(1, 1)
    return "done"


_KINDS: Mapping[str, Callable[[Parts, int, Tell], str]] = {"replay": _replay, "sweep": _sweep}


def _end(job: Job, state: str, message: str) -> None:
    job.state, job.message = state, message
    job.updated_at = job.finished_at = func.now()
