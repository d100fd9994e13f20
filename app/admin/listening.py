"""What this installation listens to: the address that Stripe sends to, and the events that flows want."""

from typing import Protocol
from urllib.parse import urlsplit

from app.core.config import Config
from app.core.exchanges import Record
from app.core.flow import Catalogue
from app.settings import Settings
from app.systems.stripe.endpoints import Endpoints, address

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OpensStripe(Protocol):
    def stripe(self, account: str, record: Record) -> Endpoints: ...


class Addressed(Protocol):
    @property
    def settings(self) -> Settings: ...


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def address_of(parts: Addressed, account: str) -> str:
    return address(parts.settings.public_url, account)


def wanted_events(catalogue: Catalogue, chosen: Config) -> frozenset[str]:
    """What the flows that are on listen to, paused ones too: their work is held, not dropped.

    The core itself needs no others: it compares the inbox with Stripe's list of events by schedule.
    """
    on = (flow for flow in catalogue.values() if flow.source == "stripe" and chosen.is_enabled(flow))
    return frozenset(event for flow in on for event in flow.on)
