"""The HTTP side of the sandbox Stripe: authentication, idempotency, parameters, the answer and what follows it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import AsgiApp, FaultMiddleware, Receive, Rule, Scope, Send
from sandbox.stripe import control, forms, pages, params, resources
from sandbox.stripe.call import Call, Route
from sandbox.stripe.errors import ApiError, AuthenticationError, InvalidParams, InvalidRequest, StripeError
from sandbox.stripe.idempotency import Answer
from sandbox.stripe.render import encoded, expanded
from sandbox.stripe.world import Account, Obj, StripeWorld


def create_app(world: StripeWorld) -> AsgiApp:
    """The server's ASGI app, faults outermost."""
    return FaultMiddleware(StripeApp(world), world.faults)


@dataclass
class _Asked:
    """A request, read and authenticated."""

    method: str
    path: str
    raw: str
    tree: Obj
    account: Account
    version: str | None
    key: str | None
    request_id: str


class StripeApp:
    def __init__(self, world: StripeWorld) -> None:
        self.world = world
        self.routes = resources.all_routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.world.base_url = self.world.base_url or str(request.base_url).rstrip("/")
        path = request.url.path
        if path.startswith("/_sandbox"):
            response = await control.answer(self.world, request)
        elif not path.startswith(("/v1/", "/v2/")):
            response = await pages.answer(self.world, request)
        else:
            response = await self._api(request)
        await response(scope, receive, send)
        self.world.run_due()

    async def _api(self, request: Request) -> Response:
        request_id = self.world.new_id("req", 14)
        body = await request.body()
        try:
            asked = self._asked(request, body, request_id)
            answer, replayed = await self._answered(asked)
        except StripeError as error:
            return _response(_error(error, request_id), request_id, error.headers)
        headers = {"Idempotent-Replayed": "true"} if replayed else {}
        if asked.key:
            headers["Idempotency-Key"] = asked.key
        return _response(answer, request_id, headers | {"Stripe-Version": asked.version or asked.account.api_version})

    def _asked(self, request: Request, body: bytes, request_id: str) -> _Asked:
        query = request.url.query
        if "json" in request.headers.get("content-type", ""):
            raw, tree = body.decode(), json.loads(body or b"{}")
        else:
            raw = "&".join(part for part in (query, body.decode()) if part)
            tree = forms.decode(raw)
        if request.method == "GET" and query:
            tree = forms.decode(query)
        headers = request.headers
        key = headers.get("idempotency-key") if request.method == "POST" else None
        account = self._account(headers.get("authorization", ""), request)
        account.count_request(time.monotonic())
        return _Asked(
            request.method, request.url.path, raw, tree, account, headers.get("stripe-version"), key, request_id
        )

    def _account(self, authorization: str, request: Request) -> Account:
        scheme, _, value = authorization.partition(" ")
        if not value:
            raise AuthenticationError(
                "You did not provide an API key. You need to provide your API key in the Authorization header, "
                "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            )
        key = value if scheme.lower() == "bearer" else base64.b64decode(value).decode().rstrip(":")
        restricted = self.world.restricted.get(key)
        if restricted is not None:
            restricted.admit(request.method, request.url.path)
            return restricted.account
        account = self.world.accounts.get(key)
        if account is None:
            raise AuthenticationError(f"Invalid API Key provided: {key[:8]}****{key[-4:]}")
        return account

    async def _answered(self, asked: _Asked) -> tuple[Answer, bool]:
        with self.world.lock:
            self.world.run_due()
            if asked.key:
                kept = asked.account.kept.claim(asked.key, asked.path, asked.raw, self._now())
                if kept is not None:
                    return kept, True
        try:
            answer = await self._executed(asked)
        except BaseException:
            # parameters that fail validation leave no result behind, so the key stays free
            if asked.key:
                asked.account.kept.release(asked.key)
            raise
        if asked.key:
            asked.account.kept.save(asked.key, answer)
        return answer, False

    async def _executed(self, asked: _Asked) -> Answer:
        route, ids = self._route(asked)
        call = _call(asked, route, ids)
        delay, broken = self.world.inner_faults.striking(asked.method, asked.path)
        if delay:
            await asyncio.sleep(delay)
        if broken is not None and broken.kind != "cut_after":
            return _broken(broken, asked.request_id)
        with self.world.lock:
            answer = _run(call, route, asked)
        return _broken(broken, asked.request_id) if broken is not None else answer

    def _route(self, asked: _Asked) -> tuple[Route, dict[str, str]]:
        for route in self.routes:
            match = route.pattern.fullmatch(asked.path)
            if match and route.method == asked.method:
                return route, match.groupdict()
        raise InvalidRequest(
            f"Unrecognized request URL ({asked.method}: {asked.path}). Please see https://stripe.com/docs or we can "
            "help at https://support.stripe.com/.",
            status=404,
        )

    def _now(self) -> float:
        return self.world.clock.now().timestamp()


def _call(asked: _Asked, route: Route, ids: dict[str, str]) -> Call:
    call = Call(asked.account, {}, ids, asked.version or asked.account.api_version, asked.request_id, asked.key)
    older = asked.version is None or not call.is_endive
    tolerated = route.before_endive if older else ()
    if not older:
        _refuse_removed(asked, route)
    call.params = params.decode(route.params, asked.tree, tolerated) if route.params else asked.tree
    return call


def _refuse_removed(asked: _Asked, route: Route) -> None:
    for name in route.before_endive:
        if name in asked.tree:
            raise InvalidParams(
                f"The `{name}` parameter is no longer supported", code=f"{name}_no_longer_supported", param=name
            )


def _run(call: Call, route: Route, asked: _Asked) -> Answer:
    try:
        answer = route.answer(call)
        wanted = call.params.get("expand") or []
        paths = forms.as_list(wanted)
        return Answer(200, encoded(expanded(call.account, answer, paths)))
    except InvalidParams:
        raise
    except StripeError as error:
        return _error(error, asked.request_id)


def _error(error: StripeError, request_id: str) -> Answer:
    return Answer(error.status, encoded(error.envelope(request_id)))


def _broken(rule: Rule, request_id: str) -> Answer:
    status = rule.status if rule.kind == "status" else 500
    if rule.body is not None:
        return Answer(status, rule.body.encode() if isinstance(rule.body, str) else encoded(cast(Any, rule.body)))
    return _error(ApiError("An unknown error occurred", status=status), request_id)


def _response(answer: Answer, request_id: str, headers: dict[str, str]) -> Response:
    headers = {"Request-Id": request_id} | headers
    if answer.status == 402:
        headers["Stripe-Should-Retry"] = "false"
    return Response(answer.body, answer.status, headers, media_type="application/json")
