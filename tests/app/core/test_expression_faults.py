import pytest

from app.core.expression_faults import Fault, fault


@pytest.mark.parametrize(
    ("text", "at", "marked"),
    [
        ("source.amount | mony", 16, "mony"),
        ("sorce.x + 1", 0, "sorce"),
        ("source.a b", 9, "b"),
        ("source.a § 2", 9, "§"),
        ("source.x *** 2", 11, "*"),
        ("'abc", 0, "'"),
    ],
)
def test_where_it_is_wrong(text: str, at: int, marked: str) -> None:
    found = fault(text)
    assert found is not None
    assert (found.at, text[at : at + found.length]) == (at, marked)


def test_an_expression_that_can_be_read_has_no_fault() -> None:
    assert fault("source.name | upper ~ ' x'") is None


def test_what_is_too_long_has_no_place() -> None:
    found = fault("a" * 600)
    assert found == Fault("it is longer than 500 characters")


def test_what_its_source_does_not_have_is_marked() -> None:
    found = fault("source.metdata.x", "cannot be worked out: there is no `metdata`; there are id, metadata")
    assert found is not None
    assert (found.at, found.length) == (7, 7)


def test_an_expression_that_breaks_off_is_marked_at_its_end() -> None:
    found = fault("(source.a")
    assert found is not None
    assert (found.at, found.words) == (8, "unexpected end of the expression, expected ')'")
