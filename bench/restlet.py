"""Records per second into a NetSuite that takes 300 ms a call and allows 5 at once: by the RESTlet, and by REST.

The 300 ms are what a call costs: network, login check, session. What NetSuite itself takes to save a record comes on
top, once per record either way, and no batch saves it. So a second pair of figures has NetSuite take time for each
record as well: it is what an account with slow saves gains, and no target is set for it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, Literal

import httpx

from app.errors import TieoutError
from app.settings import NetSuiteAccount, Settings
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.records import Apply, Customer, CustomerPayment, Invoice, InvoiceLine
from app.systems.netsuite.slots import LocalSlots
from bench import harness
from bench.push import sandbox
from sandbox.netsuite import ids
from workers.wiring import SystemClock

TARGET = 10.0
SLOTS, LATENCY_MS, RECORD_MS = 5, 300, 100
THREADS, FEWER = 128, 64
"""As many as two workers that are set up for a back-fill have, and one."""
TYPES = ("customer", "invoice", "customerPayment")
Way = Literal["rest", "restlet"]


@dataclass(frozen=True)
class Taken:
    """`calls`: what NetSuite counted; `written`: new records; `failed`: what a write said that was refused."""

    seconds: float
    calls: int
    written: int
    failed: tuple[str, ...]

    @property
    def per_second(self) -> float:
        return self.written / self.seconds


class World:
    def __init__(self, account: NetSuiteAccount) -> None:
        self.account = account
        self.netsuite = httpx.Client(base_url=account.api_base + "/_sandbox", timeout=60)
        self.numbers = count()

    def set(self, **settings: int) -> None:
        self.netsuite.patch("/settings", json=settings).raise_for_status()

    def standing(self) -> int:
        return sum(len(self._got(f"/state/{name}")[name]) for name in TYPES)

    def calls(self) -> int:
        return int(self._got("/stats")["total"])

    def _got(self, path: str) -> Any:
        return self.netsuite.get(path).raise_for_status().json()

    def measured(self, way: Way, sales: int, threads: int = THREADS) -> Taken:
        """So many sales, each a customer, an invoice and its payment, by threads that wait for each write."""
        client = NetSuiteClient(self.account.model_copy(update={"batch_with": way}), LocalSlots(SLOTS))
        client.bound(lambda _: None, SystemClock()).currency("usd")  # logs in
        numbers = iter([next(self.numbers) for _ in range(sales)])
        standing, calls, failed = self.standing(), self.calls(), list[str]()
        began = time.perf_counter()
        _in_threads(threads, lambda: _sell(client, numbers, failed))
        seconds = time.perf_counter() - began
        client.close()
        return Taken(seconds, self.calls() - calls, self.standing() - standing, tuple(failed))


def _in_threads(many: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _sell(client: NetSuiteClient, numbers: Iterator[int], failed: list[str]) -> None:
    gateway = client.bound(lambda _: None, SystemClock())
    # next() of a list's iterator is one step of the interpreter
    while (number := next(numbers, None)) is not None:
        try:
            _sale(gateway, number)
        except TieoutError as error:
            failed.append(f"{error.sentence} {error.detail or ''}")


def _sale(gateway: NetSuiteGateway, number: int) -> None:
    today, amount = datetime.now(UTC).date(), Decimal(1000 + number).scaleb(-2)
    buyer = gateway.upsert(
        Customer(external_id=f"bench-c-{number}", company_name=f"C {number}", subsidiary=ids.SUBSIDIARY_US)
    )
    billed = gateway.upsert(
        Invoice(
            external_id=f"bench-i-{number}",
            entity=buyer.id,
            currency=ids.USD,
            tran_date=today,
            lines=(InvoiceLine(item=ids.ITEM_STRIPE, rate=amount, amount=amount),),
        )
    )
    gateway.upsert(
        CustomerPayment(
            external_id=f"bench-p-{number}",
            customer=buyer.id,
            payment=amount,
            currency=ids.USD,
            tran_date=today,
            undeposited=True,
            apply=(Apply(doc=billed.id, amount=amount),),
        )
    )


@contextmanager
def world() -> Iterator[World]:
    with ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        os.environ.update(stack.enter_context(sandbox(folder)))
        account = Settings(_env_file=None).netsuite
        if account is None:
            raise harness.Unfit("no NetSuite account")
        yield World(account.model_copy(update={"concurrency": SLOTS}))


def main() -> int:
    arguments = harness.options("restlet", __doc__ or "", seconds=40, repeats=1).parse_args()
    sales = int(arguments.seconds * SLOTS * 1000 / LATENCY_MS / len(TYPES))
    with world() as made:
        made.measured("restlet", 2 * THREADS)  # compiles what is compiled once
        made.set(latency_ms=LATENCY_MS)
        quick = harness.interleaved(_ways(made, sales), arguments.repeats)
        quick["fewer"] = [made.measured("restlet", sales, FEWER)]
        made.set(record_ms=RECORD_MS)
        slow = harness.interleaved(_ways(made, sales // 2), 1)
    return harness.conclude(verdict(quick, slow, sales), as_json=arguments.json)


def _ways(made: World, sales: int) -> dict[str, Callable[[], Taken]]:
    return {"restlet": lambda: made.measured("restlet", sales), "rest": lambda: made.measured("rest", sales)}


def verdict(quick: dict[str, list[Taken]], slow: dict[str, list[Taken]], sales: int) -> harness.Verdict:
    faults = [
        f"{name}: {taken.written} records of {wanted * len(TYPES)}, {len(taken.failed)} refused: {taken.failed[:1]}"
        for runs, wanted in ((quick, sales), (slow, sales // 2))
        for name in runs
        for taken in runs[name]
        if taken.failed or taken.written != wanted * len(TYPES)
    ]
    fast, plain = (harness.middle([taken.per_second for taken in quick[way]], 2) for way in ("restlet", "rest"))
    fast_too, plain_too = (harness.middle([taken.per_second for taken in slow[way]], 2) for way in ("restlet", "rest"))
    calls = [taken.calls / max(taken.written, 1) for taken in quick["restlet"]]
    return harness.Verdict(
        name="restlet",
        ratio=fast / plain,
        target=TARGET,
        figures={
            "records per second by the RESTlet": fast,
            "records per second by REST": plain,
            f"by the RESTlet with {FEWER} threads": round(quick["fewer"][0].per_second, 2),
            "calls per record by the RESTlet": harness.middle(calls, 3),
            f"the same with {RECORD_MS} ms a record: by the RESTlet": fast_too,
            f"the same with {RECORD_MS} ms a record: by REST": plain_too,
            f"ratio with {RECORD_MS} ms a record": round(fast_too / plain_too, 2),
        },
        method=(
            f"{sales} sales (a customer, an invoice, its payment: each waits for the one before) by {THREADS} threads "
            f"of one client; NetSuite takes {LATENCY_MS} ms a call and allows {SLOTS} at once; both in the same run."
        ),
        faults=faults,
    )


if __name__ == "__main__":
    sys.exit(main())
