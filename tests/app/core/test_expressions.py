import contextlib
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.expressions import (
    FILTERS,
    LONGEST_RESULT,
    MOST_DIGITS,
    MOST_ITEMS,
    ExpressionError,
    Open,
    check,
    plain,
    worked_out,
)


@dataclass(frozen=True)
class Line:
    product: str
    amount: int


@dataclass(frozen=True)
class Charge:
    id: str = "ch_1"
    amount: int = 1050
    currency: str = "usd"
    created: datetime = datetime(2026, 1, 1, 3, tzinfo=UTC)
    description: str | None = None
    address: Line | None = None
    lines: tuple[Line, ...] = (Line("prod_a", 500), Line("prod_b", 550))
    metadata: dict[str, str] = field(default_factory=lambda: {"region": "EMEA", "cost centre": "R&D Übersee"})


NAMES: dict[str, Any] = {
    "source": plain(Charge()),
    "record": plain({"memo": "Stripe", "subsidiary": {"id": "3"}}),
    "account": "main",
    "flow": "some_flow",
    "tables": plain({"region": {"EMEA": "5", "APAC": "6"}, "any": {"*": "9"}}),
}


def value(text: str, **names: Any) -> Any:
    return worked_out(text, NAMES | names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("source.id", "ch_1"),
        ("source.amount", 1050),
        ("source.amount | money(source.currency)", Decimal("10.50")),
        ("source.amount | money('jpy')", Decimal("1050")),
        ("'10.50' | minor('usd')", Decimal("1050")),
        ("source.metadata.region", "EMEA"),
        ("source.metadata['cost centre'] | slug", "r-d-ubersee"),
        ("source.metadata.nothing", None),
        ("source.metadata.nothing | default('x')", "x"),
        ("source.address.product", None),
        ("source.created | date", date(2026, 1, 1)),
        ("source.created | date('%Y-%m', 'America/New_York')", "2025-12"),
        ("'2026-02-03' | date('%d.%m.%Y')", "03.02.2026"),
        ("1767225600 | date", date(2026, 1, 1)),
        ("source.metadata.region | lookup('region')", "5"),
        ("'LATAM' | lookup('region', '0')", "0"),
        ("'LATAM' | lookup('any')", "9"),
        ("tables.region.APAC", "6"),
        ("source.lines | pluck('product') | join('/')", "prod_a/prod_b"),
        ("source.lines[1].product", "prod_b"),
        ("source.lines[7].product", None),
        ("(source.lines | first).product", "prod_a"),
        ("(source.lines | last).amount", 550),
        ("source.lines | length", 2),
        ("['a', 'b', 'a'] | unique", ["a", "b"]),
        ("source.id[:2] | upper", "CH"),
        ("source.description ~ source.id ~ 7", "ch_17"),
        ("'+1 (555) 0100' | digits", "15550100"),
        ("'a long text' | cut(6)", "a long"),
        ("'a-b' | replace('-', '/')", "a/b"),
        ("1 / 4 + 0.5", Decimal("0.75")),
        ("7 // 2", Decimal("3")),
        ("7 % 4", Decimal("3")),
        ("-source.amount", Decimal("-1050")),
        ("(10 / 3) | round(2)", Decimal("3.33")),
        ("source.amount > 1000 and source.currency == 'usd'", True),
        ("'EUR' if source.currency == 'eur' else 'other'", "other"),
        ("source.metadata.region in ['EMEA', 'APAC']", True),
        ("record.subsidiary.id", "3"),
        ("record.department.id", None),
        ("account ~ ' ' ~ flow", "main some_flow"),
        ("source.description is none", True),
        ("' x ' | trim", "x"),
        ("'5' | number + 1", Decimal("6")),
        ("true | text", "True"),
        ("0", 0),
    ],
)
def test_value(text: str, expected: Any) -> None:
    found = value(text)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("1 +", "unexpected"),
        ("nobody.name", "there is no 'nobody'; there are source, record"),
        ("range(10)", "there is no 'range'"),
        ("source | map('x')", "No filter named 'map'"),
        ("source is mapping", "No test named 'mapping'"),
        ("a }} {{ b", "there is no 'a'"),
        ("x" * 501, "longer than 500"),
        ("(" * 240 + "1" + ")" * 240, "too deeply nested"),
    ],
)
def test_what_cannot_be_read_is_refused_beforehand(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words.replace("(", "\\(")):
        check(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source.custmer", "there is no `custmer`; there are id, amount, currency"),
        ("source.lines | pluck('x') | join", "there is no `x`; there are product, amount"),
        ("source.metadata.region | lookup('none')", "there is no table 'none'"),
        ("'LATAM' | lookup('region')", "table 'region' has no entry for 'LATAM'"),
        ("source.id + 1", "for numbers"),
        ("source.id * 9", "for numbers"),
        ("'%1000000000d' % 1", "for numbers"),
        ("2 ** 3", "no powers"),
        ("1 / 0", "divided by zero"),
        ("source.amount | money(none)", "is not a currency"),
        ("source.id | money('usd')", "is not a number"),
        ("source.id.upper()", "nothing can be called"),
        ("source", "the result is not"),
        ("[[1]]", "list of lists"),
        ("source.created | date('%1000000000d')", "is not a format"),
        ("source.created | date('%s')", "is not a format"),
        ("source.created | date('%Y', 'Mars/Base')", "is not a time zone"),
        ("'soon' | date", "is not a day"),
        ("'x' | replace('', 'y')", "what to replace"),
        ("1e999", ""),
        ("9" * 40, "more than 30 digits"),
        ("source.id | join", "not a list"),
        ("line.item", "line"),
    ],
)
def test_what_goes_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as error:
        value(text)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "source.__class__",
        "source['__class__']",
        "''.__class__.__mro__",
        "source.metadata.__class__",
        "source.metadata.keys",
        "record.items",
        "source.lines.__len__",
        "source.id.format",
        "(1).__class__",
        "source.created.tzinfo",
        "account.join",
    ],
)
def test_no_attribute_of_python_is_reached(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert value(text) is None


def test_a_large_result_is_refused() -> None:
    with pytest.raises(ExpressionError, match="longer than"):
        value("record.memo", record=Open({"memo": "x" * (LONGEST_RESULT + 1)}))


def test_a_text_cannot_be_blown_up() -> None:
    blown = "source.id" + " | replace('1', '11111111111111111111')" * 6
    with pytest.raises(ExpressionError, match="longer than"):
        value(blown)


NAMES_USED = st.sampled_from(
    ["source", "record", "tables", "account", "flow", "line", "source.metadata", "source.lines", "source.id", "self",
     "loop", "range", "lipsum", "cycler", "dict", "namespace", "request", "config", "''", "[]", "{}", "()", "1", "none"]
)  # fmt: skip
PARTS = st.sampled_from(
    [".__class__", ".__mro__", ".__subclasses__()", ".__globals__", ".__init__", "['__class__']", ".mro()", "()", "[0]",
     ".format(9)", ".join", " | attr('__class__')", " | map(attribute='x')", " | list", " | format(1)", "[:5]",
     " * 99999999", " ** 99999999", " % 9", " ~ source.id", " | center(999999999)", " | replace('', 'xxxxxxxx')",
     " | join('xxxxxxxxxxxxxxxx')", " | pluck('__class__')", " | default(source)", " | length", " | upper", ".keys",
     " | lookup('region')", " | money('usd')", " | date('%99999999d')", " | cut(99999999)", " | round(99999999)",
     " if true else ''", " in source.id", " == 1", " + 'aaaa'", " - 1", " // 0", " / 3", " is defined"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.builds(lambda name, parts: name + "".join(parts), NAMES_USED, st.lists(PARTS, max_size=8)))
@example("source.metadata|pluck('__class__')")
def test_nothing_escapes_and_nothing_grows(text: str) -> None:
    began = time.monotonic()
    try:
        found = value(text)
    except ExpressionError:
        found = None
    assert time.monotonic() - began < 2
    assert_harmless(found)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_either_an_expression_or_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert_harmless(value(text))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FILTERS)), st.one_of(st.text(max_size=50), st.integers(), st.none(), st.booleans()))
def test_a_filter_takes_whatever_comes(name: str, given: Any) -> None:
    with contextlib.suppress(ExpressionError):
        assert_harmless(value(f"record.x | {name}", record=plain({"x": given})))


def assert_harmless(found: Any) -> None:
    """Only texts, numbers, days and lists of them, none of them large."""
    assert found is None or isinstance(found, bool | int | Decimal | str | date | list)
    for one in found if isinstance(found, list) else [found]:
        assert not isinstance(one, list | float)
        assert len(one) <= LONGEST_RESULT if isinstance(one, str) else True
        assert len(Decimal(one).as_tuple().digits) <= MOST_DIGITS if isinstance(one, int | Decimal) else True
    assert len(found) <= MOST_ITEMS if isinstance(found, list) else True
