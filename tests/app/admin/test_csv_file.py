from decimal import Decimal

import pytest

from app.admin import csv_file


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert csv_file.cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "written"), [(Decimal("-12.30"), "-12.30"), (Decimal("1E+3"), "1000"), (7, "7"), (None, ""), ("a", "a")]
)
def test_what_is_a_number_stays_one(value: object, written: str) -> None:
    assert csv_file.cell(value) == written


def test_rows_are_given_in_portions() -> None:
    portions = list(csv_file.lines(("n",), ((number,) for number in range(csv_file.AT_ONCE * 2))))
    assert (len(portions), "".join(portions).count("\r\n")) == (3, csv_file.AT_ONCE * 2 + 1)


def test_quotes_and_lines_are_kept() -> None:
    assert "".join(csv_file.lines(("a",), [('say "so",\nor not',)])) == 'a\r\n"say ""so"",\nor not"\r\n'
