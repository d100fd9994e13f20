"""What the tie-out compares: Stripe's movements and payouts, NetSuite's postings, and what was found"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=nullable)


def _minor(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _amount(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(20, 6), nullable=False)


def _list(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "movements",
        _text("id"),
        _text("account"),
        _text("currency"),
        _minor("amount"),
        _minor("fee"),
        _minor("net"),
        _text("type"),
        _text("category"),
        _text("source", nullable=True),
        _text("name"),
        _text("description", nullable=True),
        _at("created_at"),
        _text("payout", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movements")),
    )
    op.create_index("ix_movements_account_created_at", "movements", ["account", "created_at"])
    op.create_index("ix_movements_payout", "movements", ["payout", "created_at", "id"])
    op.create_index("ix_movements_name", "movements", ["name"])
    op.create_table(
        "payouts",
        _text("id"),
        _text("account"),
        _text("currency"),
        _minor("amount"),
        _text("status"),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        _text("method"),
        _at("created_at"),
        sa.Column("arrival_date", sa.Date(), nullable=False),
        _text("failure_movement", nullable=True),
        _text("failure_message", nullable=True),
        _text("trace_id", nullable=True),
        _text("paid_by", nullable=True),
        sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _minor("deposited", nullable=True),
        _at("read_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
    )
    op.create_index("ix_payouts_arrival", "payouts", [sa.text("arrival_date DESC"), sa.text("id DESC")])
    op.create_index("ix_payouts_account_status", "payouts", ["account", "status"])
    op.create_table(
        "postings",
        _text("record"),
        _text("account"),
        _text("type"),
        _text("number", nullable=True),
        _text("external_id", nullable=True),
        _text("currency"),
        _amount("amount"),
        _amount("base"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("month"),
        _text("modified"),
        sa.PrimaryKeyConstraint("record", "account", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_month", "postings", ["month", "account", "currency"])
    op.create_index("ix_postings_account", "postings", ["account"])
    op.create_table(
        "tie_outs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _text("account"),
        _text("currency"),
        _at("at"),
        _amount("stripe"),
        _amount("netsuite"),
        _amount("unexplained"),
        _amount("arrived"),
        _amount("bank"),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        _list("items"),
        _list("differences"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie_outs")),
    )
    op.create_index("ix_tie_outs_account_currency_id", "tie_outs", ["account", "currency", "id"])


def downgrade() -> None:
    for table in ("tie_outs", "postings", "payouts", "movements"):
        op.drop_table(table)
