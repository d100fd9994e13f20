"""Issues: errors that have one cause, as one row that a person can take up.

They are kept by what becomes of the runs, in the same transaction: opened by the first run that cannot go on, resolved
when the last of its runs is done, opened again when the error comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.core import error_codes
from app.core.config import Config
from app.core.runs import OPEN, Run
from app.core.tables import Issue, IssueNote

STATES = ("open", "acknowledged", "ignored", "snoozed", "resolved")
TIEOUT = "tieout"
"""The author of what nobody wrote."""
MOST = 1_001
"""Runs of an issue are counted up to here: so many are more than 1,000."""
_LOCK = 7133003
_RESOLVES = ("open", "acknowledged", "snoozed")


class Ended(Protocol):
    """The outcome of an attempt."""

    @property
    def error_class(self) -> str | None: ...
    @property
    def error_code(self) -> str | None: ...
    @property
    def setting(self) -> str: ...
    @property
    def waits_for(self) -> object: ...


@dataclass(frozen=True)
class Weight:
    """How many runs of an issue are not finished (`MOST`: more), and the newest of them as an example."""

    open_runs: int = 0
    example: int | None = None


# kept by the runs ------------------------------------------------------------------------------------------------


def follow(session: Session, run: Run, title: str, state: str, ended: Ended, chosen: Config, now: datetime) -> None:
    """A run came to this state. `run` is as it was claimed; `title` is its flow's."""
    if state in ("succeeded", "skipped"):
        left(session, run.issue_id, now)
    elif state in ("held", "dead") or (
        state == "retrying" and ended.waits_for is None and run.tries >= chosen.issues.after_tries
    ):
        _joined(session, run, title, ended.error_class, ended.error_code, ended.setting, now)


def join(session: Session, run: Run, title: str, now: datetime) -> None:
    """For a run that was given up outside an attempt."""
    _joined(session, run, title, run.error_class, run.error_code, "", now)


def left(session: Session, issue_id: int | None, now: datetime) -> None:
    """A run of this issue is done with, or belongs to another one now."""
    if issue_id is None:
        return
    _lock(session)
    going_on = select(Run.id).where(Run.issue_id == issue_id, Run.state.in_(OPEN)).exists()
    resolved = session.scalars(
        update(Issue)
        .where(Issue.id == issue_id, Issue.state.in_(_RESOLVES), ~going_on)
        .values(state="resolved", snoozed_until=None)
        .returning(Issue.id)
    ).first()
    if resolved is not None:
        _write(session, issue_id, TIEOUT, "Resolved by itself: none of its runs is open any more.", now)


def adopt(session: Session, titles: Mapping[str, str], now: datetime, limit: int = 200) -> int:
    """Held and dead runs without an issue get one: those from before there were issues. `titles`: of flows, by key."""
    stray = select(Run).where(Run.state.in_(("held", "dead")), Run.issue_id.is_(None)).order_by(Run.id).limit(limit)
    found = session.scalars(stray.with_for_update(skip_locked=True)).all()
    for run in found:
        join(session, run, titles.get(run.flow, run.flow), now)
    return len(found)


def _joined(
    session: Session,
    run: Run,
    title: str,
    error_class: str | None,
    error_code: str | None,
    field: str,
    now: datetime,
) -> None:
    _lock(session)
    code = error_code or error_class or "error"
    issue = _found(session, run.flow, code, field) or _opened(session, run.flow, title, error_class, code, field, now)
    _seen(session, issue, run.id, now)
    issue.title = _title(title, error_class, code, field)
    session.flush()
    before = {run.issue_id, *_take_along(session, run.id, issue.id)} - {issue.id}
    session.execute(update(Run).where(Run.id == run.id).values(issue_id=issue.id))
    for earlier in sorted(filter(None, before)):
        left(session, earlier, now)


