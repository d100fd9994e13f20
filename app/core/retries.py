"""The retry table. A row means: this run is not finished, try again at `due_at`. Success deletes it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Text, column, delete, func, or_, select, table, update
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.inbox import NOW
from app.db import Base

IN_FLIGHT = "in flight"
SENT_AGAIN = "sent again"
PAUSED = "paused"
_RUNS = table("runs", column("id"), column("state"))


class Retry(Base):
    __tablename__ = "retries"
    __table_args__ = (Index("ix_retries_due_at", "due_at"),)

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    reason: Mapped[str] = mapped_column(Text)
    booked_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)


def book(session: Session, run_id: int, due_at: datetime, reason: str) -> None:
    """Before trying: when to try again if nobody comes back to say how it went."""
    statement = insert(Retry).values(run_id=run_id, due_at=due_at, reason=reason)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Retry.run_id], set_={"due_at": due_at, "reason": reason, "booked_at": func.now()}
        )
    )


def make_due(session: Session, run_ids: Sequence[int], now: datetime) -> None:
    if run_ids:
        session.execute(update(Retry).where(Retry.run_id.in_(run_ids)).values(due_at=now))


def settle(session: Session, run_id: int) -> None:
    """The run is finished, held or buried: nothing is tried any more."""
    session.execute(delete(Retry).where(Retry.run_id == run_id))


def due(session: Session, now: datetime, limit: int) -> Sequence[Retry]:
    """What is due whatever flow `retry_errors` may do: first sends, messages that were lost, workers that died.

    Oldest first, locked until the commit; rows that another process is looking at are left out.
    """
    ours = or_(_RUNS.c.state != "retrying", Retry.reason.in_((SENT_AGAIN, IN_FLIGHT)))
    return session.scalars(
        select(Retry)
        .join(_RUNS, _RUNS.c.id == Retry.run_id)
        .where(Retry.due_at <= now, ours)
        .order_by(Retry.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Retry)
    ).all()
