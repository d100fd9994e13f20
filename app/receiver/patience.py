"""A time limit on reading a body that costs next to nothing: one clock tick watches all requests.

`asyncio.timeout` makes a timer per request, which takes as long as proving the signature does.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """What is awaited `within` it gets a TimeoutError once `limit`, and up to an eighth more, is over."""

    def __init__(self, limit: timedelta) -> None:
        self.limit = limit
        self._since: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._watch = asyncio.create_task(self._watching(), name="body-patience")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch

    async def within(self, reading: Awaitable[T]) -> T:
        """Raises TimeoutError."""
        task = asyncio.current_task()
        assert task is not None
        self._since[task] = monotonic()
        try:
            return await reading
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise TimeoutError from None
        finally:
            del self._since[task]
            self._late.discard(task)

    async def _watching(self) -> None:
        limit = self.limit.total_seconds()
        while True:
            await asyncio.sleep(limit / 8)
            now = monotonic()
            for task in [task for task, since in self._since.items() if now - since > limit]:
                self._late.add(task)
                task.cancel()
