"""Engine, Base, naming convention and session_scope(): the only commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from alembic.config import Config
from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from alembic import command

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


def sqlalchemy_url(url: str) -> str:
    """`postgresql://…` as people write it -> the URL that picks psycopg 3."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def libpq_url(url: str) -> str:
    """The inverse, for connections that are made by the driver itself."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


@lru_cache(maxsize=4)
def engine_for(url: str) -> Engine:
    return _engine(url, pool_size=10, max_overflow=10)


@lru_cache(maxsize=4)
def lock_engine_for(url: str) -> Engine:
    """As many connections as there are runs under way, kept: a run that holds one for its lock needs another for its
    rows, so with one pool for both, enough runs would wait for each other.
    """
    return _engine(url, pool_size=0)


def _engine(url: str, **pool: int) -> Engine:
    return create_engine(
        sqlalchemy_url(url),
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "tieout"},
        **pool,
    )


class Database:
    """One database; every piece of work in it is a `session_scope`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = engine_for(url)
        self.lock_engine = lock_engine_for(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def session_scope(self) -> Iterator[Session]:
        """Commits at the end, rolls back on any exception."""
        with self._sessions() as session, session.begin():
            yield session


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`; safe to call by several processes at once (an advisory lock serialises them)."""
    config = alembic_config()
    with engine_for(url).connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(7133001)"))
        connection.commit()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(7133001)"))
            connection.commit()


def alembic_config() -> Config:
    return Config(str(Path(__file__).parent.parent / "alembic.ini"))
