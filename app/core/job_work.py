"""Carrying a bulk job out: batch by batch, each saved with what it did, so that another worker can go on from there."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.core import issues, runs
from app.core.broker import Broker
from app.core.completeness import Day
from app.core.execute import RESEND_AFTER
from app.core.flow import Catalogue
from app.core.interfaces import Clock
from app.core.job_rows import STEP, abandoned, end, log, rest, send, so_far
from app.core.preview import Preview
from app.core.run_filter import RunFilter
from app.core.runs import Queued, Run
from app.core.tables import Job
from app.core.tie_out import TieOut
from app.db import Database
from app.errors import TieoutError

BATCH = 200
REHEARSED_AT_ONCE = 10
MOST_REHEARSED = 200
"""A rehearsal asks both systems about each record, so it stops here and says so."""
EXAMPLES = 20
_DONE = {"replay": "Replayed", "dismiss": "Dismissed", "hold": "Held back", "run": "Started"}

Tell = Callable[[int, int], None]
"""Told (done, total) after each batch."""


class Sweeps(Protocol):
    def tie_out(self, account: str | None = None) -> Sequence[TieOut]: ...
    def completeness(self) -> Sequence[Day]: ...
    def sweep(self, flow_key: str, account: str, *, since: datetime | None = None) -> int: ...
    def back_fill(
        self, flow_key: str, account: str, since: datetime, until: datetime, *, job: int, dry_run: bool
    ) -> Mapping[str, int]: ...


class Previews(Protocol):
    def preview(self, flow_key: str, account: str, subject: str) -> Preview: ...


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
    @property
    def previewer(self) -> Previews: ...


def carry_out(parts: Parts, job_id: int, tell: Tell = lambda done, total: None) -> str | None:
    """Returns the state the job comes to; None when it is not ours to carry out."""
    claimed = _claim(parts, job_id)
    if claimed is None:
        return None
    kind, dry_run = claimed
    try:
        if kind == "tie_out":
            return _tie_out(parts, job_id, tell)
        if kind == "completeness":
            return _completeness(parts, job_id, tell)
        if kind in _ACTS:
            return _batches(parts, job_id, tell, _rehearse if dry_run else _act)
        return _batches(parts, job_id, tell, _look_at_a_day) if kind == "backfill" else _sweep(parts, job_id, tell)
    except Exception as error:
        log.error("job.failed", job=job_id, error=repr(error), exc_info=not isinstance(error, TieoutError))
        sentence = error.sentence if isinstance(error, TieoutError) else f"It broke off: {type(error).__name__}."
        with parts.database.session_scope() as session:
            end(session.get_one(Job, job_id), "failed", sentence)
        return "failed"


def _claim(parts: Parts, job_id: int) -> tuple[str, bool] | None:
    with parts.database.session_scope() as session:
        row = session.execute(
            update(Job)
            .where(Job.id == job_id, or_(Job.state == "queued", abandoned()))
            .values(state="running", updated_at=func.now())
            .returning(Job.kind, Job.dry_run)
        ).first()
        return (row.kind, row.dry_run) if row else None


def _batches(parts: Parts, job_id: int, tell: Tell, batch: "Callable[[Parts, int], None]") -> str:
    while True:
        job = _asked(parts, job_id)
        if job.state == "running":
            batch(parts, job_id)
            job = _asked(parts, job_id)
        tell(job.done, job.total)
        if job.state != "running":
            return job.state


def _asked(parts: Parts, job_id: int) -> Job:
    """The job, after what people asked of it meanwhile."""
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        if job.state == "running" and job.abort_asked:
            end(job, "aborted", so_far(job, "Aborted after"))
        elif job.state == "running" and job.pause_asked:
            rest(job, so_far(job, "Paused after"))
        session.flush()
        return job


# over a filter -------------------------------------------------------------------------------------------------

Act = Callable[[Session, Sequence[int], Job, datetime], tuple[int, list[Queued]]]
"""How many were acted on, and what is to be sent after the commit."""


def _replay(session: Session, ids: Sequence[int], job: Job, now: datetime) -> tuple[int, list[Queued]]:
    queued = runs.replay(session, ids, now=now, resend_after=RESEND_AFTER)
    return len(queued), queued


def _again(session: Session, ids: Sequence[int], job: Job, now: datetime) -> tuple[int, list[Queued]]:
    queued = runs.again(session, ids, now=now, resend_after=RESEND_AFTER)
    return len(ids), queued


def _dismiss(session: Session, ids: Sequence[int], job: Job, now: datetime) -> tuple[int, list[Queued]]:
    dismissed = [run_id for run_id in ids if runs.dismiss(session, run_id, job.reason)]
    about = select(Run.issue_id).where(Run.id.in_(dismissed), Run.issue_id.is_not(None)).distinct()
    for issue_id in sorted(filter(None, session.scalars(about))):
        issues.left(session, issue_id, now)
    return len(dismissed), []


def _hold(session: Session, ids: Sequence[int], job: Job, now: datetime) -> tuple[int, list[Queued]]:
    return len(runs.hold(session, ids, job.reason)), []


_ACTS: Mapping[str, Act] = {"replay": _replay, "dismiss": _dismiss, "hold": _hold, "run": _again}


def _act(parts: Parts, job_id: int) -> None:
    """The next runs, and how far it has come, in one transaction; ends the job when none are left."""
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        ids = _next(session, job, min(BATCH, _until_canary(job) or BATCH))
        queued: list[Queued] = []
        if ids:
            number, queued = _ACTS[job.kind](session, ids, job, parts.clock.now())
            # what is run again is seen to by a run of its own
            belongs(session, [each.run_id for each in queued] if job.kind == "run" else ids, job.id)
            _went_on(job, number, ids[-1])
            session.flush()
            if _until_canary(job) == 0:
                _stop_and_ask(session, job)
        else:
            end(job, "done", f"{_DONE[job.kind]} {job.done} of {job.total} runs.")
    send(parts.broker, parts.catalogue, queued)


def belongs(session: Session, run_ids: Sequence[int], job_id: int) -> None:
    session.execute(update(Run).where(Run.id.in_(run_ids)).values(job_id=job_id))


def _next(session: Session, job: Job, most: int) -> Sequence[int]:
    wanted = RunFilter.from_json(job.params["filter"]).conditions()
    within = (Run.id > job.params["after"], Run.id <= job.params["last"])
    return session.scalars(select(Run.id).where(*wanted, *within).order_by(Run.id).limit(most)).all()


def _went_on(job: Job, number: int, after: int) -> None:
    job.done += number
    job.params = {**job.params, "after": after}
    job.updated_at = func.now()


def _until_canary(job: Job) -> int | None:
    """How many more before it asks; None when it has asked, or need not."""
    if job.canary is None or job.params.get("asked"):
        return None
    return max(job.canary - job.done, 0)


def _stop_and_ask(session: Session, job: Job) -> None:
    job.params = {**job.params, "asked": True}
    if _next(session, job, 1):
        first = "The first one is" if job.done == 1 else f"The first {job.done} are"
        rest(job, f"{first} on the way. Look how it ends, then resume or abort.")


# a rehearsal ---------------------------------------------------------------------------------------------------


def _rehearse(parts: Parts, job_id: int) -> None:
    """What would come of the next runs; nothing is written."""
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id)
        ids = _next(session, job, REHEARSED_AT_ONCE) if job.done < MOST_REHEARSED else []
        rows = session.scalars(select(Run).where(Run.id.in_(ids)).order_by(Run.id)).all()
    ended = [_previewed(parts, row) for row in rows if row.flow in parts.catalogue]
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        if not ids:
            some = "" if job.done >= job.total else f" of {job.total}: a rehearsal looks at no more"
            return end(job, "done", f"Rehearsed {job.done}{some}. Nothing was changed.")
        counts = Counter(job.found.get("states", {})) + Counter(str(each["state"]) for each in ended)
        examples = [*job.found.get("examples", []), *(each for each in ended if each["state"] != "succeeded")]
        job.found = {"states": dict(counts), "examples": examples[:EXAMPLES]}
        _went_on(job, len(ids), ids[-1])
    return None


def _previewed(parts: Parts, row: Run) -> dict[str, Any]:
    outcome = parts.previewer.preview(row.flow, row.account, row.subject).outcome
    return {"run": row.id, "subject": row.subject, "state": outcome.state, "summary": outcome.summary[:300]}


# sweeps and back-fills -----------------------------------------------------------------------------------------


def _sweep(parts: Parts, job_id: int, tell: Tell) -> str:
    with parts.database.session_scope() as session:
        params = session.get_one(Job, job_id).params
    since = datetime.fromisoformat(params["since"]) if params["since"] else None
    found = parts.sweeper.sweep(params["flow"], params["account"], since=since)
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id)
        job.done = 1
        end(job, "done", f"Found {found} object(s).")
    tell(1, 1)
    return "done"


def _tie_out(parts: Parts, job_id: int, tell: Tell) -> str:
    found = parts.sweeper.tie_out()
    off = sorted({f"{one.account}, {one.currency}" for one in found if not one.agrees})
    return _told(parts, job_id, tell, "Everything ties out." if not off else f"It does not tie out: {'; '.join(off)}.")


def _completeness(parts: Parts, job_id: int, tell: Tell) -> str:
    off = [f"{one.account}, {one.day}" for one in parts.sweeper.completeness() if not one.adds_up]
    return _told(parts, job_id, tell, "Every day adds up." if not off else f"Does not add up: {'; '.join(off)}.")


def _told(parts: Parts, job_id: int, tell: Tell, words: str) -> str:
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id)
        job.done = 1
        end(job, "done", words)
    tell(1, 1)
    return "done"


def _look_at_a_day(parts: Parts, job_id: int) -> None:
    """One day of a back-fill; where it breaks off, that day is looked at again. Repeats are harmless."""
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id)
    start, whole_end = (datetime.fromisoformat(job.params[name]) for name in ("since", "until"))
    start += STEP * job.done
    day_end = whole_end if job.done + 1 >= job.total else min(start + STEP, whole_end)
    flow, account = job.params["flow"], job.params["account"]
    counted = parts.sweeper.back_fill(flow, account, start, day_end, job=job_id, dry_run=job.dry_run)
    with parts.database.session_scope() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        job.done += 1
        job.found = {name: job.found.get(name, 0) + counted[name] for name in ("found", "new")}
        job.updated_at = func.now()
        _after_a_day(job)


def _after_a_day(job: Job) -> None:
    found, new = job.found.get("found", 0), job.found.get("new", 0)
    if job.done >= job.total:
        words = "Nothing was changed." if job.dry_run else "All of them are queued."
        end(job, "done", f"Found {found} object(s), {new} of which no run had seen. {words}")
    elif job.canary is not None and found and not job.params.get("asked"):
        job.params = {**job.params, "asked": True}
        rest(job, f"Day {job.done} of {job.total} gave {found} object(s). Look how they end, then resume or abort.")
