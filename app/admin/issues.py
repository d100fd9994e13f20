"""`/issues`: errors with one cause, taken up, put off or replayed as one."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import actions, decisions, queries, remedies
from app.admin.auth import Admin, Operator, Reader
from app.admin.models import (
    HIGHEST,
    Counted,
    ErrorCodeOut,
    HeatCell,
    HeatOut,
    IssueChange,
    IssueCounts,
    IssueDetail,
    IssueNoteIn,
    IssueOut,
    IssuesChange,
    IssuesReplay,
    IssueState,
    JobOut,
    Mended,
    MendIn,
    Page,
    RemedyOut,
    ReplayIssue,
    RunChoiceOut,
    SettingOut,
    Short,
)
from app.admin.paging import Paged
from app.admin.parts import Parts, now_of, parts_of, reading
from app.admin.problems import AdminRoute, invalid, not_found, refusals
from app.core import issue_figures
from app.core.error_rows import ROWS
from app.core.tables import Issue

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


@router.get("/counts", summary="How many issues there are by state, and who has some")
def counts(_: Reader, session: Annotated[Session, Depends(reading)]) -> IssueCounts:
    return IssueCounts(states=issue_figures.by_state(session), assignees=issue_figures.assignees(session))


@router.get("/heat", summary="When errors came up, by flow")
def heat(
    _: Reader,
    request: Request,
    session: Annotated[Session, Depends(reading)],
    unit: Annotated[issue_figures.Unit, Query(description="The last day by the hour, or the last 14 days.")] = "hour",
) -> HeatOut:
    since = issue_figures.begin(now_of(request), unit)
    found = issue_figures.heat(session, since, unit)
    cells = [HeatCell.model_validate(cell) for cell in found.cells]
    return HeatOut(since=since, unit=unit, cells=cells, cut=found.cut)


@router.get("/codes", summary="What each error code means")
def codes(_: Reader) -> list[ErrorCodeOut]:
    return [ErrorCodeOut.model_validate(row) for row in ROWS]


@router.post("/change", summary="Change the state of several, or who has them", responses=refusals(404, 409))
def change_issues(who: Operator, wanted: IssuesChange, request: Request) -> IssueCounts:
    parts = parts_of(request)
    _require_fitting(wanted)
    if wanted.state is not None:
        decisions.decide_all(
            parts, wanted.ids, wanted.state, actor=who.name, until=wanted.snoozed_until, reason=wanted.reason
        )
    if wanted.assignee is not None:
        decisions.assign_all(parts, wanted.ids, wanted.assignee, actor=who.name)
    with parts.database.session_scope() as session:
        return IssueCounts(states=issue_figures.by_state(session), assignees=issue_figures.assignees(session))


@router.post("/replay", status_code=202, summary="Replay all runs of several, a job each", responses=refusals(404, 409))
def replay_issues(who: Operator, wanted: IssuesReplay, request: Request) -> list[JobOut]:
    parts = parts_of(request)
    jobs = decisions.replay_several(parts, wanted.ids, actor=who.name, reason=wanted.reason)
    for job in jobs:
        actions.send_job(parts, job.id)
    return [JobOut.model_validate(job) for job in jobs]


@router.get("/{issue_id:int}", summary="One issue with its notes and runs", responses=refusals(404))
def get_issue(_: Reader, issue_id: IssueId, session: Annotated[Session, Depends(reading)]) -> IssueDetail:
    return _found(session, issue_id)


@router.patch("/{issue_id:int}", summary="Change its state or who has it", responses=refusals(404, 409))
def change_issue(who: Operator, issue_id: IssueId, wanted: IssueChange, request: Request) -> IssueDetail:
    parts = parts_of(request)
    _require_fitting(wanted)
    if wanted.state is not None:
        decisions.decide(
            parts, issue_id, wanted.state, actor=who.name, until=wanted.snoozed_until, reason=wanted.reason
        )
    if wanted.assignee is not None:
        decisions.assign(parts, issue_id, wanted.assignee, actor=who.name)
    return _now(parts, issue_id)


@router.post("/{issue_id:int}/notes", status_code=201, summary="Add a note", responses=refusals(404))
def add_note(who: Operator, issue_id: IssueId, wanted: IssueNoteIn, request: Request) -> IssueDetail:
    parts = parts_of(request)
    decisions.note(parts, issue_id, wanted.text, actor=who.name)
    return _now(parts, issue_id)


@router.post(
    "/{issue_id:int}/replay",
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


@router.get("/{issue_id:int}/remedy", summary="What mends it", responses=refusals(404))
def get_remedy(
    _: Reader, issue_id: IssueId, request: Request, session: Annotated[Session, Depends(reading)]
) -> RemedyOut:
    issue = session.get(Issue, issue_id)
    if issue is None:
        raise not_found(f"There is no issue {issue_id}.")
    found = remedies.remedy(session, parts_of(request), issue)
    return RemedyOut(
        code=ErrorCodeOut.model_validate(found.code),
        settings=[SettingOut.model_validate(one) for one in found.settings],
        choices=[
            RunChoiceOut(
                run=one.run.id,
                subject=one.run.subject,
                candidates=list(one.candidates),
                choosable=sorted(one.choosable),
            )
            for one in found.choices
        ],
        waiting=[asdict(one) for one in issue_figures.waiting(session, issue_id)],
    )


@router.post("/{issue_id:int}/mend", summary="Set what is missing, as a new version", responses=refusals(404, 409))
def mend_issue(who: Admin, issue_id: IssueId, wanted: MendIn, request: Request) -> Mended:
    """The setting is one of those that `remedy` names."""
    parts = parts_of(request)
    saved = remedies.mend(parts, issue_id, wanted.setting, wanted.value, actor=who.name, note=wanted.note)
    reason = f"{wanted.setting} is set."
    job = remedies.replay(parts, issue_id, actor=who.name, reason=reason) if wanted.replay else None
    return Mended(version=saved, job=job)


def _require_fitting(wanted: IssueChange) -> None:
    if wanted.snoozed_until is not None and wanted.state != "snoozed":
        raise invalid("`snoozed_until` goes with the state `snoozed`.", {"body.snoozed_until": "not without `snoozed`"})


def _now(parts: Parts, issue_id: int) -> IssueDetail:
    with parts.database.session_scope() as session:
        return _found(session, issue_id)


def _found(session: Session, issue_id: int) -> IssueDetail:
    found = queries.issue(session, issue_id)
    if found is None:
        raise not_found(f"There is no issue {issue_id}.")
    return found
