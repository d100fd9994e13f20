"""What the receiver answers, as ready-made ASGI messages, and the refusals with what to do about them."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LINGER_SECONDS, _LINGER_BYTES = 2.0, 8 * 1024 * 1024


class Refused(Exception):
    """The answer to a request that is not stored. `code` is stable, `message` says what to do."""

    def __init__(self, status: int, code: str, message: str, *, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


class Gone(Exception):
    """The sender hung up before its body was complete: there is nobody to answer."""


def no_text(name: str) -> Refused:
    """For a field that PostgreSQL cannot store as text, or that is longer than any id."""
    return Refused(400, "bad_body", f"The event's {name} is empty, longer than 255 characters or unprintable.")


_BODY = b'{"received":true}'
_JSON = (b"content-type", b"application/json")
_RECEIVED: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [_JSON, (b"content-length", b"%d" % len(_BODY))],
}
_RECEIVED_BODY: Message = {"type": "http.response.body", "body": _BODY}


async def received(send: Send) -> None:
    await send(_RECEIVED)
    await send(_RECEIVED_BODY)


async def refused(refusal: Refused, receive: Receive, send: Send, *, body_read: bool) -> None:
    """A body that was not read is not waited for; the connection is closed, because what follows on it is that body."""
    body = msgspec.json.encode({"error": {"code": refusal.code, "message": str(refusal)}})
    headers = [_JSON, (b"content-length", b"%d" % len(body)), *refusal.headers]
    if not body_read:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not body_read})
    if not body_read:
        await _linger(receive)
        await send({"type": "http.response.body", "body": b""})


async def _linger(receive: Receive) -> None:
    """Closing with unread bytes resets the connection, and the sender may lose the answer (RFC 9112, 9.6)."""
    dropped = 0
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while dropped < _LINGER_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
