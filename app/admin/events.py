"""`/events`: the inbox. What the other systems told us, and what became of it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.orm import Session

from app.admin import actions, queries
from app.admin.auth import Operator, Reader
from app.admin.models import HIGHEST, EventDetail, EventOut, Instant, Page, Short
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, not_found, refusals

router = APIRouter(prefix="/events", tags=["events"], route_class=AdminRoute)
EventId = Annotated[int, Path(ge=1, le=HIGHEST)]


class EventsQuery(Paged):
    source: Literal["stripe", "netsuite"] | None = None
    account: Short | None = None
    type: Short | None = None
    outcome: Literal["pending", "dispatched", "ignored", "unknown", "refused"] | None = None
    object_id: Short | None = None
    since: Instant | None = None
    until: Instant | None = None

    def to_filter(self) -> queries.EventFilter:
        return queries.EventFilter(**self.model_dump(exclude={"limit", "before"}))


@router.get("", summary="List events, newest first")
def list_events(
    _: Reader, query: Annotated[EventsQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[EventOut]:
    return queries.events(session, query.to_filter(), query.part())


@router.get("/{event_id}", summary="One event with its headers and body", responses=refusals(404))
def get_event(_: Reader, event_id: EventId, session: Annotated[Session, Depends(reading)]) -> EventDetail:
    found = queries.event(session, event_id)
    if found is None:
        raise not_found(f"There is no event {event_id}.")
    return found


@router.post(
    "/{event_id}/redispatch", summary="Dispatch an event again, as if it had just arrived", responses=refusals(404)
)
def redispatch(who: Operator, event_id: EventId, request: Request) -> EventDetail:
    parts = parts_of(request)
    actions.redispatch(parts, event_id, actor=who.name)
    with parts.database.session_scope() as session:
        return get_event(who, event_id, session)
