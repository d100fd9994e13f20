"""Attempts: one row per try of a run, append-only: what was tried, every exchange, what came back."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.inbox import NOW
from app.db import Base


class Attempt(Base):
    """An attempt without `finished_at` was cut off: its worker was killed. `flow`: its run's, to count by."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_run_id_number", "run_id", "number"),
        Index("ix_attempts_started_at", "started_at"),
        Index(
            "ix_attempts_failed",
            "started_at",
            postgresql_include=["flow", "error_class"],
            postgresql_where=text("outcome IN ('retrying', 'held', 'dead')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"))
    flow: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    finished_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, server_default="")
    error_class: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    config_version: Mapped[int | None] = mapped_column(BigInteger)
    notes: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    exchanges: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