def _lock(session: Session) -> None:
    """Opening, resolving and opening again happen one after the other."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _found(session: Session, flow: str, code: str, field: str) -> Issue | None:
    wanted = (Issue.flow == flow, Issue.error_code == code, Issue.field == field)
    return session.scalars(select(Issue).where(*wanted).execution_options(populate_existing=True)).first()


def _opened(
    session: Session, flow: str, title: str, error_class: str | None, code: str, field: str, now: datetime
) -> Issue:
    issue = Issue(
        flow=flow,
        error_code=code,
        field=field,
        title=_title(title, error_class, code, field),
        state="open",
        times_opened=1,
        opened_at=now,
        first_seen=now,
        last_seen=now,
    )
    session.add(issue)
    session.flush()
    return issue


def _seen(session: Session, issue: Issue, run_id: int, now: datetime) -> None:
    """Ignored stays ignored, snoozed stays snoozed until then; what was resolved is open again."""
    issue.last_seen = now
    over = issue.state == "snoozed" and issue.snoozed_until is not None and issue.snoozed_until <= now
    if issue.state == "resolved" or over:
        was = "resolved" if issue.state == "resolved" else "snoozed"
        issue.state, issue.snoozed_until = "open", None
        issue.opened_at, issue.times_opened = now, issue.times_opened + 1
        _write(session, issue.id, TIEOUT, f"It was {was} and came back with run {run_id}.", now)


def _title(flow_title: str, error_class: str | None, code: str, field: str) -> str:
    row = error_codes.about(code, error_class, field)
    words = row.words if error_codes.is_known(code) else f"{row.words} ({code})"
    about = f": {field}" if field else ""
    return f"{flow_title}: {words}{about}."


_TAKE_ALONG = text(
    """
    WITH RECURSIVE waiting AS (
        SELECT id, issue_id FROM runs WHERE waits_for = :run AND state = 'held' AND error_code = 'waits_for'
        UNION
        SELECT runs.id, runs.issue_id FROM runs JOIN waiting ON runs.waits_for = waiting.id
        WHERE runs.state = 'held' AND runs.error_code = 'waits_for'
    )
    UPDATE runs SET issue_id = :issue FROM waiting WHERE runs.id = waiting.id
    RETURNING waiting.issue_id
    """
)


def _take_along(session: Session, run_id: int, issue_id: int) -> list[int | None]:
    """The runs that were held because this one is; the issues they belonged to."""
    return list(session.scalars(_TAKE_ALONG, {"run": run_id, "issue": issue_id}))


# looked at and decided by people ---------------------------------------------------------------------------------


# Ordered as ix_runs_issue_id_state_id is, or the planner may walk through all runs by their id.
_WEIGHTS = text(
    """
    SELECT issue AS issue_id, least(sum(found.runs), :most) AS open_runs, max(found.newest) AS example
    FROM unnest(CAST(:ids AS bigint[])) AS issue, unnest(CAST(:open AS text[])) AS one_state, LATERAL (
        SELECT count(*) AS runs, max(id) AS newest FROM (
            SELECT id FROM runs WHERE issue_id = issue AND state = one_state
            ORDER BY issue_id DESC, state DESC, id DESC LIMIT :most) AS last) AS found
    GROUP BY issue
    """
)


def weights(session: Session, ids: Sequence[int]) -> dict[int, Weight]:
    """Counted up to `MOST` runs of each."""
    if not ids:
        return {}
    rows = session.execute(_WEIGHTS, {"ids": list(ids), "open": list(OPEN), "most": MOST})
    return {row.issue_id: Weight(int(row.open_runs), row.example) for row in rows if row.open_runs}


def locked(session: Session, issue_id: int) -> Issue:
    """Raises LookupError."""
    _lock(session)
    row = session.get(Issue, issue_id, with_for_update=True)
    if row is None:
        raise LookupError(f"There is no issue {issue_id}.")
    return row


def note(session: Session, issue_id: int, author: str, words: str, now: datetime) -> IssueNote:
    """Raises LookupError."""
    locked(session, issue_id)
    return _write(session, issue_id, author, words, now)


def decide(
    session: Session,
    issue_id: int,
    state: str,
    *,
    actor: str,
    now: datetime,
    until: datetime | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """What changed: name -> [before, after]. Raises LookupError; ValueError for a snooze without a future end."""
    row = locked(session, issue_id)
    if state == "snoozed" and (until is None or until <= now):
        raise ValueError("say until when it is snoozed: a time to come")
    before = row.state
    if state == "open" and before != "open":
        row.opened_at, row.times_opened = now, row.times_opened + 1
    row.state, row.snoozed_until = state, until if state == "snoozed" else None
    if before == state and state != "snoozed":
        return {}
    words = f" until {until:%Y-%m-%d %H:%M} UTC" if until and state == "snoozed" else ""
    _write(session, issue_id, actor, f"Was {before}, is {state} now{words}. {reason}".rstrip(), now)
    return {"state": [before, state]}


def assign(session: Session, issue_id: int, assignee: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """Empty: nobody's any more. Raises LookupError."""
    row = locked(session, issue_id)
    before, row.assignee = row.assignee, assignee
    if before == assignee:
        return {}
    _write(session, issue_id, actor, f"Assigned to {assignee}." if assignee else "Assigned to nobody.", now)
    return {"assignee": [before, assignee]}


def wake_snoozed(session: Session, now: datetime) -> int:
    """Snoozes that are over: open again, or resolved where no run is open any more."""
    over = select(Issue.id).where(Issue.state == "snoozed", Issue.snoozed_until <= now)
    ids = session.scalars(over).all()
    for issue_id in ids:
        row = locked(session, issue_id)
        row.state, row.snoozed_until = "open", None
        row.opened_at, row.times_opened = now, row.times_opened + 1
        _write(session, issue_id, TIEOUT, "Its snooze is over.", now)
        session.flush()
        left(session, issue_id, now)
    return len(ids)


def _write(session: Session, issue_id: int, author: str, words: str, now: datetime) -> IssueNote:
    written = IssueNote(issue_id=issue_id, at=now, author=author, text=words)
    session.add(written)
    session.flush()
    return written
