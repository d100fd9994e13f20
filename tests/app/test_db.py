from sqlalchemy import create_engine, inspect, text

from alembic import command
from app.db import Base, Database, alembic_config, sqlalchemy_url


def test_migrations_go_up_from_empty_and_down_again(postgres_url: str) -> None:
    admin = create_engine(sqlalchemy_url(postgres_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE migrations_alone TEMPLATE template0"))
    engine = create_engine(admin.url.set(database="migrations_alone"))
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert set(Base.metadata.tables) <= set(inspect(connection).get_table_names())
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()
    admin.dispose()


def test_the_models_and_the_migrations_agree(database: Database) -> None:
    config = alembic_config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)
