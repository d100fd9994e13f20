"""A served admin API, and a client with a token for each scope."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.core import tokens
from app.db import Database
from tests.app.admin.installation import Installation, application, install, serving

Client = Callable[[str], httpx.Client]


@pytest.fixture
def parts(database: Database) -> Installation:
    return install(database)


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[FastAPI, str]]:
    app = application()
    with serving(app) as url:
        yield app, url


@pytest.fixture
def base_url(served: tuple[FastAPI, str], parts: Installation) -> str:
    app, url = served
    app.state.parts = parts
    return url


@pytest.fixture
def client(parts: Installation, base_url: str) -> Iterator[Client]:
    """`client("operate")`: with a token of that scope."""
    made: list[httpx.Client] = []

    def with_scope(scope: str) -> httpx.Client:
        with parts.database.session_scope() as session:
            _, token = tokens.create(session, f"a {scope} script", scope, actor="cli")
        headers = {"Authorization": f"Bearer {token}"}
        made.append(httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, verify=False, timeout=30))
        return made[-1]

    yield with_scope
    for each in made:
        each.close()
