"""Forgets what is old and finished. Links and configuration are never forgotten."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from app.core.inbox import Event
from app.core.runs import Run
from app.core.tables import Alert
from app.db import Database

BATCH = 5000


def prune_old(database: Database, *, older_than: timedelta) -> int:
    """Deletes finished runs (with their attempts), their events and alerts past the retention; how many rows."""
    with database.session_scope() as session:
        old_runs = (
            select(Run.id)
            .where(Run.state.in_(("succeeded", "skipped", "dismissed")), Run.updated_at < func.now() - older_than)
            .limit(BATCH)
        )
        gone = len(session.execute(delete(Run).where(Run.id.in_(old_runs)).returning(Run.id)).all())
        open_events = select(Run.event_id).where(Run.event_id.is_not(None))
        old_events = (
            select(Event.id)
            .where(
                Event.dispatched_at.is_not(None),
                Event.received_at < func.now() - older_than,
                Event.id.not_in(open_events),
            )
            .limit(BATCH)
        )
        gone += len(session.execute(delete(Event).where(Event.id.in_(old_events)).returning(Event.id)).all())
        old_alerts = (Alert.state != "queued", Alert.created_at < func.now() - older_than)
        gone += len(session.execute(delete(Alert).where(*old_alerts).returning(Alert.id)).all())
    return gone
