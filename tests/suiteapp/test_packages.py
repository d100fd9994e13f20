"""The packages of the project's own tests, and the versions it says."""

import json
import re
import tomllib

from tests.project.tree import ROOT
from tests.suiteapp.project import SUITEAPP, script

PACKAGE = json.loads((SUITEAPP / "package.json").read_text())


def test_versions_are_those_of_the_product() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (said,) = re.findall(r"VERSION = '([^']+)'", script("tieout_restlet"))
    assert (PACKAGE["version"], said) == (project["version"], project["version"])


def test_packages_are_pinned_and_the_lock_names_no_place_to_get_them() -> None:
    assert [one for one in PACKAGE["devDependencies"].values() if not re.fullmatch(r"\d+\.\d+\.\d+", one)] == []
    lock = json.loads((SUITEAPP / "package-lock.json").read_text())
    assert lock["packages"][""]["devDependencies"] == PACKAGE["devDependencies"]
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
