"""The documentation says what is there."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.project.tree import ROOT, documents, text_of
from workers.flows import CATALOGUE

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
DECISIONS = [one for one in documents() if one.parent.name == "decisions" and one.name != "README.md"]


def anchors(document: Path) -> set[str]:
    headings = HEADING.findall(text_of(document))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(document: Path) -> list[str]:
    found = []
    for target in LINK.findall(text_of(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        if not there.exists() or (anchor and anchor not in anchors(there)):
            found.append(target)
    return found


@pytest.mark.parametrize("document", documents(), ids=lambda one: str(one.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert broken(document) == []


@pytest.mark.parametrize("key", list(CATALOGUE))
def test_each_flow_has_its_page(key: str) -> None:
    assert (ROOT / "docs" / "flows" / f"{key}.md").is_file()


@pytest.mark.parametrize("key", list(CATALOGUE))
def test_each_flow_is_in_the_readme(key: str) -> None:
    assert f"docs/flows/{key}.md" in text_of(ROOT / "README.md")


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda one: one.stem)
def test_a_decision_is_under_70_lines(decision: Path) -> None:
    assert len(text_of(decision).splitlines()) < 70


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda one: one.stem)
def test_a_decision_is_listed(decision: Path) -> None:
    assert decision.name in text_of(ROOT / "docs" / "decisions" / "README.md")


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [one.name[:4] for one in DECISIONS]
    assert sorted(set(numbers)) == sorted(numbers)


def test_contributing_opens_with_adding_a_flow() -> None:
    assert HEADING.findall(text_of(ROOT / "CONTRIBUTING.md"))[1] == "Add a flow"


def test_the_licence_is_the_one_that_is_declared() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in text_of(ROOT / "LICENSE")


# CHANGELOG in Keep a Changelog form --------------------------------------------------------------------------------

CHANGELOG = text_of(ROOT / "CHANGELOG.md")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog_opens_with_what_is_unreleased() -> None:
    assert re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)[0] == "[Unreleased]"


def test_changelog_versions_are_numbered_and_dated() -> None:
    released = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)[1:]
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", one) for one in released)


def test_changelog_entries_are_of_a_known_kind() -> None:
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS
