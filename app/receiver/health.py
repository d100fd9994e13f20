"""`/healthz`: this process lives; `/readyz`: which of the parts it needs is not there; `/metrics`: what it counted."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import prometheus_client
import psycopg
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from kombu.connection import Connection
from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.interfaces import Clock
from app.db import alembic_config, libpq_url

_PATIENCE = 3.0
_CONNECT_SECONDS = 2

Probe = Callable[[], str]
"""Says in a few words what it found; raises with the reason when its part is not ready. May block."""


class NotReady(Exception):
    """The sentence says what is wrong and what to do."""


def health_router(probes: Mapping[str, Probe]) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        found = await asyncio.gather(*(_asked(probe) for probe in probes.values()))
        ready = all(part["ready"] for part in found)
        parts = dict(zip(probes, found, strict=True))
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(exposition(), headers={"content-type": prometheus_client.CONTENT_TYPE_LATEST})

    return router


async def _asked(probe: Probe) -> dict[str, object]:
    try:
        return {"ready": True, "detail": await asyncio.wait_for(asyncio.to_thread(probe), _PATIENCE)}
    except TimeoutError:
        return {"ready": False, "detail": f"no answer within {_PATIENCE:.0f} s"}
    except NotReady as error:
        return {"ready": False, "detail": str(error)}
    except Exception as error:
        # the class only: a driver's text may quote the address with its password
        return {"ready": False, "detail": f"cannot be reached ({type(error).__name__})"}


def exposition() -> bytes:
    """In Prometheus's text format; over all processes when PROMETHEUS_MULTIPROC_DIR was set as they started."""
    if values.ValueClass.__name__ == "MutexValue":
        return prometheus_client.generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return prometheus_client.generate_latest(registry)


def standard_probes(database_url: str, broker_url: str, clock: Clock, window: timedelta) -> dict[str, Probe]:
    """The four parts every process needs; `window`: the signature window, which the clocks' difference eats into."""
    return {
        "database": lambda: _database(database_url),
        "broker": lambda: _broker(broker_url),
        "migrations": lambda: _migrations(database_url),
        "clock": lambda: _clock(database_url, clock, window),
    }


def _database(url: str) -> str:
    _ask(url, "SELECT 1")
    return "answers"


def _migrations(url: str) -> str:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    try:
        at = _ask(url, "SELECT version_num FROM alembic_version")
    except psycopg.errors.UndefinedTable:
        at = None
    if at != head:
        raise NotReady(f"the schema is at {at or 'nothing'}, this version needs {head}: run `tieout up` or migrate")
    return f"at head ({head})"


def _clock(url: str, clock: Clock, window: timedelta) -> str:
    theirs = _ask(url, "SELECT clock_timestamp()")
    if not isinstance(theirs, datetime):
        raise NotReady("the database told no time")
    apart = abs(clock.now() - theirs)
    if apart > window / 5:
        raise NotReady(f"{apart.total_seconds():.0f} s apart from the database's: set both machines' clocks")
    return f"{apart.total_seconds():.1f} s apart from the database's"


def _broker(url: str) -> str:
    if not url or url.startswith("memory:"):
        return "in memory, within this process"
    options = {"socket_connect_timeout": _CONNECT_SECONDS, "socket_timeout": _CONNECT_SECONDS}
    with Connection(url, transport_options=options) as connection:  # type: ignore[no-untyped-call]
        connection.ensure_connection(max_retries=1, timeout=_CONNECT_SECONDS)
    return "answers"


def _ask(url: str, question: str) -> object:
    """On a connection of its own: a pool that is used up must not read as a database that is away."""
    options = f"-c statement_timeout={_CONNECT_SECONDS * 1000}"
    with psycopg.connect(
        libpq_url(url), connect_timeout=_CONNECT_SECONDS, options=options, autocommit=True
    ) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None
