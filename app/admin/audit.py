"""`/audit`: who changed what."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from app.admin import queries
from app.admin.auth import Reader
from app.admin.models import AuditOut, Page, Short
from app.admin.paging import Paged
from app.admin.parts import reading
from app.admin.problems import AdminRoute

router = APIRouter(prefix="/audit", tags=["audit"], route_class=AdminRoute)


class AuditQuery(Paged):
    actor: Short | None = None
    action: Short | None = None
    target: Short | None = None


@router.get("", summary="List changes, newest first")
def list_audit(
    _: Reader, query: Annotated[AuditQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[AuditOut]:
    return queries.audit_log(session, query.part(), actor=query.actor, action=query.action, target=query.target)
