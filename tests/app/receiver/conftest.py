"""One running receiver for the tests that need nothing special of it."""

from collections.abc import Iterator

import pytest

from app.db import Database
from tests.app.receiver.serving import Served, serving


@pytest.fixture(scope="module")
def _receiver(postgres_url: str) -> Iterator[Served]:
    with serving(postgres_url) as served:
        yield served


@pytest.fixture
def receiver(_receiver: Served, database: Database) -> Served:
    return _receiver
