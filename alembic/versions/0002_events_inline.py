"""Keep event bodies in the row: compressing 2 KB on every insert costs more than the space is worth"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE events SET (toast_tuple_target = 8160)")


def downgrade() -> None:
    op.execute("ALTER TABLE events RESET (toast_tuple_target)")
