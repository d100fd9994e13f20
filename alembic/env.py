"""Runs the migrations against DATABASE_URL, or against the connection handed over in `attributes`."""

from sqlalchemy import Connection, create_engine

from alembic import context
from app.core import (  # noqa: F401  (fill the metadata)
    activity,
    attempts,
    audit,
    completeness_rows,
    inbox,
    links,
    payout_tables,
    retries,
    run_counts,
    runs,
    search,
    tables,
)
from app.db import Base, sqlalchemy_url
from app.settings import settings


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with create_engine(sqlalchemy_url(settings().database_url)).connect() as own:
        migrate(own)
