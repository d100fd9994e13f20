"""The palette: pages, flows and records by a few letters or an id."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Response
from sqlalchemy import select

from app.core.links import ROLES, Link
from app.core.runs import Run
from app.dashboard import navigation
from app.dashboard.access import Viewer, Visit
from app.dashboard.pages import page, pages

router = pages()
MOST = 6


@dataclass(frozen=True)
class Hit:
    href: str
    icon: str
    label: str
    detail: str = ""


@router.get("/palette")
def palette(visit: Viewer, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    wanted = q.strip()
    hits = [*_pages(visit, wanted), *_flows(visit, wanted), *(_records(visit, wanted) if len(wanted) >= 2 else [])]
    return page(visit, "palette.html", hits=hits, wanted=wanted)


def _pages(visit: Visit, wanted: str) -> list[Hit]:
    all_of_them = [*navigation.entries(visit), *navigation.settings_tabs(visit)]
    return [Hit(one.href, one.icon, one.label, "Page") for one in all_of_them if _fits(wanted, one.label)]


def _flows(visit: Visit, wanted: str) -> list[Hit]:
    if not wanted or "/flows" not in visit.request.app.state.served:
        return []
    found = [flow for flow in visit.parts.catalogue.values() if _fits(wanted, f"{flow.title} {flow.key}")]
    return [Hit(f"/flows/{flow.key}", "route", flow.title, "Flow") for flow in found[:MOST]]


def _records(visit: Visit, wanted: str) -> list[Hit]:
    """By a whole id, which an index finds; anything else is the record search's."""
    if "/records" not in visit.request.app.state.served:
        return []
    of_netsuite = Link.netsuite_type.in_(set(ROLES.values()))  # the first column of the index
    with visit.parts.database.session_scope() as session:
        runs = session.scalars(select(Run).where(Run.subject == wanted).order_by(Run.id.desc()).limit(MOST)).all()
        linked = session.scalars(
            select(Link).where((Link.stripe_id == wanted) | (of_netsuite & (Link.netsuite_id == wanted))).limit(MOST)
        ).all()
    hits = [Hit(f"/records/{run.id}", "file-text", run.subject, run.summary or run.state) for run in runs]
    hits += [
        Hit(f"/records?q={quote(one.stripe_id)}", "link", one.stripe_id, f"{one.netsuite_type} {one.netsuite_id}")
        for one in linked
    ]
    return [*hits, Hit(f"/records?q={quote(wanted)}", "search", f"Search records for “{wanted}”")]


def _fits(wanted: str, words: str) -> bool:
    """Every word typed is somewhere in it."""
    return all(part in words.casefold() for part in wanted.casefold().split())
