"""Bulk jobs for the API, the pages and the command line alike: what they start and how they are steered.

Raises LookupError for what does not exist and Impossible for what cannot be done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.admin import actions, records
from app.admin.actions import Impossible
from app.admin.parts import Parts
from app.core import jobs
from app.core.flow import AnyFlow
from app.core.run_filter import RunFilter
from app.core.tables import Job


def start(
    parts: Parts,
    kind: str,
    wanted: RunFilter,
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    canary: int | None = None,
    send: bool = True,
) -> Job:
    with _possible(), parts.database.session_scope() as session:
        job = jobs.start(session, kind, wanted, actor=actor, reason=reason, dry_run=dry_run, canary=canary)
    return _sent(parts, job) if send else job


def count(parts: Parts, kind: str, wanted: RunFilter) -> int:
    with _possible(), parts.database.session_scope() as session:
        return jobs.count(session, wanted.fit_for(kind))


def number(parts: Parts, kind: str, wanted: RunFilter) -> records.Number:
    """The same without counting each of very many."""
    with _possible(), parts.database.session_scope() as session:
        meant = wanted.fit_for(kind)
        found = records.number(session, meant, parts.clock.now())
        return records.counted(session, meant) if found is None or found.about else found


def back_fill(
    parts: Parts,
    flow_key: str,
    account: str | None,
    since: datetime,
    until: datetime | None,
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    canary: bool = False,
    send: bool = True,
) -> Job:
    flow, named = _flow_and_account(parts, flow_key, account)
    end = min(until or parts.clock.now(), parts.clock.now())
    ask_after = 1 if canary else None
    with _possible(), parts.database.session_scope() as session:
        job = jobs.back_fill(
            session, flow, named, since, end, actor=actor, reason=reason, dry_run=dry_run, canary=ask_after
        )
    return _sent(parts, job) if send else job


def sweep_now(parts: Parts, flow_key: str, account: str | None, *, since: datetime | None, actor: str) -> Job:
    flow, named = _flow_and_account(parts, flow_key, account)
    if flow.sweep is None:
        raise Impossible(f"{flow_key} has no sweep: it is triggered by events and ids only.")
    with parts.database.session_scope() as session:
        job = jobs.sweep_now(session, flow_key, named, since=since, actor=actor)
    return _sent(parts, job)


def steer(parts: Parts, deed: Callable[..., Job], job_id: int, *, actor: str, reason: str = "") -> Job:
    """`deed`: abort, pause or resume of `app.core.jobs`."""
    with _possible(), parts.database.session_scope() as session:
        job = deed(session, job_id, actor=actor, reason=reason)
    return _sent(parts, job) if job.state == "queued" and deed is jobs.resume else job


def _flow_and_account(parts: Parts, key: str, account: str | None) -> tuple[AnyFlow, str]:
    flow = actions.flow_called(parts, key)
    return flow, actions.account_for(parts, flow, account)


def _sent(parts: Parts, job: Job) -> Job:
    actions.send_job(parts, job.id)
    return job


@contextmanager
def _possible() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        said = str(error)
        raise Impossible(f"{said[:1].upper()}{said[1:]}.") from None
