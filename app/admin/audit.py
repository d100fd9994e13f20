"""`/audit`: who changed what."""

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from app.admin import csv_file, queries
from app.admin.auth import Reader
from app.admin.models import AuditOut, In, Instant, Page, Short
from app.admin.paging import Paged
from app.admin.parts import Parts, parts_of, reading
from app.admin.problems import AdminRoute
from app.admin.queries import AuditFilter

router = APIRouter(prefix="/audit", tags=["audit"], route_class=AdminRoute)
MOST = 100_000
"""Entries in one file."""
COLUMNS = ("id", "at", "actor", "action", "target", "reason", "details")


class Narrowed(In):
    actor: Short | None = None
    action: Short | None = None
    target: Short | None = None
    since: Instant | None = None
    until: Instant | None = None

    def wanted(self) -> AuditFilter:
        return AuditFilter(self.actor or None, self.action or None, self.target or None, self.since, self.until)


class AuditQuery(Paged, Narrowed):
    """`action`: the whole of it, or its noun alone (`config`); `target` likewise (`run:7`, `run`)."""


@router.get("", summary="List changes, newest first")
def list_audit(
    _: Reader, query: Annotated[AuditQuery, Query()], session: Annotated[Session, Depends(reading)]
) -> Page[AuditOut]:
    return queries.audit_log(session, query.wanted(), query.part())


@router.get("/export", summary="All changes that a filter finds, as CSV", response_class=StreamingResponse)
def export_audit(_: Reader, query: Annotated[Narrowed, Query()], request: Request) -> StreamingResponse:
    """At most 100,000, the newest."""
    return as_file(parts_of(request), query.wanted())


def as_file(parts: Parts, wanted: AuditFilter) -> StreamingResponse:
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    body = csv_file.lines(COLUMNS, _rows(parts, wanted))
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers=headers)


def _rows(parts: Parts, wanted: AuditFilter) -> Iterator[tuple[object, ...]]:
    for row in queries.audit_rows(parts.database, wanted, MOST):
        details = {name: value for name, value in row.details.items() if name not in ("reason", "note")}
        why = row.details.get("reason") or row.details.get("note") or ""
        told = json.dumps(details, ensure_ascii=False, default=str) if details else ""
        yield row.id, row.at.isoformat(), row.actor, row.action, row.target, why, told
