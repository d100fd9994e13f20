"""What may stand in this repository, and who may import whom."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.tree import ROOT, text_of, tracked

MAKEFILE = text_of(ROOT / "Makefile")
LOCKS = ("requirements.lock", "requirements-run.lock")
PROJECT = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)

# put together here, so that this file does not contain what it looks for
FORBIDDEN = {
    "a path of one machine": re.compile(
        "/" + r"(?:home|root|Users)/\w+|/" + r"work/(?:main|shared)\b|\.\./" + "shared"
    ),
    "a package registry": re.compile(
        r"pypi\.(?:or|py)|pythonhosted\.o|registry\.(?:npm|yarn)|(?<!emit-)index-" + "url"
    ),
    "a private key": re.compile("-----BEGIN (?:EC |RSA |)PRIVATE" + " KEY-----\n[A-Za-z0-9+/]"),
    "a live key": re.compile("[sr]k_live" + "_[A-Za-z0-9]{16}"),
    "a ticket's number": re.compile(r"(?i)\b(?:issue|ticket|brief)s? #?\d"),
    "something unfinished": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b(?!-)"),
}
TEXT = [one for one in tracked() if one.suffix not in {".png", ".ico", ".woff2", ".gz"}]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    found = [str(one.relative_to(ROOT)) for one in TEXT if FORBIDDEN[what].search(text_of(one))]
    assert found == []


def test_no_secret_file_is_tracked() -> None:
    names = [str(one.relative_to(ROOT)) for one in tracked()]
    assert [one for one in names if re.search(r"(^|/)\.env$|\.pem$|\.key$|credentials\.json$", one)] == []


# locks -------------------------------------------------------------------------------------------------------------


def pinned(lock: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PINNED.findall(text_of(ROOT / lock))}


def unmet(wanted: list[str], lock: str) -> list[str]:
    have = pinned(lock)
    asked = [Requirement(one) for one in wanted]
    return [
        str(one)
        for one in asked
        if not one.specifier.contains(have.get(canonicalize_name(one.name), ""), prereleases=True)
    ]


def test_the_lock_meets_what_the_project_asks_for() -> None:
    assert unmet([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]], "requirements.lock") == []


def test_the_lock_for_production_meets_what_it_needs() -> None:
    assert unmet(PROJECT["dependencies"], "requirements-run.lock") == []


def test_production_has_the_versions_that_were_tested() -> None:
    assert pinned("requirements-run.lock").items() <= pinned("requirements.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", text_of(ROOT / lock).strip())
    assert [one.split()[0] for one in entries if "--hash=sha256:" not in one] == []


@pytest.mark.parametrize("lock", [*LOCKS, "package-lock.json"])
def test_a_lock_has_no_address(lock: str) -> None:
    assert not re.search(r"https?://|\"resolved\"|file:", text_of(ROOT / lock))


def test_node_packages_are_pinned_exactly() -> None:
    asked = json.loads(text_of(ROOT / "package.json"))
    versions = [one for kind, them in asked.items() if kind.endswith("ependencies") for one in them.values()]
    assert len(versions) == 6
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in versions)


# the two commands --------------------------------------------------------------------------------------------------


def recipe(target: str) -> str:
    found = re.search(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)*)", MAKEFILE, re.MULTILINE)
    assert found, target
    return found[0]


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "mypy", "lint-imports"])
def test_lint_runs(tool: str) -> None:
    assert tool in recipe("lint")


@pytest.mark.parametrize("target", ["demo", "fast", "lint", "up", "tools", "lock"])
def test_set_up_is_part_of(target: str) -> None:
    assert "setup" in recipe(target).splitlines()[0]


def test_the_whole_check_is_what_a_contributor_runs() -> None:
    lines = [line for line in text_of(ROOT / ".ci" / "run").splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "exec make test </dev/null"
    assert "set -eu" in lines


def test_the_whole_check_can_be_started() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_imports_keep_their_directions() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    asked = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout[-3000:]
