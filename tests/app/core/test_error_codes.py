import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import errors
from app.core import error_codes
from app.core.error_rows import ROWS
from app.systems.netsuite import errors as netsuite
from app.systems.stripe import errors as stripe
from tests.project.tree import ROOT, text_of

SOURCES = [path for top in ("app", "workers") for path in sorted((ROOT / top).rglob("*.py"))]
SPELLED_WHEN_RAISED = {"different_customer", "different_subsidiary", "different_receivable account"}
NO_FAILURE = (errors.Skipped,)


def classes(root: type[errors.TieoutError] = errors.TieoutError) -> Iterator[type[errors.TieoutError]]:
    yield root
    for each in root.__subclasses__():
        yield from classes(each)


FAILURES = {one.__name__ for one in classes() if not issubclass(one, NO_FAILURE)} - {"TieoutError"}


def raised(path: Path) -> Iterator[str]:
    """Codes that are spelled out where an error is made or a run is given one."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            wanted = ("code",) if name in FAILURES else ("error_code",) if name == "values" else ()
            for given in node.keywords:
                if given.arg in wanted:
                    yield from (str(one.value) for one in ast.walk(given.value) if isinstance(one, ast.Constant))


def every_code() -> set[str]:
    spelled = {code for path in SOURCES for code in raised(path) if not code.endswith("_")}
    of_classes = {one.code for one in classes() if not issubclass(one, NO_FAILURE)}
    of_netsuite = {
        name for row in netsuite.TABLE if row.raises is not errors.Unmapped for name in (row.name, *row.codes)
    }
    of_stripe = {name for row in (*stripe.TABLE, stripe.CLOSED) for name in (row.code, row.name, row.type) if name}
    return spelled | of_classes | of_netsuite | of_stripe | SPELLED_WHEN_RAISED


@pytest.mark.parametrize("code", sorted(every_code()))
def test_each_code_that_is_raised_has_a_row(code: str) -> None:
    assert error_codes.is_known(code)


def test_each_row_is_of_a_code_that_is_raised() -> None:
    assert {row.code for row in ROWS} - every_code() == set()


def test_a_code_has_one_row_for_a_field() -> None:
    named = [(name, row.field) for row in ROWS for name in (row.code, *row.also)]
    assert sorted(named) == sorted(set(named))


def test_the_page_is_made_of_the_table() -> None:
    assert text_of(ROOT / "docs" / "errors.md") == error_codes.as_page(), (
        "python -m app.core.error_codes > docs/errors.md"
    )


@pytest.mark.parametrize(
    ("code", "error_class", "field", "words"),
    [
        ("unmapped", "held", "books.main.items.default", "a setting is missing"),
        ("unmapped", "held", "currencies.XAF", "NetSuite lacks the currency"),
        ("http_503", "unavailable", "", "the other system does not answer"),
        ("WHATEVER", "permanent", "", "the other system refuses the record"),
        ("KeyError", "default", "", "something unforeseen went wrong inside Tieout"),
        ("KeyError", None, "", "something unforeseen went wrong inside Tieout"),
    ],
)
def test_the_nearest_row_tells(code: str, error_class: str | None, field: str, words: str) -> None:
    assert error_codes.about(code, error_class, field).words == words


def test_no_row_mends_by_a_setting_without_naming_one() -> None:
    assert [row.code for row in ROWS if (row.fix == "setting") != bool(row.setting)] == []
