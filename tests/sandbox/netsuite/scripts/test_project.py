"""A SuiteCloud project read from disk: what is deployed where, and why one cannot be run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.netsuite.scripts.project import Project, ProjectError, load
from tests.sandbox.netsuite.scripts.conftest import PROJECT


@pytest.fixture(scope="module")
def project() -> Project:
    return load(PROJECT)


def test_scripts_and_files_are_found(project: Project) -> None:
    assert project.told() == "customscript_trial_event, customscript_trial_restlet"
    assert "/SuiteScripts/trial/lib/counter.js" in project.files
    assert project.not_run == ("customscript_trial_plan",)


@pytest.mark.parametrize(
    ("record_type", "event", "context", "fires"),
    [
        ("customer", "create", "USERINTERFACE", True),
        ("customer", "create", "CSVIMPORT", False),
        ("invoice", "edit", "USERINTERFACE", True),
        ("invoice", "create", "USERINTERFACE", False),
        ("invoice", "edit", "RESTWEBSERVICES", False),
        ("deposit", "create", "USERINTERFACE", False),
        ("creditMemo", "create", "USERINTERFACE", False),
    ],
)
def test_a_deployment_says_when_it_fires(
    project: Project, record_type: str, event: str, context: str, fires: bool
) -> None:
    assert bool(list(project.user_events(record_type, event, context))) is fires


def test_a_restlet_is_found_by_script_and_deployment(project: Project) -> None:
    assert project.restlet("customscript_trial_restlet", "customdeploy_trial_restlet") is not None
    assert project.restlet("customscript_trial_restlet", "customdeploy_other") is None
    assert project.restlet("customscript_trial_event", "customdeploy_trial_customer") is None


def test_no_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no SuiteCloud project"):
        load(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "src")
    (tmp_path / "src/FileCabinet/SuiteScripts/trial/event.js").unlink()
    with pytest.raises(ProjectError, match=r"event\.js of customscript_trial_event is missing"):
        load(tmp_path / "src")


def test_what_is_not_xml_is_named(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "src")
    (tmp_path / "src/Objects/broken.xml").write_text("<restlet")
    with pytest.raises(ProjectError, match=r"broken\.xml is not XML"):
        load(tmp_path / "src")
