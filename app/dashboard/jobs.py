"""Jobs: what is done to many records at once, back-fills and sweeps: how far they are, and steering them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import bulk, queries
from app.admin.actions import Impossible
from app.admin.models import HIGHEST, JobDetail, JobOut
from app.admin.problems import not_found
from app.admin.queries import Slice
from app.core import jobs
from app.core.job_rows import FINISHED, STATES
from app.core.run_filter import FIT
from app.core.runs import Run
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.pages import Asked, go_to, page, pages

router = pages(prefix="/jobs")
LIMIT = 30
FAILURES = 25
DEEDS = {"abort": jobs.abort, "pause": jobs.pause, "resume": jobs.resume}
SAID = {
    "abort": "Job {id} stops after the records it is at.",
    "pause": "Job {id} pauses after the records it is at.",
    "resume": "Job {id} goes on.",
}
NAMES = {
    "replay": "Replay",
    "run": "Run again",
    "hold": "Hold",
    "dismiss": "Dismiss",
    "sweep": "Sweep",
    "backfill": "Back-fill",
    "tie_out": "Tie-out",
    "completeness": "Completeness",
}
Words = Annotated[str, Form(max_length=2000)]
Name = Annotated[str, Form(max_length=100)]


class JobsAsked(Asked):
    state: str = Field("", max_length=20)
    kind: str = Field("", max_length=20)
    before: int | None = Field(None, ge=1, le=HIGHEST)


@router.get("")
def listed(visit: Viewer, asked: Annotated[JobsAsked, Query()]) -> Response:
    part = Slice(LIMIT, asked.before)
    with visit.parts.database.session_scope() as session:
        found = queries.jobs(session, part, state=asked.state or None, kind=asked.kind or None)
    flows = {job.id: _flow_of(job, visit) for job in found.items}
    facts: dict[str, Any] = {"asked": asked, "states": STATES, "names": NAMES, "flows": flows}
    return page(visit, "jobs/list.html", found=found, **facts)


def _flow_of(job: JobOut, visit: Visit) -> str:
    """Its title; empty when the job is not about one flow."""
    key = job.params.get("filter", job.params).get("flow")
    flow = visit.parts.catalogue.get(key) if key else None
    return flow.title if flow else str(key or "")


# back-fills and sweeps ---------------------------------------------------------------------------------------------


@router.get("/backfill")
def back_fill_form(visit: Operator, flow: Annotated[str, Query(max_length=100)] = "") -> Response:
    return _form(visit, {"flow": flow})


@router.post("/backfill")
def back_fill(
    visit: Operator,
    flow: Name = "",
    account: Name = "",
    since: Name = "",
    until: Name = "",
    reason: Words = "",
    dry_run: Annotated[str, Form()] = "",
    canary: Annotated[str, Form()] = "",
) -> Response:
    given = {"flow": flow, "account": account, "since": since, "until": until, "reason": reason}
    given |= {"dry_run": dry_run, "canary": canary}
    try:
        first, last = _day(since, "From"), _day(until, "To") if until else None
        if not reason.strip():
            raise Impossible("Say why: the reason is kept with the job.")
        job = bulk.back_fill(
            visit.parts,
            flow,
            account or None,
            first,
            last + timedelta(days=1) if last else None,
            actor=visit.caller.name,
            reason=reason.strip(),
            dry_run=bool(dry_run),
            canary=bool(canary),
        )
    except (Impossible, LookupError) as refusal:
        return _form(visit, given, wrong=str(refusal), status=422)
    return go_to(visit, f"/jobs/{job.id}", f"Job {job.id} looks at {job.total} day(s).")


@router.post("/sweep")
def sweep(visit: Operator, flow: Name = "", account: Name = "") -> Response:
    try:
        job = bulk.sweep_now(visit.parts, flow, account or None, since=None, actor=visit.caller.name)
    except (Impossible, LookupError) as refusal:
        return _form(visit, {"flow": flow, "account": account}, wrong=str(refusal), status=422)
    return go_to(visit, f"/jobs/{job.id}", f"Job {job.id} looks for what was missed.")


def _day(given: str, name: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(given), time.min, UTC)
    except ValueError:
        raise Impossible(f"{name}: choose a day.") from None


def _form(visit: Visit, given: dict[str, str], *, wrong: str = "", status: int = 200) -> Response:
    blank = dict.fromkeys(("flow", "account", "since", "until", "reason", "dry_run", "canary"), "")
    swept = [flow for flow in visit.parts.catalogue.values() if flow.sweep]
    facts: dict[str, Any] = {"given": blank | given, "wrong": wrong, "accounts": sorted(visit.parts.settings.stripe)}
    today = visit.now.date().isoformat()
    return page(visit, "jobs/backfill.html", status=status, flows=swept, today=today, **facts)


# one ---------------------------------------------------------------------------------------------------------------


@router.get("/{job_id:int}")
def one(visit: Viewer, job_id: int) -> Response:
    with visit.parts.database.session_scope() as session:
        job = queries.job(session, job_id) if job_id <= HIGHEST else None
        if job is None:
            raise not_found(f"There is no job {job_id}.")
        failed = _failed(session, job_id)
    facts: dict[str, Any] = {
        "job": job,
        "failed": failed,
        "names": NAMES,
        "titles": _titles(visit),
        "over": job.state in FINISHED,
    }
    return page(
        visit, "jobs/one.html", about=_about(job, _flow_of(job, visit)), matching=_matching(job), most=1_000, **facts
    )


@router.post("/{job_id:int}/{deed}")
def steer(visit: Operator, job_id: int, deed: str, reason: Words = "") -> Response:
    if deed not in DEEDS or job_id > HIGHEST:
        raise not_found("There is no such thing to do to a job.")
    bulk.steer(visit.parts, DEEDS[deed], job_id, actor=visit.caller.name, reason=reason.strip())
    return go_to(visit, f"/jobs/{job_id}", SAID[deed].format(id=job_id))


def _failed(session: Session, job_id: int) -> Sequence[Run]:
    """Those that need a person first, the newest of each."""
    found: list[Run] = []
    for state in ("dead", "held", "retrying"):
        wanted = select(Run).where(Run.job_id == job_id, Run.state == state).order_by(Run.id.desc())
        found += session.scalars(wanted.limit(FAILURES - len(found))).all() if len(found) < FAILURES else []
    return found


def _titles(visit: Visit) -> dict[str, str]:
    return {flow.key: flow.title for flow in visit.parts.catalogue.values()}


_WORDS = {
    "states": "state",
    "error_code": "error code",
    "since": "changed since",
    "until": "changed before",
    "causes": "cause",
    "ids": "chosen records",
}


def _about(job: JobDetail, flow: str) -> list[tuple[str, str]]:
    """What it is about, as pairs for people."""
    given: dict[str, Any] = job.params.get("filter", job.params)
    pairs = [("flow", flow)] if flow else []
    for name, value in given.items():
        if name == "flow" or value in (None, "") or (name == "states" and tuple(value) == FIT.get(job.kind)):
            continue
        shown = f"{len(value)}" if name == "ids" else ", ".join(value) if isinstance(value, list) else str(value)
        pairs.append((_WORDS.get(name, name), shown.replace("T00:00:00+00:00", "")))
    return pairs


def _matching(job: JobDetail) -> str:
    """The records that this job has seen to."""
    return "/records?" + urlencode({"job": job.id})
