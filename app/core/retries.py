"""The retry table. A row means: this run is not finished, try again at `due_at`. Success deletes it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.inbox import NOW
from app.db import Base


class Retry(Base):
    __tablename__ = "retries"
    __table_args__ = (Index("ix_retries_due_at", "due_at"),)

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    reason: Mapped[str] = mapped_column(Text)
    booked_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
