"""One execution of a script: who runs it and why, what it may cost and what it did cost."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.netsuite.bodies import Actor
from sandbox.netsuite.definitions import TRANSACTION, Definition, Record
from sandbox.netsuite.scripts.project import Deployment, Script
from sandbox.netsuite.scripts.refusals import ScriptError

LIMITS = {"userevent": 1000, "restlet": 5000}
# by class of record: transactions, custom records, all others
READ = {"transaction": 10, "custom": 2, "other": 5}
SAVE = {"transaction": 20, "custom": 4, "other": 10}
SUBMIT = {"transaction": 10, "custom": 2, "other": 5}
SEARCH = 10
LOOKUP = 1
CALL_OUT = 10
VOID = 10

_numbers = itertools.count(1)


def record_class(definition: Definition) -> str:
    if definition.namespace == TRANSACTION:
        return "transaction"
    return "custom" if definition.name.startswith("customrecord") else "other"


@dataclass(frozen=True)
class Saved:
    """A save that user events may be told of; `before` is None for a new record."""

    record: Record
    before: Record | None
    event: str
    actor: Actor

    @property
    def type(self) -> str:
        """The event as a script knows it: a void is an edit."""
        return "edit" if self.event == "void" else self.event


@dataclass
class Execution:
    script: Script
    deployment: Deployment
    actor: Actor
    saved: Saved | None = None
    entry: str = "afterSubmit"
    argument: str = ""
    number: int = field(default_factory=lambda: next(_numbers))
    used: int = 0
    posted: int = 0
    error: str = ""
    started: float = field(default_factory=time.monotonic)

    @property
    def limit(self) -> int:
        return LIMITS[self.script.kind]

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def pay(self, units: int) -> None:
        """Raises what ends the script when there are not so many units left."""
        if self.used + units > self.limit:
            raise ScriptError("SSS_USAGE_LIMIT_EXCEEDED", "Script Execution Usage Limit Exceeded", ends=True)
        self.used += units

    def given(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """What the script's side has to know of it."""
        saved = self.saved
        return {
            "number": self.number, "kind": self.script.kind, "file": self.script.file, "entry": self.entry,
            "script": self.script.id, "deployment": self.deployment.id, "logLevel": self.deployment.log_level,
            "parameters": parameters, "remaining": self.remaining, "context": self.actor.context,
            "user": self.actor.user, "person": PEOPLE.get(self.actor.user, {}), "argument": self.argument,
            "event": saved.type if saved else "", "hasOld": saved is not None and saved.before is not None,
            "hasNew": saved is not None and saved.event != "delete",
        }  # fmt: skip

    def told(self) -> dict[str, Any]:
        """A line for those who look what ran."""
        saved = self.saved
        return {
            "script": self.script.id, "deployment": self.deployment.id, "entry": self.entry,
            "event": saved.event if saved else None,
            "record": f"{saved.record.type} {saved.record.id}" if saved else None,
            "usage": self.used, "limit": self.limit, "posted": self.posted,
            "ms": round((time.monotonic() - self.started) * 1000, 1), "error": self.error or None,
        }  # fmt: skip


PEOPLE = {
    "5": {"name": "Tieout Integration", "roleId": "customrole_tieout_integration", "role": 1001, "email": ""},
    "6": {"name": "Accounts Clerk", "roleId": "accountant", "role": 1, "email": ""},
}
