"""A catalogue of small flows and two systems that answer from memory: the core's own tests need no more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.broker import NoBroker
from app.core.dispatch import Dispatcher, Modes
from app.core.exchanges import Exchange
from app.core.execute import RESEND_AFTER, Executor
from app.core.flow import Catalogue, Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.sweeps import Sweeper
from app.db import Database
from app.systems.netsuite.records import Ref

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


class GivenClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class FakeStripe:
    """`behave` decides what happens when an object is read: it may raise."""

    account: str
    record: Callable[[Exchange], None]
    behave: Callable[[str], str]
    livemode: bool = False
    calls: int = 0
    events: list[Any] = field(default_factory=list)

    def thing(self, thing_id: str) -> str:
        self.calls += 1
        self.record(Exchange("stripe", "GET", f"/v1/things/{thing_id}", 200, 5, None, {"id": thing_id}))
        return self.behave(thing_id)

    def events_since(self, since: datetime, /, *, types: tuple[str, ...] = ()) -> Iterator[Any]:
        return iter(self.events)


@dataclass
class FakeNetSuite:
    record: Callable[[Exchange], None]
    account: str = "TSTDRV1"
    calls: int = 0
    written: list[str] = field(default_factory=list)


class FakePublic:
    def pay(self, account: str, netsuite_invoice: str, /) -> str:
        return f"http://127.0.0.1:1/pay/{account}-{netsuite_invoice}"

    def portal(self, account: str, stripe_customer: str, /) -> str:
        return f"http://127.0.0.1:1/portal/{account}-{stripe_customer}"


class FakeSystems:
    def __init__(self) -> None:
        self.behave: Callable[[str], str] = lambda subject: subject
        self.events: list[Any] = []
        self.written: list[str] = []

    def stripe(self, account: str, record: Callable[[Exchange], None], *, until: datetime | None = None) -> Any:
        return FakeStripe(account, record, lambda subject: self.behave(subject), events=self.events)

    def netsuite(self, record: Callable[[Exchange], None]) -> Any:
        return FakeNetSuite(record, written=self.written)


def flow(
    key: str, on: tuple[str, ...], role: str, *, needs: str | None = None, enabled: bool = True
) -> Flow[str, Options]:
    """Writes one link of `role`; with `needs`, requires that role of `parent-of-<subject>` first."""
    made: Flow[str, Options] = Flow(
        key,
        title=key,
        source="stripe",
        reads=lambda to, subject: to.stripe.thing(subject),  # type: ignore[attr-defined]
        on=on,
        sweep=Sweep(every=timedelta(hours=1), ids=lambda to, since: iter(["t_1", "t_2"])),
        options=Options,
        makes=(role,),
        enabled=enabled,
    )

    @made.push
    def push(source: str, to: Ledger[Options]) -> None:
        if needs:
            to.links.require(f"parent-of-{source}", needs)
        to.netsuite.written.append(source)  # type: ignore[attr-defined]
        to.links.save(role, source, Ref("invoice", f"ns-{source}"), origin="stripe")

    return made


class Bench:
    """All of the core over one database, with a clock and a broker that the test moves itself."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = GivenClock()
        self.broker = NoBroker()
        self.systems = FakeSystems()
        self.catalogue = Catalogue(
            [
                flow("parents", ("parent.made",), "cust"),
                flow("things", ("thing.made", "thing.changed"), "inv"),
                flow("children", ("child.made",), "pay", needs="cust"),
                flow("grandchildren", ("grandchild.made",), "crf", needs="pay"),
                flow("sleeping", ("nap.taken",), "cm", enabled=False),
            ],
            {"noise.made": "Noise is not posted."},
        )
        self.modes = Modes(stripe={"main": False}, netsuite_live=False)
        self.executor = Executor(
            database,
            self.catalogue,
            self.systems,
            self.modes,
            self.clock,
            self.broker,
            public=FakePublic(),
            time_limit=timedelta(seconds=60),
        )
        self.dispatcher = Dispatcher(
            database, self.catalogue, self.modes, self.clock, self.broker, resend_after=RESEND_AFTER
        )
        self.sweeper = Sweeper(self.executor)

    def demand(self, key: str, subject: str) -> int:
        """The run's id."""
        return self.sweeper.on_demand(key, "main", [subject])[0]

    def work(self, limit: int = 50) -> None:
        """Carry out what was sent, and what that sends, until nothing is left."""
        for _ in range(limit):
            if not self.broker.runs:
                return
            run_id, _queue = self.broker.runs.pop(0)
            self.executor.run(run_id)
        raise AssertionError("the runs never came to rest")
