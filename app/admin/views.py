"""`/views`: saved searches of records."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.admin.auth import Reader
from app.admin.models import HIGHEST, Page, ViewIn, ViewOut
from app.admin.parts import parts_of
from app.admin.problems import AdminRoute, Refusal, refusals
from app.core import views

router = APIRouter(prefix="/views", tags=["views"], route_class=AdminRoute)
ViewId = Annotated[int, Path(ge=1, le=HIGHEST)]


@router.get("", summary="List saved views: one's own and the shared ones")
def list_views(who: Reader, request: Request) -> Page[ViewOut]:
    with parts_of(request).database.session_scope() as session:
        return Page(items=[ViewOut.model_validate(row) for row in views.seen_by(session, who.name)], next=None)


@router.post("", status_code=201, summary="Save a view; one of the same name is replaced")
def save_view(who: Reader, wanted: ViewIn, request: Request) -> ViewOut:
    """One that is shown to everybody needs scope `operate`."""
    if wanted.shared and not who.may("operate"):
        raise Refusal(403, "insufficient_scope", "A view for everybody needs scope `operate`: save it for yourself.")
    with parts_of(request).database.session_scope() as session:
        asked = wanted.wanted.model_dump(mode="json", exclude_defaults=True)
        return ViewOut.model_validate(views.save(session, who.name, wanted.name, asked, shared=wanted.shared))


@router.delete("/{view_id}", status_code=204, summary="Forget a view of one's own", responses=refusals(404))
def forget_view(who: Reader, view_id: ViewId, request: Request) -> None:
    """With scope `admin`, shared ones of others, too."""
    with parts_of(request).database.session_scope() as session:
        views.forget(session, view_id, who.name, any_owner=who.may("admin"))
