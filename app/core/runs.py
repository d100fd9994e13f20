"""A run is one flow's work for one source object: enqueue, coalesce, claim, finish."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.inbox import NOW
from app.db import Base

STATES = ("queued", "running", "retrying", "held", "succeeded", "skipped", "dead", "dismissed")
OPEN = ("queued", "running", "retrying", "held", "dead")
"""A run in one of these is not finished: whatever happens to its subject next is folded into it."""


class Run(Base):
    """`version` counts what has happened to the subject; finishing is done only for the version it started with."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_open",
            "flow",
            "account",
            "subject",
            unique=True,
            postgresql_where=text("state IN ('queued','running','retrying','held','dead')"),
        ),
        Index("ix_runs_flow_state_id", "flow", "state", "id"),
        Index("ix_runs_state_id", "state", "id"),
        Index("ix_runs_subject", "subject"),
        Index("ix_runs_waits_for", "waits_for", postgresql_where=text("waits_for IS NOT NULL")),
        Index("ix_runs_updated_at", "updated_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    cause: Mapped[str] = mapped_column(Text)  # event | sweep | demand | dependency | replay
    event_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("events.id", ondelete="SET NULL"))
    waits_for: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    summary: Mapped[str] = mapped_column(Text, server_default="")
    error_class: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str | None] = mapped_column(Text)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    notes: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    records: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    stripe_calls: Mapped[int] = mapped_column(Integer, server_default="0")
    netsuite_calls: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    finished_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
