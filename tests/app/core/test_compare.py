from decimal import Decimal
from typing import Any

import pytest

from app.core.compare import Compared, alike, compared
from app.core.exchanges import REDACTED


@pytest.mark.parametrize(
    ("ours", "now", "same"),
    [
        ("1250.50", "1250.5", True),
        ("12", "12.00", True),
        (False, "F", True),
        (True, "F", False),
        (None, "", True),
        ("Ada", "ada", False),
        ("12", None, False),
    ],
)
def test_netsuite_says_the_same_in_other_ways(ours: Any, now: Any, same: bool) -> None:
    assert alike(ours, now) is same


def test_differences_come_first() -> None:
    wrote = {"tranId": "INV-1", "memo": "ours"}
    assert compared(wrote, {"tranId": "INV-1", "memo": "theirs"}) == [
        Compared("memo", "ours", "theirs", "differs"),
        Compared("tranId", "INV-1", "INV-1", "same"),
    ]


def test_lines_are_told_apart_by_what_they_name() -> None:
    wrote = {"apply": {"items": [{"doc": {"id": "7"}, "amount": "5.00"}]}}
    now = {"apply": {"items": [{"doc": {"id": "6"}, "amount": "9"}, {"doc": {"id": "7"}, "amount": "5"}]}}
    assert {one.verdict for one in compared(wrote, now)} == {"same"}


def test_a_line_that_is_gone_differs() -> None:
    wrote = {"item": {"items": [{"amount": Decimal(5)}, {"amount": Decimal(5)}]}}
    verdicts = [(one.path, one.verdict) for one in compared(wrote, {"item": {"items": [{"amount": 5}]}})]
    assert verdicts == [("item.1.amount", "differs"), ("item.0.amount", "same")]


def test_what_netsuite_does_not_show_is_no_difference() -> None:
    assert compared({"autoApply": False}, {}) == [Compared("autoApply", False, None, "not_told")]


def test_what_is_not_kept_is_not_compared() -> None:
    assert compared({"secretNote": REDACTED}, {"secretNote": REDACTED}) == [
        Compared("secretNote", None, None, "hidden")
    ]
