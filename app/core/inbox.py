"""The inbox: every event on disk, once, before it is acknowledged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter

import msgspec
from sqlalchemy import BigInteger, Boolean, Identity, Index, LargeBinary, Text, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, Database

NOW = text("now()")


class Event(Base):
    """What the other system told us. `body` is the bytes that were signed; `outcome` is null until dispatched."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("source", "account", "external_id"),
        Index("ix_events_undispatched", "id", postgresql_where=text("dispatched_at IS NULL")),
        Index("ix_events_received_at", "received_at", postgresql_using="brin"),
        Index("ix_events_object_id", "object_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(Text)  # stripe | netsuite
    account: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)  # `invoice.paid`; from NetSuite `invoice.edit`
    object_id: Mapped[str | None] = mapped_column(Text)
    object_type: Mapped[str | None] = mapped_column(Text)
    api_version: Mapped[str | None] = mapped_column(Text)
    livemode: Mapped[bool | None] = mapped_column(Boolean)
    occurred_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    headers: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    dispatched_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)  # dispatched | ignored | unknown | refused
    reason: Mapped[str | None] = mapped_column(Text)


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event as it came in, its sender proven. `headers`: the few kept ones, as a JSON object.

    A Struct and no dataclass because one is made in each request, and a frozen dataclass takes six times as long.
    """

    source: str
    account: str
    external_id: str
    type: str
    object_id: str | None
    object_type: str | None
    api_version: str | None
    livemode: bool | None
    occurred_at: datetime | None
    headers: bytes
    body: bytes


def receive(session: Session, arrivals: Sequence[Arrival]) -> list[int]:
    """Store what is not stored yet; the ids of the new rows, to be published after the commit.

    For those who are not in a hurry (a sweep that found missed events); the receiver uses `GroupCommit`.
    """
    if not arrivals:
        return []
    # one order for everybody: two transactions that insert the same keys in opposite order would deadlock
    rows = [_row(arrival) for arrival in sorted(arrivals, key=attrgetter("external_id"))]
    statement = insert(Event).on_conflict_do_nothing().returning(Event.id)
    return list(session.scalars(statement, rows))


def _row(arrival: Arrival) -> dict[str, object]:
    return msgspec.structs.asdict(arrival) | {"headers": msgspec.json.decode(arrival.headers)}


def undispatched(database: Database, *, older_than: timedelta, limit: int) -> list[int]:
    """Ids of events that the broker has missed."""
    with database.session_scope() as session:
        return list(
            session.scalars(
                select(Event.id)
                .where(Event.dispatched_at.is_(None), Event.received_at < func.now() - older_than)
                .order_by(Event.id)
                .limit(limit)
            )
        )
