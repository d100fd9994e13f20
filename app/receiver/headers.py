"""The few request headers the receiver looks at, and the fewer it keeps."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

_LOOKED_AT = {
    name.encode(): name
    for name in (
        "content-length",
        "content-type",
        "user-agent",
        "stripe-signature",
        "x-tieout-timestamp",
        "x-tieout-signature",
    )
}
_LONGEST = 200


def looked_at(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case, as ASGI gives them."""
    return {_LOOKED_AT[name]: value.decode("latin-1") for name, value in headers if name in _LOOKED_AT}


def kept(headers: dict[str, str], timestamp: str) -> bytes:
    """What is stored with the event, as a JSON object: never a signature. `timestamp`: the one that was signed."""
    return _kept(headers.get("content-type", ""), headers.get("user-agent", ""), timestamp)


@lru_cache(maxsize=1024)
def _kept(content_type: str, user_agent: str, timestamp: str) -> bytes:
    shown = {"content-type": content_type, "user-agent": user_agent, "signed-at": timestamp}
    return msgspec.json.encode({name: _plain(value) for name, value in shown.items() if value})


def _plain(value: str) -> str:
    return "".join(filter(str.isprintable, value[:_LONGEST]))
