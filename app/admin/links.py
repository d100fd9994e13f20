"""`/links`: which Stripe object is which NetSuite record; made and retired by hand where a person knows better."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import actions, queries
from app.admin.auth import Operator, Reader
from app.admin.models import HIGHEST, LinkIn, LinkOut, Note, Page, Short
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, refusals

router = APIRouter(prefix="/links", tags=["links"], route_class=AdminRoute)


class LinksQuery(Paged):
    account: Short | None = None
    role: Short | None = None
    stripe_id: Short | None = None
    netsuite_type: Short | None = None
    netsuite_id: Short | None = None
    current: bool | None = None
    search: Short | None = Field(None, description="Somewhere in one of its ids, any case.")

    def to_filter(self) -> queries.LinkFilter:
        return queries.LinkFilter(**self.model_dump(exclude={"limit", "before"}))


@router.get("", summary="List or search links, newest first")
def list_links(
    _: Reader, query: Annotated[LinksQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[LinkOut]:
    return queries.links(session, query.to_filter(), query.part())


@router.post("", status_code=201, summary="Link two records by hand", responses=refusals(409))
def create(who: Operator, wanted: LinkIn, request: Request) -> LinkOut:
    parts = parts_of(request)
    given = wanted.model_dump(exclude={"account"})
    account = actions.account_called(parts, wanted.account)
    return LinkOut.model_validate(actions.link(parts, **given, account=account, actor=who.name))


@router.post("/{link_id}/retire", summary="A link that is not to be used any more", responses=refusals(404, 409))
def retire(who: Operator, link_id: Annotated[int, Path(ge=1, le=HIGHEST)], note: Note, request: Request) -> LinkOut:
    """It is kept as history."""
    return LinkOut.model_validate(actions.retire_link(parts_of(request), link_id, note.note, actor=who.name))
