"""Each command that the documentation names is there, and understands what is written after it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from app import cli
from tests.project.tree import ROOT, documents, text_of

COMMAND = re.compile(r"(?:`|^)(?:\.venv/bin/)?tieout((?: [^`\n#]+)?)", re.MULTILINE)
TARGET = re.compile(r"(?:`|^)(?:[A-Z_]+=\S+ )?make ([a-z]+)", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def fenced_or_quoted(document: Path) -> str:
    """The code in a document: fenced blocks, and what stands in backticks, each on a line of its own."""
    text = text_of(document)
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join((*blocks, *inline))


def written() -> list[tuple[str, str]]:
    found = {
        (str(document.relative_to(ROOT)), line.strip())
        for document in documents()
        for line in COMMAND.findall(re.sub(r"^ +", "", fenced_or_quoted(document), flags=re.MULTILINE))
    }
    return sorted((where, line) for where, line in found if line and not line.split()[0].isupper())


ALL = typer.main.get_command(cli.app)


def resolved(words: list[str]) -> Any:
    """The sub-command that the words lead to."""
    at: Any = ALL
    while words and words[0] in getattr(at, "commands", {}):
        at, words = at.commands[words[0]], words[1:]
    return at


@pytest.mark.parametrize(("where", "line"), written())
def test_a_documented_command_exists(where: str, line: str) -> None:
    first = line.split()[0]
    assert first.startswith("-") or resolved([first]) is not ALL, f"{where}: tieout {line}"
    at = resolved(line.split())
    known = {option for param in at.params for option in param.opts} | {"--help"}
    used = {word.partition("=")[0] for word in line.split() if word.startswith("--")}
    assert used <= known, f"{where}: tieout {line}"


def targets() -> list[tuple[str, str]]:
    return sorted({(str(one.relative_to(ROOT)), name) for one in documents() for name in TARGET.findall(text_of(one))})


@pytest.mark.parametrize(("where", "target"), targets())
def test_a_documented_target_exists(where: str, target: str) -> None:
    assert target in TARGETS, f"{where}: make {target}"


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_make_can_carry_out_each_target(target: str) -> None:
    """A dry run: every prerequisite is there."""
    asked = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr


def test_help_names_every_command_of_the_contract() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "app.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    contract = "up demo sandbox flows run preview events runs retries config doctor".split()
    assert [name for name in contract if not re.search(rf"\b{name}\b", asked.stdout)] == []
