import pytest

from app.db import Database
from tests.app.core.fakes import Bench
from tests.workers.flows.conftest import parts, sandbox, stage

__all__ = ["parts", "sandbox", "stage"]


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)
