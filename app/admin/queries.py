"""What can be listed and looked at; for the API and the CLI alike. Lists are newest first, paged by id."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.admin import models as m
from app.core import config as configuration
from app.core import issues as core_issues
from app.core import retry_errors, run_counts
from app.core.attempts import Attempt
from app.core.audit import AuditEntry
from app.core.config import Config
from app.core.exchanges import redacted
from app.core.flow import AnyFlow, Catalogue
from app.core.inbox import Event
from app.core.issues import Weight
from app.core.jobs import RunFilter
from app.core.links import Link
from app.core.retries import Retry
from app.core.runs import REPLAYABLE, STATES, Run
from app.core.tables import Alert, ConfigVersion, Cursor, Issue, IssueNote, Job
from app.db import Database

R = TypeVar("R")


@dataclass(frozen=True)
class Slice:
    limit: int = 50
    before: int | None = None


def _page(
    session: Session, kind: type[R], conditions: Sequence[ColumnElement[bool]], part: Slice
) -> tuple[Sequence[R], int | None]:
    """One row more is asked for than is given, to know whether anything follows."""
    row_id: InstrumentedAttribute[int] = kind.__dict__["id"]
    older = [] if part.before is None else [row_id < part.before]
    statement = select(kind).where(*conditions, *older).order_by(row_id.desc()).limit(part.limit + 1)
    rows = session.scalars(statement).all()
    kept = rows[: part.limit]
    return kept, kept[-1].__dict__["id"] if len(rows) > part.limit else None


def _given(pairs: dict[InstrumentedAttribute[Any], object]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in pairs.items() if value is not None]


# events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventFilter:
    """`outcome` `pending`: not dispatched yet."""

    source: str | None = None
    account: str | None = None
    type: str | None = None
    outcome: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found = _given(
            {
                Event.source: self.source,
                Event.account: self.account,
                Event.type: self.type,
                Event.object_id: self.object_id,
            }
        )
        if self.outcome == "pending":
            found.append(Event.dispatched_at.is_(None))
        elif self.outcome:
            found.append(Event.outcome == self.outcome)
        if self.since:
            found.append(Event.received_at >= self.since)
        if self.until:
            found.append(Event.received_at < self.until)
        return found


def events(session: Session, wanted: EventFilter, part: Slice) -> m.Page[m.EventOut]:
    rows, following = _page(session, Event, wanted.conditions(), part)
    return m.Page(items=[m.EventOut.model_validate(row) for row in rows], next=following)


def event(session: Session, event_id: int) -> m.EventDetail | None:
    row = session.get(Event, event_id)
    if row is None:
        return None
    made = session.scalars(select(Run.id).where(Run.event_id == event_id).order_by(Run.id)).all()
    plain = m.EventOut.model_validate(row).model_dump()
    return m.EventDetail(**plain, headers=row.headers, body=_body(row.body), runs=list(made))


def _body(raw: bytes) -> object:
    try:
        return redacted(json.loads(raw)) if raw else None
    except ValueError:
        return None


# runs ------------------------------------------------------------------------------------------------------------


def list_runs(session: Session, wanted: RunFilter, part: Slice) -> m.Page[m.RunOut]:
    rows, following = _page(session, Run, wanted.conditions(), part)
    return m.Page(items=[m.RunOut.model_validate(row) for row in rows], next=following)


def run(session: Session, run_id: int) -> m.RunDetail | None:
    row = session.get(Run, run_id)
    if row is None:
        return None
    tried = session.scalars(select(Attempt).where(Attempt.run_id == run_id).order_by(Attempt.id)).all()
    booked = session.get(Retry, run_id)
    return m.RunDetail(
        **m.RunOut.model_validate(row).model_dump(),
        candidates=[one for one in row.candidates if "verdict" not in one],
        considered=[one for one in row.candidates if "verdict" in one],
        notes=row.notes,
        records=row.records,
        due_at=booked.due_at if booked else None,
        attempts=[m.AttemptOut.model_validate(attempt) for attempt in tried],
    )


def list_retries(session: Session, wanted: RunFilter, part: Slice) -> m.Page[m.RetryOut]:
    """Runs that are tried again by themselves, or that wait for a person."""
    states = Run.state.in_(wanted.states or REPLAYABLE)
    rows, following = _page(session, Run, [states, *wanted.conditions()], part)
    ids = [row.id for row in rows]
    booked = {row.run_id: row for row in session.scalars(select(Retry).where(Retry.run_id.in_(ids)))}
    return m.Page(items=[_retry(row, booked.get(row.id)) for row in rows], next=following)


def _retry(row: Run, booked: Retry | None) -> m.RetryOut:
    plain = m.RunOut.model_validate(row).model_dump()
    return m.RetryOut(**plain, due_at=booked.due_at if booked else None, booked_for=booked.reason if booked else None)


# issues and alerts -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IssueFilter:
    """`text`: somewhere in the title, any case."""

    states: tuple[str, ...] = ()
    flow: str | None = None
    error_code: str | None = None
    assignee: str | None = None
    text: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found = _given({Issue.flow: self.flow, Issue.error_code: self.error_code, Issue.assignee: self.assignee})
        if self.states:
            found.append(Issue.state.in_(self.states))
        if self.text:
            found.append(Issue.title.icontains(self.text, autoescape=True))
        return found


def list_issues(session: Session, wanted: IssueFilter, part: Slice) -> m.Page[m.IssueOut]:
    rows, following = _page(session, Issue, wanted.conditions(), part)
    weighed = core_issues.weights(session, [row.id for row in rows])
    return m.Page(items=[_issue(row, weighed.get(row.id, Weight())) for row in rows], next=following)


def issue(session: Session, issue_id: int) -> m.IssueDetail | None:
    row = session.get(Issue, issue_id)
    if row is None:
        return None
    weight = core_issues.weights(session, [issue_id]).get(issue_id, Weight())
    written = session.scalars(select(IssueNote).where(IssueNote.issue_id == issue_id).order_by(IssueNote.id))
    return m.IssueDetail(
        **_issue(row, weight).model_dump(),
        notes=[m.IssueNoteOut.model_validate(each) for each in written],
        runs=list_runs(session, RunFilter(issue=issue_id), Slice()).items,
    )


def _issue(row: Issue, weight: Weight) -> m.IssueOut:
    told = m.IssueOut.model_validate(row)
    return told.model_copy(update={"open_runs": weight.open_runs, "example_run": weight.example})


def alerts(
    session: Session, part: Slice, *, kind: str | None = None, state: str | None = None, receiver: str | None = None
) -> m.Page[m.AlertOut]:
    wanted = _given({Alert.kind: kind, Alert.state: state, Alert.receiver: receiver})
    rows, following = _page(session, Alert, wanted, part)
    return m.Page(items=[m.AlertOut.model_validate(row) for row in rows], next=following)


# flows -----------------------------------------------------------------------------------------------------------


def flows(session: Session, catalogue: Catalogue) -> list[m.FlowOut]:
    chosen = configuration.current(session)
    counts = _counts(session)
    return [_flow(each, chosen, counts.get(each.key, {})) for each in catalogue.values()]


def flow(session: Session, each: AnyFlow) -> m.FlowDetail:
    chosen = configuration.current(session)
    prefix = f"{each.key}/"
    swept = session.scalars(select(Cursor).where(Cursor.name.startswith(prefix, autoescape=True)))
    return m.FlowDetail(
        **_flow(each, chosen, _counts(session, each.key).get(each.key, {})).model_dump(),
        options=chosen.options_for(each).model_dump(mode="json"),
        options_schema=each.options.model_json_schema(),
        last_sweeps={row.name.removeprefix(prefix): row.last_run_at for row in swept},
    )


def _counts(session: Session, key: str | None = None) -> dict[str, dict[str, int]]:
    """By flow and state. Flow `retry_errors` has no runs of its own: it counts the others' errors."""
    found = run_counts.by_flow(session, flow=key)
    if key in (None, retry_errors.KEY):
        found[retry_errors.KEY] = retry_errors.counts(session)
    return found


