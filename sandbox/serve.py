"""Starts the sandbox's two servers, for a test, for the demo, or for good."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.clock import Clock
from sandbox.credentials import DEFAULT_FOLDER, Credentials
from sandbox.credentials import env_lines as _env_lines
from sandbox.faults import AsgiApp
from sandbox.stripe import StripeWorld
from sandbox.stripe import create_app as create_stripe_app

STRIPE_PORT = 4242
NETSUITE_PORT = 4343


@contextlib.contextmanager
def serving(app: AsgiApp, port: int = 0, *, stop_after: float = 1.0) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 from a thread of its own and give its base URL; port 0 takes a free one.

    At the end requests in flight have `stop_after` seconds to finish. Raises OSError when the port is taken.
    """
    listener = _listening(port)
    server = uvicorn.Server(_config(app, stop_after))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="sandbox")
    ready = threading.Event()
    _tell_when_started(server, ready)
    thread.start()
    try:
        if not ready.wait(15):
            raise RuntimeError("the sandbox server did not start within 15 seconds")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(stop_after + 10)
        listener.close()


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: AsgiApp, stop_after: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=max(1, round(stop_after)),
        timeout_keep_alive=60,
        backlog=2048,
    )


def _tell_when_started(server: uvicorn.Server, ready: threading.Event) -> None:
    startup = server.startup

    async def startup_and_tell(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets=sockets)
        ready.set()

    server.startup = startup_and_tell  # type: ignore[method-assign]


@dataclass
class Sandbox:
    """Both servers, running. `netsuite` is a `sandbox.netsuite.NetSuiteWorld`."""

    stripe_url: str
    netsuite_url: str
    stripe: StripeWorld
    netsuite: Any
    clock: Clock
    credentials: Credentials

    @property
    def env(self) -> dict[str, str]:
        """The environment that connects a Tieout to this sandbox."""
        return _env_lines(self.credentials, self.stripe_url, self.netsuite_url)

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        *,
        stripe_port: int = 0,
        netsuite_port: int = 0,
        deliver_to: str | None = None,
        clock: Clock | None = None,
        credentials: Credentials | None = None,
        folder: Path | str | None = None,
        with_netsuite: bool = True,
        suiteapp: Path | str | None = None,
    ) -> Iterator[Sandbox]:
        """Both servers until the block ends. `deliver_to` is the base URL of the Tieout that gets the events.

        Without `credentials` or a `folder` to keep them in, they are made for this run alone. `suiteapp` is the folder
        of the SuiteCloud project that NetSuite runs, if not the repository's own.
        """
        clock = clock or Clock()
        with contextlib.ExitStack() as stack:
            credentials = credentials or Credentials.load(folder or stack.enter_context(_folder_for_once()))
            stripe = StripeWorld(clock=clock, credentials=credentials)
            stack.callback(stripe.close)
            stripe_url = stack.enter_context(serving(create_stripe_app(stripe), stripe_port))
            netsuite, netsuite_url = None, ""
            if with_netsuite:
                netsuite, netsuite_app = _netsuite(clock, credentials, suiteapp)
                stack.callback(netsuite.close)
                netsuite_url = stack.enter_context(serving(netsuite_app, netsuite_port))
            running = cls(stripe_url, netsuite_url, stripe, netsuite, clock, credentials)
            if deliver_to:
                running.deliver_to(deliver_to)
            yield running

    def deliver_to(self, base_url: str) -> None:
        """Send both systems' events to the Tieout at `base_url` from now on."""
        base = base_url.rstrip("/")
        self.stripe.deliver_to(f"{base}/webhooks/stripe/main", self.credentials.stripe_webhook_secret)
        if hasattr(self.netsuite, "deliver_to"):
            self.netsuite.deliver_to(f"{base}/webhooks/netsuite/{self.credentials.netsuite_account_id}")


def _netsuite(clock: Clock, credentials: Credentials, suiteapp: Path | str | None) -> tuple[Any, AsgiApp]:
    module = importlib.import_module("sandbox.netsuite")
    world = module.NetSuiteWorld(clock=clock, credentials=credentials, suiteapp=suiteapp)
    return world, module.create_app(world)


@contextlib.contextmanager
def _folder_for_once() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tieout-sandbox-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def env_lines(
    *,
    stripe_port: int = STRIPE_PORT,
    netsuite_port: int = NETSUITE_PORT,
    folder: Path | str | None = None,
) -> dict[str, str]:
    """The environment that connects a Tieout to the sandbox on these ports, for `tieout sandbox env`."""
    credentials = Credentials.load(folder or os.environ.get("TIEOUT_SANDBOX_FOLDER") or DEFAULT_FOLDER)
    return _env_lines(credentials, f"http://127.0.0.1:{stripe_port}", f"http://127.0.0.1:{netsuite_port}")


def run_forever(
    stripe_port: int = STRIPE_PORT,
    netsuite_port: int = NETSUITE_PORT,
    deliver_to: str | None = "http://127.0.0.1:8000",
    *,
    folder: Path | str | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve both until interrupted (or `stop` is set)."""
    stop = stop or threading.Event()
    kept = folder or os.environ.get("TIEOUT_SANDBOX_FOLDER") or DEFAULT_FOLDER
    with Sandbox.running(
        stripe_port=stripe_port, netsuite_port=netsuite_port, deliver_to=deliver_to, folder=kept
    ) as running:
        print(f"Stripe   {running.stripe_url}\nNetSuite {running.netsuite_url}", flush=True)
        print(f"Scripts  {running.netsuite.scripts.told()}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            stop.wait()
