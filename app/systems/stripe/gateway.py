"""The only door to Stripe: one pinned client per account, our own retries, limits and records of every call.

Facts about the `stripe` package that this module answers to: `StripeClient` retries nothing by itself and never a
429; an Idempotency-Key of its own making is new with each call; sessions must not survive a fork.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import requests
import stripe

from app.core.exchanges import Exchange, Record
from app.core.interfaces import Clock
from app.settings import StripeAccount
from app.systems.stripe import errors, recorded
from app.systems.stripe.endpoints import Endpoints
from app.systems.stripe.limiter import Limiter
from app.systems.stripe.objects import API_VERSION
from app.systems.stripe.writes import Writes

TIMEOUT = (5.0, 30.0)  # seconds to connect, seconds without a byte
TRIES = 3
PATIENCE = timedelta(seconds=20)  # for all waiting between the tries of one call

_NONE: Mapping[str, str] = {}
_sink: ContextVar[Record | None] = ContextVar("stripe_exchanges", default=None)
# Where an error's body is not Stripe's (a proxy's, say), the package's exception has lost the headers.
_answered: ContextVar[Mapping[str, str]] = ContextVar("stripe_answered", default=_NONE)


class Transport(stripe.RequestsClient):
    """Shared by all threads of a process (the base class keeps a session for each); tells `_sink` of each request."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)

    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        self._own_session()
        started = time.monotonic()
        try:
            body, status, answered = super().request(method, url, headers, post_data)
        except stripe.APIConnectionError as error:
            # The kind of failure alone: its text repeats the address with the query.
            failure = type(error.__cause__ or error).__name__
            _tell(recorded.exchange(method, url, post_data, headers or {}, _since(started), error=failure))
            raise
        _answered.set(answered)
        both = {**(headers or {}), **answered}
        _tell(recorded.exchange(method, url, post_data, both, _since(started), status=status, body=body))
        return body, status, answered

    def _own_session(self) -> None:
        if getattr(self._thread_local, "session", None) is None:
            session = requests.Session()
            # Without an `auth` of its own, requests lets a host's entry in ~/.netrc replace the API key.
            session.auth = lambda prepared: prepared
            self._thread_local.session = session


def _tell(exchange: Exchange) -> None:
    record = _sink.get()
    if record is not None:
        record(exchange)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


class StripeClients:
    """The accounts of the installation. Holds one `stripe.StripeClient` each, made at first use in each process."""

    def __init__(
        self,
        accounts: Mapping[str, StripeAccount],
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # Otherwise the package reports request times and an id of this machine back to Stripe.
        stripe.enable_telemetry = False
        self._accounts = dict(accounts)
        self._sleep, self._monotonic = sleep, monotonic
        self._lock = threading.Lock()
        self._made: dict[tuple[int, str], tuple[stripe.StripeClient, Limiter]] = {}

    def accounts(self) -> tuple[str, ...]:
        return tuple(self._accounts)

    def bound(self, account: str, record: Record, clock: Clock) -> "StripeGateway":
        """The gateway for one run: it records each exchange and counts its calls. KeyError for an unknown account."""
        client, limiter = self._client(account)
        live = bool(self._accounts[account].livemode)
        return StripeGateway(account, live, client, limiter, record, clock, self._sleep, self._monotonic)

    def close(self) -> None:
        with self._lock:
            for client, _ in self._made.values():
                client._requestor._get_http_client().close()  # type: ignore[no-untyped-call]
            self._made.clear()

    def _client(self, account: str) -> tuple[stripe.StripeClient, Limiter]:
        place = (os.getpid(), account)
        with self._lock:
            if place not in self._made:
                self._made[place] = self._make(self._accounts[account])
            return self._made[place]

    def _make(self, account: StripeAccount) -> tuple[stripe.StripeClient, Limiter]:
        base = account.api_base.rstrip("/")
        client = stripe.StripeClient(
            account.api_key.get_secret_value(),
            stripe_version=API_VERSION,
            base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
            max_network_retries=0,
            http_client=Transport(),
        )
        return client, Limiter(account.requests_per_second, monotonic=self._monotonic, sleep=self._sleep)


class StripeGateway(Endpoints, Writes):
    """`app.core.interfaces.Stripe` for one run. `calls`: how many HTTP requests it has made."""

    def __init__(
        self,
        account: str,
        livemode: bool,
        client: stripe.StripeClient,
        limiter: Limiter,
        record: Record,
        clock: Clock,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self.account, self.livemode, self.clock = account, livemode, clock
        self.calls = 0
        self._v1 = client.v1
        self._limiter, self._record = limiter, record
        self._sleep, self._monotonic = sleep, monotonic

    def _attempt(self, operation: str, request: Callable[[], Any]) -> Any:
        give_up_at = self._monotonic() + PATIENCE.total_seconds()
        unclear: errors.Refusal | None = None
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(operation, request)
            except stripe.StripeError as error:
                refusal = _refusal(error)
            unclear = refusal if refusal.indeterminate else unclear
            wait = _wait(attempt, refusal)
            if attempt == TRIES or not errors.again(refusal) or self._monotonic() + wait > give_up_at:
                break
            self._sleep(wait)
        # A plain refusal under the same key settles what an earlier try left open; "busy" does not.
        raise errors.Refused(unclear if unclear and errors.again(refusal) else refusal)

    def _once(self, operation: str, request: Callable[[], Any]) -> Any:
        self._limiter.acquire(operation)
        _answered.set(_NONE)
        token = _sink.set(self._counted)
        try:
            return request()
        finally:
            _sink.reset(token)

    def _counted(self, exchange: Exchange) -> None:
        self.calls += 1
        self._record(exchange)


def _wait(attempt: int, refusal: errors.Refusal) -> float:
    """Seconds: what Stripe asks for, else half a second doubling, with jitter so that workers do not meet again."""
    if refusal.retry_after is not None:
        return refusal.retry_after.total_seconds()
    return random.uniform(0.25, 0.75) * 2.0 ** (attempt - 1)  # noqa: S311


def _refusal(error: stripe.StripeError) -> errors.Refusal:
    headers = {str(name).lower(): value for name, value in (error.headers or _answered.get()).items()}
    said = error.json_body.get("error") if isinstance(error.json_body, Mapping) else None
    body: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    return errors.Refusal(
        status=error.http_status or 0,
        type=body.get("type"),
        code=body.get("code"),
        param=body.get("param"),
        message=str(body.get("message") or ""),
        request_id=headers.get("request-id"),
        retry_after=_seconds(headers.get("retry-after")),
        should_retry={"true": True, "false": False}.get(headers.get("stripe-should-retry", "")),
        replayed=headers.get("idempotent-replayed") == "true",
        sent=not _never_sent(error),
    )


def _seconds(header: str | None) -> timedelta | None:
    return timedelta(seconds=int(header)) if header and header.isdigit() else None


def _never_sent(error: stripe.StripeError) -> bool:
    """Whether the connection was never made: then Stripe cannot have done anything."""
    if not isinstance(error, stripe.APIConnectionError):
        return False
    cause = error.__cause__
    return isinstance(cause, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(cause)
