"""`/runs`: one flow's work for one source object, with every attempt and exchange."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import explain, queries, records
from app.admin import timeline as timelines
from app.admin.auth import Operator, Reader
from app.admin.models import HIGHEST, Narrowing, Page, RunDetail, RunOut, RunState, Short
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, not_found, refusals
from app.admin.run_models import ComparisonOut, RunPreviewOut, TimelineOut

router = APIRouter(prefix="/runs", tags=["runs"], route_class=AdminRoute)
RunId = Annotated[int, Path(ge=1, le=HIGHEST)]


class RunsQuery(Paged, Narrowing):
    state: list[RunState] = Field(default_factory=list, max_length=8)
    payload: Short = Field("", description="Somewhere in what was sent or came back, looked for in the newest first.")


@router.get("", summary="List runs, newest first")
def list_runs(
    _: Reader, query: Annotated[RunsQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[RunOut]:
    """Where `next` stands beside fewer items than were asked for, the search goes on from there."""
    found = records.find(session, query.to_filter(tuple(query.state)), query.part(), payload=query.payload)
    return Page(items=[RunOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/{run_id}", summary="One run with its attempts and exchanges", responses=refusals(404))
def get_run(_: Reader, run_id: RunId, session: Annotated[Session, Depends(reading)]) -> RunDetail:
    found = queries.run(session, run_id)
    if found is None:
        raise not_found(f"There is no run {run_id}.")
    return found


@router.get("/{run_id}/timeline", summary="All that happened to a run, oldest first", responses=refusals(404))
def get_timeline(
    _: Reader, run_id: RunId, request: Request, session: Annotated[Session, Depends(reading)]
) -> TimelineOut:
    """Events, attempts with their calls, what people did, and configuration changes in between."""
    found = timelines.timeline(session, run_id, parts_of(request).catalogue)
    if found is None:
        raise not_found(f"There is no run {run_id}.")
    return found


@router.get(
    "/{run_id}/preview", summary="What a run would do now, and why; nothing is written", responses=refusals(404)
)
def get_preview(
    _: Operator,
    run_id: RunId,
    request: Request,
    anew: Annotated[
        bool | None, Query(description="How its record would be written today; left out: so for a run that is done.")
    ] = None,
) -> RunPreviewOut:
    """Each write with where its fields come from, and its debits and credits."""
    return explain.preview(parts_of(request), run_id, anew=anew)


@router.get("/{run_id}/compare", summary="What it wrote, against NetSuite now", responses=refusals(404))
def get_comparison(_: Operator, run_id: RunId, request: Request) -> ComparisonOut:
    return explain.compare(parts_of(request), run_id)
