"""One browser, one Tieout with something in it, and pages that fail the test when anything goes wrong in them."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.core.broker import NoBroker
from app.db import Database, libpq_url
from app.settings import Settings
from app.systems.netsuite.client import NetSuiteClient
from app.systems.netsuite.slots import LocalSlots
from sandbox.clock import Clock
from sandbox.serve import Sandbox
from tests.browser.looking import Watch
from tests.browser.seed import seed
from tests.browser.site import Site, served
from tests.workers.flows.stage import Stage
from workers.wiring import Parts, build, prepare

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE = 30_000
"""Milliseconds: a page answers at once, but the machine may be busy with the other tests."""
HERE = Path(__file__).parent
AsRole = Callable[[str], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser, a server and two sandboxes are started for them."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker("slow")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the last test that wants it: while it is there no other test can have an event loop of its own."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def own_database(postgres_url: str) -> Iterator[str]:
    """Beside the one that is emptied between tests."""
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as connection:
        connection.execute("CREATE DATABASE browsed TEMPLATE template0")
    url = postgres_url.replace("/postgres?", "/browsed?", 1)
    assert url != postgres_url
    yield url
    Database(url).engine.dispose()


@pytest.fixture(scope="session")
def site(own_database: str) -> Iterator[Site]:
    with Sandbox.running(clock=Clock()) as sandbox:
        parts = _installation(sandbox, own_database)
        stage = Stage(sandbox, parts)
        stage.keep_books()
        netsuite, stripe = closing(parts.systems.netsuite_client), closing(parts.systems.stripe_clients)
        with netsuite, stripe, served(parts, seed(stage), stage) as running:
            yield running


def _installation(sandbox: Sandbox, url: str) -> Parts:
    with patch.dict(os.environ, {**sandbox.env, "SECRET_KEY": "for the tests"}):
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
    prepare(settings, url)
    parts = build(settings, url, NoBroker(), sandbox.clock)
    assert settings.netsuite is not None
    parts.systems.netsuite_client = NetSuiteClient(settings.netsuite, LocalSlots(settings.netsuite.concurrency))
    return parts


@pytest.fixture
def as_role(browser: Browser, site: Site) -> Iterator[AsRole]:
    """`as_role("viewer")`: a page signed in under that role; `as_role("")`: nobody is. Problems fail the test."""
    contexts, watches = [], []

    def made(role: str) -> Page:
        context = browser.new_context(base_url=site.url, color_scheme="light", reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if role:
            context.add_cookies([site.cookie(role)])  # type: ignore[list-item]
        page = context.new_page()
        watches.append(Watch(page, site.url))
        page.watch = watches[-1]  # type: ignore[attr-defined]
        return page

    yield made
    for context in contexts:
        context.close()
    assert [problem for watch in watches for problem in watch.problems] == []


@pytest.fixture
def page(as_role: AsRole) -> Page:
    return as_role("admin")
