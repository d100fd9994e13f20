"""Records are found by what they hold and counted without counting; jobs pause, rehearse and stop to ask"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A statement's changes as differences, added to and never changed: workers that finish runs of one flow at the same
# moment do not wait for each other. `compact` of app.core.run_counts adds them up now and then.
COUNT = """
CREATE FUNCTION count_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO run_counts (flow, account, state, hour, runs)
        SELECT flow, account, state, date_trunc('hour', updated_at, 'UTC'), count(*) FROM newer GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO run_counts (flow, account, state, hour, runs)
        SELECT flow, account, state, date_trunc('hour', updated_at, 'UTC'), -count(*) FROM older GROUP BY 1, 2, 3, 4;
    ELSE
        INSERT INTO run_counts (flow, account, state, hour, runs)
        SELECT flow, account, state, hour, sum(change) FROM (
            SELECT flow, account, state, date_trunc('hour', updated_at, 'UTC') AS hour, 1 AS change FROM newer
            UNION ALL
            SELECT flow, account, state, date_trunc('hour', updated_at, 'UTC'), -1 FROM older) both_of_them
        GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END $$
"""
TRIGGERS = (
    "CREATE TRIGGER count_new_runs AFTER INSERT ON runs REFERENCING NEW TABLE AS newer"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_runs()",
    "CREATE TRIGGER count_changed_runs AFTER UPDATE ON runs REFERENCING OLD TABLE AS older NEW TABLE AS newer"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_runs()",
    "CREATE TRIGGER count_gone_runs AFTER DELETE ON runs REFERENCING OLD TABLE AS older"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_runs()",
)
COUNT_WHAT_IS_THERE = """
INSERT INTO run_counts (flow, account, state, hour, runs)
SELECT flow, account, state, date_trunc('hour', updated_at, 'UTC'), count(*) FROM runs GROUP BY 1, 2, 3, 4
"""
TERMS_OF_WHAT_IS_THERE = """
INSERT INTO run_terms (term, run_id)
SELECT left(lower(subject), 120), id FROM runs
UNION
SELECT left(lower(told.value), 120), runs.id FROM runs
CROSS JOIN LATERAL jsonb_array_elements(runs.records) record
CROSS JOIN LATERAL jsonb_each_text(record) told
WHERE told.key IN ('id', 'stripe_id', 'external_id') AND told.value <> ''
"""


def upgrade() -> None:
    op.create_table(
        "run_terms",
        sa.Column("term", sa.Text(collation="C"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_terms_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("term", "run_id", name=op.f("pk_run_terms")),
    )
    op.create_index("ix_run_terms_run_id", "run_terms", ["run_id"])
    op.create_table(
        "run_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hour", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_counts")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wanted", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_saved_views_owner_name")),
    )
    op.add_column("jobs", sa.Column("pause_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("jobs", sa.Column("dry_run", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("jobs", sa.Column("canary", sa.Integer(), nullable=True))
    op.add_column(
        "jobs",
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("runs", sa.Column("title", sa.Text(), server_default="", nullable=False))
    op.add_column("runs", sa.Column("amount", sa.Numeric(), nullable=True))
    op.add_column("runs", sa.Column("currency", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("job_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_runs_job_id_jobs"), "runs", "jobs", ["job_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_runs_flow_id", "runs", ["flow", "id"])
    op.create_index(
        "ix_runs_job_id_state_id", "runs", ["job_id", "state", "id"], postgresql_where=sa.text("job_id IS NOT NULL")
    )
    op.create_index(
        "ix_runs_error_code_id", "runs", ["error_code", "id"], postgresql_where=sa.text("error_code IS NOT NULL")
    )
    op.create_index("ix_runs_event_id", "runs", ["event_id"], postgresql_where=sa.text("event_id IS NOT NULL"))
    op.execute(COUNT)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.execute(COUNT_WHAT_IS_THERE)
    op.execute(TERMS_OF_WHAT_IS_THERE)


def downgrade() -> None:
    for name in ("count_new_runs", "count_changed_runs", "count_gone_runs"):
        op.execute(f"DROP TRIGGER {name} ON runs")
    op.execute("DROP FUNCTION count_runs()")
    for name in ("ix_runs_event_id", "ix_runs_error_code_id", "ix_runs_job_id_state_id", "ix_runs_flow_id"):
        op.drop_index(name, table_name="runs")
    op.drop_constraint(op.f("fk_runs_job_id_jobs"), "runs", type_="foreignkey")
    for name in ("job_id", "currency", "amount", "title"):
        op.drop_column("runs", name)
    for name in ("found", "canary", "dry_run", "pause_asked"):
        op.drop_column("jobs", name)
    op.drop_table("saved_views")
    op.drop_table("run_counts")
    op.drop_table("run_terms")
