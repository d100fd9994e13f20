"""The SuiteCloud project as the tests look at it: its objects as XML, its scripts as text."""

import inspect
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from app.systems.netsuite import records

SUITEAPP = Path(__file__).resolve().parents[2] / "suiteapp"
SOURCE = SUITEAPP / "src"
OBJECTS = sorted((SOURCE / "Objects").glob("*.xml"))
OPTIONAL = sorted((SUITEAPP / "optional").glob("*.xml"))
SCRIPTS = sorted((SOURCE / "FileCabinet").rglob("*.js"))
RECORDS = [
    one
    for _, one in inspect.getmembers(records, inspect.isclass)
    if issubclass(one, records.Record) and not inspect.isabstract(one)
]
FIELD = re.compile(r"\bcust(?:body|entity|col|record)_\w+")

# Online Help, subsect_1537555588 and the SDF XML reference: root -> prefix, and how long the whole script id may be
KINDS = {
    "transactionbodycustomfield": ("custbody_", 38),
    "transactioncolumncustomfield": ("custcol_", 37),
    "entitycustomfield": ("custentity_", 40),
    "customrecordtype": ("customrecord_", 40),
    "customrecordcustomfield": ("custrecord_", 40),
    "usereventscript": ("customscript_", 40),
    "restlet": ("customscript_", 40),
    "scheduledscript": ("customscript_", 40),
    "scriptcustomfield": ("custscript_", 40),
    "scriptdeployment": ("customdeploy_", 40),
    "role": ("customrole_", 40),
    "secret": ("custsecret_", 99),
    "integration": ("custinteg_", 99),
}


def root_of(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def roots() -> dict[str, ET.Element]:
    """By script id."""
    return {path.stem: root_of(path) for path in OBJECTS}


def named() -> Iterator[ET.Element]:
    """Everything that has a script id, inner parts too."""
    for path in (*OBJECTS, *OPTIONAL):
        yield from root_of(path).iter()


def text(element: ET.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def script(stem: str) -> str:
    return next(one for one in SCRIPTS if one.stem == stem).read_text()


def deployments(script_id: str) -> list[ET.Element]:
    return list(roots()[script_id].iter("scriptdeployment"))


def fields() -> dict[str, ET.Element]:
    """The custom fields of the project, by script id."""
    kinds = [kind for kind in KINDS if kind.endswith("customfield") and kind != "scriptcustomfield"]
    return {one.attrib["scriptid"]: one for one in named() if one.tag in kinds}
