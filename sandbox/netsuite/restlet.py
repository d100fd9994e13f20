"""The RESTlet's address: the project's own script answers there (see scripts).

Where that cannot run, what REST has no word for is done here in its manner, in envelopes of {ok: ...}.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.netsuite import engine
from sandbox.netsuite.calls import Call, Reply, loads
from sandbox.netsuite.errors import NetSuiteError
from sandbox.netsuite.script_tables import deployed
from sandbox.netsuite.scripts.refusals import ScriptError

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

PATH = "/app/site/hosting/restlet.nl"
SCRIPT = "customscript_tieout_restlet"
DEPLOY = "customdeploy_tieout_restlet"
JSON = "application/json; charset=utf-8"
GONE = "That Suitelet is invalid, disabled, or no longer exists."


async def answer(world: NetSuiteWorld, call: Call) -> Reply:
    """What the script returns, or 400 with RESTlet errors' own shape."""
    project = world.scripts.project
    if project is None:
        return imitated(world, call)
    script, deployment = call.query.get("script", ""), call.query.get("deploy", "")
    found = project.restlet(script, deployment)
    if found is None or not deployed(world.deployed_scripts, script, deployment):
        return _refusal(ScriptError("SSS_INVALID_SCRIPTLET_ID", GONE), 404)
    try:
        entry = call.method.lower()
        return Reply(200, await world.scripts.restlet(*found, entry, _argument(call)), media=JSON)
    except ScriptError as error:
        return _refusal(error, 400)


def _argument(call: Call) -> str:
    """What the script's function is given, as JSON text; raises ScriptError."""
    if call.method in ("GET", "DELETE"):
        own = {name: value for name, value in call.query.items() if name not in ("script", "deploy")}
        return json.dumps(own)
    if not call.headers.get("content-type", "").startswith("application/json"):
        return json.dumps(call.body.decode("utf-8", "replace"))
    try:
        json.loads(call.body)
    except ValueError:
        raise ScriptError("UNEXPECTED_ERROR", "Unexpected token in JSON.") from None
    return call.body.decode()


def _refusal(error: ScriptError, status: int) -> Reply:
    return Reply(status, {"error": {"code": error.name, "message": error.message}}, media=JSON)


def imitated(world: NetSuiteWorld, call: Call) -> Reply:
    """200 with an envelope, or 400 with RESTlet errors' own shape."""
    try:
        with world.lock:
            return Reply(200, _action(world, call), media=JSON)
    except NetSuiteError as error:
        return Reply(error.status, error.restlet_body(), error.headers, JSON)


def _action(world: NetSuiteWorld, call: Call) -> dict[str, Any]:
    there = deployed(world.deployed_scripts, SCRIPT, DEPLOY)
    if not there or call.query.get("script") != SCRIPT or call.query.get("deploy") != DEPLOY:
        raise NetSuiteError(GONE, "SSS_INVALID_SCRIPTLET_ID", 404)
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
