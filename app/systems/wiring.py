"""Opens the two systems for the core: live for runs, recording for previews."""

from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from app.core.exchanges import Record
from app.core.interfaces import Clock, NetSuite, Stripe
from app.core.preview import Written
from app.db import Database
from app.errors import Unmapped
from app.settings import Settings, StripeAccount
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.preview import RecordingNetSuite
from app.systems.netsuite.slots import PostgresSlots
from app.systems.stripe.gateway import StripeClients, StripeGateway
from app.systems.stripe.recording import RecordingStripe


def shared_rates(settings: Settings) -> dict[str, StripeAccount]:
    """Stripe's limit is the account's: with one process per run, each may use its share of it."""
    processes = settings.worker_concurrency if settings.worker_pool == "prefork" else 1
    return {
        name: account.model_copy(update={"requests_per_second": account.requests_per_second / processes})
        for name, account in settings.stripe.items()
    }


class LiveSystems:
    """One per process; the clients inside are made at first use, so after any fork."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock

    @cached_property
    def stripe_clients(self) -> StripeClients:
        return StripeClients(shared_rates(self._settings))

    @cached_property
    def netsuite_client(self) -> NetSuiteClient:
        account = self._settings.netsuite
        if account is None:
            raise Unmapped("No NetSuite account is connected.", setting="NETSUITE__ACCOUNT_ID")
        slots = PostgresSlots(self._database.url, account.account_id, account.concurrency)
        zone = ZoneInfo(account.time_zone) if account.time_zone else None
        return NetSuiteClient(account, slots, time_zone=zone)

    def stripe(self, account: str, record: Record, *, until: datetime | None = None) -> StripeGateway:
        if account not in self._settings.stripe:
            raise Unmapped(f"There is no Stripe account {account!r}.", setting=f"STRIPE__{account.upper()}__API_KEY")
        gateway = self.stripe_clients.bound(account, record, self._clock)
        gateway.until = until
        return gateway

    def netsuite(self, record: Record) -> NetSuiteGateway:
        return self.netsuite_client.bound(record, self._clock)

    def recording_stripe(self, account: str, record: Record, written: list[Written]) -> Stripe:
        return RecordingStripe(self.stripe(account, record), written, self._clock)

    def recording_netsuite(self, record: Record, written: list[Written]) -> NetSuite:
        return RecordingNetSuite(self.netsuite(record), written)
