"""Help: the documentation of this very version, readable without any other host."""

from functools import lru_cache
from typing import Annotated

from fastapi import Path
from fastapi.responses import Response

from app.admin.problems import not_found
from app.dashboard.access import Viewer
from app.dashboard.manual import Manual
from app.dashboard.pages import page, pages

router = pages(prefix="/help")
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_/-]{1,200}$")]


@lru_cache(maxsize=1)
def manual() -> Manual:
    return Manual()


@router.get("")
def contents(visit: Viewer) -> Response:
    flows = [(flow, manual().get(f"flows/{flow.key}")) for flow in visit.parts.catalogue.values()]
    return page(visit, "help/contents.html", manual=manual(), flows=[(flow, found) for flow, found in flows if found])


@router.get("/{name:path}")
def document(visit: Viewer, name: Name) -> Response:
    found = manual().get(name)
    if found is None:
        raise not_found("There is no such page of help.")
    key = name.removeprefix("flows/")
    flow = visit.parts.catalogue.get(key) if key != name else None
    return page(visit, "help/document.html", found=found, flow=flow)
