"""What can be done to a flow: switched, paused, given a schedule, sent to look, and run for pasted ids."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import Response

from app.admin import actions, bulk, flow_options
from app.admin.actions import Impossible
from app.admin.models import MOST_MINUTES
from app.core.flow import AnyFlow, CoreFlow
from app.dashboard.access import Admin, Operator, Viewer, Visit
from app.dashboard.flows import Key, Name, Words, accounts_of, tabs_of
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/flows")
MOST_IDS = 1000


# switches ----------------------------------------------------------------------------------------------------------


@router.post("/{key}/switch")
def switch(visit: Admin, key: Key, enabled: Name, reason: Words = "", back: Words = "") -> Response:
    on = enabled == "true"
    _configure(visit, key, reason, f"{key}: switched {'on' if on else 'off'}", enabled=on)
    said = "The flow is on." if on else "The flow is off: it takes nothing new and finishes what is queued."
    return go_to(visit, back or f"/flows/{key}", said)


@router.post("/{key}/pause")
def pause(visit: Operator, key: Key, reason: Words = "", back: Words = "") -> Response:
    _configure(visit, key, reason, f"{key}: paused", paused=True)
    return go_to(visit, back or f"/flows/{key}", "The flow is paused: what arrives waits, and nothing is dropped.")


@router.post("/{key}/resume")
def resume(visit: Operator, key: Key, reason: Words = "", back: Words = "") -> Response:
    _configure(visit, key, reason, f"{key}: resumed", paused=False)
    return go_to(visit, back or f"/flows/{key}", "The flow goes on: what waited begins within a minute.")


def _configure(visit: Visit, key: str, reason: str, otherwise: str, **values: bool) -> None:
    flow = actions.flow_called(visit.parts, key)
    actions.configure_flow(visit.parts, flow, actor=visit.caller.name, note=reason.strip() or otherwise, **values)


@router.post("/{key}/schedule")
def schedule(visit: Admin, key: Key, minutes: Annotated[str, Form(max_length=10)] = "", reason: Words = "") -> Response:
    flow = actions.flow_called(visit.parts, key)
    given = minutes.strip()
    if given and not (given.isdecimal() and 1 <= int(given) <= MOST_MINUTES):
        said = f"Give whole minutes between 1 and {MOST_MINUTES:,}, or nothing for the flow's own interval."
        return go_to(visit, f"/flows/{key}", said, tone="bad")
    every = int(given) if given else None
    flow_options.schedule(visit.parts, flow, every, actor=visit.caller.name, note=reason.strip())
    return go_to(visit, f"/flows/{key}", f"It looks every {every} minutes." if every else "It keeps its own interval.")


# running it --------------------------------------------------------------------------------------------------------


@router.post("/{key}/sweep")
def sweep(visit: Operator, key: Key, account: Name = "") -> Response:
    job = bulk.sweep_now(visit.parts, key, account or None, since=None, actor=visit.caller.name)
    return go_to(visit, f"/jobs/{job.id}", "It looks for what was missed.")


@router.get("/{key}/ids")
def ids_form(visit: Viewer, key: Key) -> Response:
    return _ids_page(visit, actions.flow_called(visit.parts, key), {"ids": "", "account": "", "reason": ""})


@router.post("/{key}/ids")
def run_ids(
    visit: Operator,
    key: Key,
    ids: Annotated[str, Form(max_length=250_000)] = "",
    account: Name = "",
    reason: Words = "",
) -> Response:
    flow = actions.flow_called(visit.parts, key)
    subjects = _split(ids)
    given = {"ids": ids, "account": account, "reason": reason}
    if problem := _wrong(flow, subjects):
        return _ids_page(visit, flow, given, problem, _not_taken(flow, subjects))
    try:
        named = actions.account_for(visit.parts, flow, account or None)
        found = actions.run_now(visit.parts, flow, named, subjects, actor=visit.caller.name, reason=reason.strip())
    except (LookupError, Impossible) as error:
        return _ids_page(visit, flow, given, str(error))
    said = "1 record is queued." if len(found) == 1 else f"{len(found):,} records are queued."
    only = next(iter(found.values()), 0)
    return go_to(visit, f"/records/{only}" if len(found) == 1 else _queued_now(flow), said)


def _queued_now(flow: AnyFlow) -> str:
    return "/records?within=1h" + ("" if isinstance(flow, CoreFlow) else f"&flow={flow.key}&cause=demand")


def _split(pasted: str) -> list[str]:
    """Ids as people paste them: a column of a sheet, a line with commas, with quotes or without."""
    found = (each.strip("\"'") for each in pasted.replace(",", " ").replace(";", " ").split())
    return list(dict.fromkeys(filter(None, found)))


def _not_taken(flow: AnyFlow, subjects: Sequence[str]) -> list[str]:
    return [each for each in subjects if not flow.takes(each)]


def _wrong(flow: AnyFlow, subjects: Sequence[str]) -> str:
    if not subjects:
        return "Paste at least one id."
    if len(subjects) > MOST_IDS:
        return f"These are {len(subjects):,} ids; at most {MOST_IDS:,} go at once. For more, start a back-fill."
    wrong = _not_taken(flow, subjects)
    if not wrong:
        return ""
    number = "One id is" if len(wrong) == 1 else f"{len(wrong):,} ids are"
    return f"{number} not of this flow, so none was started. It takes {flow.taken.removesuffix('…')}."


def _ids_page(
    visit: Visit, flow: AnyFlow, given: dict[str, str], problem: str = "", wrong: Sequence[str] = ()
) -> Response:
    facts: dict[str, Any] = {"flow": flow, "given": given, "problem": problem, "wrong": wrong}
    facts |= {"accounts": accounts_of(visit), "tabs_of": tabs_of(flow), "core": isinstance(flow, CoreFlow)}
    return page(visit, "flows/ids.html", status=422 if problem else 200, **facts)
