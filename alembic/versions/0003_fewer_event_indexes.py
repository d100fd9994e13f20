"""Fewer and cheaper indexes on events: each one is paid for on every webhook, before it is answered"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_events_type_received_at", table_name="events")
    op.drop_index("ix_events_received_at", table_name="events")
    op.create_index("ix_events_received_at", "events", ["received_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_events_received_at", table_name="events", postgresql_using="brin")
    op.create_index("ix_events_received_at", "events", ["received_at"])
    op.create_index("ix_events_type_received_at", "events", ["type", "received_at"])
