"""`/retries`: what is not finished. Replay one, replay all that a filter finds, or dismiss with a reason."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import actions, choices, queries
from app.admin.auth import Operator, Reader
from app.admin.models import (
    Choice,
    Counted,
    Dismissal,
    JobOut,
    LinkOut,
    Narrowing,
    Page,
    ReplayAll,
    RetryOut,
    RunDetail,
    WaitingState,
)
from app.admin.paging import Paged
from app.admin.parts import Parts, parts_of, reading
from app.admin.problems import AdminRoute, not_found, refusals
from app.admin.runs import RunId
from app.core import jobs

router = APIRouter(prefix="/retries", tags=["retries"], route_class=AdminRoute)


class RetriesQuery(Paged, Narrowing):
    state: list[WaitingState] = Field(default_factory=list, max_length=3)


@router.get("", summary="List what is not finished: retrying by itself, held, or dead")
def list_retries(
    _: Reader, query: Annotated[RetriesQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[RetryOut]:
    return queries.list_retries(session, query.to_filter(tuple(query.state)), query.part())


@router.post(
    "/replay",
    status_code=202,
    summary="Replay all that a filter finds, as a job",
    responses={200: {"model": Counted, "description": "With `dry_run`: how many it would be."}},
)
def replay_all(who: Operator, wanted: ReplayAll, request: Request, response: Response) -> JobOut | Counted:
    parts = parts_of(request)
    narrowed = wanted.filter.to_filter(tuple(wanted.filter.states)).replayable()
    if wanted.dry_run:
        response.status_code = 200
        with parts.database.session_scope() as session:
            return Counted(count=jobs.count(session, narrowed))
    job = actions.replay_all(parts, narrowed, actor=who.name, reason=wanted.reason)
    actions.send_job(parts, job.id)
    return JobOut.model_validate(job)


@router.post("/{run_id}/replay", summary="Make one run due now", responses=refusals(404, 409))
def replay(who: Operator, run_id: RunId, request: Request) -> RunDetail:
    parts = parts_of(request)
    actions.replay(parts, run_id, actor=who.name)
    return _now(parts, run_id)


@router.post("/{run_id}/choose", summary="Choose one of a held run's candidates", responses=refusals(404, 409))
def choose(who: Operator, run_id: RunId, choice: Choice, request: Request) -> LinkOut:
    """The choice is kept as a link, and the run is replayed."""
    return LinkOut.model_validate(
        choices.choose(parts_of(request), run_id, choice.id, actor=who.name, reason=choice.reason)
    )


@router.post("/{run_id}/dismiss", summary="Decide that nothing is to be done", responses=refusals(404, 409))
def dismiss(who: Operator, run_id: RunId, why: Dismissal, request: Request) -> RunDetail:
    parts = parts_of(request)
    actions.dismiss(parts, run_id, why.reason, actor=who.name)
    return _now(parts, run_id)


@router.post("/{run_id}/hold", summary="Keep it back until a person replays it", responses=refusals(404, 409))
def hold(who: Operator, run_id: RunId, why: Dismissal, request: Request) -> RunDetail:
    """Nothing tries it until it is replayed, or until something new happens to its object."""
    parts = parts_of(request)
    actions.hold(parts, run_id, why.reason, actor=who.name)
    return _now(parts, run_id)


def _now(parts: Parts, run_id: int) -> RunDetail:
    with parts.database.session_scope() as session:
        found = queries.run(session, run_id)
    if found is None:
        raise not_found(f"There is no run {run_id}.")
    return found
