"""The home page: is everything in, and what waits for a person."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy import func, select

from app.core.inbox import Event
from app.core.runs import Run
from app.db import Database

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(Path(__file__).parent / "templates")
LOOPBACK = {"127.0.0.1", "::1", "localhost", "testclient"}
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
STATES = ("succeeded", "skipped", "held", "dead", "retrying", "running", "queued", "dismissed")


@router.get("/")
def home(request: Request) -> Response:
    """Only for this machine: there is no sign-in on this page. From elsewhere, the API with a token answers."""
    if not _on_this_machine(request):
        return PlainTextResponse(
            "This page is shown on the machine Tieout runs on. From elsewhere, use /api/v1 with a token.", 403
        )
    page = templates.TemplateResponse(request, "home.html", _facts(request.app.state.parts.database))
    page.headers.update(HEADERS)
    return page


def _on_this_machine(request: Request) -> bool:
    """Both the caller's address and the name it asked for: a foreign name that resolves to us is refused."""
    client = request.client.host if request.client else ""
    return client in LOOPBACK and (request.url.hostname or "") in LOOPBACK | {"testserver"}


def _facts(database: Database) -> dict[str, Any]:
    with database.session_scope() as session:
        by_flow: dict[str, dict[str, int]] = {}
        for flow, state, count in session.execute(
            select(Run.flow, Run.state, func.count()).group_by(Run.flow, Run.state).order_by(Run.flow)
        ).all():
            by_flow.setdefault(flow, {})[state] = count
        outcome = func.coalesce(Event.outcome, "waiting")
        events = dict(session.execute(select(outcome, func.count()).group_by(outcome)).all())
        waiting = session.scalars(
            select(Run).where(Run.state.in_(("held", "dead"))).order_by(Run.updated_at.desc()).limit(50)
        ).all()
        newest = session.scalars(select(Run).order_by(Run.id.desc()).limit(50)).all()
        oldest = session.scalar(
            select(func.min(Run.created_at)).where(Run.state.in_(("queued", "running", "retrying")))
        )
    return {
        "states": STATES,
        "by_flow": by_flow,
        "events": events,
        "waiting": waiting,
        "newest": newest,
        "oldest": oldest,
    }
