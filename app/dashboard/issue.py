"""One issue: what it is, why, what mends it, its records, an example of what was said, and what people decided."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Form, Path, Query
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import actions, choices, decisions, pick, queries, remedies
from app.admin.actions import Impossible
from app.admin.models import HIGHEST, IssueDetail
from app.admin.pick import Picks
from app.admin.problems import not_found
from app.core import issue_figures
from app.core.attempts import Attempt
from app.core.links import ROLES
from app.core.plan import InvalidConfig
from app.core.tables import Issue
from app.dashboard.access import Admin, Operator, Viewer, Visit
from app.dashboard.issues import DEEDS, DONE, SNOOZES, Back, Words, titled
from app.dashboard.issues import people as people_of
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/issues/{issue_id:int}")
IssueId = Annotated[int, Path(ge=1, le=HIGHEST)]
Key = Annotated[str, Form(max_length=255)]


# looking -----------------------------------------------------------------------------------------------------------


@router.get("")
def look(visit: Viewer, issue_id: IssueId, choose: Annotated[str, Query(max_length=1)] = "") -> Response:
    """`choose`: with NetSuite's lists to choose from, which takes a call or two."""
    return _shown(visit, issue_id, asking=bool(choose) and visit.may("admin"))


def _shown(visit: Visit, issue_id: int, *, asking: bool = False, status: int = 200, **more: Any) -> Response:
    with visit.parts.database.session_scope() as session:
        issue = queries.issue(session, issue_id)
        row = session.get(Issue, issue_id)
        if issue is None or row is None:
            raise not_found(f"There is no issue {issue_id}.")
        remedy = remedies.remedy(session, visit.parts, row)
        waiting = issue_figures.waiting(session, issue_id)
        example = _example(session, issue)
        people = people_of(session, visit)
    picks = pick.picks(visit.parts, remedy.settings[0]) if asking and remedy.settings else Picks()
    facts: dict[str, Any] = {
        "here": f"/issues/{issue_id}",  # also as the answer to its own form
        "issue": issue,
        "title": titled(visit.parts.catalogue, issue.flow, issue.title),
        "remedy": remedy,
        "waiting": waiting,
        "example": example,
        "people": people,
        "picks": picks,
        "asked": asking,
        "snoozes": SNOOZES,
        "roles": ROLES,
        "titles": {flow.key: flow.title for flow in visit.parts.catalogue.values()},
    }
    given = {"setting": "", "value": "", "note": "", "replay": "1"}
    empty: dict[str, Any] = {"wrong": "", "given": given, "outcome": None}
    return page(visit, "issues/one.html", status=status, **facts, **{**empty, **more})


def _example(session: Session, issue: IssueDetail) -> Mapping[str, Any] | None:
    """The call of the newest record's last attempt that was refused, else its last."""
    if issue.example_run is None:
        return None
    newest = select(Attempt).where(Attempt.run_id == issue.example_run).order_by(Attempt.id.desc()).limit(1)
    attempt = session.scalars(newest).first()
    calls: Sequence[Mapping[str, Any]] = attempt.exchanges if attempt else []
    refused = [call for call in calls if call.get("error") or (call.get("status") or 599) >= 400]
    found = next(iter(refused[::-1] or calls[::-1]), None)
    return None if found is None else {**found, "refused": bool(refused)}


# mending -----------------------------------------------------------------------------------------------------------


