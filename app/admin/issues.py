"""`/issues`: errors with one cause, taken up, put off or replayed as one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import actions, decisions, queries
from app.admin.auth import Operator, Reader
from app.admin.models import (
    HIGHEST,
    Counted,
    IssueChange,
    IssueDetail,
    IssueNoteIn,
    IssueOut,
    IssueState,
    JobOut,
    Page,
    ReplayIssue,
    Short,
)
from app.admin.paging import Paged
from app.admin.parts import Parts, parts_of, reading
from app.admin.problems import AdminRoute, invalid, not_found, refusals

router = APIRouter(prefix="/issues", tags=["issues"], route_class=AdminRoute)
IssueId = Annotated[int, Path(ge=1, le=HIGHEST)]


class IssuesQuery(Paged):
    state: list[IssueState] = Field(default_factory=list, max_length=5)
    flow: Short | None = None
    error_code: Short | None = None
    assignee: Short | None = None
    text: Short | None = Field(None, description="Somewhere in the title, any case.")


@router.get("", summary="List issues, newest first")
def list_issues(
    _: Reader, query: Annotated[IssuesQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[IssueOut]:
    wanted = queries.IssueFilter(tuple(query.state), query.flow, query.error_code, query.assignee, query.text)
    return queries.list_issues(session, wanted, query.part())


@router.get("/{issue_id}", summary="One issue with its notes and runs", responses=refusals(404))
def get_issue(_: Reader, issue_id: IssueId, session: Annotated[Session, Depends(reading)]) -> IssueDetail:
    return _found(session, issue_id)


@router.patch("/{issue_id}", summary="Change its state or who has it", responses=refusals(404, 409))
def change_issue(who: Operator, issue_id: IssueId, wanted: IssueChange, request: Request) -> IssueDetail:
    parts = parts_of(request)
    if wanted.snoozed_until is not None and wanted.state != "snoozed":
        raise invalid("`snoozed_until` goes with the state `snoozed`.", {"body.snoozed_until": "not without `snoozed`"})
    if wanted.state is not None:
        decisions.decide(parts, issue_id, wanted.state, actor=who.name, until=wanted.snoozed_until)
    if wanted.assignee is not None:
        decisions.assign(parts, issue_id, wanted.assignee, actor=who.name)
    return _now(parts, issue_id)


@router.post("/{issue_id}/notes", status_code=201, summary="Add a note", responses=refusals(404))
def add_note(who: Operator, issue_id: IssueId, wanted: IssueNoteIn, request: Request) -> IssueDetail:
    parts = parts_of(request)
    decisions.note(parts, issue_id, wanted.text, actor=who.name)
    return _now(parts, issue_id)


@router.post(
    "/{issue_id}/replay",
    status_code=202,
    summary="Replay all its runs, as a job",
    responses={200: {"model": Counted, "description": "With `dry_run`: how many it would be."}, **refusals(404)},
)
def replay_issue(
    who: Operator, issue_id: IssueId, wanted: ReplayIssue, request: Request, response: Response
) -> JobOut | Counted:
    parts = parts_of(request)
    if wanted.dry_run:
        response.status_code = 200
        return Counted(count=decisions.replayable(parts, issue_id))
    job = decisions.replay(parts, issue_id, actor=who.name, reason=wanted.reason)
    actions.send_job(parts, job.id)
    return JobOut.model_validate(job)


def _now(parts: Parts, issue_id: int) -> IssueDetail:
    with parts.database.session_scope() as session:
        return _found(session, issue_id)


def _found(session: Session, issue_id: int) -> IssueDetail:
    found = queries.issue(session, issue_id)
    if found is None:
        raise not_found(f"There is no issue {issue_id}.")
    return found
