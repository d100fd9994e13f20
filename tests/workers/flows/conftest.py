"""Both sandboxes, started once for each test process and emptied between tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from app.core.broker import NoBroker
from app.db import Database
from app.settings import Settings
from app.systems.netsuite.client import NetSuiteClient
from app.systems.netsuite.slots import LocalSlots
from sandbox.clock import Clock
from sandbox.serve import Sandbox
from tests.workers.flows.stage import START, Stage
from workers.wiring import Parts, build

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of each flow the first test is part of the fast run; all of them together take many minutes."""
    seen: set[Path] = set()
    for item in items:
        if item.path.parent == HERE and item.path in seen:
            item.add_marker("slow")
        seen.add(item.path)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.running(clock=Clock(START, frozen=True)) as running:
        yield running


@pytest.fixture(scope="session")
def parts(sandbox: Sandbox, postgres_url: str) -> Iterator[Parts]:
    with patch.dict(os.environ, {**sandbox.env, "SECRET_KEY": "for the tests", "PUBLIC_URL": "https://tieout.test"}):
        settings = Settings(_env_file=None)
    built = build(settings, postgres_url, NoBroker(), sandbox.clock)
    assert settings.netsuite is not None
    built.systems.netsuite_client = NetSuiteClient(settings.netsuite, LocalSlots(settings.netsuite.concurrency))
    yield built
    built.systems.netsuite_client.close()
    built.systems.stripe_clients.close()
    built.database.engine.dispose()


@pytest.fixture
def stage(sandbox: Sandbox, parts: Parts, database: Database) -> Stage:
    sandbox.clock.set(START)
    sandbox.stripe.reset()
    sandbox.netsuite.reset()
    assert isinstance(parts.broker, NoBroker)
    parts.broker.runs.clear()
    set_up = Stage(sandbox, parts)
    set_up.keep_books()
    return set_up
