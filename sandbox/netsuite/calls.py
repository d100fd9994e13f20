"""A request and an answer of the REST service, apart from the network, so that a job can replay them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from sandbox.netsuite.errors import NetSuiteError, invalid_content

RESOURCE = "application/vnd.oracle.resource+json"
SINGULAR = f"{RESOURCE}; type=singular"
COLLECTION = f"{RESOURCE}; type=collection"
ERROR = f"{RESOURCE}; type=error"

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Call:
    """`path` is below /services/rest; header names are lower case; `seen` the record's version when it arrived."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    seen: int | None = None

    @property
    def root(self) -> str:
        return f"{self.base}/services/rest"

    def json(self) -> dict[str, Any]:
        """The body, an object with exact decimals; raises NetSuiteError for anything else."""
        try:
            body = loads(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise invalid_content("Invalid content in the request body: it is not JSON.") from None
        if not isinstance(body, dict):
            raise invalid_content("Invalid content in the request body: an object is expected.")
        return body

    def prefers(self, what: str) -> bool:
        return what in self.headers.get("prefer", "")

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def listed(self, name: str) -> list[str]:
        return [one.strip() for one in self.query.get(name, "").split(",") if one.strip()]


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = SINGULAR

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else dumps(self.body)


def loads(raw: bytes) -> Any:
    return msgspec.json.Decoder(float_hook=Decimal).decode(raw)


def dumps(value: Any) -> bytes:
    return _encoder.encode(value)


def refusal(error: NetSuiteError) -> Reply:
    return Reply(error.status, error.body(), error.headers, ERROR)


def number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    if text and not text.isdigit():
        raise NetSuiteError(f"Invalid value for the query parameter {name}: {text}.", "INVALID_PARAMETER")
    return int(text) if text else default
