"""The dashboard, served; visitors of each role; and a count of what a page asks the database."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI

from app.dashboard.access import cookie_name
from app.db import Database
from tests.app.admin.installation import Installation, install, serving
from tests.app.dashboard.visiting import Counting, Visitor, dashboard, enter

SignIn = Callable[[str], Visitor]
Statements = Callable[[], Counting]


@pytest.fixture
def parts(database: Database) -> Installation:
    return install(database)


@pytest.fixture(scope="session")
def served_dashboard() -> Iterator[tuple[FastAPI, str]]:
    app = dashboard()
    with serving(app) as url:
        yield app, url


@pytest.fixture
def base_url(served_dashboard: tuple[FastAPI, str], parts: Installation) -> str:
    app, url = served_dashboard
    app.state.parts = parts
    return url


@pytest.fixture
def sign_in(parts: Installation, base_url: str) -> Iterator[SignIn]:
    """`sign_in("operator")`: a visitor with a session of that role."""
    made: list[Visitor] = []

    def with_role(role: str) -> Visitor:
        _, token = enter(parts, role)
        made.append(Visitor(base_url, {cookie_name(parts.settings): token}))
        return made[-1]

    yield with_role
    for each in made:
        each.close()


@pytest.fixture
def stranger(parts: Installation, base_url: str) -> Iterator[Visitor]:
    """Nobody is signed in."""
    visitor = Visitor(base_url)
    yield visitor
    visitor.close()


@pytest.fixture
def statements(parts: Installation) -> Statements:
    return lambda: Counting(parts.database.engine)
