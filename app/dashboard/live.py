"""`/live`: what has changed, as server-sent events, at most once a second, read once for all who listen."""

import asyncio
from collections.abc import AsyncIterator, Callable

import anyio.to_thread
import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse

from app.dashboard.access import Viewer
from app.dashboard.counts import Counts
from app.dashboard.pages import pages

EVERY = 1.0
LIFE = 300.0
"""Seconds after which a listener has to come again: whoever was signed out meanwhile is told so then."""
log = structlog.get_logger()
router = pages()


class Live:
    """Reads while somebody listens, and tells everybody what is new."""

    def __init__(self, read: Callable[[], Counts], every: float = EVERY) -> None:
        self._read, self._every = read, every
        self._news = asyncio.Condition()
        self._counts: Counts | None = None
        self._listeners = 0
        self._reader: asyncio.Task[None] | None = None
        self.stopped = False

    async def listen(self) -> AsyncIterator[Counts | None]:
        """The counts now, and again when they change; None now and then, when they have not."""
        self._listeners += 1
        if self._reader is None or self._reader.done():
            self._counts = None
            self._reader = asyncio.create_task(self._keep_reading())
        told: Counts | None = None
        try:
            while not self.stopped:
                async with self._news:
                    await self._news.wait()
                yield self._counts if self._counts != told else None
                told = self._counts
        finally:
            self._listeners -= 1

    async def _keep_reading(self) -> None:
        while self._listeners and not self.stopped:
            try:
                self._counts = await anyio.to_thread.run_sync(self._read)
            except Exception as error:
                log.warning("live.unread", error=repr(error)[:300])
            await self._tell()
            await asyncio.sleep(self._every)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def stop(self) -> None:
        """Every listener's stream ends: the server waits for them before it does. Call it in the event loop."""
        self.stopped = True
        if self._reader is not None:
            self._reader.cancel()
            self._waking = asyncio.ensure_future(self._tell())


@router.get("/live")
async def live(_: Viewer, request: Request) -> StreamingResponse:
    found: Live = request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(found, LIFE), media_type="text/event-stream", headers=headers)


async def _stream(found: Live, life: float) -> AsyncIterator[str]:
    until = asyncio.get_running_loop().time() + life
    yield "retry: 2000\n\n"
    async for counts in found.listen():
        # a comment now and then shows a proxy that the line is used, and us that the browser is gone
        yield f"event: counts\ndata: {counts.told()}\n\n" if counts else ": still here\n\n"
        if asyncio.get_running_loop().time() > until:
            return
