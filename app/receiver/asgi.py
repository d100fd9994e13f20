"""The webhooks as a bare ASGI application: what a framework adds per request would be most of the cost here."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog
from prometheus_client import Counter

from app.core.group_commit import GroupCommit, InboxAway, Limits, Unstorable
from app.core.inbox import Arrival
from app.core.interfaces import Clock
from app.core.relay import Pace, Relay
from app.receiver.answers import Gone, Receive, Refused, Scope, Send, received, refused
from app.receiver.headers import looked_at
from app.receiver.netsuite import NetSuiteDoor
from app.receiver.patience import Patience
from app.receiver.stripe import StripeDoor
from app.settings import Settings

_log = structlog.get_logger(__name__)

EVENTS_RECEIVED = Counter(
    "events_received_total", "Webhook requests by what became of them", ["source", "account", "answer"]
)
PREFIX = "/webhooks/"
_BODY_PATIENCE = timedelta(seconds=20)
_RETRY_AFTER = ((b"retry-after", b"5"),)

Door = StripeDoor | NetSuiteDoor


class Counted(Protocol):
    def inc(self) -> None: ...


class Receiver:
    """Mount it before everything else, for the scopes it `handles`; call `startup` in each process, after the fork.

    `publish` takes committed ids to the broker and raises when it could not; it runs in a thread of the relay's.
    """

    def __init__(
        self,
        settings: Settings,
        database_url: str,
        publish: Callable[[Sequence[int]], None],
        clock: Clock,
        *,
        limits: Limits | None = None,
        pace: Pace | None = None,
        body_patience: timedelta = _BODY_PATIENCE,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._body_limit = settings.body_limit
        self._debug = settings.log_level.upper() == "DEBUG"
        self._patience = Patience(body_patience)
        self._relay = Relay(publish, pace)
        self._inbox = GroupCommit(database_url, self._relay.offer, limits)
        self._doors = _doors(settings)
        self._counters: dict[tuple[str, str, str], Counted] = {}

    async def startup(self) -> None:
        """Neither database nor broker need be there."""
        self._relay.start()
        self._patience.start()
        await self._inbox.start()

    async def shutdown(self) -> None:
        """Stores and publishes what has been received."""
        await self._inbox.stop()
        await self._patience.stop()
        await asyncio.to_thread(self._relay.stop)

    def handles(self, scope: Scope) -> bool:
        return bool(scope["type"] == "http" and scope["path"].startswith(PREFIX))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes | None = None
        door: Door | None = None
        try:
            door = self._door(scope)
            headers = looked_at(scope["headers"])
            body = await self._body(headers, receive)
            arrival = door.arrival(headers, body, self._clock.now())
            new = await self._stored(arrival)
        except Refused as refusal:
            self._refused(door, refusal)
            await refused(refusal, receive, send, body_read=body is not None)
        except Gone:
            self._count(door, "gone")
        else:
            self._count(door, "stored" if new else "duplicate")
            if self._debug:
                _log.debug("event.received", type=arrival.type, event=arrival.external_id, new=new)
            await received(send)

    def _door(self, scope: Scope) -> Door:
        door = self._doors.get(scope["path"]) or self._by_other_spelling(scope["path"])
        if scope["method"] != "POST":
            allow = ((b"allow", b"POST"),)
            raise Refused(405, "method_not_allowed", "Webhooks are sent with POST.", headers=allow)
        if door is None:
            raise Refused(
                404,
                "unknown_account",
                "No such account: the path is /webhooks/stripe/{account} with an account named in a STRIPE__ variable, "
                "or /webhooks/netsuite/{account} with NETSUITE__ACCOUNT_ID.",
            )
        door.open()
        return door

    def _by_other_spelling(self, path: str) -> Door | None:
        source, _, account = path.removeprefix(PREFIX).rstrip("/").partition("/")
        netsuite = self._settings.netsuite
        if source == "netsuite" and netsuite is not None and netsuite.names(account):
            account = netsuite.account_id
        else:
            account = account.lower()
        return self._doors.get(f"{PREFIX}{source}/{account}")

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """Counted while it streams: a chunked body has no length beforehand."""
        if int(headers.get("content-length", 0)) > self._body_limit:
            raise self._too_large()
        parts: list[bytes] = []
        size, more = 0, True
        try:
            with self._patience:
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Gone
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._body_limit:
                        raise self._too_large()
                    more = message.get("more_body", False)
        except TimeoutError:
            seconds = self._patience.limit.total_seconds()
            words = f"The body did not arrive within {seconds:.0f} seconds: send it again."
            raise Refused(408, "body_too_slow", words) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _too_large(self) -> Refused:
        return Refused(413, "body_too_large", f"The body is larger than BODY_LIMIT, {self._body_limit} bytes.")

    async def _stored(self, arrival: Arrival) -> bool:
        try:
            return await self._inbox.receive(arrival)
        except Unstorable as error:
            raise Refused(400, "bad_body", f"The event cannot be stored. {error}.") from None
        except InboxAway:
            raise Refused(
                503,
                "database_away",
                "The event was not stored, because the database did not take it in time: send it again.",
                headers=_RETRY_AFTER,
            ) from None

    def _refused(self, door: Door | None, refusal: Refused) -> None:
        self._count(door, refusal.code)
        account = door.account if door else None
        _log.warning("event.refused", account=account, status=refusal.status, reason=refusal.code)

    def _count(self, door: Door | None, answer: str) -> None:
        key = (door.source, door.account, answer) if door else ("", "", answer)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = EVENTS_RECEIVED.labels(*key)
        counter.inc()


def _doors(settings: Settings) -> dict[str, Door]:
    """By path. Accounts without a secret have a door, too: it says so."""
    doors: dict[str, Door] = {
        f"{PREFIX}stripe/{name}": StripeDoor(name, account, settings) for name, account in settings.stripe.items()
    }
    if settings.netsuite is not None:
        doors[f"{PREFIX}netsuite/{settings.netsuite.account_id}"] = NetSuiteDoor(settings.netsuite, settings)
    return doors
