"""What the tie-out compares, kept here: Stripe's movements and payouts, NetSuite's postings, and what was found."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Identity, Index, Numeric, Text, desc, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

ROLES: Mapping[str, tuple[str, ...]] = {
    "charge": ("pay", "cs", "cdep"),
    "refund": ("crf", "cr"),
    "refund_failure": ("crf", "cr"),
    "dispute": ("crf", "cr"),
    "charge_failure": ("crf", "cr"),
    "dispute_reversal": ("pay", "cs"),
}
"""Reporting category -> roles of the record that must be in NetSuite. docs.stripe.com/reports/reporting-categories."""
BY_MOVEMENT = ("dispute", "charge_failure", "dispute_reversal")
"""Recorded under the balance transaction's own id: a dispute may take money several times."""


class Movement(Base):
    """One of Stripe's balance transactions, in minor units. `name`: the Stripe id by which its record is linked.

    `payout`: the one that paid it out, once Stripe has itemised that.
    """

    __tablename__ = "movements"
    __table_args__ = (
        Index("ix_movements_account_created_at", "account", "created_at"),
        Index("ix_movements_payout", "payout", "created_at", "id"),
        Index("ix_movements_name", "name"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    payout: Mapped[str | None] = mapped_column(Text)


class Payout(Base):
    """`deposited`: what of it is in NetSuite's bank account, in minor units; None when it was never posted.

    `read_at`: when that was last read from NetSuite; None: it is what the flow has sent. `paid_by`: the payout that
    paid it out again after it came back. `settled`: NetSuite has it, so all of its movements are booked.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        Index("ix_payouts_arrival", desc("arrival_date"), desc("id")),
        Index("ix_payouts_account_status", "account", "status"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    automatic: Mapped[bool] = mapped_column(Boolean)
    method: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    arrival_date: Mapped[date] = mapped_column(Date)
    failure_movement: Mapped[str | None] = mapped_column(Text)
    failure_message: Mapped[str | None] = mapped_column(Text)
    trace_id: Mapped[str | None] = mapped_column(Text)
    paid_by: Mapped[str | None] = mapped_column(Text)
    settled: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    deposited: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class Posting(Base):
    """What one NetSuite transaction posts to one account; debits are positive. `base`: in the subsidiary's currency.

    `modified` is NetSuite's own text for when the transaction was last changed.
    """

    __tablename__ = "postings"
    __table_args__ = (
        Index("ix_postings_month", "month", "account", "currency"),
        Index("ix_postings_account", "account"),
    )

    record: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    base: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    day: Mapped[date] = mapped_column(Date)
    month: Mapped[str] = mapped_column(Text)
    modified: Mapped[str] = mapped_column(Text)


class TieOutRow(Base):
    """One comparison of one Stripe account in one currency; `items` and `differences` as `app.core.tie_out` says."""

    __tablename__ = "tie_outs"
    __table_args__ = (Index("ix_tie_outs_account_currency_id", "account", "currency", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    stripe: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    netsuite: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    unexplained: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    arrived: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    bank: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    agrees: Mapped[bool] = mapped_column(Boolean)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))


def name_of(category: str, movement: str, source: str | None) -> str:
    """The Stripe id by which the NetSuite record of a movement is linked."""
    if category in BY_MOVEMENT or source is None:
        return movement
    return f"{source}-reversal" if category == "payout_reversal" else source
