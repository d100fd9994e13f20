"""Issues group the runs that fail for one reason; alerts are deliveries with tries of their own"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        _at("snoozed_until", nullable=True),
        sa.Column("assignee", sa.Text(), server_default="", nullable=False),
        sa.Column("times_opened", sa.Integer(), server_default="1", nullable=False),
        _at("opened_at"),
        _at("first_seen"),
        _at("last_seen"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("flow", "error_code", "field", name=op.f("uq_issues_flow_error_code_field")),
    )
    op.create_index("ix_issues_state_id", "issues", ["state", "id"])
    op.create_table(
        "issue_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        _at("at"),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_notes_issue_id_issues"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_notes")),
    )
    op.create_index("ix_issue_notes_issue_id", "issue_notes", ["issue_id"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _at("due_at"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        _at("created_at"),
        _at("sent_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "kind", "subject", "period", "receiver", name=op.f("uq_alerts_kind_subject_period_receiver")
        ),
    )
    op.create_index("ix_alerts_due_at", "alerts", ["due_at"], postgresql_where=sa.text("state = 'queued'"))
    op.create_index("ix_alerts_subject_created_at", "alerts", ["subject", "created_at"])
    op.add_column("runs", sa.Column("issue_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_runs_issue_id_issues"), "runs", "issues", ["issue_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_runs_issue_id", "runs", ["issue_id"], postgresql_where=sa.text("issue_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_runs_issue_id", table_name="runs")
    op.drop_constraint(op.f("fk_runs_issue_id_issues"), "runs", type_="foreignkey")
    op.drop_column("runs", "issue_id")
    op.drop_table("alerts")
    op.drop_table("issue_notes")
    op.drop_table("issues")
