"""`/runs`: one flow's work for one source object, with every attempt and exchange."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import queries
from app.admin.auth import Reader
from app.admin.models import HIGHEST, Narrowing, Page, RunDetail, RunOut, RunState
from app.admin.paging import Paged
from app.admin.parts import reading
from app.admin.problems import AdminRoute, not_found, refusals

router = APIRouter(prefix="/runs", tags=["runs"], route_class=AdminRoute)
RunId = Annotated[int, Path(ge=1, le=HIGHEST)]


class RunsQuery(Paged, Narrowing):
    state: list[RunState] = Field(default_factory=list, max_length=8)


@router.get("", summary="List runs, newest first")
def list_runs(
    _: Reader, query: Annotated[RunsQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[RunOut]:
    return queries.list_runs(session, query.to_filter(tuple(query.state)), query.part())


@router.get("/{run_id}", summary="One run with its attempts and exchanges", responses=refusals(404))
def get_run(_: Reader, run_id: RunId, session: Annotated[Session, Depends(reading)]) -> RunDetail:
    found = queries.run(session, run_id)
    if found is None:
        raise not_found(f"There is no run {run_id}.")
    return found
