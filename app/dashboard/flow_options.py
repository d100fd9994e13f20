"""The options of a flow: a form made from its option model, what a change would do, and saving it as a version."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from app.admin import actions, flow_facts
from app.admin import flow_options as core
from app.admin.actions import Impossible
from app.core import config as configuration
from app.core.config import Config
from app.core.flow import AnyFlow
from app.core.plan import Difference, InvalidConfig, Stale, leaves
from app.dashboard.access import Admin, Operator, Viewer, Visit
from app.dashboard.flows import Key, Words, tabs_of
from app.dashboard.option_fields import Field, fields, in_words
from app.dashboard.option_form import Wrong, again, draft, read
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/flows")
AT_ONCE = 2
"""Records that are compared for one answer: each is asked of both systems, twice."""
BLANK_PAIRS = 3
MOST_FIELDS = 12
LONGEST = 100_000


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]
Draft = Annotated[str, Form(max_length=LONGEST)]


# the form ----------------------------------------------------------------------------------------------------------


@router.get("/{key}/options")
def options(visit: Viewer, key: Key) -> Response:
    flow = actions.flow_called(visit.parts, key)
    chosen = _current(visit)
    return _form(visit, flow, chosen.version, _fields(visit, flow, chosen))


@router.post("/{key}/options")
def check(visit: Admin, key: Key, sent: Sent) -> Response:
    """What is wrong with it, else what it would change; nothing is saved yet."""
    flow = actions.flow_called(visit.parts, key)
    chosen = _current(visit)
    shown = _fields(visit, flow, chosen)
    try:
        wanted = core.draft(visit.parts, flow, draft(shown, sent))
    except (Wrong, InvalidConfig) as error:
        given = read(shown, sent)
        return _form(visit, flow, chosen.version, again(shown, given, error.problems, sent), error.problems)
    if not _changes(shown, flow, wanted):
        return go_to(visit, f"/flows/{key}/options", "Nothing differs from what is in force.", tone="plain")
    return _plan(visit, flow, wanted)


def _form(
    visit: Visit, flow: AnyFlow, version: int, shown: Sequence[Field], problems: Mapping[str, str] | None = None
) -> Response:
    with visit.parts.database.session_scope() as session:
        history = flow_facts.changes(session, flow.key, limit=50)
    touched = [each for each in history if any(path.startswith("options") for path in each.settings)]
    last = {path.split(".")[1]: each for each in reversed(touched) for path in each.settings if "." in path}
    facts: dict[str, Any] = {"options": shown, "touched": touched, "last": last, "problems": problems or {}}
    facts |= {"flow": flow, "tabs_of": tabs_of(flow), "version": version, "in_words": in_words, "blank": BLANK_PAIRS}
    return page(visit, "flows/options.html", status=422 if problems else 200, **facts)


def _fields(visit: Visit, flow: AnyFlow, chosen: Config) -> list[Field]:
    flows = tuple((each.key, each.title) for each in visit.parts.catalogue.values())
    return fields(flow.options, chosen.options_for(flow), {"flows": flows})


def _current(visit: Visit) -> Config:
    with visit.parts.database.session_scope() as session:
        return configuration.current(session)


# what it would change ----------------------------------------------------------------------------------------------


def _plan(visit: Visit, flow: AnyFlow, wanted: core.Draft, problem: str = "", note: str = "") -> Response:
    shown = _fields(visit, flow, wanted.before)
    facts: dict[str, Any] = {"flow": flow, "based_on": wanted.before.version, "note": note, "problem": problem}
    facts |= {"draft": json.dumps(wanted.options), "changes": _changes(shown, flow, wanted), "sample": core.SAMPLE}
    return page(visit, "flows/plan.html", status=422 if problem else 200, **facts)


def _changes(shown: Sequence[Field], flow: AnyFlow, wanted: core.Draft) -> list[tuple[Field, str, str]]:
    differing = core.differing(wanted.before.options_for(flow), wanted.after.options_for(flow))
    return [
        (each, in_words(differing[each.path][0], each.choices), in_words(differing[each.path][1], each.choices))
        for each in shown
        if each.path in differing
    ]


@router.post("/{key}/options/save")
def save(visit: Admin, key: Key, draft: Draft, based_on: Annotated[int, Form()], note: Words = "") -> Response:
    flow = actions.flow_called(visit.parts, key)
    given = _object(draft)
    if not note.strip():
        wanted = core.draft(visit.parts, flow, given)
        return _plan(visit, flow, wanted, "Say why: the note is kept with the version and in the audit log.")
    try:
        version = core.save(visit.parts, flow, given, actor=visit.caller.name, note=note.strip(), based_on=based_on)
    except Stale as error:
        wanted = core.draft(visit.parts, flow, given)
        said = f"Not saved: {error}. Below is what your options would change now; save again to put them in force."
        return _plan(visit, flow, wanted, said, note)
    return go_to(visit, f"/flows/{key}/options", f"Version {version} is in force from the next run on.")


# which records would come out differently ---------------------------------------------------------------------------


@router.post("/{key}/options/compare")
def compare(
    visit: Operator,
    key: Key,
    draft: Draft,
    subjects: Annotated[str, Form(max_length=LONGEST)] = "",
    at: Annotated[int, Form(ge=0, le=100)] = 0,
    differ: Annotated[int, Form(ge=0, le=100)] = 0,
) -> Response:
    """The next few records, and a form that asks for those after them by itself."""
    flow = actions.flow_called(visit.parts, key)
    wanted = core.draft(visit.parts, flow, _object(draft))
    all_of_them = _given(flow, subjects) if subjects else core.subjects(visit.parts, wanted)
    looked_at = all_of_them[at : at + AT_ONCE]
    found = [each for one in looked_at if (each := core.compare(visit.parts, flow, wanted, *one)) is not None]
    facts: dict[str, Any] = {"flow": flow, "draft": draft, "subjects": json.dumps(all_of_them)}
    facts |= {"at": at + len(looked_at), "total": len(all_of_them), "differ": differ + len(found)}
    return page(visit, "flows/compared.html", found=[(each, _fields_of(each)) for each in found], **facts)


def _given(flow: AnyFlow, subjects: str) -> list[tuple[str, str]]:
    found = [(str(account), str(subject)) for account, subject in _list(subjects)]
    flow.require(subject for _, subject in found)
    return found


def _fields_of(each: Difference) -> list[tuple[str, str, str]]:
    """What differs, by its path in what is written: before and after."""
    before, after = _written(each.before), _written(each.after)
    paths = [path for path in dict.fromkeys([*before, *after]) if before.get(path) != after.get(path)]
    return [(path, _shown(before, path), _shown(after, path)) for path in paths[:MOST_FIELDS]]


def _written(outcome: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": outcome["outcome"], "summary": outcome["summary"]}
    for number, each in enumerate(outcome["written"]):
        name = f"{each.get('target', number)}"
        body = each.get("body")
        found |= {f"{name} {path}": value for path, value in leaves(body if isinstance(body, dict) else {"": body})}
    return found


def _shown(values: Mapping[str, Any], path: str) -> str:
    return in_words(values[path]) if path in values else "not sent"


def _object(raw: str) -> dict[str, Any]:
    found = _json(raw)
    if not isinstance(found, dict):
        raise Impossible("The draft cannot be read: open the options and change them again.")
    return found


def _list(raw: str) -> list[Any]:
    found = _json(raw)
    if not isinstance(found, list) or any(not isinstance(each, list) or len(each) != 2 for each in found):
        raise Impossible("The comparison cannot be read: open the options and change them again.")
    return found


def _json(raw: str) -> object:
    try:
        found: object = json.loads(raw)
    except ValueError:
        found = None
    return found
