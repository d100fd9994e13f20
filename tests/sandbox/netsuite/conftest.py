"""One sandbox NetSuite per test process, emptied before each test, and a client that is really authenticated."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.netsuite import NetSuiteWorld, create_app, ids
from sandbox.netsuite.auth import ASSERTION_TYPE, TOKEN_PATH
from sandbox.serve import serving

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"


@dataclass
class Server:
    world: NetSuiteWorld
    url: str


def assertion(
    credentials: Credentials,
    url: str,
    *,
    algorithm: str = "ES256",
    kid: str = "",
    lasts: int = 300,
    **claims: Any,
) -> str:
    """A client assertion by an independent library; `lasts` so many seconds."""
    now = int(time.time())
    own = {"iss": credentials.netsuite_client_id, "aud": f"{url}{TOKEN_PATH}", "iat": now, "exp": now + lasts}
    scope = {"scope": ["restlets", "rest_webservices"], "jti": uuid.uuid4().hex}
    elliptic = algorithm.startswith("ES")
    file = credentials.netsuite_private_key_file if elliptic else credentials.netsuite_rsa_private_key_file
    default = credentials.netsuite_certificate_id if elliptic else credentials.netsuite_rsa_certificate_id
    return jwt.encode(
        {**own, **scope, **claims}, file.read_text(), algorithm=algorithm, headers={"kid": kid or default}
    )


def token_answer(url: str, made: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": made}
    return httpx.post(f"{url}{TOKEN_PATH}", data=form)


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    return Credentials.load(Path(tempfile.mkdtemp(prefix="tieout-netsuite-", dir="/tmp")))


@pytest.fixture(scope="session")
def _server(credentials: Credentials) -> Iterator[Server]:
    world = NetSuiteWorld(clock=Clock(NOON), credentials=credentials)
    with serving(create_app(world)) as url:
        yield Server(world, url)
    world.close()


@pytest.fixture(scope="session")
def _token(_server: Server, credentials: Credentials) -> str:
    return str(token_answer(_server.url, assertion(credentials, _server.url)).json()["access_token"])


@pytest.fixture
def server(_server: Server) -> Server:
    _server.world.clock.set(NOON)
    _server.world.callbacks.deliver_to(None)
    _server.world.faults.clear()
    _server.world.reset()
    return _server


@pytest.fixture
def world(server: Server) -> NetSuiteWorld:
    return server.world


class Client(httpx.Client):
    """A few words for what every test does."""

    def record(self, path: str, **query: str) -> dict[str, Any]:
        answer = self.get(f"{RECORDS}/{path}", params={"expandSubResources": "true", **query})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def made(self, type: str, body: dict[str, Any], **query: str) -> str:
        """The new record's internal id."""
        return made(self.post(f"{RECORDS}/{type}", json=body, params=query))

    def put_eid(self, type: str, external_id: str, body: dict[str, Any], **query: str) -> str:
        return made(self.put(f"{RECORDS}/{type}/eid:{external_id}", json=body, params=query))

    def patched(self, path: str, body: dict[str, Any], **query: str) -> str:
        return made(self.patch(f"{RECORDS}/{path}", json=body, params=query))

    def suiteql(self, q: str, *params: object) -> list[dict[str, Any]]:
        answer = self.post(SUITEQL, json={"q": q, "params": list(params)}, headers={"Prefer": "transient"})
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in item.items() if k != "links"} for item in answer.json()["items"]]

    def customer(self, **more: Any) -> str:
        body = {"companyName": "Acme", "email": "a@acme.example", "subsidiary": {"id": ids.SUBSIDIARY_US}, **more}
        return self.made("customer", body)

    def invoice(self, customer: str, amount: float = 100, **more: Any) -> str:
        return self.made("invoice", invoice(customer, amount, **more))

    def payment(self, customer: str, invoice: str | None, amount: float, **more: Any) -> str:
        return self.made("customerPayment", payment(customer, invoice, amount, **more))


def made(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    return answer.headers["Location"].rsplit("/", 1)[-1]


def invoice(customer: str, amount: float = 100, **more: Any) -> dict[str, Any]:
    lines = {"items": [{"item": {"id": ids.ITEM_STRIPE}, "amount": amount}]}
    return {"entity": {"id": customer}, "item": lines, "toBeEmailed": False, **more}


def payment(customer: str, invoice: str | None, amount: float, **more: Any) -> dict[str, Any]:
    apply = {"apply": {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}} if invoice else {}
    return {"customer": {"id": customer}, "payment": amount, "autoApply": False, **apply, **more}


def detail(answer: httpx.Response) -> str:
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["o:errorDetails"][0]["detail"])


@pytest.fixture
def client(server: Server, _token: str) -> Iterator[Client]:
    if _token not in server.world.gatekeeper.bearer:
        fresh = assertion(server.world.credentials, server.url)
        _token = str(token_answer(server.url, fresh).json()["access_token"])
    headers = {"Authorization": f"Bearer {_token}", "X-NetSuite-PropertyNameValidation": "error"}
    with Client(base_url=server.url, headers=headers, timeout=30) as client:
        yield client
    assert list(server.world.crashes) == []
