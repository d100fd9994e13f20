"""`/jobs`: bulk actions and back-fills: started, rehearsed, paused, resumed, aborted, and how far they have come."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.orm import Session

from app.admin import bulk, queries
from app.admin.auth import Operator, Reader
from app.admin.models import HIGHEST, Counted, JobCount, JobDetail, JobIn, JobOut, Page, Steered
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, not_found, refusals
from app.core import jobs
from app.core.tables import Job

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=AdminRoute)
counting = APIRouter(prefix="/records", tags=["jobs"], route_class=AdminRoute)
JobId = Annotated[int, Path(ge=1, le=HIGHEST)]


class JobsQuery(Paged):
    state: Literal["queued", "running", "paused", "done", "aborted", "failed"] | None = None
    kind: Literal["replay", "dismiss", "hold", "run", "sweep", "backfill"] | None = None


@router.get("", summary="List jobs, newest first")
def list_jobs(
    _: Reader, query: Annotated[JobsQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[JobOut]:
    return queries.jobs(session, query.part(), state=query.state, kind=query.kind)


@router.post("", status_code=202, summary="Do something to all that a filter finds", responses=refusals(409))
def start(who: Operator, wanted: JobIn, request: Request) -> JobOut:
    """`replay`, `dismiss` and `hold` what waits, or `run` again what is finished, too."""
    job = bulk.start(
        parts_of(request),
        wanted.kind,
        wanted.filter.chosen(),
        actor=who.name,
        reason=wanted.reason,
        dry_run=wanted.dry_run,
        canary=wanted.canary,
    )
    return JobOut.model_validate(job)


@router.get("/{job_id}", summary="One job, its progress, and how its runs ended", responses=refusals(404))
def get_job(_: Reader, job_id: JobId, session: Annotated[Session, Depends(reading)]) -> JobDetail:
    found = queries.job(session, job_id)
    if found is None:
        raise not_found(f"There is no job {job_id}.")
    return found


@router.post("/{job_id}/abort", summary="Stop a job after the batch it is at", responses=refusals(404, 409))
def abort(who: Operator, job_id: JobId, request: Request, why: Steered | None = None) -> JobOut:
    return _steered(request, jobs.abort, job_id, who.name, why)


@router.post("/{job_id}/pause", summary="Let a job wait after the batch it is at", responses=refusals(404, 409))
def pause(who: Operator, job_id: JobId, request: Request, why: Steered | None = None) -> JobOut:
    return _steered(request, jobs.pause, job_id, who.name, why)


@router.post("/{job_id}/resume", summary="Let a paused job go on", responses=refusals(404, 409))
def resume(who: Operator, job_id: JobId, request: Request, why: Steered | None = None) -> JobOut:
    return _steered(request, jobs.resume, job_id, who.name, why)


def _steered(request: Request, deed: Callable[..., Job], job_id: int, actor: str, why: Steered | None) -> JobOut:
    reason = why.reason if why else ""
    return JobOut.model_validate(bulk.steer(parts_of(request), deed, job_id, actor=actor, reason=reason))


@counting.post("/count", summary="How many records a bulk action would be about", responses=refusals(409))
def count(_: Reader, wanted: JobCount, request: Request) -> Counted:
    return Counted(count=bulk.count(parts_of(request), wanted.kind, wanted.filter.chosen()))
