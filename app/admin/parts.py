"""What the admin API needs of the installation; the composition root puts it on `app.state.parts`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from fastapi import Request
from sqlalchemy.orm import Session

from app.admin.checks import OpensNetSuite
from app.admin.listening import OpensStripe
from app.core.broker import Broker
from app.core.config import Config
from app.core.dispatch import Modes
from app.core.flow import Catalogue
from app.core.interfaces import Clock
from app.core.jobs import Sweeps
from app.core.preview import Preview
from app.db import Database
from app.settings import Settings


class Opens(OpensNetSuite, OpensStripe, Protocol):
    """Opens gateways to both systems."""


class Dispatches(Protocol):
    def dispatch(self, event_ids: list[int]) -> int: ...


class Previews(Protocol):
    def preview(
        self,
        flow_key: str,
        account: str,
        subject: str,
        *,
        draft: Config | None = None,
        anew: bool = False,
        explain: bool = False,
    ) -> Preview: ...


class Parts(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def modes(self) -> Modes: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def broker(self) -> Broker: ...
    @property
    def dispatcher(self) -> Dispatches: ...
    @property
    def sweeper(self) -> Sweeps: ...
    @property
    def previewer(self) -> Previews: ...
    @property
    def systems(self) -> Opens: ...


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def reading(request: Request) -> Iterator[Session]:
    """A session for an endpoint that only reads."""
    with parts_of(request).database.session_scope() as session:
        yield session


def now_of(request: Request) -> datetime:
    return parts_of(request).clock.now()
