"""Keeps one account's calls under Stripe's documented rates, so that 429 stays the exception.

docs.stripe.com/rate-limits: 100 requests a second live, 25 in a sandbox, and 25 a second for any one operation. The
buckets belong to one process; several processes share the account's rate by each being set to a part of it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

PER_OPERATION = 25.0
SEARCH = 20.0


@dataclass
class _Bucket:
    rate: float
    tokens: float
    filled_at: float

    def take(self, now: float) -> float:
        """One token is owed at once; the answer is for how many seconds the debt lasts."""
        self.tokens = min(max(self.rate, 1.0), self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        self.tokens -= 1
        return max(0.0, -self.tokens / self.rate)


class Limiter:
    """A token bucket for the account and one for each operation; threads wait their turn in order of arrival."""

    def __init__(
        self,
        rate: float,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def acquire(self, operation: str) -> None:
        """Return when a call of `operation` may be made."""
        with self._lock:
            now = self._monotonic()
            wait = max(self._bucket("", self._rate, now), self._bucket(operation, _rate_of(operation), now))
        if wait > 0:
            self._sleep(wait)

    def _bucket(self, name: str, rate: float, now: float) -> float:
        bucket = self._buckets.setdefault(name, _Bucket(rate, max(rate, 1.0), now))
        return bucket.take(now)


def _rate_of(operation: str) -> float:
    return SEARCH if operation.endswith("_search") else PER_OPERATION
