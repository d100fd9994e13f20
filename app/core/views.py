"""Saved views: searches of records that somebody gave a name, for himself or for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.tables import SavedView

MOST = 100


def seen_by(session: Session, owner: str) -> Sequence[SavedView]:
    """Their own and the shared ones, by name."""
    mine = or_(SavedView.owner == owner, SavedView.shared)
    return session.scalars(select(SavedView).where(mine).order_by(SavedView.name, SavedView.id).limit(MOST)).all()


def save(session: Session, owner: str, name: str, wanted: Mapping[str, Any], *, shared: bool) -> SavedView:
    """One of the same name and owner is replaced."""
    row = session.scalars(select(SavedView).where(SavedView.owner == owner, SavedView.name == name)).first()
    row = row or SavedView(owner=owner, name=name)
    row.wanted, row.shared = dict(wanted), shared
    session.add(row)
    session.flush()
    audit.note(session, owner, "view.saved", f"view:{row.id}", name=name, shared=shared, wanted=dict(wanted))
    session.refresh(row)
    return row


def forget(session: Session, view_id: int, owner: str, *, any_owner: bool = False) -> SavedView:
    """Raises LookupError for one that is not theirs to forget."""
    row = session.get(SavedView, view_id)
    if row is None or (row.owner != owner and not (any_owner and row.shared)):
        raise LookupError(f"There is no view {view_id} of yours.")
    session.delete(row)
    audit.note(session, owner, "view.forgotten", f"view:{view_id}", name=row.name, of=row.owner)
    return row