def _flow(each: AnyFlow, chosen: Config, counts: dict[str, int]) -> m.FlowOut:
    every = chosen.interval_of(each)
    return m.FlowOut(
        key=each.key,
        title=each.title,
        source=each.source,
        on=list(each.on),
        enabled=chosen.is_enabled(each),
        paused=chosen.is_paused(each),
        sweep_minutes=every.total_seconds() / 60 if every else None,
        makes=list(each.makes),
        counts=counts,
    )


# links, configuration, jobs, audit ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinkFilter:
    """`search`: somewhere in the Stripe id, the NetSuite id or the external id."""

    account: str | None = None
    role: str | None = None
    stripe_id: str | None = None
    netsuite_type: str | None = None
    netsuite_id: str | None = None
    current: bool | None = None
    search: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found = _given(
            {
                Link.account: self.account,
                Link.role: self.role,
                Link.stripe_id: self.stripe_id,
                Link.netsuite_type: self.netsuite_type,
                Link.netsuite_id: self.netsuite_id,
                Link.current: self.current,
            }
        )
        if self.search:
            columns = (Link.stripe_id, Link.netsuite_id, Link.external_id)
            found.append(or_(*(column.icontains(self.search, autoescape=True) for column in columns)))
        return found


def links(session: Session, wanted: LinkFilter, part: Slice) -> m.Page[m.LinkOut]:
    rows, following = _page(session, Link, wanted.conditions(), part)
    return m.Page(items=[m.LinkOut.model_validate(row) for row in rows], next=following)


