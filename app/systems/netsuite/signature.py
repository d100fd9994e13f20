"""The signature of a NetSuite callback: `X-Tieout-Signature: v1=<hex HMAC-SHA256 of "timestamp.body">`."""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

TIMESTAMP_HEADER = "X-Tieout-Timestamp"
SIGNATURE_HEADER = "X-Tieout-Signature"
WINDOW = timedelta(seconds=300)


class BadSignature(ValueError):
    """`reason`: missing, malformed, too_old, too_new, mismatch or no_secret; `str()` is a sentence."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """The two headers that make `body` acceptable, sent at `at` (aware)."""
    timestamp = str(int(at.timestamp()))
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: f"v1={_digest(timestamp, body, secret)}"}


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Iterable[str],
    now: datetime,
    window: timedelta = WINDOW,
) -> None:
    """Raises BadSignature. Any one of `secrets` may have signed; header names in any case; `now` is aware."""
    timestamp = _header(headers, TIMESTAMP_HEADER)
    _assert_fresh(timestamp, now, window)
    given = _given(_header(headers, SIGNATURE_HEADER))
    keys = tuple(secrets)
    if not keys:
        raise BadSignature("no_secret", "No callback secret is configured for this NetSuite account.")
    # every pair is compared, so that the time taken does not tell which secret came near
    matches = [hmac.compare_digest(_digest(timestamp, body, key), one) for key in keys for one in given]
    if not any(matches):
        raise BadSignature("mismatch", "The signature fits none of the configured callback secrets.")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name) or headers.get(name.lower())
    if value is None:
        value = next((value for key, value in headers.items() if key.lower() == name.lower()), None)
    if not value:
        raise BadSignature("missing", f"The header {name} is missing.")
    return value.strip()


def _assert_fresh(timestamp: str, now: datetime, window: timedelta) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("malformed", f"{TIMESTAMP_HEADER} is not a Unix time in seconds.")
    age = now.timestamp() - int(timestamp)
    if age > window.total_seconds():
        raise BadSignature("too_old", f"The callback was signed {age:.0f} seconds ago.")
    if -age > window.total_seconds():
        raise BadSignature("too_new", f"The callback was signed {-age:.0f} seconds in the future.")


def _given(header: str) -> list[str]:
    """The `v1` digests of the header. NetSuite's N/crypto may give hex in upper case, so it is lowered."""
    parts = (part.strip().partition("=") for part in header.split(","))
    found = [value.lower() for scheme, _, value in parts if scheme == "v1" and value and value.isascii()]
    if not found:
        raise BadSignature("malformed", f"{SIGNATURE_HEADER} carries no v1 signature.")
    return found


def _digest(timestamp: str, body: bytes, secret: str) -> str:
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()
