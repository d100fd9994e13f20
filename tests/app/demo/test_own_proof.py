from dataclasses import replace
from decimal import Decimal

import pytest

from app.demo.ledger import Proof
from app.demo.own_proof import Own, compared

ZERO = Decimal(0)
PROOF = Proof("USD", Decimal("96.80"), Decimal("100.00"), {"fees": Decimal("-3.20")}, ZERO, ZERO)
SAME = Own(Decimal("96.80"), Decimal("100.00"), ZERO, ())


def sentences(own: dict[str, Own]) -> list[str]:
    return [one.sentence for one in compared(own, [PROOF])]


def test_the_same_figures_agree() -> None:
    assert sentences({"USD": SAME}) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stripe", "Tieout takes Stripe's balance for 1 USD; it is 96.80."),
        ("netsuite", "Tieout takes NetSuite's accounts for 1 USD; it is 100.00."),
        ("unexplained", "Tieout takes what nothing explains for 1 USD; it is 0.00."),
    ],
)
def test_another_figure_is_told(name: str, words: str) -> None:
    assert sentences({"USD": replace(SAME, **{name: Decimal(1)})}) == [words]


def test_what_tieout_finds_wrong_is_told() -> None:
    assert sentences({"USD": replace(SAME, sentences=("It differs.",))}) == ["It differs."]


def test_a_currency_that_tieout_does_not_know_is_told() -> None:
    assert len(sentences({})) == 2
