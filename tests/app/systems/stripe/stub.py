"""A Stripe of scripted answers over real HTTP: what it was asked, and exactly what it said."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """`cut`: the connection is closed without an answer."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Stub:
    """Answers in the order of `answers`; one too few is a 599, which no test expects."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> "Stub":
        self.answers.append(Answer(status, {} if body is None else body, headers or {}))
        return self

    def refuse(self, status: int, *, type: str = "invalid_request_error", **error: Any) -> "Stub":
        headers = error.pop("headers", {})
        self.answers.append(Answer(status, {"error": {"type": type, **error}}, headers))
        return self

    def cut(self) -> "Stub":
        self.answers.append(Answer(cut=True))
        return self

    def keys(self) -> list[str]:
        return [asked.headers["idempotency-key"] for asked in self.asked if asked.method == "POST"]

    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


@contextmanager
def running() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            place = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            params = dict(parse_qsl(place.query or body, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.asked.append(Asked(self.command, place.path, params, headers))
            self._send(stub.answers.pop(0) if stub.answers else Answer(599))

        def _send(self, answer: Answer) -> None:
            self.close_connection = answer.cut
            if answer.cut:
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in {"Request-Id": "req_stub", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def customer(**changed: Any) -> dict[str, Any]:
    return {"id": "cus_1", "object": "customer", "livemode": False, "created": 1_760_000_000, **changed}


def listing(*data: Any, more: bool = False, url: str = "/v1/things") -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": more, "url": url}


def line(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"il_{number}",
        "object": "line_item",
        "amount": 100 * number,
        "currency": "usd",
        "subtotal": 100 * number,
        "quantity": 1,
        "period": {"start": 1_760_000_000, "end": 1_760_086_400},
        "metadata": {},
        **changed,
    }


def payment(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"inpay_{number}",
        "object": "invoice_payment",
        "invoice": "in_1",
        "amount_requested": 500,
        "amount_paid": 500,
        "currency": "usd",
        "status": "paid",
        "is_default": True,
        "livemode": False,
        "created": 1_760_000_000,
        "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        "status_transitions": {"paid_at": 1_760_000_100, "canceled_at": None},
        **changed,
    }


def dispute(**changed: Any) -> dict[str, Any]:
    return {
        "id": "du_1",
        "object": "dispute",
        "amount": 400,
        "currency": "eur",
        "status": "needs_response",
        "reason": "fraudulent",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "created": 1_760_000_000,
        "balance_transactions": [],
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        **changed,
    }


def invoice(**changed: Any) -> dict[str, Any]:
    return {
        "id": "in_1",
        "object": "invoice",
        "status": "open",
        "livemode": False,
        "created": 1_760_000_000,
        "period_start": 1_760_000_000,
        "period_end": 1_760_000_000,
        "currency": "usd",
        "customer": "cus_1",
        "total": 500,
        "subtotal": 500,
        "amount_due": 500,
        "amount_paid": 0,
        "amount_remaining": 500,
        "amount_overpaid": 0,
        "starting_balance": 0,
        "status_transitions": {},
        "lines": listing(line(5)),
        "payments": listing(),
        "metadata": {},
        **changed,
    }
