"""The inbox: every event on disk, once, before it is acknowledged."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Identity, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

NOW = text("now()")


class Event(Base):
    """What the other system told us. `body` is the bytes that were signed; `outcome` is null until dispatched."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("source", "account", "external_id"),
        Index("ix_events_undispatched", "id", postgresql_where=text("dispatched_at IS NULL")),
        Index("ix_events_received_at", "received_at"),
        Index("ix_events_object_id", "object_id"),
        Index("ix_events_type_received_at", "type", "received_at"),
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