@router.post("/mend")
def mend(
    visit: Admin,
    issue_id: IssueId,
    setting: Key,
    value: Key = "",
    note: Words = "",
    replay: Annotated[str, Form()] = "",
    attempt: Annotated[str, Form()] = "",
) -> Response:
    given = {"setting": setting, "value": value, "note": note, "replay": replay}
    try:
        if attempt:
            run, found = remedies.tried(visit.parts, issue_id, setting, value)
            return _shown(visit, issue_id, asking=True, given=given, outcome=(run, found.outcome))
        saved = remedies.mend(visit.parts, issue_id, setting, value, actor=visit.caller.name, note=note.strip())
    except (Impossible, InvalidConfig) as error:
        return _shown(visit, issue_id, asking=True, status=422, given=given, wrong=str(error))
    told = f"Version {saved} of the configuration is in force."
    if not replay or not decisions.replayable(visit.parts, issue_id):
        return go_to(visit, f"/issues/{issue_id}", told)
    job = remedies.replay(visit.parts, issue_id, actor=visit.caller.name, reason=note.strip() or f"{setting} is set.")
    return go_to(visit, f"/jobs/{job}", f"{told} Its records are replayed.")


@router.post("/choose")
def choose(
    visit: Operator,
    issue_id: IssueId,
    run: Annotated[int, Form(ge=1, le=HIGHEST)],
    candidate: Key,
    reason: Words = "",
) -> Response:
    choices.choose(visit.parts, run, candidate, actor=visit.caller.name, reason=reason.strip())
    return go_to(visit, f"/issues/{issue_id}", f"{candidate} is chosen, and record {run} is tried again now.")


@router.post("/link")
def link(
    visit: Operator,
    issue_id: IssueId,
    role: Key,
    stripe_id: Key,
    netsuite_id: Key,
    account: Key = "",
    note: Words = "",
) -> Response:
    if role not in ROLES or not stripe_id.strip() or not netsuite_id.strip().isdigit():
        raise Impossible("Give a Stripe id (cus_…) and NetSuite's internal id, which is a number.")
    made = actions.link(
        visit.parts,
        role,
        stripe_id.strip(),
        netsuite_id.strip(),
        account=actions.account_called(visit.parts, account or None),
        origin="stripe",
        note=note.strip(),
        actor=visit.caller.name,
    )
    told = f"{made.stripe_id} is linked to {made.netsuite_type} {made.netsuite_id}. Replay what waits for it."
    return go_to(visit, f"/issues/{issue_id}", told)


@router.post("/replay")
def replay_all(visit: Operator, issue_id: IssueId, reason: Words = "", back: Back = "") -> Response:
    if not decisions.replayable(visit.parts, issue_id):
        raise Impossible(f"No record of issue {issue_id} waits for a replay.")
    job = remedies.replay(visit.parts, issue_id, actor=visit.caller.name, reason=reason.strip())
    return go_to(visit, back or f"/jobs/{job}", f"Job {job} replays the records of issue {issue_id}.")


# deciding ----------------------------------------------------------------------------------------------------------


@router.post("/decide")
def decide(
    visit: Operator,
    issue_id: IssueId,
    do: Annotated[str, Form(max_length=20)],
    reason: Words = "",
    days: Annotated[int, Form(ge=1, le=365)] = 1,
) -> Response:
    if do not in DEEDS:
        raise Impossible("Choose what to do: acknowledge, snooze, ignore, resolve or open again.")
    until = visit.now + timedelta(days=days) if do == "snooze" else None
    decisions.decide(visit.parts, issue_id, DEEDS[do], actor=visit.caller.name, until=until, reason=reason.strip())
    return go_to(visit, f"/issues/{issue_id}", f"Issue {issue_id} is {DONE[DEEDS[do]]}.")


@router.post("/assign")
def assign(visit: Operator, issue_id: IssueId, assignee: Key = "") -> Response:
    decisions.assign(visit.parts, issue_id, assignee.strip(), actor=visit.caller.name)
    whose = assignee.strip() or "nobody"
    return go_to(visit, f"/issues/{issue_id}", f"Issue {issue_id} is {whose}'s now.")


@router.post("/note")
def note(visit: Operator, issue_id: IssueId, text: Words = "") -> Response:
    if not text.strip():
        return go_to(visit, f"/issues/{issue_id}", "Write the note first.", tone="bad")
    decisions.note(visit.parts, issue_id, text.strip(), actor=visit.caller.name)
    return go_to(visit, f"/issues/{issue_id}", "The note is kept.")
