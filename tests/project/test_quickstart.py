"""The quickstart's commands, carried out as they are written, against a database of this test's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.core import config
from app.db import Database
from tests.project.tree import ROOT, text_of

QUICKSTART = text_of(ROOT / "docs" / "quickstart.md")
TIEOUT = Path(sys.executable).with_name("tieout")
FIRST_CHOICES = re.findall(r"```yaml\n(.*?)```", QUICKSTART, re.DOTALL)[0]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]


class Shell:
    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._environment = {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(folder)}

    def __call__(self, line: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        """`answer`: what the person types when asked."""
        return subprocess.run(
            [TIEOUT, *line.split()],
            cwd=self._folder,
            env=self._environment,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def tieout(tmp_path: Path, postgres_url: str) -> Shell:
    (tmp_path / "tieout.yaml").write_text(FIRST_CHOICES)
    return Shell(tmp_path, postgres_url)


def test_the_first_choices_are_understood() -> None:
    assert config.Config.model_validate(yaml.safe_load(FIRST_CHOICES)).for_account("main").items.default == "10"


def test_the_first_choices_can_be_planned(tieout: Shell) -> None:
    planned = tieout("config plan tieout.yaml")
    assert planned.returncode == 0, planned.stderr


def test_the_first_choices_can_be_put_in_force(tieout: Shell, database: Database) -> None:
    applied = tieout("config apply tieout.yaml --note First", answer="y\n")
    with database.session_scope() as session:
        assert config.current(session).for_account("main").subsidiary == "1", applied.stderr


@pytest.mark.parametrize("command", ["config export", "flows", "events", "runs", "retries", "sandbox env"])
def test_a_reading_command_works_on_an_empty_installation(tieout: Shell, command: str) -> None:
    done = tieout(command)
    assert done.returncode == 0, done.stderr


def test_the_doctor_says_what_is_missing(tieout: Shell) -> None:
    said = tieout("doctor")
    assert said.returncode == 1
    assert "STRIPE__" in said.stdout
    assert "NETSUITE__ACCOUNT_ID" in said.stdout
