"""A gateway whose Stripe answers by script, and whose waiting only moves a clock of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from pydantic import SecretStr

from app.core.exchanges import Exchange
from app.settings import StripeAccount
from app.systems.stripe.gateway import StripeClients, StripeGateway
from tests.app.systems.stripe.stub import NOW, Stub, running


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Waiting:
    """`sleep` and `monotonic` of a world in which only sleeping takes time."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return sum(self.slept)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running() as stub:
        yield stub


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture
def clients(stub: Stub, waiting: Waiting) -> Iterator[StripeClients]:
    account = StripeAccount(api_key=SecretStr("sk_test_x"), api_base=stub.url)
    clients = StripeClients({"main": account}, sleep=waiting.sleep, monotonic=waiting.monotonic)
    yield clients
    clients.close()


@pytest.fixture
def gateway(clients: StripeClients, exchanges: list[Exchange]) -> StripeGateway:
    return clients.bound("main", exchanges.append, FixedClock())
