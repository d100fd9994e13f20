"""Mapping studio: what finance puts into NetSuite's fields, rule by rule, beside a real record."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Form, Path
from fastapi import Query as QueryParams
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.datastructures import FormData

from app.admin import completion, sample
from app.admin.problems import not_found
from app.core import config as configuration
from app.core import plan
from app.dashboard import mapping_drafts
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.mapping_drafts import Document, text, texts
from app.dashboard.mapping_studio import AGAIN, current, faults, planned, studio, told
from app.dashboard.pages import Asked, pages

router = pages(prefix="/mapping")
Number = Annotated[str, Path(pattern="^(new|[0-9]{1,4})$")]
DOING = (
    ("set", "Fill it; hold the record if the flow fills it, too"),
    ("default", "Fill it only where the flow leaves it empty"),
    ("override", "Replace whatever the flow says"),
)
FROM = (
    ("expression", "An expression"),
    ("constant", "A constant"),
    ("table", "A table"),
    ("lookup", "A NetSuite record"),
)
KINDS = ("text", "id", "ids", "number", "integer", "boolean", "date", "datetime")
BLANK = ("", "")


class RuleAsked(Asked):
    record: str = Field("", max_length=300)


@router.get("/fields")
def listed(visit: Viewer) -> Response:
    chosen = current(visit)
    return studio(visit, "rules.html", rules=chosen.field_rules, base=chosen.version, value_of=value_of)


@router.post("/fields/move")
def move(visit: Operator, do: Annotated[str, Form(max_length=40)]) -> Response:
    """What it would change if the rule stood elsewhere, or nowhere."""
    chosen = current(visit)
    document = mapping_drafts.rules_moved(configuration.document(chosen), do)
    return planned(visit, chosen, plan.checked(document, visit.parts.catalogue), back="/mapping/fields")


class WordsAsked(Asked):
    record_type: str = Field("", max_length=80)
    flow: str = Field("", max_length=80)


@router.get("/fields/words")
def words(visit: Viewer, asked: Annotated[WordsAsked, QueryParams()]) -> Response:
    """What can be written: NetSuite's fields of a record type, and what expressions of a flow can read."""
    fields, problem = completion.netsuite_fields(visit.parts, asked.record_type) if asked.record_type else ([], "")
    found = completion.expression_words(visit.parts, asked.flow)
    told_of = {"fields": [asdict(one) for one in fields], "words": [asdict(one) for one in found]}
    return JSONResponse(told_of | {"problem": problem})


@router.get("/fields/{number}")
def one(visit: Viewer, number: Number, asked: Annotated[RuleAsked, QueryParams()]) -> Response:
    document = configuration.document(current(visit))
    rules = document.get("field_rules", [])
    if number != "new" and int(number) >= len(rules):
        raise not_found(f"There is no field rule {int(number) + 1}.")
    rule = {} if number == "new" else rules[int(number)]
    return _shown(visit, number, rule, picked=asked.record)


def _shown(visit: Visit, number: str, rule: Document, **facts: Any) -> Response:
    with visit.parts.database.session_scope() as session:
        base = configuration.current(session).version
        recent = sample.recent(session, visit.parts)
    table = rule.get("table") or {}
    known: dict[str, Any] = {"part": "rule", "number": number, "rule": rule, "base": base, "recent": recent}
    known |= {"record_types": completion.record_types(), "flows": list(visit.parts.catalogue.values()), "doing": DOING}
    known |= {
        "accounts": sorted(visit.parts.settings.stripe),
        "kinds": KINDS,
        "sources": FROM,
        "from_what": source(rule),
    }
    known |= {"rows": [*table.get("values", {}).items(), BLANK], "problems": [], "faults": []}
    return studio(visit, "rule.html", **(known | facts))


def _again(visit: Visit, sent: FormData, problems: Mapping[str, str]) -> Response:
    rule = _as_sent(sent)
    rows = [row for row in zip(texts(sent, "table.key"), texts(sent, "table.value"), strict=False) if any(row)]
    facts: dict[str, Any] = {"problems": told(problems), "status": 422, "rows": [*rows, BLANK], "faults": faults(sent)}
    facts |= {"base": text(sent, "based_on"), "picked": text(sent, "record"), "from_what": text(sent, "from")}
    return _shown(visit, text(sent, "place") or "new", rule, **facts)


AGAIN["rule"] = _again


def _as_sent(sent: FormData) -> Document:
    rule = {name: text(sent, name) for name in sent if "." not in name}
    table = {"of": text(sent, "table.of"), "default": text(sent, "table.default")}
    lookup = {name: text(sent, f"lookup.{name}") for name in ("record_type", "field", "equals")}
    return {**rule, "updates": bool(sent.get("updates")), "table": table, "lookup": lookup}


def source(rule: Mapping[str, Any]) -> str:
    """Where its value comes from, as the form names it."""
    found = next((name for name in ("value", "table", "lookup") if rule.get(name) is not None), "expression")
    return "constant" if found == "value" else found


def value_of(rule: Any) -> str:
    """The value in a few words, for the list."""
    if rule.expression is not None:
        return f"`{rule.expression}`"
    if rule.table is not None:
        return f"a table of {len(rule.table.values)}, by `{rule.table.of}`"
    if rule.lookup is not None:
        return f"the {rule.lookup.record_type} whose {rule.lookup.field} is `{rule.lookup.equals}`"
    return f"always `{rule.value}`"
