"""Alerts: what people are told of without looking. A look writes rows for the receivers; another task sends them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import alert_rows, issues
from app.core import config as configuration
from app.core.alert_rows import Notice
from app.core.completeness import Day
from app.core.config import Alerts
from app.core.issues import Weight
from app.core.runs import Run
from app.core.tables import Issue
from app.db import Database

_LOCK = 7133004
_SHOWN_RUNS = 10


def look(database: Database, receivers: Collection[str], now: datetime) -> int:
    """Write an alert for whatever people should be told of now; how many rows. Also ends snoozes that are over."""
    with database.session_scope() as session:
        issues.wake_snoozed(session, now)
    with database.session_scope() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        chosen = configuration.current(session).alerts
        notices = [*_of_issues(session, chosen, receivers, now), *_of_age(session, chosen, now)]
        return sum(alert_rows.write_to_all(session, chosen, notice, receivers, now) for notice in notices)


def tell_gaps(database: Database, days: Sequence[Day], receivers: Collection[str], now: datetime) -> int:
    """Write an alert for each day that does not add up; how many rows."""
    with database.session_scope() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        chosen = configuration.current(session).alerts
        notices = [_gap(day, now) for day in days if not day.adds_up]
        fresh = [notice for notice in notices if not alert_rows.told_lately(session, notice.subject, chosen, now)]
        return sum(alert_rows.write_to_all(session, chosen, notice, receivers, now) for notice in fresh)


def _of_issues(session: Session, chosen: Alerts, receivers: Collection[str], now: datetime) -> list[Notice]:
    """An issue that came up or came back since it was last told of; runs that were given up since then."""
    rows = session.scalars(select(Issue).where(Issue.state.in_(("open", "acknowledged"))).order_by(Issue.id)).all()
    told = alert_rows.last_told(session)
    quiet = now - timedelta(hours=chosen.again_after_hours)
    due = [row for row in rows if (last := told.get(_subject(row))) is None or last <= quiet]
    weighed = issues.weights(session, [row.id for row in due])
    wanted = alert_rows.audience(chosen, "dead_letter", receivers)
    dead = _newest_dead(session, [row.id for row in due]) if wanted else {}
    found = [
        _of_issue(session, row, weighed.get(row.id, Weight()), dead.get(row.id), told.get(_subject(row))) for row in due
    ]
    return [notice for notice in found if notice]


def _subject(issue: Issue) -> str:
    return f"issue:{issue.id}"


def _of_issue(
    session: Session, issue: Issue, weight: Weight, dead: tuple[int, int] | None, last: datetime | None
) -> Notice | None:
    facts = _issue_facts(issue, weight)
    if dead is not None and not alert_rows.is_told(session, "dead_letter", _subject(issue), str(dead[1])):
        title = f"{dead[0]} run(s) were given up. {issue.title}"
        told = {**facts, "dead_runs": dead[0], "run": dead[1]}
        return Notice("dead_letter", _subject(issue), str(dead[1]), title, told)
    if issue.state == "open" and weight.open_runs and (last is None or last < issue.opened_at):
        return Notice("issue_opened", _subject(issue), str(issue.times_opened), issue.title, facts)
    return None


def _issue_facts(issue: Issue, weight: Weight) -> dict[str, Any]:
    return {
        "issue": issue.id,
        "flow": issue.flow,
        "error_code": issue.error_code,
        "field": issue.field,
        "open_runs": weight.open_runs,
        "run": weight.example,
        "times_opened": issue.times_opened,
    }


def _newest_dead(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By issue: how many dead runs, and the newest of them."""
    rows = session.execute(
        select(Run.issue_id, func.count(), func.max(Run.id))
        .where(Run.issue_id.in_(ids), Run.state == "dead")
        .group_by(Run.issue_id)
    )
    return {issue_id: (number, newest) for issue_id, number, newest in rows if issue_id}


def _of_age(session: Session, chosen: Alerts, now: datetime) -> list[Notice]:
    """Of each account, the oldest run that is not finished, when it is older than the limit."""
    limit = timedelta(hours=chosen.oldest_hours)
    rows = session.execute(
        select(Run.account, func.min(Run.created_at), func.min(Run.id), func.count())
        .where(Run.state.in_(("queued", "running", "retrying", "held")), Run.created_at < now - limit)
        .group_by(Run.account)
    )
    found = []
    for account, oldest, run_id, number in rows:
        hours = int((now - oldest).total_seconds() // 3600)
        title = f"{number} run(s) of account {account} are not finished after {chosen.oldest_hours} hours."
        facts = {"account": account, "oldest_run": run_id, "hours": hours, "open_runs": number}
        found.append(Notice("oldest_unposted", f"account:{account}", f"{now:%Y-%m-%dT%H:%M}", title, facts))
    return [notice for notice in found if not alert_rows.told_lately(session, notice.subject, chosen, now)]


def _gap(day: Day, now: datetime) -> Notice:
    title = (
        f"{day.day} does not add up for account {day.account}: "
        f"Stripe lists {day.at_stripe} events, {day.stored} are stored, {len(day.missing)} are missing."
    )
    facts = {
        "account": day.account,
        "day": day.day.isoformat(),
        "at_stripe": day.at_stripe,
        "stored": day.stored,
        "missing": len(day.missing),
        "examples": list(day.missing[:_SHOWN_RUNS]),
        **{name: getattr(day, name) for name in ("done", "skipped", "held", "open", "dead", "lost")},
    }
    return Notice("completeness_gap", f"day:{day.account}:{day.day}", f"{now:%Y-%m-%dT%H:%M}", title, facts)
