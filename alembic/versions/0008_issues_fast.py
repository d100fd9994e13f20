"""An issue's runs by state, and failed attempts by time, found without reading the others"""

import sqlalchemy as sa

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FAILED = "outcome IN ('retrying', 'held', 'dead')"


def upgrade() -> None:
    op.create_index(
        "ix_runs_issue_id_state_id",
        "runs",
        ["issue_id", "state", "id"],
        postgresql_where=sa.text("issue_id IS NOT NULL"),
    )
    op.drop_index("ix_runs_issue_id", table_name="runs")
    op.create_index("ix_attempts_failed", "attempts", ["started_at"], postgresql_where=sa.text(FAILED))


def downgrade() -> None:
    op.drop_index("ix_attempts_failed", table_name="attempts")
    op.create_index("ix_runs_issue_id", "runs", ["issue_id"], postgresql_where=sa.text("issue_id IS NOT NULL"))
    op.drop_index("ix_runs_issue_id_state_id", table_name="runs")
