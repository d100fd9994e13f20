"""One record: a run and what it concerns. What happened and why, what it would do now, and what is to be done."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Form, Path, Query
from fastapi.responses import RedirectResponse, Response

from app.admin import actions, choices, explain, record_facts, record_objects
from app.admin.actions import Impossible
from app.admin.models import HIGHEST
from app.admin.problems import not_found
from app.admin.record_facts import Facts, Neighbours
from app.core.runs import AGAIN, HOLDABLE, REPLAYABLE
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.formats import with_query
from app.dashboard.pages import go_to, page, pages
from app.dashboard.record_list import came_from, neighbours

router = pages(prefix="/records")
RunId = Annotated[int, Path(ge=1, le=HIGHEST)]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
Of = Annotated[str, Query(max_length=4000)]
Why = Annotated[str, Form(max_length=2000)]
Key = Annotated[str, Form(max_length=200)]


# looking -----------------------------------------------------------------------------------------------------------


@router.get("/{run_id:int}")
def overview(visit: Viewer, run_id: RunId, of: Of = "") -> Response:
    found, beside = _found(visit, run_id, of)
    happened = record_facts.happened(visit.parts, run_id)
    return _shown(visit, "record/overview.html", found, beside, happened=happened)


@router.get("/{run_id:int}/preview")
def preview(visit: Operator, run_id: RunId, of: Of = "", anew: bool | None = None) -> Response:
    """Asks both systems, and writes nothing."""
    found, beside = _found(visit, run_id, of)
    told = explain.preview(visit.parts, run_id, anew=anew)
    return _shown(visit, "record/preview.html", found, beside, told=told)


@router.get("/{run_id:int}/compare")
def compare(visit: Operator, run_id: RunId, of: Of = "") -> Response:
    found, beside = _found(visit, run_id, of)
    told = explain.compare(visit.parts, run_id)
    return _shown(visit, "record/compare.html", found, beside, told=told)


@router.get("/stripe/{stripe_id}")
def of_stripe(visit: Viewer, stripe_id: Id) -> Response:
    return _object(visit, record_objects.of_stripe(visit.parts, stripe_id), stripe_id)


@router.get("/netsuite/{record_type}/{internal_id}")
def of_netsuite(visit: Viewer, record_type: Id, internal_id: Id) -> Response:
    found = record_objects.of_netsuite(visit.parts, record_type, internal_id)
    return _object(visit, found, f"{record_type} {internal_id}")


def _object(visit: Visit, found: record_objects.Object, name: str) -> Response:
    """Straight to its record, where there is only one."""
    if len(found.runs) == 1:
        return RedirectResponse(f"/records/{found.runs[0].id}", 303)
    titles = {flow.key: flow.title for flow in visit.parts.catalogue.values()}
    return page(visit, "record/object.html", found=found, name=name, titles=titles)


def _found(visit: Visit, run_id: int, of: str) -> tuple[Facts, Neighbours]:
    with visit.parts.database.session_scope() as session:
        found = record_facts.facts(session, visit.parts, run_id)
        if found is None:
            raise not_found(f"There is no record {run_id}. It may be older than what is kept.")
        return found, neighbours(session, run_id, came_from(visit.request, of), visit.now)


def _shown(visit: Visit, template: str, found: Facts, beside: Neighbours, **more: Any) -> Response:
    here = f"/records/{found.run.id}"
    tabs = [(with_query(here + part, of=beside.of), label) for part, label in _tabs(visit, found)]
    can = {"replay": REPLAYABLE, "dismiss": REPLAYABLE, "hold": HOLDABLE, "again": AGAIN}
    able = {name for name, states in can.items() if found.run.state in states and visit.may("operate")}
    return page(visit, template, found=found, run=found.run, beside=beside, entries_of_record=tabs, able=able, **more)


def _tabs(visit: Visit, found: Facts) -> Sequence[tuple[str, str]]:
    asks = [("/preview", "Preview")] if visit.may("operate") and found.flow else []
    asks += [("/compare", "NetSuite now")] if visit.may("operate") and found.run.records else []
    return [("", "What happened"), *asks]


# deeds -------------------------------------------------------------------------------------------------------------


@router.post("/{run_id:int}/replay")
def replay(visit: Operator, run_id: RunId, reason: Why = "", of: Key = "") -> Response:
    actions.replay(visit.parts, run_id, actor=visit.caller.name, reason=reason.strip())
    return _back(visit, run_id, of, "It is queued: it is tried again now.")


@router.post("/{run_id:int}/run")
def run(visit: Operator, run_id: RunId, flow: Key, reason: Why = "", of: Key = "") -> Response:
    """Its own flow once more, or another that takes the same object."""
    with visit.parts.database.session_scope() as session:
        found = record_facts.run_row(session, run_id)
    wanted = actions.flow_called(visit.parts, flow)
    started = actions.run_now(
        visit.parts, wanted, found.account, [found.subject], actor=visit.caller.name, reason=reason.strip()
    )
    return _back(visit, started[found.subject], of, f"{wanted.title}: it is queued for {found.subject}.")


@router.post("/{run_id:int}/hold")
def hold(visit: Operator, run_id: RunId, reason: Why = "", of: Key = "") -> Response:
    said = _said(reason, "held back")
    actions.hold(visit.parts, run_id, said, actor=visit.caller.name)
    return _back(visit, run_id, of, "It is held back until somebody replays it.")


@router.post("/{run_id:int}/dismiss")
def dismiss(visit: Operator, run_id: RunId, reason: Why = "", of: Key = "") -> Response:
    actions.dismiss(visit.parts, run_id, _said(reason, "dismissed"), actor=visit.caller.name)
    return _back(visit, run_id, of, "It is dismissed: nothing is done about it any more.")


@router.post("/{run_id:int}/choose")
def choose(visit: Operator, run_id: RunId, candidate: Key, reason: Why = "", of: Key = "") -> Response:
    choices.choose(visit.parts, run_id, candidate, actor=visit.caller.name, reason=reason.strip())
    return _back(visit, run_id, of, f"{candidate} is chosen, and the record is tried again now.")


def _said(reason: str, done: str) -> str:
    if not reason.strip():
        raise Impossible(f"Say why it is {done}: the reason is kept in the audit log.")
    return reason.strip()


def _back(visit: Visit, run_id: int, of: str, toast: str) -> Response:
    return go_to(visit, with_query(f"/records/{run_id}", of=of), toast)
