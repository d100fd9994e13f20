"""Hours that are over are kept as they were measured; failed attempts are counted by flow from their index alone"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FAILED = "outcome IN ('retrying', 'held', 'dead')"


def upgrade() -> None:
    op.create_table(
        "past_hours",
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("median", sa.Float(), nullable=True),
        sa.Column("slowest", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_past_hours")),
    )
    op.add_column("attempts", sa.Column("flow", sa.Text(), nullable=True))
    op.execute("UPDATE attempts SET flow = runs.flow FROM runs WHERE runs.id = attempts.run_id")
    op.alter_column("attempts", "flow", nullable=False)
    op.drop_index("ix_attempts_failed", table_name="attempts")
    op.create_index(
        "ix_attempts_failed",
        "attempts",
        ["started_at"],
        postgresql_include=["flow", "error_class"],
        postgresql_where=sa.text(FAILED),
    )


def downgrade() -> None:
    op.drop_index("ix_attempts_failed", table_name="attempts")
    op.create_index("ix_attempts_failed", "attempts", ["started_at"], postgresql_where=sa.text(FAILED))
    op.drop_column("attempts", "flow")
    op.drop_table("past_hours")
