"""A time limit on reading a body that costs next to nothing: one clock tick watches all requests.

`asyncio.timeout` makes a timer per request, which takes as long as proving the signature does.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from time import monotonic


class Patience:
    """What is awaited `with` it gets a TimeoutError once `limit`, and up to an eighth more, is over.

    One for all tasks; each may be within it once.
    """

    def __init__(self, limit: timedelta) -> None:
        self.limit = limit
        self._since: dict[asyncio.Task[object] | None, float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._watch = asyncio.create_task(self._watching(), name="body-patience")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch

    def __enter__(self) -> None:
        self._since[asyncio.current_task()] = monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        task = asyncio.current_task()
        del self._since[task]
        if task in self._late:
            self._late.discard(task)
            if kind is asyncio.CancelledError:
                task.uncancel()
                raise TimeoutError from None

    async def _watching(self) -> None:
        limit = self.limit.total_seconds()
        while True:
            await asyncio.sleep(limit / 8)
            now = monotonic()
            for task in [task for task, since in self._since.items() if task and now - since > limit]:
                self._late.add(task)
                task.cancel()
