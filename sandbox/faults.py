"""Faults on request: slow, refused, broken and half-done answers in front of any ASGI app of the sandbox."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, cast, get_args

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

Kind = Literal["latency", "status", "cut_before", "cut_after"]
CONTROL_PREFIX = "/_sandbox"
FAULTS_PATH = "/_sandbox/faults"


@dataclass
class Rule:
    """One fault. `hits` counts the requests it was applied to, `seen` those it matched."""

    kind: Kind
    method: str | None = None
    path: str = ".*"
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    ms: int = 0
    jitter_ms: int = 0
    status: int = 500
    body: str | Mapping[str, Any] | list[Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    hits: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown kind of fault {self.kind!r}, one of {', '.join(get_args(Kind))}")
        self._path = re.compile(self.path)
        self._random = random.Random(self.seed)  # noqa: S311

    def takes(self, method: str, path: str) -> bool:
        """Whether this rule strikes this request; counts it."""
        if self.spent or (self.method and self.method.upper() != method) or not self._path.search(path):
            return False
        self.seen += 1
        if self.seen <= self.skip or self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    @property
    def spent(self) -> bool:
        return self.times is not None and self.hits >= self.times

    @property
    def delay(self) -> float:
        """Seconds to wait, for a latency."""
        return (self.ms + self._random.random() * self.jitter_ms) / 1000

    def as_json(self) -> dict[str, Any]:
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return shown | {"headers": dict(self.headers), "spent": self.spent}


class Faults:
    """The rules of one server, tried in the order they were added. Latencies add up; the first other rule wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._numbers = count(1)

    def add(self, kind: Kind, **rule: Any) -> Rule:
        """Add a rule (fields as in `Rule`); raises TypeError or ValueError for one that makes no sense."""
        made = Rule(kind=kind, **{name: value for name, value in rule.items() if name not in ("hits", "seen")})
        made.id = made.id or f"fault_{next(self._numbers)}"
        with self._lock:
            self._rules.append(made)
        return made

    def latency(self, ms: int, **rule: Any) -> Rule:
        return self.add("latency", ms=ms, **rule)

    def status(self, status: int, **rule: Any) -> Rule:
        return self.add("status", status=status, **rule)

    def cut_before(self, **rule: Any) -> Rule:
        return self.add("cut_before", **rule)

    def cut_after(self, **rule: Any) -> Rule:
        return self.add("cut_after", **rule)

    def rules(self) -> list[Rule]:
        with self._lock:
            return list(self._rules)

    def clear(self, rule_id: str | None = None) -> None:
        with self._lock:
            self._rules = [rule for rule in self._rules if rule_id is not None and rule.id != rule_id]

    def striking(self, method: str, path: str) -> tuple[float, Rule | None]:
        """What befalls this request: seconds of latency, and the rule that breaks it, if any."""
        delay = 0.0
        with self._lock:
            for rule in self._rules:
                if not rule.takes(method, path):
                    continue
                if rule.kind != "latency":
                    return delay, rule
                delay += rule.delay
        return delay, None


class FaultMiddleware:
    """Outermost ASGI layer: serves its own control path, and strikes every other request but those of /_sandbox."""

    def __init__(self, app: AsgiApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif path == FAULTS_PATH or path.startswith(FAULTS_PATH + "/"):
            await self._control(scope, receive, send)
        elif path.startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
        else:
            await self._struck(scope, receive, send)

    async def _struck(self, scope: Scope, receive: Receive, send: Send) -> None:
        delay, rule = self.faults.striking(scope["method"], _with_query(scope))
        if delay:
            receive = _replaying(await _read(receive), receive)
            await asyncio.sleep(delay)
        if rule is None:
            await self.app(scope, receive, send)
        elif rule.kind == "status":
            await _read(receive)
            await _answer(send, rule.status, rule.body, rule.headers)
        else:
            if rule.kind == "cut_after":
                await self.app(scope, receive, _swallow)
            _cut(send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        try:
            status, answer = controlled(
                self.faults, scope["method"], scope["path"].removeprefix(FAULTS_PATH).strip("/"), body
            )
        except (TypeError, ValueError, re.error) as error:
            status, answer = 400, {"error": str(error)}
        await _answer(send, status, answer, {})


def controlled(faults: Faults, method: str, rule_id: str, body: bytes) -> tuple[int, Any]:
    """Status and JSON for a request on the rules: POST adds one or a list, GET shows, DELETE clears one or all."""
    if method == "POST":
        asked = json.loads(body or b"{}")
        added = [faults.add(**rule).as_json() for rule in (asked if isinstance(asked, list) else [asked])]
        return 201, added if isinstance(asked, list) else added[0]
    if method == "DELETE":
        faults.clear(rule_id or None)
    elif method != "GET":
        return 405, {"error": f"{method} is not for faults"}
    return 200, {"rules": [rule.as_json() for rule in faults.rules()]}


def _with_query(scope: Scope) -> str:
    query = cast(bytes, scope.get("query_string", b"")).decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _replaying(body: bytes, receive: Receive) -> Receive:
    """What was sent is kept through the wait: a client that gives up meanwhile has still asked for it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _swallow(_: Message) -> None:
    return None


def _cut(send: Send) -> None:
    # uvicorn's `send` is a bound method of the request cycle, which holds the connection's transport
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("a connection can be cut only by the outermost app of a uvicorn server")
    transport.abort()


async def _answer(send: Send, status: int, body: object, headers: Mapping[str, str]) -> None:
    raw, content_type = _encoded(body)
    lowered = {name.lower(): str(value) for name, value in headers.items()}
    lowered = {"content-type": content_type, "content-length": str(len(raw))} | lowered
    encoded: Iterable[tuple[bytes, bytes]] = ((k.encode(), v.encode()) for k, v in lowered.items())
    await send({"type": "http.response.start", "status": status, "headers": list(encoded)})
    await send({"type": "http.response.body", "body": raw})


def _encoded(body: object) -> tuple[bytes, str]:
    if body is None:
        return b"", "text/plain"
    if isinstance(body, str):
        html = body.lstrip().startswith("<")
        return body.encode(), "text/html; charset=utf-8" if html else "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"
