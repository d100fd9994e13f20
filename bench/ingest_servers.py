"""The two receivers that `bench.ingest` compares, each as one process of several on the same port."""

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from celery import Celery

from app.receiver.serve import listen, server

QUEUE = "celery"


def broker(url: str) -> Celery:
    """The same for both: JSON messages without a result backend. The worker is not part of the measurement."""
    celery = Celery("bench", broker=url)
    celery.conf.update(task_ignore_result=True, task_serializer="json")
    # imports the broker's client: a second of work, which would otherwise fall on the first event
    with celery.connection_for_write() as connection:
        connection.ensure_connection(max_retries=3)
    return celery


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def ours(database_url: str, broker_url: str, secret: str) -> Any:
    """The product's own receiver; ids reach Celery by the relay."""
    from app.receiver.asgi import Receiver
    from app.settings import Settings, StripeAccount

    account = StripeAccount.model_validate({"api_key": "sk_test_bench", "webhook_secrets": secret})
    settings = Settings(_env_file=None, stripe={"main": account})
    celery = broker(broker_url)

    @celery.task(name="dispatch")  # type: ignore[untyped-decorator]
    def dispatch(ids: list[int]) -> None: ...

    def publish(ids: Sequence[int]) -> None:
        dispatch.apply_async(args=[list(ids)])

    receiver = Receiver(settings, database_url, publish, SystemClock())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await receiver(scope, receive, send)
            return
        await receive()
        await receiver.startup()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await receiver.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    return app


def handwritten(database_url: str, broker_url: str, secret: str) -> Any:
    """What the documentation of each part leads to: FastAPI, `construct_event`, one insert, one `apply_async`."""
    import stripe
    from fastapi import FastAPI, HTTPException, Request
    from sqlalchemy.dialects.postgresql import insert
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

    engine = create_async_engine(async_url(database_url), pool_size=16, max_overflow=16)
    sessions = async_sessionmaker(engine)
    table = handwritten_table()
    celery = broker(broker_url)

    @celery.task(name="process_event")  # type: ignore[untyped-decorator]
    def process_event(event_id: str) -> None: ...

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/webhooks/stripe")
    async def webhook(request: Request) -> dict[str, bool]:
        payload = await request.body()
        try:
            event = stripe.Webhook.construct_event(payload, request.headers["stripe-signature"], secret)
        except (ValueError, stripe.SignatureVerificationError) as error:
            raise HTTPException(400, "bad event") from error
        values = {"event_id": event.id, "type": event.type, "payload": event.to_dict()}
        async with sessions() as session:
            await session.execute(insert(table).values(values).on_conflict_do_nothing())
            await session.commit()
        process_event.apply_async(args=[event.id])
        return {"received": True}

    return app


def handwritten_table() -> Any:
    from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Table, Text, func
    from sqlalchemy.dialects.postgresql import JSONB

    return Table(
        "handwritten_events",
        MetaData(),
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("event_id", Text, unique=True, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("received_at", DateTime(timezone=True), server_default=func.now()),
    )


def async_driver() -> str:
    """asyncpg, which is the faster choice under SQLAlchemy, where it is installed."""
    return "asyncpg" if find_spec("asyncpg") else "psycopg"


def async_url(url: str) -> str:
    return url.replace("postgresql://", f"postgresql+{async_driver()}://", 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=["ours", "handwritten"])
    for name in ("database", "broker", "secret"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    make = ours if given.which == "ours" else handwritten
    app = make(given.database, given.broker, given.secret)
    server(app).run(sockets=[listen("127.0.0.1", given.port)])


if __name__ == "__main__":
    main()
