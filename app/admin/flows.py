"""`/flows`: the switches, options and counters of each flow; run, sweep and preview it now."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.orm import Session

from app.admin import actions, bulk, flow_facts, flow_options, queries
from app.admin.auth import Admin, Operator, Reader
from app.admin.flow_facts import Span
from app.admin.models import (
    ActivityOut,
    BackFillIn,
    ChangeOut,
    DifferenceOut,
    FlowChangeOut,
    FlowDetail,
    FlowOut,
    JobOut,
    Note,
    OptionsIn,
    OptionsOut,
    OptionsPlanIn,
    Page,
    PlanOut,
    PreviewIn,
    PreviewOut,
    RunNow,
    ScheduleIn,
    Started,
    SweepNow,
    Switch,
)
from app.admin.parts import Parts, now_of, parts_of, reading
from app.admin.problems import AdminRoute, refusals
from app.core import config as configuration
from app.core import jobs, plan

router = APIRouter(prefix="/flows", tags=["flows"], route_class=AdminRoute)
Key = Annotated[str, Path(max_length=100, examples=["stripe_customer_to_netsuite"])]


@router.get("", summary="List the flows in their published order")
def list_flows(_: Reader, request: Request, session: Annotated[Session, Depends(reading)]) -> Page[FlowOut]:
    return Page(items=queries.flows(session, parts_of(request).catalogue), next=None)


@router.get("/{key}", summary="One flow with its options", responses=refusals(404))
def get_flow(_: Reader, key: Key, request: Request, session: Annotated[Session, Depends(reading)]) -> FlowDetail:
    return queries.flow(session, actions.flow_called(parts_of(request), key))


@router.post("/{key}/switch", summary="Switch a flow on or off", responses=refusals(404))
def switch(who: Admin, key: Key, wanted: Switch, request: Request) -> FlowDetail:
    """Off: its events are ignored by name. What is queued already is still carried out, so this drains it, too."""
    return _configured(request, key, who.name, wanted.note, enabled=wanted.enabled)


@router.post("/{key}/pause", summary="Hold a flow's work back, without dropping any", responses=refusals(404))
def pause(who: Operator, key: Key, note: Note, request: Request) -> FlowDetail:
    return _configured(request, key, who.name, note.note, paused=True)


@router.post("/{key}/resume", summary="Go on with a paused flow", responses=refusals(404))
def resume(who: Operator, key: Key, note: Note, request: Request) -> FlowDetail:
    return _configured(request, key, who.name, note.note, paused=False)


@router.post("/{key}/schedule", summary="Set how often a flow looks by itself", responses=refusals(404, 409))
def schedule(who: Admin, key: Key, wanted: ScheduleIn, request: Request) -> FlowDetail:
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    flow_options.schedule(parts, flow, wanted.every_minutes, actor=who.name, note=wanted.note)
    with parts.database.session_scope() as session:
        return queries.flow(session, flow)


@router.get("/{key}/activity", summary="What a flow did lately, by hour or day", responses=refusals(404))
def activity(
    _: Reader,
    key: Key,
    request: Request,
    session: Annotated[Session, Depends(reading)],
    span: Annotated[Span, Query(description="The last day by the hour, or the last thirty days.")] = "24h",
) -> ActivityOut:
    flow, now = actions.flow_called(parts_of(request), key), now_of(request)
    found = flow_facts.activity(session, now, span, flow.key).get(key, flow_facts.nothing(now, span))
    return ActivityOut(times=list(found.times), states={state: list(each) for state, each in found.states.items()})


@router.get("/{key}/changes", summary="Who changed a flow's settings, newest first", responses=refusals(404))
def changes(
    _: Reader, key: Key, request: Request, session: Annotated[Session, Depends(reading)]
) -> list[FlowChangeOut]:
    flow = actions.flow_called(parts_of(request), key)
    return [FlowChangeOut(**asdict(each)) for each in flow_facts.changes(session, flow.key, limit=50)]


@router.get("/{key}/options", summary="A flow's options and their schema", responses=refusals(404))
def get_options(_: Reader, key: Key, request: Request) -> OptionsOut:
    return _options(parts_of(request), key)


@router.put("/{key}/options", summary="Replace a flow's options", responses=refusals(404, 409))
def put_options(who: Admin, key: Key, wanted: OptionsIn, request: Request) -> OptionsOut:
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    actions.configure_flow(
        parts, flow, actor=who.name, note=wanted.note, based_on=wanted.based_on, options=wanted.options
    )
    return _options(parts, key)


@router.post("/{key}/options/plan", summary="What other options would change", responses=refusals(404))
def plan_options(_: Operator, key: Key, wanted: OptionsPlanIn, request: Request) -> PlanOut:
    """Which of the flow's last records would come out otherwise. Nothing is written."""
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    draft = flow_options.draft(parts, flow, wanted.options)
    looked_at = flow_options.subjects(parts, draft, wanted.sample)
    found = [flow_options.compare(parts, flow, draft, *subject) for subject in looked_at]
    return PlanOut(
        based_on=draft.before.version,
        changes=[ChangeOut.model_validate(change) for change in plan.diff(draft.before, draft.after)],
        looked_at=len(looked_at),
        differences=[DifferenceOut(**asdict(each)) for each in found if each is not None],
    )


