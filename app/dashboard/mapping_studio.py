"""The ground of the mapping studio: a draft made in a form, tried on a real record, planned, and saved as a version."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from app.admin import checks, drafts, sample
from app.admin.actions import Impossible
from app.admin.drafts import Draft
from app.core import config as configuration
from app.core import plan
from app.core.config import Config
from app.core.expression_faults import Fault, fault
from app.core.flow import WrongId
from app.core.plan import Change, Difference, InvalidConfig, Stale, leaves
from app.core.tables import ConfigVersion
from app.dashboard import mapping_drafts
from app.dashboard.access import Admin, Operator, Viewer, Visit
from app.dashboard.mapping_drafts import Wrong, text
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/mapping")
TABS = (
    ("/mapping", "Accounts"),
    ("/mapping/items", "Items"),
    ("/mapping/types", "Taxes and types"),
    ("/mapping/match", "Match rules"),
    ("/mapping/fields", "Field rules"),
    ("/mapping/presets", "Presets"),
    ("/mapping/yaml", "YAML"),
    ("/mapping/versions", "Versions"),
)
AT_ONCE = 2
"""Records that are compared for one answer: each is asked of both systems, twice."""
MOST_FIELDS = 12
MOST_CHANGES = 200
LONGEST = 1_000_000
NOTHING = "–"


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]
Part = Annotated[str, Path(pattern="^(accounts|items|types|match|rule|yaml)$")]
Words = Annotated[str, Form(max_length=2000)]


def current(visit: Visit) -> Config:
    with visit.parts.database.session_scope() as session:
        return configuration.current(session)


def studio(visit: Visit, template: str, *, status: int = 200, **facts: Any) -> Response:
    """A page of the studio; `wrong`: what is not right with a draft, by its path."""
    known: dict[str, Any] = {"studio_tabs": TABS, "wrong": {}, "picked": None, "recent": []}
    return page(visit, f"mapping/{template}", status=status, **(known | facts))


def told(problems: Mapping[str, str]) -> list[tuple[str, str]]:
    """Problems as (setting, sentence)."""
    plain = {path: words.removeprefix("Value error, ") for path, words in problems.items()}
    return [(path, words[:1].upper() + words[1:]) for path, words in plain.items()]


# the draft ---------------------------------------------------------------------------------------------------------


def based_on(visit: Visit, sent: FormData) -> Config:
    """The version that the form was made from. Raises LookupError."""
    given = text(sent, "based_on")
    with visit.parts.database.session_scope() as session:
        now = configuration.current(session)
        return plan.version(session, int(given)) if given.isdigit() and int(given) != now.version else now


async def yaml_sent(sent: FormData) -> str:
    """A chosen file comes before what stands in the field. Raises InvalidConfig."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.filename:
        try:
            return (await file.read(LONGEST + 1)).decode()
        except UnicodeDecodeError:
            raise InvalidConfig({"": "the file is not a text in UTF-8"}) from None
    given = sent.get("yaml", "")
    return given if isinstance(given, str) else ""


def drafted(visit: Visit, part: str, sent: FormData, source: str = "") -> Config:
    """The configuration with this form's part in place. Raises InvalidConfig, and Wrong for what cannot be read."""
    if part == "yaml":
        return plan.parse(source, visit.parts.catalogue)
    document = configuration.document(based_on(visit, sent))
    return plan.checked(mapping_drafts.PARTS[part](document, text(sent, "place"), sent), visit.parts.catalogue)


# beside a real record ----------------------------------------------------------------------------------------------


@router.post("/{part}/sample")
async def try_on(visit: Operator, part: Part, sent: Sent) -> Response:
    return await _in_thread(_tried, visit, part, sent, await _source(part, sent))


def _tried(visit: Visit, part: str, sent: FormData, source: str) -> Response:
    facts: dict[str, Any] = {"sample": None, "problems": [], "faults": [], "said": "", "part": part}
    try:
        wanted = drafted(visit, part, sent, source)
        facts["sample"] = _sampled(visit, wanted, sent, anew=part != "match")
    except (InvalidConfig, Wrong) as error:
        facts |= _faulty(error.problems, faults(sent) if part == "rule" else [])
    except (LookupError, Impossible, WrongId) as error:
        facts["said"] = str(error)
    if part == "rule" and facts["sample"]:
        facts["faults"] = _met(sent, facts["sample"])
    return page(visit, "mapping/sample.html", **facts)


def _faulty(problems: Mapping[str, str], marked: Sequence[tuple[str, str, Fault]]) -> dict[str, Any]:
    """What is marked in its expression is not told a second time."""
    told_there = "this expression cannot be used"
    others = {path: words for path, words in problems.items() if not (marked and told_there in words)}
    return {"problems": told(others), "faults": marked}