def versions(session: Session, part: Slice) -> m.Page[m.VersionOut]:
    rows, following = _page(session, ConfigVersion, [], part)
    return m.Page(items=[m.VersionOut.model_validate(row) for row in rows], next=following)


def jobs(session: Session, part: Slice, *, state: str | None = None, kind: str | None = None) -> m.Page[m.JobOut]:
    rows, following = _page(session, Job, _given({Job.state: state, Job.kind: kind}), part)
    return m.Page(items=[m.JobOut.model_validate(row) for row in rows], next=following)


def job(session: Session, job_id: int) -> m.JobDetail | None:
    row = session.get(Job, job_id)
    if row is None:
        return None
    ended = session.execute(_ENDED, {"job": job_id, "states": list(STATES)}).all()
    plain = m.JobOut.model_validate(row).model_dump()
    return m.JobDetail(**plain, runs={state: number for state, number in ended if number})


_ENDED = text(
    """
    SELECT s.state, (SELECT count(*) FROM (
        SELECT 1 FROM runs WHERE job_id = :job AND state = s.state LIMIT 1001) limited)
    FROM unnest(:states ::text[]) AS s (state)
    """
)


@dataclass(frozen=True)
class AuditFilter:
    """`action`: the whole of it, or its noun alone (`config`). `target`: whole, or its kind alone (`run`)."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found = _given({AuditEntry.actor: self.actor})
        for column, value, mark in ((AuditEntry.action, self.action, "."), (AuditEntry.target, self.target, ":")):
            if value:
                whole = column == value
                found.append(whole if mark in value else or_(whole, column.startswith(value + mark, autoescape=True)))
        if self.since:
            found.append(AuditEntry.at >= self.since)
        if self.until:
            found.append(AuditEntry.at < self.until)
        return found


def audit_log(session: Session, wanted: AuditFilter, part: Slice) -> m.Page[m.AuditOut]:
    rows, following = _page(session, AuditEntry, wanted.conditions(), part)
    return m.Page(items=[m.AuditOut.model_validate(row) for row in rows], next=following)


def audit_rows(database: Database, wanted: AuditFilter, most: int) -> Iterator[AuditEntry]:
    """Newest first, read in portions; each portion in a transaction of its own."""
    before, left = None, most
    while left > 0:
        with database.session_scope() as session:
            rows, before = _page(session, AuditEntry, wanted.conditions(), Slice(min(left, 1000), before))
            session.expunge_all()
        yield from rows
        left -= len(rows)
        if before is None:
            return


def audit_names(session: Session) -> tuple[list[str], list[str]]:
    """Actors and actions of the newest entries."""
    newest = select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.id.desc()).limit(5000).subquery()
    rows = session.execute(select(newest.c.actor, newest.c.action).distinct()).all()
    return sorted({row.actor for row in rows}), sorted({row.action for row in rows})
