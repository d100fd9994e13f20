"""Settings, Connections: what is connected, and whether it is well."""

from typing import Any

from fastapi.responses import Response
from sqlalchemy import text

from app.admin import addresses
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.examination import Examination
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/settings/connections")
_HEARD = text(
    "SELECT source, account, max(received_at) AS at FROM"
    " (SELECT source, account, received_at FROM events ORDER BY id DESC LIMIT 20000) newest GROUP BY source, account"
)


@router.get("")
def connections(visit: Viewer) -> Response:
    settings = visit.parts.settings
    with visit.parts.database.session_scope() as session:
        heard = {(row.source, row.account): row.at for row in session.execute(_HEARD)}
    facts: dict[str, Any] = {"stripe": addresses.stripe(settings), "netsuite": addresses.netsuite(settings)}
    return page(visit, "settings/connections.html", told=_examination(visit).told(), heard=heard, **facts)


@router.post("/examine")
def examine(visit: Operator) -> Response:
    began = _examination(visit).begin(visit.parts)
    words = "The doctor is looking." if began else "The doctor is looking already."
    return go_to(visit, "/settings/connections#health", words)


def _examination(visit: Visit) -> Examination:
    found: Examination = visit.request.app.state.examination
    return found
