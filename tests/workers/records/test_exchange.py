from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.systems.stripe import objects as st
from workers.records.exchange import by_major_units, settles

NOW = datetime(2026, 8, 20, tzinfo=UTC)


def movement(amount: int, rate: str | None, currency: str = "usd") -> st.BalanceTransaction:
    return st.BalanceTransaction(
        id="txn_1",
        amount=amount,
        currency=currency,
        fee=0,
        net=amount,
        type="charge",
        reporting_category="charge",
        created=NOW,
        available_on=NOW,
        exchange_rate=None if rate is None else Decimal(rate),
    )


@pytest.mark.parametrize(
    ("currency", "amount", "rate", "settled", "major"),
    [
        ("eur", 10_000, "1.0842", 10_842, "1.0842"),
        ("jpy", 10_000, "0.6671", 6671, "0.006671"),
        ("jpy", 10_000, "0.006671", 6671, "0.006671"),
        ("kwd", 100_000, "0.32514", 32_514, "3.2514"),
        ("kwd", 100_000, "3.2514", 32_514, "3.2514"),
        ("eur", 0, "1.0842", 0, "1.0842"),
    ],
)
def test_a_rate_is_turned_to_major_units(currency: str, amount: int, rate: str, settled: int, major: str) -> None:
    assert by_major_units(Decimal(rate), amount, currency, movement(settled, rate)) == Decimal(major)


@pytest.mark.parametrize(
    ("amount", "currency", "row", "fits"),
    [
        ("100.00", "USD", movement(10_000, None), True),
        ("100.01", "USD", movement(10_000, None), False),
        ("100.00", "EUR", movement(10_842, "1.0842"), True),
        ("100.00", "EUR", movement(-10_842, "1.0842"), True),
        ("100.02", "EUR", movement(10_842, "1.0842"), False),
        ("33.33", "EUR", movement(3614, "1.0842"), True),
        ("10000", "JPY", movement(6671, "0.6671"), True),
        ("100.000", "KWD", movement(32_514, "0.32514"), True),
        ("100.00", "EUR", movement(10_842, None), False),
    ],
)
def test_an_amount_is_what_was_settled(amount: str, currency: str, row: st.BalanceTransaction, fits: bool) -> None:
    assert settles(Decimal(amount), currency, row) is fits
