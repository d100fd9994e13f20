"""`tieout up`: everything in one process on embedded defaults, or one process per part when there is a broker."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import structlog
import uvicorn

from app.admin.accounts import first_link
from app.embedded import database_url, embedded_worker
from app.logs import configure_logging
from app.main import create_app
from app.receiver.serve import listen, server
from app.settings import Settings
from app.telemetry import configure_tracing
from workers.broker import CeleryBroker
from workers.celery_app import QUEUES, app, configuration
from workers.wiring import Parts, build, prepare

log = structlog.get_logger()
PARTS = ("receiver", "dashboard", "web", "worker", "beat")
"""`web` is receiver and dashboard in one process."""
STOP_SECONDS = 45


@dataclass(frozen=True)
class Running:
    url: str
    parts: Parts


def up(settings: Settings, only: str | None = None) -> None:
    """Runs until SIGINT or SIGTERM."""
    configure_logging(settings)
    if only is not None or settings.in_memory_broker:
        configure_tracing(settings, only or "up")
    if only is not None:
        _one(settings, only)
    elif settings.in_memory_broker:
        with running(settings) as started:
            log.info("tieout.started", url=started.url)
            greet(started.parts)
            _wait_for_signal()
        log.info("tieout.stopped")
    else:
        _several(settings)


def greet(parts: Parts) -> None:
    """Printed, not logged: whoever has this link becomes the administrator."""
    link = None if parts.settings.demo else first_link(parts)
    if link is not None:
        print(f"There is no administrator yet. This link makes the first one, once, within a day:\n{link}", flush=True)


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """Everything in this process: PostgreSQL (unless configured), receiver, dashboard, worker and beat."""
    with database_url(settings) as url:
        prepare(settings, url)
        parts = build(settings, url, CeleryBroker())
        with embedded_worker(parts), _serving(parts) as address:
            yield Running(address, parts)


@contextmanager
def _serving(parts: Parts) -> Iterator[str]:
    socket = listen(parts.settings.host, parts.settings.port)
    web = server(create_app(parts))
    thread = threading.Thread(target=web.run, kwargs={"sockets": [socket]}, name="web", daemon=True)
    thread.start()
    try:
        _until_started(web, thread)
        yield f"http://{parts.settings.host}:{socket.getsockname()[1]}"
    finally:
        web.should_exit = True
        thread.join(timeout=STOP_SECONDS)
        socket.close()


def _until_started(web: uvicorn.Server, thread: threading.Thread) -> None:
    while not web.started:
        if not thread.is_alive():
            raise RuntimeError("the web server did not start; the log says why")
        time.sleep(0.01)


def _one(settings: Settings, only: str) -> None:
    """One part in the foreground of this process."""
    match only:
        case "receiver" | "dashboard" | "web":
            with database_url(settings) as url:
                parts = build(settings, url, CeleryBroker())
                web = server(create_app(parts, webhooks=only != "dashboard", pages=only != "receiver"))
                web.run(sockets=[listen(settings.host, settings.port)])
        case "worker":
            _celery(
                settings, "worker", f"--pool={settings.worker_pool}", f"--concurrency={settings.worker_concurrency}"
            )
        case "beat":
            _celery(settings, "beat", "--scheduler=celery.beat:Scheduler")
        case _:
            raise ValueError(f"there is no part {only!r}: choose from {', '.join(PARTS)}")


def _celery(settings: Settings, *arguments: str) -> None:
    if settings.in_memory_broker:
        raise ValueError("a worker or beat of its own needs BROKER_URL, e.g. redis://127.0.0.1:6379/0")
    app.conf.update(configuration(settings))
    more = ["-Q", ",".join(QUEUES), "--without-mingle", "--without-gossip"] if arguments[0] == "worker" else []
    app.start([*arguments, "--loglevel=WARNING", *more])


# several processes -------------------------------------------------------------------------------------------


def _several(settings: Settings) -> None:
    """Receiver processes, a worker and beat as children; one that dies is started again."""
    metrics = settings.data_dir / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    with database_url(settings) as url:
        prepare(settings, url)
        environment = {**os.environ, "DATABASE_URL": url, "PROMETHEUS_MULTIPROC_DIR": str(metrics.resolve())}
        names = ["web"] * settings.receiver_processes + ["worker", "beat"]
        children = [Child(name, environment) for name in names]
        stopping = _signal_event()
        address = f"http://{settings.host}:{settings.port}"
        log.info("tieout.started", url=address, processes={child.name: child.pid for child in children})
        greet(build(settings, url, CeleryBroker()))
        while not stopping.wait(0.5):
            for child in children:
                child.keep_alive()
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait()
    log.info("tieout.stopped")


class Child:
    """One part in a process of its own."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self._environment = environment
        self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "app.cli", "up", "--only", self.name]
        return subprocess.Popen(command, env=self._environment, start_new_session=True)  # noqa: S603

    def keep_alive(self) -> None:
        code = self._process.poll()
        if code is not None:
            log.warning("process.died", part=self.name, pid=self.pid, code=code)
            self._process = self._start()

    def ask_to_stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("process.killed", part=self.name, pid=self.pid)
            self._process.kill()
            self._process.wait()


def _signal_event() -> threading.Event:
    asked = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return asked


def _wait_for_signal() -> None:
    _signal_event().wait()
