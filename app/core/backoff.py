"""Attempt number and error class -> how long to wait. Pure."""

from datetime import timedelta

from app.core.config import Backoff


def delay(number: int, backoff: Backoff, *, jitter: float, retry_after: timedelta | None = None) -> timedelta:
    """The wait after try `number` (1 is the first). `jitter` in [0, 1) spreads it over the upper half.

    What the other system asked for (Retry-After) is a lower bound, whatever the table says.
    """
    doubled = backoff.first_seconds * 2.0 ** min(number - 1, 40)
    whole = min(doubled, backoff.longest_seconds)
    spread = timedelta(seconds=whole * (0.5 + jitter / 2))
    return max(spread, retry_after) if retry_after else spread


def exhausted(number: int, backoff: Backoff) -> bool:
    """Whether try `number` was the last one allowed."""
    return number >= backoff.tries
