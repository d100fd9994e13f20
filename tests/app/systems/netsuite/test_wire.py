from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.systems.netsuite.wire import dumps, loads


def test_an_amount_is_written_digit_for_digit() -> None:
    assert dumps({"amount": Decimal("1234567890.10"), "rate": Decimal("0.1")}) == '{"amount":1234567890.10,"rate":0.1}'


def test_an_exponent_is_written_out() -> None:
    assert dumps(Decimal("1E+3")) == "1000"


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        dumps({"amount": 0.1})


def test_an_amount_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        dumps(Decimal("NaN"))


def test_days_and_moments_are_written_as_netsuite_reads_them() -> None:
    body = [date(2026, 11, 22), datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)]
    assert dumps(body) == '["2026-11-22","2026-11-22T01:02:03Z"]'


def test_text_keeps_its_characters() -> None:
    assert loads(dumps('Zoë "&\n 株式会社')) == 'Zoë "&\n 株式会社'


def test_what_comes_back_is_exact() -> None:
    assert loads('{"total": 0.10}') == {"total": Decimal("0.10")}
