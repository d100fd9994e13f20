"""Everything a demo needs, running: both sandboxes, PostgreSQL, and a Tieout that is connected to them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select

from app.core import config, plan
from app.core.inbox import Event
from app.db import Database, migrate
from app.demo.choices import choices, for_a_month_in_a_minute
from app.demo.shop import DAYS, Ids
from app.demo.systems import NetSuiteSandbox, StripeSandbox, wait_for
from app.embedded import embedded_postgres
from app.settings import Settings
from sandbox.clock import Clock
from sandbox.netsuite import ids
from sandbox.serve import NETSUITE_PORT, STRIPE_PORT, Sandbox

STOP_SECONDS = 60
START_SECONDS = 180


class CannotStart(Exception):
    """Says what stands in the way."""


@dataclass(frozen=True)
class Wanted:
    """`port`: None takes 8000, or a free one when it is taken. Empty URLs: embedded PostgreSQL, broker in memory."""

    once: bool
    port: int | None = None
    database_url: str = ""
    broker_url: str = ""
    folder: Path = Path(".tieout/demo")


@dataclass(frozen=True)
class Stage:
    url: str
    stripe: StripeSandbox
    netsuite: NetSuiteSandbox
    guests: str
    clock: Clock
    start: datetime
    database: Database
    tieout: "subprocess.Popen[bytes]"
    log: Path
    environment: dict[str, str]

    def check_alive(self) -> None:
        if self.tieout.poll() is not None:
            raise CannotStart(f"tieout up ended with {self.tieout.returncode}:\n{last_lines(self.log)}")


@contextmanager
def staged(wanted: Wanted) -> Iterator[Stage]:
    with ExitStack() as stack:
        folder = stack.enter_context(_own_folder(wanted.folder))
        database_url = wanted.database_url or stack.enter_context(embedded_postgres(folder / "postgres"))
        database = _empty(database_url)
        start = datetime.now(UTC) - timedelta(days=DAYS)
        url = f"http://127.0.0.1:{_port(wanted.port, 8000, wanted.once)}"
        sandbox = stack.enter_context(_sandbox(wanted.once, folder, Clock(start)))
        netsuite = NetSuiteSandbox(sandbox.netsuite_url)
        guests = netsuite.save("customer", {"companyName": "Guests", "subsidiary": {"id": ids.SUBSIDIARY_US}})
        _choose(database, guests)
        log = folder / "tieout.log"
        environment = _environment(wanted, sandbox, url, database_url, folder)
        tieout = stack.enter_context(_tieout(environment, folder, log))
        stage = Stage(
            url,
            StripeSandbox(sandbox.stripe_url, sandbox.credentials.stripe_api_key),
            netsuite,
            guests,
            sandbox.clock,
            start,
            database,
            tieout,
            log,
            environment,
        )
        _wait_until_ready(stage)
        sandbox.deliver_to(url)
        yield stage


@contextmanager
def _own_folder(parent: Path) -> Iterator[Path]:
    """A new one for each demo, so that no two ever meet; gone at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="run-", dir=parent)).resolve()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _empty(url: str) -> Database:
    migrate(url)
    database = Database(url)
    with database.session_scope() as session:
        if session.scalar(select(func.count()).select_from(Event)):
            raise CannotStart("The demo wants an empty database of its own; this one has events in it.")
    return database


def _choose(database: Database, guests: str) -> None:
    with database.session_scope() as session:
        config.save(session, for_a_month_in_a_minute(guests), author="demo", note="The sandbox's accounts and items")


def write_choices(folder: Path) -> Path:
    """The sandbox's accounts and items as a YAML file, for INITIAL_CONFIG."""
    file = folder / "tieout.yaml"
    file.write_text(plan.export(choices()))
    return file


def shop_ids(guests: str) -> Ids:
    return Ids(
        subsidiary=ids.SUBSIDIARY_US,
        currencies={symbol.lower(): internal_id for symbol, internal_id in ids.CURRENCIES.items()},
        item=ids.ITEM_CONSULTING,
        discount_item=ids.ITEM_DISCOUNT,
        bad_debt_item=ids.ITEM_BAD_DEBT,
        tax_type=ids.TAX_TYPE_SALES,
        tax_code=ids.TAX_CODE_STANDARD,
        guests=guests,
    )


@contextmanager
def _sandbox(once: bool, folder: Path, clock: Clock) -> Iterator[Sandbox]:
    with Sandbox.running(
        stripe_port=_port(None, STRIPE_PORT, once),
        netsuite_port=_port(None, NETSUITE_PORT, once),
        clock=clock,
        folder=folder / "sandbox",
    ) as sandbox:
        yield sandbox


def _port(asked: int | None, usual: int, once: bool) -> int:
    if asked:
        return asked
    return _free(0) if once else _free(usual) or _free(0)


def _free(port: int) -> int:
    """The port if nothing listens on it (0: any), else 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


# Tieout itself, in processes of its own -----------------------------------------------------------------------------


def _environment(wanted: Wanted, sandbox: Sandbox, url: str, database_url: str, folder: Path) -> dict[str, str]:
    """Nothing of the person's own settings gets in: those could be the real accounts."""
    own = {name.upper() for name in Settings.model_fields}
    clean = {name: value for name, value in os.environ.items() if name.upper().partition("__")[0] not in own}
    return clean | {
        **sandbox.env,
        "STRIPE__MAIN__REQUESTS_PER_SECOND": "80",  # as of a live account, or a month takes four minutes
        "DATABASE_URL": database_url,
        "BROKER_URL": wanted.broker_url,
        "DATA_DIR": str(folder),
        "PUBLIC_URL": url,
        "HOST": "127.0.0.1",
        "PORT": url.rsplit(":", 1)[1],
        "LOG_LEVEL": "INFO",
        "DEMO": "true",
    }


@contextmanager
def _tieout(environment: dict[str, str], folder: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    # started in a folder without a .env, which would be read otherwise
    command = [sys.executable, "-m", "app.cli", "up"]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(stage: Stage) -> None:
    def ready() -> bool:
        stage.check_alive()
        try:
            return httpx.get(f"{stage.url}/readyz", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    try:
        wait_for(ready, "starting Tieout", seconds=START_SECONDS, every=0.2)
    except TimeoutError as late:
        raise CannotStart(f"{late}:\n{last_lines(stage.log)}") from None


def last_lines(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