@router.post("/{key}/runs", status_code=202, summary="Run a flow for these ids now", responses=refusals(404, 409))
def run_now(who: Operator, key: Key, wanted: RunNow, request: Request) -> Started:
    """A finished object is done again; one that waits for a retry does not wait any longer."""
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    account = actions.account_for(parts, flow, wanted.account)
    return Started(runs=actions.run_now(parts, flow, account, wanted.ids, actor=who.name))


@router.post(
    "/{key}/sweep", status_code=202, summary="Look for what was missed, as a job", responses=refusals(404, 409)
)
def sweep_now(who: Operator, key: Key, wanted: SweepNow, request: Request) -> JobOut:
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    if flow.sweep is None:
        raise actions.Impossible(f"{key} has no sweep: it is triggered by events and ids only.")
    account = actions.account_called(parts, wanted.account)
    with parts.database.session_scope() as session:
        job = jobs.sweep_now(session, key, account, since=wanted.since, actor=who.name)
    actions.send_job(parts, job.id)
    return JobOut.model_validate(job)


@router.post(
    "/{key}/backfill", status_code=202, summary="Bring in what lies between two dates", responses=refusals(404, 409)
)
def back_fill(who: Operator, key: Key, wanted: BackFillIn, request: Request) -> JobOut:
    """Day by day where the flow's source can be asked so; a flow that reads NetSuite looks once, from the first."""
    job = bulk.back_fill(
        parts_of(request),
        key,
        wanted.account,
        wanted.since,
        wanted.until,
        actor=who.name,
        reason=wanted.reason,
        dry_run=wanted.dry_run,
        canary=wanted.canary,
    )
    return JobOut.model_validate(job)


@router.post("/{key}/preview", summary="What a run would do now; nothing is written", responses=refusals(404, 409))
def preview(_: Operator, key: Key, wanted: PreviewIn, request: Request) -> PreviewOut:
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    return actions.preview(parts, flow, actions.account_for(parts, flow, wanted.account), wanted.id)


def _configured(request: Request, key: str, actor: str, note: str, **values: bool) -> FlowDetail:
    parts = parts_of(request)
    flow = actions.flow_called(parts, key)
    actions.configure_flow(parts, flow, actor=actor, note=note, **values)
    with parts.database.session_scope() as session:
        return queries.flow(session, flow)


def _options(parts: Parts, key: str) -> OptionsOut:
    flow = actions.flow_called(parts, key)
    with parts.database.session_scope() as session:
        chosen = configuration.current(session)
    return OptionsOut(
        options=chosen.options_for(flow).model_dump(mode="json"),
        options_schema=flow.options.model_json_schema(),
        version=chosen.version,
    )
