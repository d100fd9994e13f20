"""`/alerts`: what people were told, and whether it reached them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session

from app.admin import decisions, queries
from app.admin.auth import Operator, Reader
from app.admin.models import AlertOut, AlertTest, Page
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, refusals
from app.core.config import AlertKind, ReceiverName

router = APIRouter(prefix="/alerts", tags=["alerts"], route_class=AdminRoute)


class AlertsQuery(Paged):
    kind: AlertKind | Literal["test"] | None = None
    state: Literal["queued", "sent", "failed"] | None = None
    receiver: ReceiverName | None = None


@router.get("", summary="List alerts, newest first")
def list_alerts(
    _: Reader, query: Annotated[AlertsQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[AlertOut]:
    return queries.alerts(session, query.part(), kind=query.kind, state=query.state, receiver=query.receiver)


@router.post("/test", summary="Send a test alert and say what came back", responses=refusals(409))
def try_out(who: Operator, wanted: AlertTest, request: Request) -> Page[AlertOut]:
    return Page(items=decisions.send_test(parts_of(request), wanted.receiver, actor=who.name), next=None)
