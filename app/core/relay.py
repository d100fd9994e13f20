"""Carries the ids of committed events to the broker, many in one message, off the acknowledgement path.

What the broker does not get is not lost: the rows stay undispatched, and `sweep_inbox` publishes them again.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event as Flag
from threading import Thread

import structlog
from prometheus_client import Counter

from app.core.inbox import undispatched
from app.db import Database

_log = structlog.get_logger(__name__)

IDS_RELAYED = Counter("ids_relayed_total", "Event ids that the broker took")
IDS_DROPPED = Counter("ids_dropped_total", "Event ids left to the inbox sweep", ["reason"])
RELAYS_FAILED = Counter("relays_failed_total", "Messages that the broker did not take")

Publish = Callable[[Sequence[int]], None]


@dataclass(frozen=True)
class Pace:
    """`between`: the pause after a message, in which the next one gathers; `patience`: after a failure, doubling."""

    ids_per_message: int = 500
    waiting: int = 50_000
    between: timedelta = timedelta(milliseconds=100)
    patience: timedelta = timedelta(milliseconds=250)
    longest_patience: timedelta = timedelta(seconds=10)


class Relay:
    """A thread of its own, because a broker's client blocks. `publish` raises when the broker did not take the ids."""

    def __init__(self, publish: Publish, pace: Pace | None = None) -> None:
        self._publish = publish
        self._pace = pace or Pace()
        self._ids: deque[int] = deque()
        self._more = Flag()
        self._stopping = Flag()
        self._thread = Thread(target=self._run, name="relay", daemon=True)
        self._failures = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: timedelta = timedelta(seconds=5)) -> None:
        """Publishes what waits; gives up at the first failure or after `timeout`, for the sweep will find it."""
        self._stopping.set()
        self._more.set()
        if self._thread.ident is not None:
            self._thread.join(timeout.total_seconds())

    def offer(self, ids: Sequence[int]) -> None:
        """Never blocks. Under pressure the ids are dropped."""
        if len(self._ids) + len(ids) > self._pace.waiting:
            self._drop(len(ids), "pressure")
            return
        self._ids.extend(ids)
        self._more.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._more.wait()
            self._more.clear()
            while self._ids and not self._stopping.is_set():
                self._relay_next()
                self._stopping.wait(self._pause().total_seconds())
        while self._ids and not self._failures:
            self._relay_next()

    def _relay_next(self) -> None:
        ids = [self._ids.popleft() for _ in range(min(len(self._ids), self._pace.ids_per_message))]
        try:
            self._publish(ids)
        except Exception as error:
            self._failures += 1
            RELAYS_FAILED.inc()
            self._drop(len(ids), "broker")
            _log.warning("relay.failed", events=len(ids), error=type(error).__name__, reason=str(error)[:300])
        else:
            self._failures = 0
            IDS_RELAYED.inc(len(ids))

    def _pause(self) -> timedelta:
        if not self._failures:
            return self._pace.between
        doubled = self._pace.patience * (1 << min(self._failures, 16))
        return min(doubled, self._pace.longest_patience)

    def _drop(self, count: int, reason: str) -> None:
        IDS_DROPPED.labels(reason).inc(count)
        if reason == "pressure":
            _log.warning("relay.dropped", events=count)


def sweep_inbox(database: Database, publish: Publish, older_than: timedelta, limit: int = 5000) -> int:
    """Publish again what nobody has dispatched since it came; how many events that were.

    Oldest first, at most `limit`. Publishing an event that is already queued is harmless: dispatch marks the row once.
    """
    ids = undispatched(database, older_than=older_than, limit=limit)
    size = Pace.ids_per_message
    for start in range(0, len(ids), size):
        publish(ids[start : start + size])
    if ids:
        _log.info("inbox.swept", events=len(ids))
    return len(ids)
