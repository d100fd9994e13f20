"""A NetSuite account that answers over respx, and the client under test in front of it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.core.exchanges import Exchange
from app.settings import NetSuiteAccount
from app.systems.netsuite.auth import Fetch
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.slots import LocalSlots

BASE = "https://1234567-sb1.suitetalk.api.netsuite.com"
RECORD = f"{BASE}/services/rest/record/v1"
SUITEQL = f"{BASE}/services/rest/query/v1/suiteql"
RESTLET = "https://1234567-sb1.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class FixedClock:
    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Signed:
    """A signer that needs nothing from outside."""

    def __init__(self) -> None:
        self.signed = 0

    def prepare(self, fetch: Fetch) -> None:
        return None

    def sign(self, request: httpx.Request) -> None:
        self.signed += 1
        request.headers["Authorization"] = f"Test {self.signed}"

    def refused(self, request: httpx.Request) -> bool:
        return True


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def made_location(record_type: str, internal_id: str) -> httpx.Response:
    return httpx.Response(204, headers={"Location": f"{RECORD}/{record_type}/{internal_id}"})


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def account() -> NetSuiteAccount:
    return NetSuiteAccount(account_id="1234567_SB1")


@pytest.fixture
def slots() -> LocalSlots:
    return LocalSlots(4)


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def client(account: NetSuiteAccount, slots: LocalSlots) -> Iterator[NetSuiteClient]:
    made = NetSuiteClient(account, slots, signer=Signed())
    yield made
    made.close()


@pytest.fixture
def netsuite(client: NetSuiteClient, exchanges: list[Exchange], clock: FixedClock) -> NetSuiteGateway:
    return client.bound(exchanges.append, clock)


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router
