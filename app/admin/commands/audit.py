"""`tieout audit`: who changed what."""

import typer

from app.admin import queries, show
from app.admin.commands.common import Before, Json, Limit, installation


def audit(
    context: typer.Context,
    actor: str | None = None,
    action: str | None = None,
    target: str | None = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    """Who changed what, newest first."""
    with installation(context) as parts, parts.database.session_scope() as session:
        part = queries.Slice(limit, before)
        page = queries.audit_log(session, queries.AuditFilter(actor, action, target), part)
    if json:
        show.as_json(page)
        return
    rows = [(each.at, each.actor, each.action, each.target, each.details) for each in page.items]
    show.table(("at", "who", "what", "target", "details"), rows)
    show.more(page.next)
