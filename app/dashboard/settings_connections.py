"""Settings, Connections: what is connected, and whether it is well."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi.responses import Response
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.admin import addresses
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.examination import Examination
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/settings/connections")
RECENT = 1_000
# an account that is heard often is met at once; of the others, an index tells whether there is any event at all
_HEARD = text(
    """
    SELECT wanted.source, wanted.account, newest.received_at AS at
    FROM unnest(CAST(:sources AS text[]), CAST(:accounts AS text[])) AS wanted(source, account)
    LEFT JOIN LATERAL (
        SELECT received_at FROM (
            SELECT source, account, received_at FROM events ORDER BY id DESC LIMIT :recent) AS recent
        WHERE source = wanted.source AND account = wanted.account LIMIT 1) AS newest ON true
    WHERE EXISTS (SELECT 1 FROM events WHERE source = wanted.source AND account = wanted.account)
    """
)


@router.get("")
def connections(visit: Viewer) -> Response:
    stripe, netsuite = addresses.stripe(visit.parts.settings), addresses.netsuite(visit.parts.settings)
    wanted = [*(("stripe", one.account) for one in stripe), *([("netsuite", netsuite.account)] if netsuite else [])]
    with visit.parts.database.session_scope() as session:
        heard = _heard(session, wanted)
    facts: dict[str, Any] = {"stripe": stripe, "netsuite": netsuite, "heard": heard, "recent": RECENT}
    return page(visit, "settings/connections.html", told=_examination(visit).told(), **facts)


def _heard(session: Session, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], datetime | None]:
    """(source, account) -> when its last event came; None: before the last RECENT of all, absent: never."""
    sources, accounts = [source for source, _ in wanted], [account for _, account in wanted]
    rows = session.execute(_HEARD, {"sources": sources, "accounts": accounts, "recent": RECENT})
    return {(row.source, row.account): row.at for row in rows}


@router.post("/examine")
def examine(visit: Operator) -> Response:
    began = _examination(visit).begin(visit.parts)
    words = "The doctor is looking." if began else "The doctor is looking already."
    return go_to(visit, "/settings/connections#health", words)


def _examination(visit: Visit) -> Examination:
    found: Examination = visit.request.app.state.examination
    return found
