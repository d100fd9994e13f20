"""A sandbox Stripe for each test module, emptied for each test, and what speaks to it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from sandbox.credentials import Credentials
from sandbox.serve import Sandbox
from sandbox.stripe.webhooks import Chaos


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return Credentials.load(tmp_path_factory.mktemp("credentials"))


@pytest.fixture(scope="module")
def running(credentials: Credentials) -> Iterator[Sandbox]:
    with Sandbox.running(credentials=credentials, with_netsuite=False) as running:
        yield running


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.stripe.reset()
    running.stripe.deliveries.chaos = Chaos(retry_ms=20)
    yield running
    running.stripe.faults.clear()
    running.stripe.inner_faults.clear()
    if running.clock.frozen:
        running.clock.unfreeze()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[stripe.StripeClient]:
    with contextlib.closing(stripe.RequestsClient(timeout=30)) as transport:
        yield stripe.StripeClient(
            sandbox.credentials.stripe_api_key,
            base_addresses={"api": sandbox.stripe_url},
            stripe_version="2026-10-28.endive",
            http_client=transport,
        )


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Plain HTTP with the account's key, for what the package can't say."""
    headers = {"Authorization": f"Bearer {sandbox.credentials.stripe_api_key}"}
    with httpx.Client(base_url=sandbox.stripe_url, headers=headers, trust_env=False, timeout=30) as plain:
        yield plain


@pytest.fixture
def happened(sandbox: Sandbox) -> Callable[[], list[str]]:
    """The types of all events so far, oldest first."""
    return lambda: [event["type"] for event in sandbox.stripe.account.kind("event").values()]


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """A webhook receiver that keeps what it gets and answers with `answers` in turn, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def types(self) -> list[str]:
        return [each.event["type"] for each in self.received]

    @property
    def ids(self) -> list[str]:
        return [each.event["id"] for each in self.received]

    def take(self, headers: dict[str, str], body: bytes) -> int:
        with self.lock:
            self.received.append(Received(headers, body))
            return self.answers.pop(0) if self.answers else 200


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = kept.take({k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield kept
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def listening(sandbox: Sandbox, receiver: Receiver) -> Receiver:
    """The receiver, as an endpoint for every event."""
    sandbox.stripe.deliver_to(receiver.url, sandbox.credentials.stripe_webhook_secret)
    return receiver


@pytest.fixture
def customer(client: stripe.StripeClient) -> stripe.Customer:
    return client.v1.customers.create({"name": "Acme GmbH", "email": "ap@acme.example", "invoice_prefix": "ACME"})


@dataclass
class Invoicing:
    """Invoices in the state a test needs."""

    client: stripe.StripeClient
    customer: stripe.Customer

    def draft(self, *amounts: int, **params: Any) -> stripe.Invoice:
        given: Any = {"collection_method": "send_invoice", "customer": self.customer.id} | params
        if given["collection_method"] == "send_invoice" and "due_date" not in given:
            given = {"days_until_due": 30} | given
        made = self.client.v1.invoices.create(given)
        if amounts:
            lines: Any = [{"amount": amount, "description": f"Line {n}"} for n, amount in enumerate(amounts, 1)]
            made = self.client.v1.invoices.add_lines(made.id, {"lines": lines})
        return made

    def open(self, *amounts: int, **params: Any) -> stripe.Invoice:
        return self.client.v1.invoices.finalize_invoice(self.draft(*amounts, **params).id)


@pytest.fixture
def invoicing(client: stripe.StripeClient, customer: stripe.Customer) -> Invoicing:
    return Invoicing(client, customer)


def refused(call: Callable[[], Any]) -> stripe.StripeError:
    """The error that the call raises; fails when it raises none."""
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


CLI_FOLDER = Path(".tieout/npm")
