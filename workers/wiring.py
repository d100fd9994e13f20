"""The composition root of everything that carries out runs: built once per process, after any fork."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core import plan
from app.core.broker import Broker
from app.core.dispatch import Dispatcher, Modes
from app.core.execute import RESEND_AFTER, Executor
from app.core.flow import Catalogue
from app.core.interfaces import Clock
from app.core.preview import Previewer
from app.core.sweeps import Sweeper
from app.db import Database, migrate
from app.links_out import Payable, Visitor, pay_url, portal_url
from app.settings import Settings
from app.systems.wiring import LiveSystems
from workers.flows import CATALOGUE


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class SignedLinks:
    """Our links under PUBLIC_URL, signed with SECRET_KEY."""

    settings: Settings

    def pay(self, account: str, netsuite_invoice: str, /) -> str:
        payable = Payable(account, "netsuite", netsuite_invoice)
        return pay_url(self.settings.public_url, self.settings.secret(), payable)

    def portal(self, account: str, stripe_customer: str, /) -> str:
        return portal_url(self.settings.public_url, self.settings.secret(), Visitor(account, stripe_customer))


@dataclass(frozen=True)
class Parts:
    settings: Settings
    database: Database
    catalogue: Catalogue
    systems: LiveSystems
    modes: Modes
    clock: Clock
    broker: Broker
    dispatcher: Dispatcher
    executor: Executor
    sweeper: Sweeper
    previewer: Previewer


def prepare(settings: Settings, database_url: str) -> None:
    """Before anything runs: the schema, and the first configuration when there is none yet. Safe to repeat."""
    migrate(database_url)
    if settings.initial_config is not None:
        with Database(database_url).session_scope() as session:
            plan.begin_with(session, settings.initial_config, CATALOGUE)


def build(settings: Settings, database_url: str, broker: Broker, clock: Clock | None = None) -> Parts:
    clock = clock or SystemClock()
    database = Database(database_url)
    systems = LiveSystems(settings, database, clock)
    modes = Modes(
        stripe={name: bool(account.livemode) for name, account in settings.stripe.items()},
        netsuite_live=bool(settings.netsuite and settings.netsuite.live),
    )
    public = SignedLinks(settings)
    executor = Executor(
        database,
        CATALOGUE,
        systems,
        modes,
        clock,
        broker,
        public=public,
        time_limit=timedelta(seconds=settings.run_time_limit),
    )
    return Parts(
        settings=settings,
        database=database,
        catalogue=CATALOGUE,
        systems=systems,
        modes=modes,
        clock=clock,
        broker=broker,
        dispatcher=Dispatcher(database, CATALOGUE, modes, clock, broker, resend_after=RESEND_AFTER),
        executor=executor,
        sweeper=Sweeper(executor),
        previewer=Previewer(database, CATALOGUE, systems, clock, public=public),
    )
