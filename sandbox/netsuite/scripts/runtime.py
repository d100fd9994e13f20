"""Runs the project's scripts for one account: user events after a save, the RESTlet for a call."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.netsuite.scripts import hosts
from sandbox.netsuite.scripts.execution import Execution, Saved
from sandbox.netsuite.scripts.https import Https
from sandbox.netsuite.scripts.project import Deployment, Parameter, Project, ProjectError, Script, load
from sandbox.netsuite.scripts.refusals import ScriptError
from sandbox.netsuite.scripts.running import Running
from sandbox.netsuite.scripts.shapes import Known
from sandbox.netsuite.scripts.v8 import V8, V8Missing, assert_available

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

VARIABLE = "TIEOUT_SANDBOX_SUITEAPP"
DEFAULT = Path(__file__).parents[3] / "suiteapp" / "src"
SECRET = "custsecret_tieout_callback"  # noqa: S105
KEPT = 50
SECONDS = {"userevent": 60.0, "restlet": 300.0}
# what the integration writes comes from this user; with echoes on, the script is told of none
INTEGRATION_USER = "5"


class Scripts:
    """`reason` says why the project is not run, and is empty while it is."""

    def __init__(self, world: NetSuiteWorld, folder: Path | str | None = None) -> None:
        self.world = world
        self.folder = Path(folder or os.environ.get(VARIABLE) or DEFAULT)
        self.project: Project | None = None
        self.reason = ""
        self.v8: V8 | None = None
        self.seconds = dict(SECONDS)
        self.https = Https(world.callbacks)
        self.local = threading.local()
        self.lock = threading.Lock()
        self.reset()
        self._look()

    def _look(self) -> None:
        try:
            assert_available()
            self.project = load(self.folder)
        except (V8Missing, ProjectError) as error:
            self.reason = str(error)

    def reset(self) -> None:
        """Forget what ran and every parameter set."""
        self.parameters: dict[str, str | None] = {}
        self.last: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.logs: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.count = 0
        self.shapes: dict[tuple[Any, ...], Known] = {}

    @property
    def running(self) -> bool:
        return self.project is not None

    def close(self) -> None:
        with self.lock:
            v8, self.v8 = self.v8, None
        if v8 is not None:
            v8.close()
        self.https.close()

    # What happens

    def saved(self, saved: Saved) -> None:
        """Called under the world's lock, after each save; the scripts run later, outside of it."""
        if self.running:
            self._mine().append(saved)
        else:
            self.world.callbacks.saved(saved.record, saved.event, saved.actor.context)

    def taken(self) -> list[Saved]:
        """What this thread has saved since it last asked."""
        found, self.local.saved = self._mine(), []
        return found

    def _mine(self) -> list[Saved]:
        found: list[Saved] | None = getattr(self.local, "saved", None)
        if found is None:
            found = self.local.saved = []
        return found

    async def fire(self, saves: Iterable[Saved]) -> None:
        """Run the user events of these saves, one after the other; what goes wrong in them is theirs."""
        for one in self.due(saves):
            with self.world.callbacks.under_way():
                await asyncio.wrap_future(self._started(one))

    async def restlet(self, script: Script, deployment: Deployment, entry: str, argument: str) -> Any:
        """What the RESTlet returns to `argument`, a JSON text; raises ScriptError for what it does not catch."""
        from sandbox.netsuite.engine import RESTLET

        one = Execution(script, deployment, RESTLET, entry=entry, argument=argument)
        outcome = await asyncio.wrap_future(self._started(one))
        if "error" in outcome:
            raise ScriptError(outcome["error"]["name"], outcome["error"]["message"])
        return outcome.get("value")

    def due(self, saves: Iterable[Saved]) -> Iterator[Execution]:
        project, callbacks = self.project, self.world.callbacks
        if project is None or not callbacks.enabled:
            return
        for saved in saves:
            found = project.user_events(saved.record.type, saved.type, saved.actor.context)
            for script, deployment in found:
                if self._goes_nowhere(script):
                    callbacks.counts["nowhere"] += 1
                else:
                    yield Execution(script, deployment, saved.actor, saved)

    def _goes_nowhere(self, script: Script) -> bool:
        # without an address the script would look at it and return; a save costs nothing so
        return not self.world.callbacks.url and any(one.kind == "URL" for one in script.parameters)

    # One execution

    def _started(self, one: Execution) -> Future[Any]:
        running = Running(self, one)
        code = f"$perform({json.dumps(one.given(self.values(one.script)))})"
        future: Future[Any] = Future()

        def done(ran: Future[Any]) -> None:
            try:
                future.set_result(running.over(ran))
            except Exception as error:
                future.set_exception(error)

        self._v8().run(code, running.answer, self.seconds[one.script.kind]).add_done_callback(done)
        return future

    def _v8(self) -> V8:
        with self.lock:
            if self.v8 is None:
                assert self.project is not None
                self.v8 = V8(hosts.settings(self.world, self.project))
            return self.v8

    def values(self, script: Script) -> dict[str, Any]:
        """The script's parameters as the account has set them."""
        own = {**self._by_role(), **self.parameters}
        return {one.name: _typed(one, own.get(one.name, one.default)) for one in script.parameters}

    def _by_role(self) -> dict[str, str | None]:
        callbacks = self.world.callbacks
        return {
            "custscript_tieout_callback_url": callbacks.url,
            "custscript_tieout_secret": SECRET,
            "custscript_tieout_user": None if callbacks.echoes else INTEGRATION_USER,
        }

    def secrets(self) -> Mapping[str, str]:
        """The account's API secrets, by script id."""
        return {SECRET: self.world.callbacks.secret}

    def note(self, one: Execution, outcome: Mapping[str, Any]) -> None:
        self.count += 1
        error = outcome.get("error")
        one.error = f"{error['name']}: {error['message']}" if error else ""
        self.last.append(one.told())
        self.logs.extend({"script": one.script.id, **log} for log in outcome.get("logs", ()))
        if one.saved is not None and not one.posted:
            self.world.callbacks.counts["errors" if error else "skipped"] += 1

    # What there is to see

    def told(self) -> str:
        """For the one who starts the sandbox."""
        if self.project is None:
            return f"imitated, because {self.reason} ({self.folder})"
        return f"{self.project.told()} from {self.folder}"

    def shown(self) -> dict[str, Any]:
        scripts = self.project.scripts if self.project else ()
        not_run = list(self.project.not_run) if self.project else []
        found = {"running": self.running, "from": str(self.folder), "reason": self.reason or None}
        return {**found, "scripts": [one.id for one in scripts], "not_run": not_run}

    def stats(self) -> dict[str, Any]:
        return {"executions": self.count, "last": list(self.last), "logs": list(self.logs)}


def _typed(parameter: Parameter, value: str | None) -> Any:
    return int(value) if parameter.kind == "INTEGER" and value else value
