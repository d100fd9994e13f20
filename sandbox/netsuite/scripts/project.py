"""A SuiteCloud project as it lies on disk: its scripts, where they are deployed, and the files they are made of."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

KINDS = {"usereventscript": "userevent", "restlet": "restlet"}
# a script type that nothing starts here: a person runs it, or a schedule does
NOT_RUN = frozenset({"scheduledscript", "suitelet", "mapreducescript", "clientscript", "massupdatescript", "portlet"})


class ProjectError(Exception):
    """The project cannot be run; the sentence says why."""


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str
    default: str | None


@dataclass(frozen=True)
class Deployment:
    """`contexts` and `events` are empty where the deployment is for all of them."""

    id: str
    record_type: str
    contexts: frozenset[str]
    events: frozenset[str]
    log_level: str

    def fires(self, record_type: str, event: str, context: str) -> bool:
        if self.record_type not in ("", record_type.upper()):
            return False
        return (not self.contexts or context in self.contexts) and (not self.events or event.upper() in self.events)


@dataclass(frozen=True)
class Script:
    id: str
    kind: str
    file: str
    parameters: tuple[Parameter, ...]
    deployments: tuple[Deployment, ...]


@dataclass(frozen=True)
class Project:
    folder: Path
    scripts: tuple[Script, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    not_run: tuple[str, ...] = ()

    def user_events(self, record_type: str, event: str, context: str) -> Iterator[tuple[Script, Deployment]]:
        for script in self.scripts:
            if script.kind == "userevent":
                yield from ((script, one) for one in script.deployments if one.fires(record_type, event, context))

    def restlet(self, script: str, deployment: str) -> tuple[Script, Deployment] | None:
        found = (one for one in self.scripts if one.kind == "restlet" and one.id == script)
        return next(((one, each) for one in found for each in one.deployments if each.id == deployment), None)

    def told(self) -> str:
        return ", ".join(script.id for script in self.scripts)


def load(folder: Path) -> Project:
    """The project in `folder` (the one that holds Objects and FileCabinet); raises ProjectError."""
    if not (folder / "Objects").is_dir() or not (folder / "FileCabinet").is_dir():
        raise ProjectError("no SuiteCloud project is there")
    files = _files(folder / "FileCabinet")
    roots = [_root(path) for path in sorted((folder / "Objects").rglob("*.xml"))]
    scripts = tuple(_script(root, files) for root in roots if root.tag in KINDS and not _is(root, "isinactive"))
    if not scripts:
        raise ProjectError("the project has neither a user event nor a RESTlet")
    return Project(folder, scripts, files, tuple(root.get("scriptid", "") for root in roots if root.tag in NOT_RUN))


def _files(cabinet: Path) -> dict[str, str]:
    found = sorted(cabinet.rglob("*.js"))
    return {f"/{path.relative_to(cabinet).as_posix()}": path.read_text(encoding="utf-8") for path in found}


def _root(path: Path) -> ET.Element:
    try:
        # the project's own files, out of this repository
        return ET.parse(path).getroot()  # noqa: S314
    except ET.ParseError as error:
        raise ProjectError(f"{path.name} is not XML: {error}") from None


def _script(root: ET.Element, files: Mapping[str, str]) -> Script:
    file = _text(root, "scriptfile").strip("[]")
    if file not in files:
        raise ProjectError(f"the file {file} of {root.get('scriptid')} is missing")
    fields = root.iterfind("scriptcustomfields/scriptcustomfield")
    deployments = root.iterfind("scriptdeployments/scriptdeployment")
    return Script(
        id=root.get("scriptid", ""),
        kind=KINDS[root.tag],
        file=file,
        parameters=tuple(_parameter(one) for one in fields),
        deployments=tuple(_deployment(one) for one in deployments if _runs(one)),
    )


def _parameter(one: ET.Element) -> Parameter:
    return Parameter(one.get("scriptid", ""), _text(one, "fieldtype"), _text(one, "defaultvalue") or None)


def _runs(one: ET.Element) -> bool:
    # what is in TESTING runs for its owner alone, who never saves anything here
    return _is(one, "isdeployed") and _text(one, "status") == "RELEASED"


def _deployment(one: ET.Element) -> Deployment:
    return Deployment(
        id=one.get("scriptid", ""),
        record_type=re.sub(r"^\[scriptid=(.*)\]$", r"\1", _text(one, "recordtype")).upper(),
        contexts=_listed(one, "executioncontext"),
        events=_listed(one, "eventtype"),
        log_level=_text(one, "loglevel") or "DEBUG",
    )


def _listed(one: ET.Element, name: str) -> frozenset[str]:
    return frozenset(part.upper() for part in _text(one, name).split("|") if part)


def _is(one: ET.Element, name: str) -> bool:
    return _text(one, name) == "T"


def _text(one: ET.Element, name: str) -> str:
    return (one.findtext(name) or "").strip()
