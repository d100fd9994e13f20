"""Links: Stripe id <-> NetSuite record, with its role; and the external ids by which NetSuite knows our writes."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.inbox import NOW
from app.db import Base

ROLES = {
    "cust": "customer",
    "inv": "invoice",
    "pay": "customerPayment",
    "cm": "creditMemo",
    "crf": "customerRefund",
    "cs": "cashSale",
    "cr": "cashRefund",
    "cdep": "customerDeposit",
    "depa": "depositApplication",
    "dep": "deposit",
    "je": "journalEntry",
}
"""Role -> NetSuite record type. Never shared between record types: NetSuite has one namespace for all transactions."""

_ALLOWED = re.compile(r"[A-Za-z0-9_-]+")


def external_id(role: str, stripe_id: str) -> str:
    """`pay`, `ch_1` -> `stripe-pay-ch_1`. Raises ValueError on characters NetSuite's `eid:` does not take."""
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}")
    if not _ALLOWED.fullmatch(stripe_id):
        raise ValueError(f"{stripe_id!r} has characters that an external id cannot have")
    return f"stripe-{role}-{stripe_id}"


class Link(Base):
    """`current` is false for history: superseded, voided or deleted on one side."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("external_id"),
        Index("ix_links_netsuite", "netsuite_type", "netsuite_id", "role"),
        Index("ix_links_stripe_id", "stripe_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    external_id: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    stripe_id: Mapped[str] = mapped_column(Text)
    netsuite_type: Mapped[str] = mapped_column(Text)
    netsuite_id: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    current: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    stripe_fingerprint: Mapped[str | None] = mapped_column(Text)
    netsuite_fingerprint: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
