"""Readiness names the part that is missing; metrics count what became of each request."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.receiver.health import NotReady, Probe, exposition, health_router, standard_probes
from tests.app.receiver.serving import Served, SystemClock, snapshot

WINDOW = timedelta(minutes=5)


def get(path: str, probes: Mapping[str, Probe]) -> httpx.Response:
    app = FastAPI()
    app.include_router(health_router(probes))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
            return await http.get(path)

    return asyncio.run(ask())


class LateClock:
    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(minutes=2)


def broken() -> str:
    raise NotReady("it lies in pieces: glue it")


def unreachable() -> str:
    raise ConnectionError("postgresql://tieout:password@db/tieout refused")


def test_a_live_process_is_healthy_without_its_parts() -> None:
    assert get("/healthz", {"database": broken}).json() == {"status": "ok"}


def test_all_parts_ready(postgres_url: str) -> None:
    response = get("/readyz", standard_probes(postgres_url, "", SystemClock(), WINDOW))
    found = {name: part["ready"] for name, part in response.json()["parts"].items()}
    assert (response.status_code, found) == (
        200,
        {"database": True, "broker": True, "migrations": True, "clock": True},
    )


def test_a_part_that_is_not_ready_is_named_with_its_reason() -> None:
    response = get("/readyz", {"database": lambda: "answers", "broker": broken})
    assert (response.status_code, response.json()) == (
        503,
        {
            "ready": False,
            "parts": {
                "database": {"ready": True, "detail": "answers"},
                "broker": {"ready": False, "detail": "it lies in pieces: glue it"},
            },
        },
    )


def test_the_address_of_a_part_is_not_told() -> None:
    assert "password" not in get("/readyz", {"database": unreachable}).text


@pytest.mark.parametrize(
    ("part", "database_url", "broker_url"),
    [
        ("database", "postgresql://nobody@127.0.0.1:1/none", ""),
        ("broker", "", "redis://127.0.0.1:1/0"),
        ("migrations", "postgresql://nobody@127.0.0.1:1/none", ""),
    ],
)
def test_a_part_that_is_away_is_not_ready(part: str, database_url: str, broker_url: str) -> None:
    probes = standard_probes(database_url, broker_url, SystemClock(), WINDOW)
    response = get("/readyz", {part: probes[part]})
    assert response.json()["parts"][part]["ready"] is False


def test_a_schema_that_is_behind_is_not_ready(postgres_url: str) -> None:
    from sqlalchemy import create_engine, text

    from app.db import sqlalchemy_url

    admin = create_engine(sqlalchemy_url(postgres_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE never_migrated TEMPLATE template0"))
    behind = admin.url.set(database="never_migrated").render_as_string(hide_password=False)
    admin.dispose()
    probes = standard_probes(behind, "", SystemClock(), WINDOW)
    response = get("/readyz", {"migrations": probes["migrations"]})
    assert re.search("at nothing, this version needs", response.json()["parts"]["migrations"]["detail"])


def test_clocks_that_are_apart_are_not_ready(postgres_url: str) -> None:
    probes = standard_probes(postgres_url, "", LateClock(), WINDOW)
    response = get("/readyz", {"clock": probes["clock"]})
    assert (response.status_code, response.json()["parts"]["clock"]["ready"]) == (503, False)


def counted(answer: str) -> float:
    name = f'events_received_total{{account="main",answer="{answer}",source="stripe"}} '
    lines = exposition().decode().splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


@pytest.mark.parametrize(("answer", "deliveries"), [("stored", 1), ("duplicate", 2)])
def test_requests_are_counted_by_what_became_of_them(receiver: Served, answer: str, deliveries: int) -> None:
    for _ in range(deliveries - 1):
        receiver.post(snapshot())
    before = counted(answer)
    receiver.post(snapshot())
    assert counted(answer) == before + 1


def test_refusals_are_counted(receiver: Served) -> None:
    before = counted("bad_signature")
    receiver.post(snapshot(), "t=1,v1=00")
    assert counted("bad_signature") == before + 1


def test_metrics_are_served_in_prometheus_text() -> None:
    response = get("/metrics", {})
    assert response.headers["content-type"].startswith("text/plain")
    assert "batches_committed_rows_bucket" in response.text


@pytest.mark.slow
def test_metrics_are_added_up_over_processes(tmp_path: Path) -> None:
    count = "from app.receiver.asgi import EVENTS_RECEIVED as e; e.labels('stripe', 'main', 'stored').inc()"
    show = "from app.receiver.health import exposition; print(exposition().decode())"
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], env=environment, check=True)
    shown = subprocess.run([sys.executable, "-c", show], env=environment, check=True, capture_output=True, text=True)
    assert 'events_received_total{account="main",answer="stored",source="stripe"} 2.0' in shown.stdout
