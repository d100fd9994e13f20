from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import allocate, from_minor, quantize, to_minor

CURRENCIES = st.sampled_from(["USD", "eur", "JPY", "KWD", "ISK", "UGX"])


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (1050, "usd", "10.50"),
        (1050, "JPY", "1050"),
        (1050, "kwd", "1.050"),
        (-5, "EUR", "-0.05"),
        (100, "ISK", "1.00"),
    ],
)
def test_from_minor_uses_the_currencys_own_decimals(minor: int, currency: str, amount: str) -> None:
    assert str(from_minor(minor, currency)) == amount


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_there_and_back_is_the_same(minor: int, currency: str) -> None:
    step = {"KWD": 10, "ISK": 100, "UGX": 100}.get(currency.upper(), 1)
    assert to_minor(from_minor(minor * step, currency), currency) == minor * step


@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("1.005", "USD"), ("1.0005", "KWD")])
def test_more_decimals_than_the_currency_has_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="more decimals"):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize(("amount", "currency"), [("1.001", "KWD"), ("1.50", "ISK"), ("2.01", "UGX")])
def test_steps_stripe_does_not_take_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="only in steps of"):
        to_minor(Decimal(amount), currency)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_parts_add_up_to_the_whole(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)


def test_nothing_to_weigh_by_is_refused() -> None:
    with pytest.raises(ValueError, match="add up to nothing"):
        allocate(10, [])


def test_half_a_cent_rounds_up() -> None:
    assert quantize(Decimal("1.005"), "USD") == Decimal("1.01")
