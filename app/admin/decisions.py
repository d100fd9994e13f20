"""What people decide about issues, and the test of the alerts; for the API and the CLI alike."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.admin.actions import Impossible
from app.admin.models import AlertOut
from app.admin.parts import Parts
from app.alerts import senders
from app.core import alert_rows, alert_sending, audit, issues, jobs
from app.core.jobs import RunFilter
from app.core.tables import Alert, Job


def decide(
    parts: Parts, issue_id: int, state: str, *, actor: str, until: datetime | None = None, reason: str = ""
) -> None:
    with parts.database.session_scope() as session:
        _decide(session, issue_id, state, actor=actor, now=parts.clock.now(), until=until, reason=reason)


def decide_all(
    parts: Parts, ids: Sequence[int], state: str, *, actor: str, until: datetime | None = None, reason: str = ""
) -> None:
    """All of them, or none. Raises LookupError, Impossible."""
    with parts.database.session_scope() as session:
        for issue_id in sorted(set(ids)):
            _decide(session, issue_id, state, actor=actor, now=parts.clock.now(), until=until, reason=reason)


def _decide(
    session: Session, issue_id: int, state: str, *, actor: str, now: datetime, until: datetime | None, reason: str
) -> None:
    try:
        changed = issues.decide(session, issue_id, state, actor=actor, now=now, until=until, reason=reason)
    except ValueError as error:
        raise Impossible(f"Issue {issue_id} cannot be snoozed: {error}.") from None
    given = {"until": until.isoformat() if until else "", "reason": reason}
    told = {name: value for name, value in given.items() if value}
    audit.note(session, actor, f"issue.{_PAST[state]}", f"issue:{issue_id}", **changed, **told)


_PAST = {
    "open": "opened",
    "acknowledged": "acknowledged",
    "ignored": "ignored",
    "snoozed": "snoozed",
    "resolved": "resolved",
}


def assign(parts: Parts, issue_id: int, assignee: str, *, actor: str) -> None:
    assign_all(parts, [issue_id], assignee, actor=actor)


def assign_all(parts: Parts, ids: Sequence[int], assignee: str, *, actor: str) -> None:
    """All of them, or none. Raises LookupError."""
    with parts.database.session_scope() as session:
        for issue_id in sorted(set(ids)):
            changed = issues.assign(session, issue_id, assignee, actor=actor, now=parts.clock.now())
            audit.note(session, actor, "issue.assigned", f"issue:{issue_id}", **changed)


def note(parts: Parts, issue_id: int, words: str, *, actor: str) -> None:
    with parts.database.session_scope() as session:
        issues.note(session, issue_id, actor, words, parts.clock.now())
        audit.note(session, actor, "issue.noted", f"issue:{issue_id}")


def replayable(parts: Parts, issue_id: int) -> int:
    """How many of its runs a replay would take. Raises LookupError."""
    with parts.database.session_scope() as session:
        issues.locked(session, issue_id)
        return jobs.count(session, RunFilter(issue=issue_id).replayable())


def replay(parts: Parts, issue_id: int, *, actor: str, reason: str) -> Job:
    """The job, not sent yet."""
    with parts.database.session_scope() as session:
        issues.locked(session, issue_id)
        return jobs.replay_all(session, RunFilter(issue=issue_id), actor=actor, reason=reason or f"Issue {issue_id}")


def replay_several(parts: Parts, ids: Sequence[int], *, actor: str, reason: str) -> list[Job]:
    """A job for each that has something to replay, not sent yet. Raises LookupError, with nothing made."""
    with parts.database.session_scope() as session:
        for issue_id in sorted(set(ids)):
            issues.locked(session, issue_id)
        made = [
            jobs.replay_all(session, RunFilter(issue=one), actor=actor, reason=reason or f"Issue {one}")
            for one in sorted(set(ids))
            if jobs.count(session, RunFilter(issue=one).replayable())
        ]
    if not made:
        raise Impossible("No record of these issues waits for a replay.")
    return made


def send_test(parts: Parts, receiver: str | None, *, actor: str) -> list[AlertOut]:
    """One row for each receiver, sent by the real sender here and now, whatever hour it is; as the rows stand then."""
    found, now = senders(parts.settings), parts.clock.now()
    names = _names(list(found), receiver)
    notice = alert_rows.for_test(now)
    with parts.database.session_scope() as session:
        made = [alert_rows.write(session, notice, name, now, due_at=now) for name in names]
        audit.note(session, actor, "alerts.tested", "alerts", receivers=names)
    ids = [alert_id for alert_id in made if alert_id is not None]
    for alert_id in ids:
        alert_sending.send(parts.database, found, alert_id, now)
    with parts.database.session_scope() as session:
        return [AlertOut.model_validate(session.get_one(Alert, alert_id)) for alert_id in ids]


def _names(configured: Sequence[str], wanted: str | None) -> list[str]:
    if wanted is not None and wanted not in configured:
        raise Impossible(f"The receiver {wanted} is not configured: set the ALERT_{wanted.upper()}_… variables.")
    if not configured:
        raise Impossible("No receiver of alerts is configured: set the ALERT_… variables, see docs/operations.md.")
    return [wanted] if wanted else sorted(configured)
