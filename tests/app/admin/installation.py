"""An installation for tests: real database and machinery, two small flows, systems that answer from dictionaries."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import Field

from app.admin import add_admin_api
from app.core.broker import NoBroker
from app.core.dispatch import Dispatcher, Modes
from app.core.exchanges import Exchange, Record
from app.core.execute import RESEND_AFTER, Executor
from app.core.flow import Catalogue, Flow, Options, Sweep
from app.core.preview import Previewer, Written
from app.core.sweeps import Sweeper
from app.db import Database
from app.errors import Ambiguous, Candidate, Held, LinkMissing, NotFound, Rejected, Skipped, Throttled, Unavailable
from app.receiver.serve import listen
from app.settings import Settings
from app.systems.stripe.endpoints import Endpoint

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class CustomerOptions(Options):
    prefix: str = Field("", description="Put before every name.")
    overwrite: bool = False


class InvoiceOptions(Options):
    pass


@dataclass
class FixedClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class RememberingBroker(NoBroker):
    """`away`: refuses everything, as a broker that cannot be reached does."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[int] = []
        self.away = False

    def send_run(self, run_id: int, queue: str) -> None:
        if self.away:
            raise ConnectionError("the broker is away")
        super().send_run(run_id, queue)

    def send_job(self, job_id: int) -> None:
        if self.away:
            raise ConnectionError("the broker is away")
        self.jobs.append(job_id)


@dataclass
class FakeStripe:
    """`objects`: id -> name, or the error to raise when it is read."""

    account: str
    objects: Mapping[str, Any]
    record: Record
    livemode: bool = False
    calls: int = 0

    def webhook_endpoints(self) -> list[Endpoint]:
        return []

    def create_webhook_endpoint(self, url: str, events: Collection[str], /) -> tuple[Endpoint, str]:
        return Endpoint("we_1", url, frozenset(events), enabled=True, created=NOW), "whsec_1"

    def read(self, subject: str) -> tuple[str, str]:
        self.calls += 1
        self.record(Exchange("stripe", "GET", f"/v1/customers/{subject}", 200, 3, response={"id": subject}))
        found = self.objects.get(subject, subject.upper())
        if isinstance(found, Exception):
            raise found
        return subject, found


@dataclass
class FakeNetSuite:
    books: list[tuple[str, dict[str, str]]]
    calls: int = 0
    fields: Mapping[str, Mapping[str, str]] | None = None
    rows: Mapping[str, Sequence[Mapping[str, str]]] | None = None

    def query(self, sql: str, params: Sequence[str] = (), /) -> Iterator[Mapping[str, str]]:
        """The rows of the table that is asked."""
        if self.rows is None:
            raise Unavailable("NetSuite cannot be reached.")
        yield from self.rows.get(sql.partition(" FROM ")[2].partition(" ")[0], ())

    def put(self, external_id: str, body: dict[str, str]) -> None:
        self.calls += 1
        self.books.append((external_id, body))

    def get(self, record_type: str, key: str, /, *, expand: bool = False) -> Mapping[str, str]:
        found = dict(self.books).get(key)
        if found is None:
            raise NotFound("NetSuite has no such record.")
        return found

    def record_fields(self, record_type: str) -> Mapping[str, str]:
        if self.fields is None:
            raise Unavailable("NetSuite cannot be reached.")
        if record_type not in self.fields:
            raise Rejected("NetSuite does not know this kind of record.")
        return self.fields[record_type]


@dataclass
class FakeSystems:
    objects: dict[str, Any] = field(default_factory=dict)
    books: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fields: Mapping[str, Mapping[str, str]] | None = field(
        default_factory=lambda: {"invoice": {"memo": "string", "custbody_region": "string"}}
    )

    rows: Mapping[str, Sequence[Mapping[str, str]]] | None = None

    def stripe(self, account: str, record: Record, *, until: datetime | None = None) -> Any:
        return FakeStripe(account, self.objects, record)

    def netsuite(self, record: Record) -> Any:
        return FakeNetSuite(self.books, fields=self.fields, rows=self.rows)

    def recording_stripe(self, account: str, record: Record, written: list[Written]) -> Any:
        return FakeStripe(account, self.objects, record)

    def recording_netsuite(self, record: Record, written: list[Written]) -> Any:
        known = self.books

        class Recording:
            books = known

            def put(self, external_id: str, body: dict[str, str]) -> None:
                written.append(Written("netsuite", "upsert", external_id, body))

        return Recording()


