"""Which scripts the account has and where they are deployed: SuiteQL's tables `script` and `scriptdeployment`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.netsuite.callbacks import DEPLOYED
from sandbox.netsuite.cells import Row
from sandbox.netsuite.scripts import project as project_scripts
from sandbox.netsuite.scripts.project import Project

USER_EVENT = "customscript_tieout_user_event"
RESTLET = "customscript_tieout_restlet"
RESTLET_DEPLOYMENT = "customdeploy_tieout_restlet"
COLUMNS = {
    "script": {
        "id": "INTEGER",
        **dict.fromkeys(("scriptid", "name", "scripttype", "isinactive"), "TEXT"),
    },
    "scriptdeployment": {
        "primarykey": "INTEGER",
        "script": "INTEGER",
        **dict.fromkeys(("scriptid", "recordtype", "status", "isdeployed"), "TEXT"),
    },
}


@dataclass
class Deployment:
    """Record types are in capitals; a RESTlet has none. TESTING runs for the script's owner only."""

    script_id: str
    record_type: str | None = None
    status: str = "RELEASED"
    is_deployed: bool = True


@dataclass
class Script:
    script_id: str
    kind: str
    deployments: list[Deployment] = field(default_factory=list)
    is_inactive: bool = False

    def deployed(self, script_id: str) -> bool:
        here = (one for one in self.deployments if one.script_id == script_id)
        return not self.is_inactive and any(one.is_deployed for one in here)


def standard(project: Project | None) -> list[Script]:
    """What is there when the project has been installed; without one, what its imitation stands for."""
    if project is not None:
        return [_of_project(one) for one in project.scripts]
    kinds = sorted(kind.upper() for kind in DEPLOYED)
    events = [Deployment(f"customdeploy_tieout_{kind.lower()}", kind) for kind in kinds]
    return [Script(USER_EVENT, "USEREVENT", events), Script(RESTLET, "RESTLET", [Deployment(RESTLET_DEPLOYMENT)])]


def _of_project(script: project_scripts.Script) -> Script:
    deployments = [Deployment(one.id, one.record_type or None) for one in script.deployments]
    return Script(script.id, script.kind.upper(), deployments)


def deployed(scripts: list[Script], script_id: str, deployment_id: str) -> bool:
    return any(one.script_id == script_id and one.deployed(deployment_id) for one in scripts)


def rows(scripts: list[Script]) -> Iterator[tuple[str, Row]]:
    """Table and row."""
    key = 0
    for number, script in enumerate(scripts, start=1):
        named: Row = {"id": number, "scriptid": script.script_id, "name": script.script_id, "scripttype": script.kind}
        yield "script", {**named, "isinactive": "T" if script.is_inactive else "F"}
        for one in script.deployments:
            key += 1
            about: Row = {"primarykey": key, "script": number, "scriptid": one.script_id, "recordtype": one.record_type}
            yield "scriptdeployment", {**about, "status": one.status, "isdeployed": "T" if one.is_deployed else "F"}
