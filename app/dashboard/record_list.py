"""The list that a record was opened from, so that one can walk along it."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import records
from app.admin.queries import Slice
from app.admin.record_facts import Neighbours
from app.core.run_filter import RunFilter
from app.core.runs import Run
from app.dashboard.records import RecordsAsked

SEVERAL = ("state", "cause", "ids")


def came_from(request: Request, of: str) -> str:
    """The query of the list: as the address says it, else of the page that led here."""
    if of or "of" in request.query_params:
        return of
    before = urlsplit(request.headers.get("referer", ""))
    same = before.netloc == request.url.netloc and before.path.rstrip("/") == "/records"
    return before.query if same else ""


def neighbours(session: Session, run_id: int, of: str, now: datetime) -> Neighbours:
    """The records beside this one, in the list's order, the newest first."""
    asked = _asked(of)
    if asked is None:
        return Neighbours()
    wanted = asked.filter(now)
    older = records.find(session, wanted, Slice(1, run_id), payload=asked.payload.strip()).rows
    return Neighbours(of, _newer(session, run_id, wanted), older[0].id if older else None)


def _newer(session: Session, run_id: int, wanted: RunFilter) -> int | None:
    within = (Run.id > run_id, Run.id <= run_id + records.REACH)
    nearest = select(Run.id).where(*within, *wanted.conditions()).order_by(Run.id).limit(1)
    return session.scalar(nearest)


def _asked(of: str) -> RecordsAsked | None:
    given = parse_qs(of)
    try:
        return RecordsAsked.model_validate(
            {name: values if name in SEVERAL else values[0] for name, values in given.items() if name != "before"}
        )
    except ValidationError:
        return None
