"""One execution and those inside it, while they last: what they ask of the account, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.netsuite.calls import dumps, loads
from sandbox.netsuite.errors import NetSuiteError
from sandbox.netsuite.scripts import hosts
from sandbox.netsuite.scripts.execution import Execution
from sandbox.netsuite.scripts.refusals import ScriptError, thrown
from sandbox.netsuite.scripts.v8 import Stopped

if TYPE_CHECKING:
    from sandbox.netsuite.scripts.runtime import Scripts


class Running:
    """One execution and those inside it, while they last."""

    def __init__(self, scripts: Scripts, outer: Execution) -> None:
        self.scripts, self.world, self.outer = scripts, scripts.world, outer
        self.executions = {outer.number: outer}

    def answer(self, question: str) -> str:
        """What a script asks the account, and what it gets: a value, or what it is thrown."""
        asked = loads(question.encode("utf-8", "surrogatepass"))
        one = self.executions[asked["execution"]]
        found: dict[str, Any] = {}
        try:
            found["value"] = self._asked(one, asked["call"], asked["args"])
        except NetSuiteError as error:
            found["error"] = vars(thrown(error))
        except ScriptError as error:
            found["error"] = {"name": error.name, "message": error.message, "ends": error.ends}
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            found["error"] = {"name": "UNEXPECTED_ERROR", "message": f"{asked['call']}: {error!r}", "ends": False}
        found["begins"] = self._begun(one)
        return dumps({**found, "remaining": one.remaining}).decode()

    def _asked(self, one: Execution, call: str, args: dict[str, Any]) -> Any:
        if call in hosts.OUTSIDE:
            return hosts.OUTSIDE[call](self.world, one, args)
        with self.world.lock:
            return hosts.INSIDE[call](self.world, one, args)

    def _begun(self, one: Execution) -> list[dict[str, Any]]:
        """The user events of what was saved; a user event sets off no others."""
        saves = self.scripts.taken()
        begun = list(self.scripts.due(saves)) if one.script.kind != "userevent" else []
        self.executions.update({each.number: each for each in begun})
        return [each.given(self.scripts.values(each.script)) for each in begun]

    def over(self, ran: Future[Any]) -> dict[str, Any]:
        """The outcome; those inside are noted too."""
        error = ran.exception()
        outcome: dict[str, Any] = msgspec.json.decode(ran.result()) if error is None else {"error": _named(error)}
        self._note(self.outer, outcome)
        return outcome

    def _note(self, one: Execution, outcome: Mapping[str, Any]) -> None:
        for inner in outcome.get("within", ()):
            self._note(self.executions[inner["execution"]], inner)
        self.scripts.note(one, outcome)


def _named(error: BaseException) -> dict[str, str]:
    if isinstance(error, Stopped):
        return {"name": error.code, "message": str(error)}
    return {"name": "UNEXPECTED_ERROR", "message": str(error)}
