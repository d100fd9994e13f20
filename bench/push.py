"""Runs per second against a NetSuite that takes 300 ms a call and allows 5 at once: are its slots ever idle?

The reference is the least a client can do: five threads that send the same bodies back to back, in the same run.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import stripe
from sqlalchemy import func, select

from app.core.config import Config, save
from app.core.runs import Run
from app.db import migrate
from app.embedded import embedded_postgres, embedded_worker
from app.logs import configure_logging
from app.settings import Settings
from app.systems.netsuite.client import NetSuiteClient
from app.systems.netsuite.records import Invoice, InvoiceLine
from app.systems.netsuite.slots import LocalSlots
from bench import harness
from sandbox.netsuite import ids
from sandbox.serve import env_lines
from workers.broker import CeleryBroker
from workers.wiring import Parts, SystemClock, build

TARGET = 0.95
SLOTS, LATENCY_MS = 5, 300
FLOW = "stripe_invoice_to_netsuite"


@dataclass(frozen=True)
class Taken:
    """What was seen while there was a backlog. `records`: how many were written in all."""

    per_second: float
    utilisation: float
    records: int
    calls: int


class World:
    """A sandbox in a process of its own, a Tieout in this one, and a shop that makes finalized invoices."""

    def __init__(self, environment: dict[str, str], parts: Parts) -> None:
        self.parts = parts
        self.netsuite = httpx.Client(base_url=environment["NETSUITE__API_BASE"] + "/_sandbox", timeout=60)
        self.client = stripe.StripeClient(
            environment["STRIPE__MAIN__API_KEY"], base_addresses={"api": environment["STRIPE__MAIN__API_BASE"]}
        )
        self.numbers = count()
        self.customers = [self.customer(number) for number in range(10)]

    def customer(self, number: int) -> str:
        return self.client.v1.customers.create({"name": f"C {number}", "email": f"c{number}@example.com"}).id

    def invoices(self, many: int) -> list[str]:
        return [self._invoice(next(self.numbers)) for _ in range(many)]

    def _invoice(self, number: int) -> str:
        customer = self.customers[number % len(self.customers)]
        invoice = self.client.v1.invoices.create(
            {"customer": customer, "collection_method": "send_invoice", "days_until_due": 30}
        )
        self.client.v1.invoice_items.create(
            {"customer": customer, "invoice": invoice.id, "amount": 1000 + number, "currency": "usd"}
        )
        self.client.v1.invoices.finalize_invoice(invoice.id)
        return invoice.id

    def pay(self, invoice: str) -> None:
        customer = self.client.v1.invoices.retrieve(invoice).customer
        method = self.client.v1.payment_methods.attach("pm_card_visa", {"customer": str(customer)})
        self.client.v1.invoices.pay(invoice, {"payment_method": method.id})

    def carry_out(self, flow: str, subjects: list[str]) -> None:
        """Through the queue and the worker, until each is finished."""
        self.parts.sweeper.on_demand(flow, "main", subjects)
        harness.wait_until(lambda: self.finished(flow, subjects) == len(subjects), "all runs are finished", timeout=120)

    def finished(self, flow: str, subjects: list[str]) -> int:
        with self.parts.database.session_scope() as session:
            done = Run.state.in_(("succeeded", "skipped", "held", "dead"))
            wanted = (Run.flow == flow, Run.subject.in_(subjects), done)
            return session.scalar(select(func.count(Run.subject.distinct())).where(*wanted)) or 0

    def set_latency(self, milliseconds: int) -> None:
        self.netsuite.patch("/settings", json={"latency_ms": milliseconds}).raise_for_status()

    def standing(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.netsuite.get("/state/invoice").raise_for_status().json()["invoice"]
        return found

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self.netsuite.get("/stats").raise_for_status().json()
        return stats

    def measured(self, work: Callable[[], None], many: int) -> Taken:
        """While `work` has more to do than NetSuite has places: neither the first calls nor the last ones count."""
        standing = len(self.standing())
        before = self.stats()
        worker = threading.Thread(target=work)
        worker.start()
        began, first = self._at(before["total"] + SLOTS)
        ended, last = self._at(before["total"] + many - 4 * SLOTS)
        worker.join()
        calls, seconds = last["total"] - first["total"], ended - began
        utilisation = (last["busy_seconds"] - first["busy_seconds"]) / (SLOTS * seconds)
        written = len(self.standing()) - standing
        return Taken(calls / seconds, utilisation, written, self.stats()["total"] - before["total"])

    def _at(self, calls: int) -> tuple[float, dict[str, Any]]:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            stats = self.stats()
            if stats["total"] >= calls:
                return time.perf_counter(), stats
            time.sleep(0.02)
        raise harness.Unfit("NetSuite was not called often enough within two minutes")


def ours(world: World, many: int) -> Taken:
    subjects = world.invoices(many)
    return world.measured(lambda: world.carry_out(FLOW, subjects), many)


def bare(world: World, many: int) -> Taken:
    """Bodies of the same shape, five threads, nothing else."""
    account = world.parts.settings.netsuite
    if account is None:
        raise harness.Unfit("no NetSuite account")
    client = NetSuiteClient(account, LocalSlots(SLOTS))
    customer = world.standing()[0]["entity"]["id"]
    numbers = iter([next(world.numbers) for _ in range(many)])
    lock = threading.Lock()

    def send() -> None:
        gateway = client.bound(lambda _: None, SystemClock())
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            gateway.upsert(_body(number, customer))

    def send_all() -> None:
        threads = [threading.Thread(target=send) for _ in range(SLOTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return world.measured(send_all, many)


def _body(number: int, customer: str) -> Invoice:
    amount = Decimal(1000 + number).scaleb(-2)
    return Invoice(
        external_id=f"bench-{number}",
        entity=customer,
        subsidiary=ids.SUBSIDIARY_US,
        currency=ids.USD,
        tran_date=datetime.now(UTC).date(),
        lines=(InvoiceLine(item=ids.ITEM_STRIPE, rate=amount, amount=amount),),
    )


@contextmanager
def world() -> Iterator[World]:
    with ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        environment = stack.enter_context(sandbox(folder))
        settings = settings_for(environment)
        url = stack.enter_context(embedded_postgres(folder / "postgres"))
        migrate(url)
        parts = build(settings, url, CeleryBroker())
        with parts.database.session_scope() as session:
            save(session, configuration(), author="bench", note="")
        parts.sweeper.due()  # all are given out, so that none looks while we measure
        stack.enter_context(embedded_worker(parts))
        made = World(environment, parts)
        made.carry_out(FLOW, made.invoices(20))  # brings the customers over and fills the reference caches
        made.set_latency(LATENCY_MS)
        yield made


@contextmanager
def sandbox(folder: Path) -> Iterator[dict[str, str]]:
    """In a process of its own, so that it takes no time from the worker; the environment that connects to it."""
    ports = {"stripe_port": harness.free_port(), "netsuite_port": harness.free_port()}
    environment = env_lines(**ports, folder=folder / "sandbox")
    code = f"from sandbox.serve import run_forever; run_forever({ports['stripe_port']}, {ports['netsuite_port']}, None)"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TIEOUT_SANDBOX_FOLDER": str(folder / "sandbox")},
        stdout=subprocess.DEVNULL,
    )
    try:
        for base in (environment["STRIPE__MAIN__API_BASE"], environment["NETSUITE__API_BASE"]):
            harness.wait_until(lambda base=base: _answers(base), f"{base} answers", timeout=60)  # type: ignore[misc]
        yield environment
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/_sandbox/faults").status_code == 200
    except httpx.HTTPError:
        return False


def settings_for(environment: dict[str, str]) -> Settings:
    os.environ.update(environment)
    os.environ["STRIPE__MAIN__REQUESTS_PER_SECOND"] = "80"  # what a live key allows
    os.environ["LOG_LEVEL"] = "WARNING"
    settings = Settings(_env_file=None, worker_concurrency=4 * SLOTS, public_url="http://127.0.0.1:8000")
    configure_logging(settings)
    return settings


def configuration() -> Config:
    items = {"default": ids.ITEM_STRIPE, "discount": ids.ITEM_DISCOUNT, "tax": ids.ITEM_TAX}
    accounts = {"receivable": {"*": ids.ACCOUNT_RECEIVABLE}}
    books = {"subsidiary": ids.SUBSIDIARY_US, "time_zone": "UTC", "items": items, "accounts": accounts}
    return Config.model_validate({"books": {"*": books}})


def main() -> int:
    arguments = harness.options("push", __doc__ or "", seconds=8, repeats=3).parse_args()
    many = int(arguments.seconds * SLOTS * 1000 / LATENCY_MS)
    with world() as made:
        runs = harness.interleaved(
            {"ours": lambda: ours(made, many), "bare": lambda: bare(made, many)}, arguments.repeats
        )
        stats = made.stats()
    return harness.conclude(verdict(runs, stats, many), as_json=arguments.json)


def verdict(runs: dict[str, list[Taken]], stats: dict[str, Any], many: int) -> harness.Verdict:
    faults = [
        f"{name}: {t.records} records for {many} subjects" for name in runs for t in runs[name] if t.records != many
    ]
    pushed = harness.middle([taken.per_second for taken in runs["ours"]], 2)
    reference = harness.middle([taken.per_second for taken in runs["bare"]], 2)
    used = harness.middle([taken.utilisation for taken in runs["ours"]], 3)
    return harness.Verdict(
        name="push",
        ratio=used,
        target=TARGET,
        figures={
            "runs per second": pushed,
            "reference records per second": reference,
            "ratio to the reference": round(pushed / reference, 3),
            "slot utilisation": used,
            "reference slot utilisation": harness.middle([taken.utilisation for taken in runs["bare"]], 3),
            "NetSuite calls per record": harness.middle([t.calls / max(t.records, 1) for t in runs["ours"]], 2),
            "most in flight": stats["max_in_flight"],
            "refused by NetSuite": stats["refused"],
        },
        method=(
            f"{many} finalized Stripe invoices pushed as NetSuite invoices by one worker of {4 * SLOTS} threads, "
            f"against {SLOTS} threads that send the same bodies back to back; NetSuite takes {LATENCY_MS} ms and "
            "refuses more than its slots, which it counts itself, while there is a backlog; interleaved, medians."
        ),
        faults=faults,
    )


if __name__ == "__main__":
    sys.exit(main())