class NoLinks:
    def pay(self, account: str, netsuite_invoice: str, /) -> str:
        return f"http://t/pay/{account}/{netsuite_invoice}"

    def portal(self, account: str, stripe_customer: str, /) -> str:
        return f"http://t/portal/{account}/{stripe_customer}"


def _read(to: Any, subject: str) -> tuple[str, str]:
    found: tuple[str, str] = to.stripe.read(subject)
    return found


def catalogue() -> Catalogue:
    customers: Flow[tuple[str, str], CustomerOptions] = Flow(
        "stripe_customer_to_netsuite",
        title="Stripe Customer to NetSuite Customer Add/Update",
        source="stripe",
        reads=_read,
        on=("customer.created", "customer.updated"),
        sweep=Sweep(every=timedelta(hours=1), ids=lambda ledger, since: iter(["cus_swept1", "cus_swept2"])),
        options=CustomerOptions,
        makes=("cust",),
    )

    @customers.push
    def push(source: tuple[str, str], to: Any) -> None:
        to.note(f"Found {source[1]}.")
        to.netsuite.put(f"stripe-cust-{source[0]}", {"companyName": to.options.prefix + source[1]})

    invoices: Flow[tuple[str, str], InvoiceOptions] = Flow(
        "stripe_invoice_to_netsuite",
        title="Stripe Invoice to NetSuite Invoice Add",
        source="stripe",
        reads=_read,
        on=("invoice.finalized",),
        options=InvoiceOptions,
        makes=("inv",),
        subjects=("in_",),
    )

    @invoices.push
    def push_invoice(source: tuple[str, str], to: Any) -> None:
        customer = source[1]
        if f"stripe-cust-{customer}" not in dict(to.netsuite.books):
            raise LinkMissing("cust", customer)
        to.netsuite.put(f"stripe-inv-{source[0]}", {"entity": customer})

    return Catalogue((customers, invoices), {"balance.available": "A balance is no record."})


def held() -> Held:
    return Held("Two customers have this e-mail address.", action="Link one of them by hand, then replay.")


def ambiguous() -> Ambiguous:
    candidates = [Candidate("netsuite", "customer", one, "Ada Works", "e-mail") for one in ("7", "8")]
    return Ambiguous("2 customers have this e-mail.", action="Choose one.", candidates=candidates)


def throttled() -> Throttled:
    return Throttled("NetSuite asked us to slow down.")


def skipped() -> Skipped:
    return Skipped("It is a test object.")


@dataclass
class Installation:
    """Fits `app.admin.parts.Parts`; `systems`, `broker` and `clock` can be steered."""

    database: Database
    settings: Settings
    catalogue: Catalogue
    systems: FakeSystems
    modes: Modes
    clock: FixedClock
    broker: RememberingBroker
    executor: Executor
    dispatcher: Dispatcher
    sweeper: Sweeper
    previewer: Previewer

    def carried_out(self, flow: str, subjects: Sequence[str]) -> list[int]:
        """The runs of these subjects, each tried once."""
        ids = self.sweeper.on_demand(flow, "main", subjects)
        for run_id in ids:
            self.executor.run(run_id)
        return ids


def install(database: Database, accounts: Sequence[str] = ("main",)) -> Installation:
    clock, broker, systems, flows = FixedClock(), RememberingBroker(), FakeSystems(), catalogue()
    nowhere = {"api_key": "sk_test_none", "livemode": False, "api_base": "http://127.0.0.1:1"}
    stripe = dict.fromkeys(accounts, nowhere)
    settings = Settings(_env_file=None, database_url=database.url, stripe=stripe)
    modes = Modes(stripe=dict.fromkeys(accounts, False), netsuite_live=False)
    executor = Executor(
        database, flows, systems, modes, clock, broker, public=NoLinks(), time_limit=timedelta(minutes=5)
    )
    return Installation(
        database=database,
        settings=settings,
        catalogue=flows,
        systems=systems,
        modes=modes,
        clock=clock,
        broker=broker,
        executor=executor,
        dispatcher=Dispatcher(database, flows, modes, clock, broker, resend_after=RESEND_AFTER),
        sweeper=Sweeper(executor),
        previewer=Previewer(database, flows, systems, clock, public=NoLinks()),
    )


def application(parts: Installation | None = None) -> FastAPI:
    app = FastAPI(title="Tieout")
    add_admin_api(app)
    app.state.parts = parts
    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """On a free port, from a thread, until the block ends; gives the base URL."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
    started, startup = threading.Event(), server.startup

    async def startup_and_tell(sockets: Any = None) -> None:
        await startup(sockets=sockets)
        started.set()

    server.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert started.wait(15)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)
        listener.close()