def _sampled(visit: Visit, wanted: Config, sent: FormData, *, anew: bool) -> sample.Sample | None:
    flow, account, subject = _record(sent)
    return sample.sample(visit.parts, wanted, flow, account, subject, anew=anew) if subject else None


def _record(sent: FormData) -> tuple[str, str, str]:
    """The record that was chosen; a pasted id comes before it, read by the same flow."""
    flow, _, rest = text(sent, "record").partition("/")
    account, _, subject = rest.partition("/")
    return flow, account, text(sent, "record_id") or subject


def faults(sent: FormData) -> list[tuple[str, str, Fault]]:
    """(label, expression, what is wrong with it and where) of each expression of a rule."""
    labels = {"expression": "Expression", "when": "Only when", "lines": "In which lines"}
    labels |= {"table.of": "Look up", "lookup.equals": "Equals"}
    given = {name: text(sent, name) for name in labels}
    return [(labels[name], one, found) for name, one in given.items() if one and (found := fault(one))]


def _met(sent: FormData, tried: sample.Sample) -> list[tuple[str, str, Fault]]:
    """An expression that only the record itself shows to be wrong, such as a field that it does not have."""
    if tried.after.state != "held" or "cannot be worked out" not in tried.after.summary:
        return []
    expression = text(sent, "expression")
    found = fault(expression, tried.after.summary) if expression else None
    return [("Expression", expression, found)] if found and found.at is not None else []


# what it would change ----------------------------------------------------------------------------------------------


@router.get("/{part}/plan")
def planned_before(_: Viewer, part: Part) -> Response:
    """A plan that is asked for by its address is over: its draft was in the form that led to it."""
    where = {"accounts": "/mapping", "rule": "/mapping/fields"}.get(part, f"/mapping/{part}")
    return RedirectResponse(where, 303)


@router.post("/{part}/plan")
async def make_plan(visit: Operator, part: Part, sent: Sent) -> Response:
    try:
        return await _in_thread(_planned, visit, part, sent, await _source(part, sent))
    except (InvalidConfig, Wrong) as error:
        return await _in_thread(_again, visit, part, sent, error)


async def _source(part: str, sent: FormData) -> str:
    return await yaml_sent(sent) if part == "yaml" else ""


async def _in_thread(work: Any, *given: Any) -> Response:
    answer: Response = await run_in_threadpool(work, *given)
    return answer


def _planned(visit: Visit, part: str, sent: FormData, source: str) -> Response:
    base = based_on(visit, sent)
    wanted = drafted(visit, part, sent, source)
    return planned(visit, base, wanted, back=text(sent, "back") or "/mapping")


def _again(visit: Visit, part: str, sent: FormData, error: InvalidConfig | Wrong) -> Response:
    shown = AGAIN[part]
    answer: Response = shown(visit, sent, error.problems)
    return answer


AGAIN: dict[str, Any] = {}
"""Part -> shows its form again as it was sent, with what is wrong: (visit, sent, problems) -> page."""


def planned(visit: Visit, base: Config, wanted: Config, *, back: str, problem: str = "", note: str = "") -> Response:
    """What differs, which records would come out otherwise, and the form that saves it. Raises InvalidConfig."""
    unchecked = checks.fields_exist(visit.parts, wanted)
    changes = telling(base, wanted)
    if not changes:
        return go_to(visit, back, "Nothing differs from what is in force.", tone="plain")
    with visit.parts.database.session_scope() as session:
        now = configuration.current(session)
    facts: dict[str, Any] = {"base": base.version, "now": now.version, "yaml": plan.export(wanted), "back": back}
    facts |= {"changes": changes[:MOST_CHANGES], "count": len(changes), "in_words": in_words, "note": note}
    facts |= {"unchecked": unchecked, "problem": problem, "sample": drafts.SAMPLE}
    return studio(visit, "plan.html", status=422 if problem else 200, **facts)


def telling(before: Config, after: Config) -> list[Change]:
    """What differs, without what is empty in both, such as a list that gets its first entry."""
    return [each for each in plan.diff(before, after) if {in_words(each.before), in_words(each.after)} != {NOTHING}]


def in_words(value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(in_words, value))
        case str() | int():
            return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


# which records would come out otherwise -----------------------------------------------------------------------------


