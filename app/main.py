"""The web side's composition root: receiver, stable links, admin API and dashboard as one ASGI application."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from fastapi import FastAPI

from app.admin import add_admin_api
from app.core.interfaces import Stripe
from app.core.links import StoredLinks
from app.dashboard import site
from app.links_out import Current
from app.links_out import router as links_router
from app.receiver.asgi import Receiver
from app.receiver.health import health_router, standard_probes
from workers.wiring import Parts

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """Webhooks go straight to the receiver; everything else to FastAPI."""

    def __init__(self, receiver: Receiver | None, pages: FastAPI) -> None:
        self._receiver = receiver
        self.pages = pages

    def stopping(self) -> None:
        """The server is about to stop and waits for the requests in flight; those without an end have to be told."""
        live = getattr(self.pages.state, "live", None)
        if live is not None:
            live.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._receiver is not None and self._receiver.handles(scope):
            await self._receiver(scope, receive, send)
        else:
            await self.pages(scope, receive, send)


def create_app(parts: Parts, *, webhooks: bool = True, pages: bool = True) -> Application:
    """`webhooks` and `pages` (admin API and dashboard) may be served by different processes."""
    receiver = (
        Receiver(parts.settings, parts.database.url, parts.broker.send_dispatch, parts.clock) if webhooks else None
    )
    api = FastAPI(
        title="Tieout",
        version="1",
        description="Keeps Stripe and NetSuite in step, and proves that they agree to the cent.",
        lifespan=_lifespan(receiver),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json" if pages else None,
    )
    api.state.parts = parts
    settings = parts.settings
    window = timedelta(seconds=settings.signature_window)
    api.include_router(health_router(standard_probes(parts.database.url, settings.broker_url, parts.clock, window)))
    api.include_router(links_router(settings.secret(), _destinations(parts)))
    if pages:
        add_admin_api(api)
        site.add_to(api)
    return Application(receiver, api)


def _destinations(parts: Parts) -> Current:
    def stripe(account: str) -> Stripe:
        return parts.systems.stripe(account, lambda _: None)

    return Current(stripe, lambda account: StoredLinks(parts.database, account))


def _lifespan(receiver: Receiver | None) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if receiver is not None:
            await receiver.startup()
        yield
        if receiver is not None:
            await receiver.shutdown()

    return lifespan
