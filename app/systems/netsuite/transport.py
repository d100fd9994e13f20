"""One HTTP call to NetSuite: signed, in a slot, recorded, and its failure sorted."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from app.core.exchanges import Exchange, redacted, redacted_headers
from app.core.exchanges import Record as Recorder
from app.errors import AuthFailed, OutcomeUnknown, Throttled, TieoutError, Unavailable
from app.settings import NetSuiteAccount
from app.systems.netsuite import errors, wire
from app.systems.netsuite.auth import Signer
from app.systems.netsuite.slots import Slots

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

# Nothing has reached NetSuite when one of these is raised; after any other failure something may have.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
# Shorter than what gateways commonly keep an idle connection: a stale one turns a write into an unknown outcome.
KEEPALIVE_SECONDS = 20.0
# Misspelt fields would be dropped in silence with the default, `warning` (REST API Browser, overview).
NAME_VALIDATION = {"X-NetSuite-PropertyNameValidation": "error"}


@dataclass(frozen=True)
class Request:
    """`write`: it may change something, so a missing answer means that nobody knows whether it did.

    `shown`: what the record of the exchange has in place of the body.
    """

    method: Method
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    write: bool = False
    base: str | None = None
    shown: object = None


class Connection:
    """What the threads of a process share: the pooled HTTP client (made after the fork), signer and slots."""

    def __init__(self, settings: NetSuiteAccount, slots: Slots, signer: Signer) -> None:
        self.settings, self.slots, self.signer = settings, slots, signer
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._pid = 0

    @property
    def client(self) -> httpx.Client:
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._made(), os.getpid()
            return self._client

    def close(self) -> None:
        with self._lock:
            if self._client is not None and self._pid == os.getpid():
                self._client.close()
            self._client = None

    def _made(self) -> httpx.Client:
        timeout = httpx.Timeout(self.settings.read_timeout, connect=self.settings.connect_timeout)
        # the slots are the limit; a second one here could only make a call wait while it holds a slot
        limits = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=KEEPALIVE_SECONDS)
        return httpx.Client(timeout=timeout, limits=limits, headers={"User-Agent": "tieout"}, trust_env=False)


class Calls:
    """The calls of one run: counted, and each recorded as an Exchange."""

    def __init__(self, connection: Connection, record: Recorder) -> None:
        self._connection, self._record = connection, record
        self.count = 0

    @property
    def settings(self) -> NetSuiteAccount:
        return self._connection.settings

    def tell(self, exchange: Exchange) -> None:
        """Of a call that was made for several runs together."""
        self._record(exchange)

    def send(self, request: Request) -> httpx.Response:
        """The answer to a request that succeeded. Raises what `errors.sort` makes of any other."""
        answer = self._signed(request)
        if answer.is_success:
            self._connection.slots.calm()
            return answer
        error = errors.sort(
            errors.Answer.parse(answer.status_code, answer.headers, answer.content), write=request.write
        )
        if isinstance(error, Throttled):
            self._connection.slots.throttled()
        raise error

    def json(self, request: Request) -> Any:
        """The answer's body. An unreadable one is an answer that never came."""
        answer = self.send(request)
        try:
            return wire.loads(answer.content)
        except ValueError:
            raise _unreadable(request) from None

    def _signed(self, request: Request) -> httpx.Response:
        """Sent once; after a 401 signed anew and sent once more, if a new signature can make a difference."""
        answer = self._once(request)
        if answer.status_code == 401 and self._connection.signer.refused(answer.request):
            answer = self._once(request)
        return answer

    def _once(self, request: Request) -> httpx.Response:
        """The slot is held for the exchange alone: not for the token, the building, or the record of it."""
        self._connection.signer.prepare(self._fetch_token)
        sent = self._built(request)
        with self._connection.slots.slot():
            self._sign(sent)
            self.count += 1
            spoken = self._spoken(sent)
        return self._recorded(spoken, request.shown or request.body, write=request.write)

    def _sign(self, sent: httpx.Request) -> None:
        try:
            self._connection.signer.sign(sent)
        except AuthFailed:
            # another thread has dropped the token since
            self._connection.signer.prepare(self._fetch_token)
            self._connection.signer.sign(sent)

    def _built(self, request: Request) -> httpx.Request:
        url = (request.base or self.settings.api_base) + request.path
        headers = NAME_VALIDATION | {"Accept": "application/json"} | dict(request.headers)
        content = None
        if request.body is not None:
            content = wire.dumps(request.body).encode()
            headers.setdefault("Content-Type", "application/json")
        params = dict(request.query) or None
        return self._connection.client.build_request(
            request.method, url, params=params, content=content, headers=headers
        )

    def _fetch_token(self, url: str, form: dict[str, str]) -> httpx.Response:
        sent = self._connection.client.build_request("POST", url, data=form)
        return self._recorded(self._spoken(sent), form, write=False)

    def _spoken(self, sent: httpx.Request) -> "Spoken":
        started = time.perf_counter()
        answer, error = None, None
        try:
            answer = self._connection.client.send(sent)
        except httpx.HTTPError as raised:
            error = raised
        return Spoken(sent, round((time.perf_counter() - started) * 1000), answer, error)

    def _recorded(self, spoken: "Spoken", body: object, *, write: bool) -> httpx.Response:
        """The answer, once the exchange is on record. Raises when there is none."""
        self._record(spoken.exchange(body))
        if spoken.answer is None:
            raise _broken(spoken.error, write=write) from spoken.error
        return spoken.answer


@dataclass(frozen=True)
class Spoken:
    """One exchange as it went: an answer, or what broke it."""

    sent: httpx.Request
    milliseconds: int
    answer: httpx.Response | None = None
    error: httpx.HTTPError | None = None

    def exchange(self, body: object) -> Exchange:
        answered = {} if self.answer is None else dict(self.answer.headers)
        return Exchange(
            system="netsuite",
            method=self.sent.method,
            path=self.sent.url.raw_path.decode(),
            status=None if self.answer is None else self.answer.status_code,
            milliseconds=self.milliseconds,
            request=redacted(body),
            response=None if self.answer is None else redacted(_shown(self.answer)),
            headers=redacted_headers(dict(self.sent.headers) | answered),
            error=None if self.error is None else _named(self.error),
        )


def _named(error: httpx.HTTPError | None) -> str:
    return f"{type(error).__name__}: {error}"


def _broken(error: httpx.HTTPError | None, *, write: bool) -> TieoutError:
    detail = _named(error)
    if isinstance(error, NOT_SENT):
        return Unavailable("NetSuite cannot be reached; nothing was sent.", code="no_connection", detail=detail)
    if write:
        sentence = "The request was sent to NetSuite, and no answer came."
        return OutcomeUnknown(sentence, code="no_answer", detail=detail)
    return Unavailable("NetSuite did not answer.", code="no_answer", detail=detail)


def _unreadable(request: Request) -> TieoutError:
    sentence = "NetSuite's answer cannot be read."
    return (OutcomeUnknown if request.write else Unavailable)(sentence, code="unreadable_answer")


def _shown(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    try:
        return wire.loads(answer.content)
    except ValueError:
        return answer.text[:500]