@router.post("/compare")
def compare(
    visit: Operator,
    yaml: Annotated[str, Form(max_length=LONGEST)],
    base: Annotated[int, Form(ge=0)],
    subjects: Annotated[str, Form(max_length=100_000)] = "",
    at: Annotated[int, Form(ge=0, le=200)] = 0,
    differ: Annotated[int, Form(ge=0, le=200)] = 0,
    held: Annotated[int, Form(ge=0, le=200)] = 0,
) -> Response:
    """The next few of the last records, and a form that asks for those after them by itself."""
    draft = drafts.read(visit.parts, yaml, base)
    listed = (
        _subjects(subjects)
        if subjects
        else plan.subjects(visit.parts.database, draft.base, draft.wanted, drafts.SAMPLE)
    )
    looked_at = [one for one in listed[at : at + AT_ONCE] if one[0] in visit.parts.catalogue]
    found = [_difference(visit, draft, one) for one in looked_at]
    differing = [each for each in found if each is not None]
    facts: dict[str, Any] = {"yaml": yaml, "base": base, "subjects": json.dumps(listed), "total": len(listed)}
    facts |= {"at": min(at + AT_ONCE, len(listed)), "differ": differ + len(differing)}
    facts["held"] = held + sum(each.after["outcome"] == "held" for each in differing)
    return page(visit, "mapping/compared.html", found=[(each, fields_of(each)) for each in differing], **facts)


def _difference(visit: Visit, draft: Draft, record: tuple[str, str, str]) -> Difference | None:
    return plan.difference(visit.parts.previewer, draft.base, draft.wanted, record)


def _subjects(raw: str) -> list[tuple[str, str, str]]:
    try:
        return [(str(flow), str(account), str(subject)) for flow, account, subject in json.loads(raw)]
    except (TypeError, ValueError):
        raise Impossible("The comparison cannot be read: go back and plan the change again.") from None


def fields_of(each: Difference) -> list[tuple[str, str, str]]:
    """What differs, by its path in what is written: before and after."""
    before, after = _written(each.before), _written(each.after)
    paths = [path for path in dict.fromkeys([*before, *after]) if before.get(path) != after.get(path)]
    return [(path, _shown(before, path), _shown(after, path)) for path in paths[:MOST_FIELDS]]


def _written(outcome: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": outcome["outcome"], "summary": outcome["summary"]}
    for number, each in enumerate(outcome["written"]):
        name, body = str(each.get("target", number)), each.get("body")
        found |= {f"{name} {path}": value for path, value in leaves(body if isinstance(body, dict) else {"": body})}
    return found


def _shown(values: Mapping[str, Any], path: str) -> str:
    return in_words(values[path]) if path in values else "not sent"


# saving ------------------------------------------------------------------------------------------------------------


@router.post("/save")
def save(
    visit: Admin,
    yaml: Annotated[str, Form(max_length=LONGEST)],
    base: Annotated[int, Form(ge=0)],
    note: Words = "",
    back: Words = "/mapping",
) -> Response:
    draft = drafts.read(visit.parts, yaml, base)
    if not note.strip():
        problem = "Say why: the note is kept with the version and in the audit log."
        return planned(visit, draft.base, draft.wanted, back=back, problem=problem)
    checks.fields_exist(visit.parts, draft.wanted)
    try:
        version = drafts.save(visit.parts, draft, actor=visit.caller.name, note=note.strip())
    except Stale:
        return _conflict(visit, drafts.read(visit.parts, yaml, base), note, back)
    return go_to(visit, back, f"Version {version} is in force from the next run on.")


def _conflict(visit: Visit, draft: Draft, note: str, back: str) -> Response:
    """Somebody saved in between: both changes beside one another, and yours on top of theirs as a new plan."""
    clashes: Sequence[str] = ()
    impossible = ""
    try:
        together = drafts.merged(visit.parts, draft)
        clashes, merged = together.clashes, plan.export(together.wanted)
    except InvalidConfig as error:
        merged, impossible = "", str(error)
    with visit.parts.database.session_scope() as session:
        by = session.get(ConfigVersion, draft.now.version)
    facts: dict[str, Any] = {"mine": draft.changes, "theirs": draft.theirs, "in_words": in_words, "by": by}
    facts |= {"now": draft.now.version, "base": draft.base.version, "yaml": merged, "note": note, "back": back}
    return studio(visit, "conflict.html", status=409, clashes=clashes, impossible=impossible, **facts)


@router.post("/merge")
def merge(
    visit: Operator,
    yaml: Annotated[str, Form(max_length=LONGEST)],
    base: Annotated[int, Form(ge=0)],
    note: Words = "",
    back: Words = "/mapping",
) -> Response:
    """The plan of a draft that was put together with what is in force."""
    draft = drafts.read(visit.parts, yaml, base)
    return planned(visit, draft.base, draft.wanted, back=back, note=note)
