"""Users sign in: invitations, sessions, and how often it was tried"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=nullable)


def _user(table: str, *, nullable: bool = False) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_user_id_users")
    constraint = sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE")
    return sa.Column("user_id", sa.BigInteger(), nullable=nullable), constraint


def upgrade() -> None:
    op.add_column("users", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("users", _at("signed_in_at", nullable=True))
    op.create_unique_constraint(op.f("uq_users_subject"), "users", ["subject"])
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *_user("invitations", nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        _at("expires_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *_user("user_sessions"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        _at("created_at"),
        _at("seen_at"),
        _at("expires_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_user_sessions_digest")),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _at("since"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_tries")),
    )


def downgrade() -> None:
    op.drop_table("sign_in_tries")
    op.drop_table("user_sessions")
    op.drop_table("invitations")
    op.drop_constraint(op.f("uq_users_subject"), "users")
    op.drop_column("users", "signed_in_at")
    op.drop_column("users", "subject")
