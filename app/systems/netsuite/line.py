"""Where writes wait for one of a few lanes: who is first when one comes free takes others along. There is no timer."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

from app.core.exchanges import Exchange
from app.systems.netsuite import wire
from app.systems.netsuite.writes import Outcome, Write

MOST = 100
MOST_BYTES = 5_000_000
"""Half of what a RESTlet takes (Online Help section_4640094112)."""
LONGEST = 3.0
"""Seconds that a call may take, going by the last ones: the records in it are saved one after another, while other
lanes may be free, and their answers are lost together."""
AT_FIRST = 20
"""Records in a call while nothing is known of the pace."""


class Turn:
    """One write in line. Called with a `batch`, its thread sends that, itself among it; else its outcome is there."""

    def __init__(self, write: Write) -> None:
        self.write = write
        self.size = len(wire.dumps(write.body))
        self.called = threading.Event()
        self.batch: list[Turn] = []
        self.outcome: Outcome | None = None
        self.result: Any = None
        self.exchanges: list[Exchange] = []


class Line:
    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._lock = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._under_way = 0
        self._most = MOST
        self._pace = LONGEST / AT_FIRST

    def queued(self, write: Write) -> Turn:
        """Called at once if a lane is free."""
        turn = Turn(write)
        with self._lock:
            self._waiting.append(turn)
            self._call_next()
        return turn

    @contextmanager
    def lane(self) -> Iterator[None]:
        """Of the one that was called; it is the next one's afterwards."""
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._call_next()

    def again(self, turns: Sequence[Turn], *, most: int) -> None:
        """To the front, as there was only room for `most` in a call."""
        with self._lock:
            self._most = most
            self._waiting.extendleft(reversed(turns))

    def took(self, seconds: float, records: int) -> None:
        """A call; the last ones count most."""
        self._pace = max(0.5 * (self._pace + seconds / records), LONGEST / MOST)

    def took_too_long(self, records: int) -> None:
        """Half as many the next time."""
        self._pace = max(self._pace, 2 * LONGEST / records)

    def _call_next(self) -> None:
        """Under the lock. What waits is spread over the lanes that are free."""
        while self._waiting and self._under_way < self._lanes:
            share = ceil(len(self._waiting) / (self._lanes - self._under_way))
            # two at least, or a single slow call would end all bursts
            batch = self._taken(min(share, max(2, min(self._most, ceil(LONGEST / self._pace)))))
            self._under_way += 1
            batch[0].batch = batch
            batch[0].called.set()

    def _taken(self, most: int) -> list[Turn]:
        batch = [self._waiting.popleft()]
        size = batch[0].size
        while self._waiting and len(batch) < most and size + self._waiting[0].size < MOST_BYTES:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        return batch
