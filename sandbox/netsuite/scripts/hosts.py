"""Every call that a script can make of its account, by the name that the N/* modules know it by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.netsuite.scripts import finding, outside, records, saving
from sandbox.netsuite.scripts.execution import Execution
from sandbox.netsuite.scripts.project import Project

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

Host = Callable[["NetSuiteWorld", Execution, dict[str, Any]], Any]

CONTEXTS = (
    "ACTION", "CSV_IMPORT", "CUSTOM_MASSUPDATE", "MAP_REDUCE", "RESTLET", "REST_WEBSERVICES", "SCHEDULED",
    "SDF_INSTALLATION", "SUITELET", "USER_EVENT", "USER_INTERFACE", "WEBSERVICES", "WORKFLOW",
)  # fmt: skip
FEATURES = frozenset(
    {"SERVERSIDESCRIPTING", "RECEIVABLES", "ACCOUNTING", "CUSTOMRECORDS", "MULTICURRENCY", "SUBSIDIARIES"}
)


def feature(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    off = set(getattr(world.settings, "features_off", ()))
    return str(args["feature"]).upper() in FEATURES - off


# under the world's lock
INSIDE: Mapping[str, Host] = {
    "record.shape": records.shape,
    "record.create": records.create,
    "record.load": records.load,
    "record.copy": records.copy,
    "record.transform": records.transform,
    "record.choices": records.listed,
    "record.save": saving.save,
    "record.submit": saving.submit,
    "record.delete": saving.delete,
    "record.name": records.name,
    "event.record": records.event_record,
    "transaction.void": saving.void,
    "query.run": finding.query,
    "search.run": finding.search,
    "search.lookup": finding.lookup,
    "runtime.feature": feature,
    "url.record": outside.page,
    "url.domain": outside.domain,
}
# apart from it: others go on meanwhile
OUTSIDE: Mapping[str, Host] = {
    "https.request": outside.request,
    "crypto.key": outside.key,
    "crypto.hmac": outside.mac,
    "crypto.hash": outside.digest,
    "encode.convert": outside.convert,
}


def settings(world: NetSuiteWorld, project: Project) -> dict[str, Any]:
    """What the script's side knows from the beginning."""
    types = {_constant(one.name): one.name.lower() for one in world.definitions.values()}
    transactions = {_constant(one.name): one.name.lower() for one in world.definitions.values() if one.is_transaction}
    return {
        "files": dict(project.files),
        "account": world.account_id,
        "version": "2026.1",
        "types": types,
        "transactions": transactions,
        "contexts": {name: name.replace("_", "") for name in CONTEXTS},
        "operators": dict(zip(finding.OPERATORS, (one.lower() for one in finding.OPERATORS), strict=True)),
    }


def _constant(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
