"""All that happened to a run, oldest first: events, attempts with their calls, deeds, configuration changes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.run_models import CallOut, MomentOut, TimelineOut
from app.core.attempts import Attempt
from app.core.audit import AuditEntry
from app.core.exchanges import Exchange
from app.core.flow import Catalogue
from app.core.inbox import Event
from app.core.retries import Retry
from app.core.runs import Run
from app.core.steps import step_of
from app.core.tables import ConfigVersion, Job

MOST = 100
"""So many of each kind are told, the newest."""
_CAUSES = {
    "event": "An event asked for it",
    "sweep": "A sweep found the object",
    "demand": "A person asked for it",
    "dependency": "Another run needs the object",
    "replay": "Replayed",
}
_DEEDS = {
    "retry.replayed": "Replayed",
    "retry.dismissed": "Dismissed",
    "run.held": "Held back",
    "run.dismissed": "Dismissed",
    "run.replayed": "Replayed",
}
_RETRY_WORDS = {
    "queued": "waits for a worker",
    "in flight": "is being tried",
    "paused": "waits: its flow is paused",
}


def timeline(session: Session, run_id: int, catalogue: Catalogue) -> TimelineOut | None:
    run = session.get(Run, run_id)
    if run is None:
        return None
    source = catalogue[run.flow].source if run.flow in catalogue else "stripe"
    moments = [*_events(session, run), _queued(run), *_attempts(session, run, source)]
    moments += [
        *_deeds(session, run),
        *_bulk(session, run),
        *_configs(session, run),
        *_due(session, run),
        *_waits(session, run),
    ]
    return TimelineOut(run=run_id, moments=sorted(moments, key=lambda one: _place(one, run)))


def _place(one: MomentOut, run: Run) -> datetime:
    """Nothing but an event comes before the run: two machines' clocks may differ a little."""
    return one.at if one.kind == "event" else max(one.at, run.created_at)


def _events(session: Session, run: Run) -> Iterable[MomentOut]:
    """Those of its object while it was open; and the one it is from, whatever that one is about."""
    until = run.finished_at or datetime.max.replace(tzinfo=run.created_at.tzinfo)
    about = (Event.object_id == run.subject) & (Event.account == run.account) & (Event.received_at <= until)
    rows = session.scalars(select(Event).where(about).order_by(Event.id.desc()).limit(MOST)).all()
    found = {row.id: row for row in rows if row.received_at >= run.created_at or row.id == run.event_id}
    if run.event_id is not None and run.event_id not in found:
        own = session.get(Event, run.event_id)
        found |= {own.id: own} if own else {}
    for row in found.values():
        told = f"{row.source.title()} says {row.type}"
        detail = f"{row.external_id}, account {row.account}" + (", test mode" if row.livemode is False else "")
        yield MomentOut(at=row.received_at, kind="event", title=told, detail=detail, ref=f"event:{row.id}")


def _queued(run: Run) -> MomentOut:
    return MomentOut(at=run.created_at, kind="queued", title="Queued", detail=_CAUSES.get(run.cause, run.cause) + ".")


def _attempts(session: Session, run: Run, source: str) -> Iterable[MomentOut]:
    newest = select(Attempt).where(Attempt.run_id == run.id).order_by(Attempt.id.desc()).limit(MOST)
    for row in session.scalars(newest).all():
        under = f" Under configuration version {row.config_version}." if row.config_version else ""
        yield MomentOut(
            at=row.started_at,
            kind="attempt",
            title=f"Attempt {row.number}",
            detail=(row.summary or "Cut off: its worker went away.") + under,
            state=row.outcome or "",
            notes=row.notes,
            calls=[call(each, source) for each in row.exchanges],
            ref=f"attempt:{row.id}",
        )


def call(stored: dict[str, Any], source: str) -> CallOut:
    known = Exchange(**stored)
    return CallOut(step=step_of(stored, source), **{**known.as_json(), "headers": dict(known.headers)})


def _deeds(session: Session, run: Run) -> Iterable[MomentOut]:
    mine = select(AuditEntry).where(AuditEntry.target == f"run:{run.id}", AuditEntry.at >= run.created_at)
    for row in session.scalars(mine.order_by(AuditEntry.id.desc()).limit(MOST)):
        said = str(row.details.get("reason") or "")
        title = _DEEDS.get(row.action, row.action)
        yield MomentOut(at=row.at, kind=row.action, title=title, detail=said, actor=row.actor, ref=f"run:{run.id}")


def _bulk(session: Session, run: Run) -> Iterable[MomentOut]:
    """The bulk job that saw to it last; when it came to this run is not kept, so it stands where it began."""
    job = session.get(Job, run.job_id) if run.job_id is not None else None
    if job is not None:
        title, ref = f"Part of job {job.id} ({job.kind.replace('_', ' ')})", f"job:{job.id}"
        yield MomentOut(at=job.created_at, kind="job", title=title, detail=job.reason, actor=job.actor, ref=ref)


def _configs(session: Session, run: Run) -> Iterable[MomentOut]:
    """Put in force while the run was open."""
    between = [ConfigVersion.created_at >= run.created_at]
    if run.finished_at is not None:
        between.append(ConfigVersion.created_at <= run.finished_at)
    for row in session.scalars(select(ConfigVersion).where(*between).order_by(ConfigVersion.id.desc()).limit(20)):
        title = f"Configuration version {row.id} put in force"
        detail, ref = row.note, f"config:{row.id}"
        yield MomentOut(at=row.created_at, kind="config", title=title, detail=detail, actor=row.author, ref=ref)


def _due(session: Session, run: Run) -> Iterable[MomentOut]:
    booked = session.get(Retry, run.id)
    if booked is not None and run.state in ("retrying", "queued"):
        detail = _RETRY_WORDS.get(booked.reason, booked.reason.replace("_", " "))
        yield MomentOut(at=booked.due_at, kind="due", title="Next try", detail=detail)


def _waits(session: Session, run: Run) -> Iterable[MomentOut]:
    other = session.get(Run, run.waits_for) if run.waits_for is not None else None
    if other is not None:
        detail = f"{other.subject} by run {other.id}: {other.state}. {other.summary}"
        yield MomentOut(
            at=other.created_at, kind="waits", title="Waits for another object", detail=detail, ref=f"run:{other.id}"
        )
