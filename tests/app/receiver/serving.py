"""A real uvicorn server around a receiver, and senders that really sign."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from stripe import WebhookSignature

from app.core.group_commit import Limits
from app.receiver.asgi import Receiver
from app.receiver.serve import listen, server
from app.settings import NetSuiteAccount, Settings, StripeAccount
from app.systems.netsuite.signature import sign

OLD_SECRET, SECRET, CALLBACK_SECRET = "whsec_old", "whsec_new", "callback-secret"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def settings(**more: Any) -> Settings:
    main = StripeAccount.model_validate(
        {"api_key": "sk_test_1", "webhook_secrets": f"{OLD_SECRET},{SECRET}", "livemode": False}
    )
    silent = StripeAccount.model_validate({"api_key": "sk_test_2"})
    netsuite = NetSuiteAccount.model_validate({"account_id": "1234567_SB1", "callback_secrets": CALLBACK_SECRET})
    return Settings(_env_file=None, stripe={"main": main, "silent": silent}, netsuite=netsuite, **more)


@dataclass
class Served:
    """`published`: what the relay gave to the broker."""

    port: int
    http: httpx.Client
    published: list[int] = field(default_factory=list)

    def post(self, body: bytes, header: str | None = None, account: str = "main") -> httpx.Response:
        headers = {"stripe-signature": signature(body) if header is None else header}
        return self.http.post(f"/webhooks/stripe/{account}", content=body, headers=headers)

    def call_back(self, body: bytes, account: str = "1234567_SB1", **headers: str) -> httpx.Response:
        signed = sign(body, CALLBACK_SECRET, datetime.now(UTC)) | headers
        return self.http.post(f"/webhooks/netsuite/{account}", content=body, headers=signed)


@contextmanager
def serving(url: str, *, limits: Limits | None = None, **more: Any) -> Iterator[Served]:
    published: list[int] = []
    body_patience = more.pop("body_patience", timedelta(seconds=20))
    receiver = Receiver(
        settings(**more), url, published.extend, SystemClock(), limits=limits, body_patience=body_patience
    )
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    running = server(lifespan_around(receiver))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    eventually(lambda: running.started)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            yield Served(port, http, published)
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()


def lifespan_around(receiver: Receiver) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await receiver(scope, receive, send)
            return
        await receive()
        await receiver.startup()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await receiver.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    return app


def snapshot(event_id: str = "evt_1", **changes: object) -> bytes:
    event: dict[str, object] = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1795000000,
        "livemode": False,
        "type": "invoice.paid",
        "data": {"object": {"id": "in_1", "object": "invoice"}},
    }
    return json.dumps(event | changes, indent=2).encode()


def thin(event_id: str = "evt_thin", **changes: object) -> bytes:
    event: dict[str, object] = {
        "id": event_id,
        "object": "v2.core.event",
        "type": "v1.invoice.paid",
        "created": "2026-11-22T10:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"},
    }
    return json.dumps(event | changes).encode()


def callback(event_id: str = "cb_1", **changes: object) -> bytes:
    body: dict[str, object] = {
        "event_id": event_id,
        "account": "1234567-sb1",
        "record_type": "invoice",
        "id": "77",
        "event": "edit",
        "context": "USERINTERFACE",
        "at": "2026-11-22T10:00:00Z",
    }
    return json.dumps(body | changes).encode()


def signature(body: bytes, secret: str = SECRET, *, age: timedelta = timedelta()) -> str:
    at = int((datetime.now(UTC) - age).timestamp())
    return str(WebhookSignature.generate_signature_header(body.decode(), secret, at))


def eventually(condition: Callable[[], bool], timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def error(response: httpx.Response) -> tuple[int, str]:
    """Status and code; a refusal always says something, too."""
    found: dict[str, str] = response.json()["error"]
    assert len(found["message"]) > 20
    return response.status_code, found["code"]


def numbered(count: int, prefix: str) -> Sequence[bytes]:
    return [snapshot(f"evt_{prefix}_{number}") for number in range(count)]
