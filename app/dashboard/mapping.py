"""Mapping studio: the accounts, items, taxes and types of each Stripe account's books."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query as QueryParams
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.datastructures import FormData

from app.admin import netsuite_lists, sample
from app.admin.netsuite_lists import Kind, unfit
from app.admin.problems import not_found
from app.core import config as configuration
from app.core.config import Config
from app.dashboard import mapping_drafts
from app.dashboard.access import Viewer, Visit
from app.dashboard.mapping_drafts import ACCOUNT_ROWS, ITEM_ROWS, Document, text, texts
from app.dashboard.mapping_studio import AGAIN, studio, told
from app.dashboard.pages import Asked, pages

router = pages(prefix="/mapping")
BLANK = ("", "")
TYPE_TABLES = ("code_by_rate", "type_by_rate", "payment_options", "payout_types")


class BooksAsked(Asked):
    """`place`: whose books. `add`: a price or product to begin a row for. `again`: read NetSuite's lists anew."""

    place: str = Field("", max_length=120)
    record: str = Field("", max_length=300)
    again: bool = False


Wanted = Annotated[BooksAsked, QueryParams()]


@router.get("")
def accounts(visit: Viewer, asked: Wanted) -> Response:
    return _shown(visit, "accounts", asked)


@router.get("/items")
def items(visit: Viewer, asked: Wanted) -> Response:
    return _shown(visit, "items", asked)


@router.get("/types")
def types(visit: Viewer, asked: Wanted) -> Response:
    return _shown(visit, "types", asked)


class ChoicesAsked(Asked):
    q: str = Field("", max_length=100)
    setting: str = Field("", max_length=40)
    iso: str = Field("", max_length=5)


@router.get("/choices/{kind}")
def choices(visit: Viewer, kind: Kind, asked: Annotated[ChoicesAsked, QueryParams()]) -> Response:
    """What a picker offers for what has been typed."""
    known = netsuite_lists.entries(visit.parts, kind)
    offered = [
        {"id": one.id, "label": one.label, "more": one.words.removeprefix(one.label).lstrip(" ·"), "odd": odd}
        for one in known.found(asked.q, asked.setting)
        for odd in (unfit(one, asked.setting, asked.iso),)
    ]
    return JSONResponse({"offered": offered, "problem": known.problem})


def _shown(visit: Visit, part: str, asked: BooksAsked) -> Response:
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
        facts = {"recent": sample.recent(session, visit.parts), "picked": asked.record}
        document = configuration.document(chosen)
        places = mapping_drafts.places(document, sorted(visit.parts.settings.stripe))
        place = asked.place or (places[0] if places else "*")
        if place not in (*places, "*"):
            raise not_found(f"There are no books {place!r}; there are {', '.join(places)}.")
        facts["missing"] = sample.missing(session, [f"books.{name}.{part}" for name in _names(visit, place, document)])
    return _form(visit, part, document, place, chosen, anew=asked.again, places=places, **facts)


def _names(visit: Visit, place: str, document: Document) -> list[str]:
    """How records name these books: those of `*` by each account that has none of its own."""
    if place != "*":
        return [place]
    return [name for name in visit.parts.settings.stripe if name not in document.get("books", {})]


def _form(visit: Visit, part: str, document: Document, place: str, chosen: Config, **facts: Any) -> Response:
    books = mapping_drafts.at(document, place)
    kind: Kind = "items" if part == "items" else "accounts"
    known = netsuite_lists.entries(visit.parts, kind, anew=facts.pop("anew", False))
    shown: dict[str, Any] = {"part": part, "books": books, "place": place, "base": chosen.version, "known": known}
    shown |= {
        "odd": unfit,
        "problems": [],
        "missing": [],
        "places": [place],
        "currencies": _currencies(document, known),
    }
    return studio(visit, f"{part}.html", **(shown | _rows(part, books) | facts))


def _rows(part: str, books: Document) -> dict[str, Any]:
    if part == "accounts":
        found = books.get("accounts", {})
        rows = [(name, label, help_, _pairs(found, name)) for name, label, help_ in ACCOUNT_ROWS]
        return {"rows": rows, "by_destination": _pairs(found, "bank_by_destination")}
    if part == "items":
        found = books.get("items", {})
        return {"rows": ITEM_ROWS, "by_price": _pairs(found, "by_price"), "by_product": _pairs(found, "by_product")}
    found = {**books.get("accounts", {}), **books.get("taxes", {}), **books}
    return {"tables": {name: _pairs(found, name) for name in TYPE_TABLES}}


def _pairs(found: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    return [*dict(found.get(name, {})).items(), BLANK]


def _currencies(document: Document, known: netsuite_lists.Entries) -> Sequence[str]:
    named = re.findall(r"\b[A-Z]{3}\b", " ".join(one.currency for one in known.by_id.values()))
    return sorted({*named, "USD"})


def _again(part: str) -> Any:
    def shown(visit: Visit, sent: FormData, problems: Mapping[str, str]) -> Response:
        with visit.parts.database.session_scope() as session:
            chosen = configuration.current(session)
            recent = sample.recent(session, visit.parts)
        document, place = configuration.document(chosen), text(sent, "place") or "*"
        given, wrong = _as_sent(part, sent), dict(problems)
        books = {**mapping_drafts.at(document, place), **given["books"]}
        facts: dict[str, Any] = {"recent": recent, "picked": text(sent, "record"), "wrong": wrong, "status": 422}
        facts |= {"problems": told(problems), "books": books, "base": text(sent, "based_on")} | given["rows"](books)
        return _form(visit, part, document, place, chosen, **facts)

    return shown


def _as_sent(part: str, sent: FormData) -> dict[str, Any]:
    """The form's own values, right or not, in the shape in which it is shown."""

    def table(name: str) -> list[tuple[str, str]]:
        rows = zip(texts(sent, f"{name}.key"), texts(sent, f"{name}.value"), strict=False)
        return [*(row for row in rows if any(row)), BLANK]

    def rows(_: Document) -> dict[str, Any]:
        if part == "accounts":
            named = [(name, label, help_, table(name)) for name, label, help_ in ACCOUNT_ROWS]
            return {"rows": named, "by_destination": table("bank_by_destination")}
        if part == "items":
            return {"by_price": table("by_price"), "by_product": table("by_product")}
        return {"tables": {name: table(name) for name in TYPE_TABLES}}

    own = {name: text(sent, name) for name in sent}
    taxes = {name: text(sent, f"taxes.{name}") for name in ("code", "type")}
    return {"books": {"accounts": own, "items": own, "taxes": taxes, "tax_mode": text(sent, "tax_mode")}, "rows": rows}


for _part in ("accounts", "items", "types"):
    AGAIN[_part] = _again(_part)
