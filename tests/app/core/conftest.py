import pytest

from app.db import Database
from tests.app.core.fakes import Bench


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)
