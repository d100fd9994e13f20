"""What can be done, each with its audit entry in the same transaction; for the API and the CLI alike.

Raises LookupError for what does not exist, Impossible for what cannot be done in its present state, and WrongId for an
id that the flow does not take.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.admin.models import PreviewOut, WrittenOut
from app.admin.parts import Parts
from app.core import audit, issues, jobs, runs
from app.core.config import FlowConfig
from app.core.execute import RESEND_AFTER
from app.core.flow import AnyFlow, CoreFlow
from app.core.inbox import Event
from app.core.links import ROLES, Link, external_id
from app.core.plan import change, with_flow
from app.core.runs import Run
from app.core.tables import Job


class Impossible(Exception):
    """The sentence says why, and what else can be done."""


def flow_called(parts: Parts, key: str) -> AnyFlow:
    if key not in parts.catalogue:
        raise LookupError(f"There is no flow {key!r}; `tieout flows` lists them.")
    return parts.catalogue[key]


def account_for(parts: Parts, flow: AnyFlow, name: str | None) -> str:
    """`account_called`; where the ids are those of runs no account has to be named."""
    return "" if isinstance(flow, CoreFlow) else account_called(parts, name)


def account_called(parts: Parts, name: str | None) -> str:
    """The Stripe account of that name, or the only one there is."""
    known = sorted(parts.settings.stripe)
    if name is None and len(known) == 1:
        return known[0]
    if name not in known:
        listed = ", ".join(known) or "none: set STRIPE__<ACCOUNT>__API_KEY"
        said = f"There is no Stripe account {name!r}" if name else "Say which Stripe account is meant"
        raise Impossible(f"{said}; configured: {listed}.")
    return name


# retries ---------------------------------------------------------------------------------------------------------


def replay(parts: Parts, run_id: int, *, actor: str, reason: str = "") -> None:
    with parts.database.session_scope() as session:
        before = _waiting(session, run_id, "replayed")
        queued = runs.replay(session, [run_id], now=parts.clock.now(), resend_after=RESEND_AFTER)
        audit.note(session, actor, "retry.replayed", f"run:{run_id}", was=before, **_given(reason=reason))
    jobs.send(parts.broker, parts.catalogue, queued)


def dismiss(parts: Parts, run_id: int, reason: str, *, actor: str) -> None:
    with parts.database.session_scope() as session:
        before = _waiting(session, run_id, "dismissed")
        runs.dismiss(session, run_id, reason)
        issues.left(session, session.get_one(Run, run_id).issue_id, parts.clock.now())
        audit.note(session, actor, "retry.dismissed", f"run:{run_id}", was=before, reason=reason)


def hold(parts: Parts, run_id: int, reason: str, *, actor: str) -> None:
    """Nothing tries it until somebody replays it, or until something new happens to its object."""
    with parts.database.session_scope() as session:
        row = session.get(Run, run_id, with_for_update=True)
        if row is None:
            raise LookupError(f"There is no run {run_id}.")
        before = row.state
        if not runs.hold(session, [run_id], reason):
            raise Impossible(f"Run {run_id} is {before}, so it cannot be held.{_INSTEAD_OF_HOLDING.get(before, '')}")
        session.refresh(row)
        title = parts.catalogue[row.flow].title if row.flow in parts.catalogue else row.flow
        issues.join(session, row, title, parts.clock.now())
        audit.note(session, actor, "run.held", f"run:{run_id}", was=before, reason=reason)


_INSTEAD_OF_HOLDING = {
    "running": " It is being tried at this moment: look again in a few seconds.",
    "held": " It waits for a person already.",
    "dead": " Nothing tries it any more: it waits for a person already.",
}


def _given(**words: str) -> dict[str, str]:
    return {name: said for name, said in words.items() if said}


def _waiting(session: Session, run_id: int, done: str) -> str:
    """The state of a run that waits for a time or a person, locked; raises for any other."""
    row = session.get(Run, run_id, with_for_update=True)
    if row is None:
        raise LookupError(f"There is no run {run_id}.")
    if row.state not in runs.REPLAYABLE:
        instead = "" if row.state in runs.OPEN else f" To do its work again: `tieout run {row.flow} {row.subject}`."
        raise Impossible(f"Run {run_id} is {row.state}, so it cannot be {done}.{instead}")
    return row.state


def replay_all(parts: Parts, wanted: jobs.RunFilter, *, actor: str, reason: str) -> Job:
    """The job, not sent yet."""
    with parts.database.session_scope() as session:
        return jobs.replay_all(session, wanted, actor=actor, reason=reason)


def send_job(parts: Parts, job_id: int) -> None:
    """A broker that is away is no failure: the clock finds jobs that were not sent."""
    try:
        parts.broker.send_job(job_id)
    except Exception as error:
        jobs.log.warning("broker.refused", job=job_id, error=type(error).__name__)


# events ----------------------------------------------------------------------------------------------------------


def redispatch(parts: Parts, event_id: int, *, actor: str) -> None:
    """As if it had just arrived: under the switches and options of now."""
    with parts.database.session_scope() as session:
        forgotten = {"dispatched_at": None, "outcome": None, "reason": None}
        if session.execute(update(Event).where(Event.id == event_id).values(forgotten)).rowcount == 0:  # type: ignore[attr-defined]
            raise LookupError(f"There is no event {event_id}.")
        audit.note(session, actor, "event.redispatched", f"event:{event_id}")
    parts.dispatcher.dispatch([event_id])


# flows -----------------------------------------------------------------------------------------------------------


def run_now(
    parts: Parts, flow: AnyFlow, account: str, subjects: Sequence[str], *, actor: str, reason: str = ""
) -> dict[str, int]:
    """The run of each subject, queued; nothing is refused because the flow is switched off: a person asked for it."""
    now = parts.clock.now()
    with parts.database.session_scope() as session:
        if isinstance(flow, CoreFlow):
            queued, found = replay_named(session, flow, subjects, actor=actor, now=now)
        else:
            queued, found = runs.demand(session, flow, account, subjects, now=now, resend_after=RESEND_AFTER)
            told = {"account": account, "subjects": list(subjects), **_given(reason=reason)}
            audit.note(session, actor, "flow.demanded", f"flow:{flow.key}", **told)
    jobs.send(parts.broker, parts.catalogue, queued)
    return found


def replay_named(
    session: Session, flow: AnyFlow, run_ids: Sequence[str], *, actor: str, now: datetime
) -> tuple[list[runs.Queued], dict[str, int]]:
    """What flow `retry_errors` does on demand: all of these runs are replayed, or none. Raises WrongId."""
    flow.require(run_ids)
    found = {each: int(each) for each in run_ids}
    was = {run_id: _waiting(session, run_id, "replayed") for run_id in sorted(set(found.values()))}
    queued = runs.replay(session, list(was), now=now, resend_after=RESEND_AFTER)
    for run_id, before in was.items():
        audit.note(session, actor, "retry.replayed", f"run:{run_id}", was=before)
    return queued, found


def configure_flow(
    parts: Parts, flow: AnyFlow, *, actor: str, note: str = "", based_on: int | None = None, **values: Any
) -> int:
    """Some settings of one flow; the version in force afterwards. Raises InvalidConfig, Stale."""
    wanted = {name: value for name, value in values.items() if name in FlowConfig.model_fields}
    words = note or f"{flow.key}: " + ", ".join(f"{name} = {value}" for name, value in wanted.items())
    with parts.database.session_scope() as session:
        saved = change(
            session,
            lambda chosen: with_flow(chosen, flow.key, **wanted),
            actor=actor,
            note=words,
            flows=parts.catalogue,
            based_on=based_on,
        )
    return saved.version


def preview(parts: Parts, flow: AnyFlow, account: str, subject: str) -> PreviewOut:
    flow.require([subject])
    if isinstance(flow, CoreFlow):
        return _replay_previewed(parts, int(subject))
    found = parts.previewer.preview(flow.key, account, subject)
    return PreviewOut(
        flow=flow.key,
        account=account,
        id=subject,
        outcome=found.outcome.state,
        summary=found.outcome.summary,
        action=found.outcome.action,
        error_code=found.outcome.error_code,
        candidates=found.outcome.candidates,
        notes=found.notes,
        written=[WrittenOut.model_validate(each) for each in found.written],
    )


def _replay_previewed(parts: Parts, run_id: int) -> PreviewOut:
    with parts.database.session_scope() as session:
        run = session.get(Run, run_id)
    if run is None:
        raise LookupError(f"There is no run {run_id}.")
    return preview(parts, flow_called(parts, run.flow), run.account, run.subject)


# links -----------------------------------------------------------------------------------------------------------


def link(
    parts: Parts, role: str, stripe_id: str, netsuite_id: str, *, account: str, origin: str, note: str, actor: str
) -> Link:
    """By hand. A current link to another record stands in the way; a retired one is taken up again."""
    values = {
        "role": role,
        "account": account,
        "stripe_id": stripe_id,
        "netsuite_type": ROLES[role],
        "netsuite_id": netsuite_id,
        "origin": origin,
        "note": note or "Linked by hand.",
        "current": True,
    }
    name = external_id(role, stripe_id)
    with parts.database.session_scope() as session:
        row = session.scalars(select(Link).where(Link.external_id == name).with_for_update()).first()
        if row is not None and row.current:
            raise Impossible(
                f"{stripe_id} is linked to {row.netsuite_type} {row.netsuite_id}: retire link {row.id} first."
            )
        row = row or Link(external_id=name)
        for column, value in values.items():
            setattr(row, column, value)
        session.add(row)
        session.flush()
        audit.note(session, actor, "link.created", f"link:{row.id}", **values)
        session.refresh(row)
        return row


def retire_link(parts: Parts, link_id: int, note: str, *, actor: str) -> Link:
    with parts.database.session_scope() as session:
        row = session.get(Link, link_id, with_for_update=True)
        if row is None:
            raise LookupError(f"There is no link {link_id}.")
        if not row.current:
            raise Impossible(f"Link {link_id} is retired already.")
        row.current, row.note = False, note or "Retired by hand."
        audit.note(session, actor, "link.retired", f"link:{link_id}", external_id=row.external_id, note=note)
        session.flush()
        session.refresh(row)
        return row
