"""The network side: one ASGI app that authenticates, takes a place under the concurrency limit, waits, and answers."""

from __future__ import annotations

import asyncio
import secrets
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sandbox.faults import AsgiApp, FaultMiddleware, Receive, Scope, Send
from sandbox.netsuite import control, jobs, rest, restlet
from sandbox.netsuite.auth import TOKEN_PATH, TokenRefused
from sandbox.netsuite.calls import Call, Reply, refusal
from sandbox.netsuite.errors import NetSuiteError

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

SERVICES = "/services/rest"
JSON = "application/json"
BLOCKED = "Concurrent request limit exceeded. Request blocked."
Answer = Callable[["NetSuiteWorld", Call], Awaitable[Reply]]


def create_app(world: NetSuiteWorld) -> AsgiApp:
    """The account's servers (REST, RESTlets, /_sandbox) behind one address, with its faults in front."""
    return FaultMiddleware(App(world), world.faults)


class App:
    def __init__(self, world: NetSuiteWorld) -> None:
        self.world = world
        self.background: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = Call(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=await _read(receive),
            base=_base(scope),
        )
        await _send(send, await self._guarded(call, scope))

    async def _guarded(self, call: Call, scope: Scope) -> Reply:
        try:
            return await self._routed(call, scope)
        except Exception:
            error_id = secrets.token_hex(8)
            self.world.crashes.append(traceback.format_exc())
            sentence = f"An unexpected error occurred. Error ID: {error_id}"
            return refusal(NetSuiteError(sentence, "UNEXPECTED_ERROR", 500))

    async def _routed(self, call: Call, scope: Scope) -> Reply:
        if call.path.startswith(control.PREFIX):
            return await self._control(call)
        if call.path == TOKEN_PATH:
            return self._token(call)
        if call.path == restlet.PATH:
            return await self._restlet(call, scope)
        if call.path.startswith(f"{SERVICES}/"):
            return await self._rest(call, scope)
        return Reply(404, "<html><body>Page not found</body></html>", media="text/html")

    async def _control(self, call: Call) -> Reply:
        if call.path == f"{control.PREFIX}/callbacks/wait":
            await asyncio.to_thread(self.world.callbacks.wait_idle)
        reply = control.answer(self.world, _below(call, control.PREFIX))
        await self._fire()
        return reply

    def _token(self, call: Call) -> Reply:
        form = dict(parse_qsl(call.body.decode("latin-1")))
        try:
            if call.method != "POST" or "x-www-form-urlencoded" not in call.headers.get("content-type", ""):
                raise TokenRefused("invalid_request", "The request must be a form that is posted.")
            return Reply(200, self.world.gatekeeper.mint(form, f"{call.base}{TOKEN_PATH}"), media=JSON)
        except TokenRefused as error:
            return Reply(error.status, {"error": error.error, "error_description": error.description}, media=JSON)

    async def _restlet(self, call: Call, scope: Scope) -> Reply:
        try:
            self._admit(call, scope, "restlets")
        except NetSuiteError as error:
            return Reply(error.status, error.restlet_body(), error.headers, restlet.JSON)
        # a RESTlet's throttle is a 400
        blocked = NetSuiteError(BLOCKED, "SSS_REQUEST_LIMIT_EXCEEDED", 400)
        return await self._placed(call, restlet.answer, Reply(400, blocked.restlet_body(), media=restlet.JSON))

    async def _rest(self, call: Call, scope: Scope) -> Reply:
        try:
            self._admit(call, scope, "rest_webservices")
        except NetSuiteError as error:
            return refusal(error)
        blocked = NetSuiteError(BLOCKED, "CONCURRENCY_LIMIT_EXCEEDED", 429, title="Too Many Requests")
        answer = await self._placed(_below(call, SERVICES), self._answered, refusal(blocked))
        if answer.status == 202:
            self._start(self._do_jobs())
        return answer

    def _admit(self, call: Call, scope: Scope, wanted: str) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        url = f"{call.base}{raw.partition(b'?')[0].decode('latin-1')}"
        query = scope["query_string"].decode("latin-1")
        self.world.gatekeeper.admit(call.method, url, query, call.headers.get("authorization"), wanted)

    async def _answered(self, world: NetSuiteWorld, call: Call) -> Reply:
        reply = rest.answer(world, call)
        await self._fire()
        return reply

    async def _fire(self) -> None:
        # whoever saves waits for the scripts, as in NetSuite; whoever else asks does not
        await self.world.scripts.fire(self.world.scripts.taken())

    async def _placed(self, call: Call, answer: Answer, blocked: Reply) -> Reply:
        governance = self.world.governance
        if not governance.enter(call.method, call.path):
            governance.answered(blocked.status)
            return blocked
        try:
            seen = rest.version_seen(self.world, call)
            if governance.latency_ms or governance.record_ms:
                await asyncio.sleep((governance.latency_ms + governance.record_ms * saved(call)) / 1000)
            reply = await answer(self.world, _with_seen(call, seen))
            governance.answered(reply.status)
            return reply
        finally:
            governance.leave()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def _do_jobs(self) -> None:
        # jobs have processors of their own: no place under the limit
        while jobs.step(self.world):
            await self._fire()
            await asyncio.sleep(0)


def saved(call: Call) -> int:
    """How many records the call is to save; a RESTlet may be sent several."""
    if call.method not in ("POST", "PUT", "PATCH") or call.path.endswith("/suiteql"):
        return 0
    try:
        items = call.json().get("items")
    except NetSuiteError:
        return 0
    return len(items) if isinstance(items, list) else 1


def _below(call: Call, prefix: str) -> Call:
    return replace(call, path=call.path.removeprefix(prefix))


def _with_seen(call: Call, seen: int | None) -> Call:
    return replace(call, seen=seen)


def _base(scope: Scope) -> str:
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    host = hosts[0] if hosts else f"{scope['server'][0]}:{scope['server'][1]}"
    default = {"http": ":80", "https": ":443"}[scope["scheme"]]
    return f"{scope['scheme']}://{host.lower().removesuffix(default)}"


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, reply: Reply) -> None:
    body = reply.encoded()
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
    if body:
        headers.append((b"content-type", reply.media.encode()))
    if reply.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
