"""`/jobs`: bulk actions, how far they have come, and stopping them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.orm import Session

from app.admin import queries
from app.admin.actions import Impossible
from app.admin.auth import Operator, Reader
from app.admin.models import HIGHEST, JobOut, Page
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, not_found, refusals
from app.core import jobs
from app.core.tables import Job

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=AdminRoute)
JobId = Annotated[int, Path(ge=1, le=HIGHEST)]


class JobsQuery(Paged):
    state: Literal["queued", "running", "done", "aborted", "failed"] | None = None


@router.get("", summary="List jobs, newest first")
def list_jobs(
    _: Reader, query: Annotated[JobsQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[JobOut]:
    return queries.jobs(session, query.part(), state=query.state)


@router.get("/{job_id}", summary="One job and its progress", responses=refusals(404))
def get_job(_: Reader, job_id: JobId, session: Annotated[Session, Depends(reading)]) -> JobOut:
    row = session.get(Job, job_id)
    if row is None:
        raise not_found(f"There is no job {job_id}.")
    return JobOut.model_validate(row)


@router.post("/{job_id}/abort", summary="Stop a job after the batch it is at", responses=refusals(404, 409))
def abort(who: Operator, job_id: JobId, request: Request) -> JobOut:
    with parts_of(request).database.session_scope() as session:
        try:
            return JobOut.model_validate(jobs.abort(session, job_id, actor=who.name))
        except ValueError as error:
            raise Impossible(f"{error}.") from None
