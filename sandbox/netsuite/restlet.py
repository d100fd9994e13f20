"""The RESTlet that Tieout installs: what REST has no word for, in envelopes of {ok: ...}."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.netsuite import engine
from sandbox.netsuite.calls import Call, Reply, loads
from sandbox.netsuite.errors import NetSuiteError

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

PATH = "/app/site/hosting/restlet.nl"
SCRIPT = "customscript_tieout_restlet"
DEPLOY = "customdeploy_tieout_restlet"
JSON = "application/json; charset=utf-8"


def answer(world: NetSuiteWorld, call: Call) -> Reply:
    """200 with an envelope, or 400 with RESTlet errors' own shape."""
    try:
        with world.lock:
            return Reply(200, _action(world, call), media=JSON)
    except NetSuiteError as error:
        return Reply(error.status, error.restlet_body(), error.headers, JSON)


def _action(world: NetSuiteWorld, call: Call) -> dict[str, Any]:
    if call.query.get("script") != SCRIPT or call.query.get("deploy") != DEPLOY:
        raise NetSuiteError("That Suitelet is invalid, disabled, or no longer exists.", "SSS_INVALID_SCRIPTLET_ID", 404)
    if call.method != "POST":
        raise NetSuiteError(f"The script does not answer {call.method}.", "SSS_MISSING_REQD_ARGUMENT", 400)
    try:
        body = loads(call.body)
    except msgspec.DecodeError:
        raise NetSuiteError("Unexpected token in JSON.", "UNEXPECTED_ERROR", 400) from None
    action = body.get("action") if isinstance(body, dict) else None
    if action == "ping":
        return {"ok": True, "account": world.account_id}
    if action == "void":
        return _void(world, body)
    return {"ok": False, "code": "UNKNOWN_ACTION", "message": f"The action {action} is not known."}


def _void(world: NetSuiteWorld, body: dict[str, Any]) -> dict[str, Any]:
    try:
        record = engine.void(world, str(body.get("type")), str(body.get("id")), engine.Save(engine.RESTLET))
    except NetSuiteError as error:
        return {"ok": False, "code": error.code, "message": error.detail}
    method = "reversing_journal" if record.type != str(body.get("type")) else "direct"
    return {"ok": True, "id": record.id, "method": method}
