"""The RESTlet that Tieout installs in NetSuite: what it is asked, and how it answers.

It answers 200 for what it handled, failures too, with `{"ok": false}`; what it could not handle is a 400 of NetSuite's
(Online Help section_4634920277).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from app.errors import OutcomeUnknown
from app.settings import NetSuiteAccount
from app.systems.netsuite import errors, wire
from app.systems.netsuite.transport import Request

PATH = "/app/site/hosting/restlet.nl"


@dataclass(frozen=True)
class Installed:
    """What the script that is installed says of itself. A version that names no actions is from before `batch`."""

    account: str
    version: str
    actions: tuple[str, ...]
    types: tuple[str, ...]

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> "Installed":
        actions, types = told.get("actions") or (), told.get("types") or ()
        return cls(str(told.get("account") or ""), str(told.get("version") or ""), tuple(actions), tuple(types))


def request(settings: NetSuiteAccount, action: str, body: Mapping[str, Any], *, shown: object = None) -> Request:
    query = {"script": settings.restlet_script, "deploy": settings.restlet_deploy}
    sent = {"action": action} | dict(body)
    return Request("POST", PATH, query, sent, write=True, base=settings.restlet_base, shown=shown)


def envelope(answer: httpx.Response) -> Mapping[str, Any]:
    """The answer's body, whether it says ok or not."""
    try:
        body = wire.loads(answer.content)
    except ValueError:
        body = None
    if not isinstance(body, Mapping) or "ok" not in body:
        raise OutcomeUnknown("The RESTlet's answer cannot be read.", code="unreadable_answer")
    return body


def opened(answer: httpx.Response) -> Mapping[str, Any]:
    """What it says, if it says ok. Raises what the code of a refusal stands for."""
    body = envelope(answer)
    if not body["ok"]:
        raise errors.of_envelope(str(body.get("code") or ""), str(body.get("message") or ""))
    return body
