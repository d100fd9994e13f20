from datetime import date
from typing import Any

import pytest

from app.errors import Skipped
from tests.workers.records.ledger import ledger
from workers.records.conditions import after_start, owned, ticked


def test_what_is_older_than_the_start_is_skipped_by_name() -> None:
    with pytest.raises(Skipped) as skipped:
        after_start(date(2026, 8, 31), "Invoice A-1", ledger(start_date="2026-09-01"))
    assert skipped.value.sentence == "Invoice A-1 is dated 2026-08-31, before the start date 2026-09-01."


@pytest.mark.parametrize("config", [{}, {"start_date": "2026-08-31"}])
def test_what_is_not_older_is_wanted(config: dict[str, Any]) -> None:
    after_start(date(2026, 8, 31), "Invoice A-1", ledger(**config))


def test_another_subsidiary_is_skipped() -> None:
    with pytest.raises(Skipped):
        owned("2", "Invoice A-1", ledger(books={"main": {"subsidiary": "1"}}))


@pytest.mark.parametrize("subsidiary", [None, "1", "2"])
def test_own_subsidiaries_are_wanted(subsidiary: str | None) -> None:
    owned(subsidiary, "Invoice A-1", ledger(books={"main": {"subsidiary": "1", "also_subsidiaries": ["2"]}}))


@pytest.mark.parametrize("value", [None, False, "F"])
def test_what_is_not_ticked_is_skipped(value: object) -> None:
    with pytest.raises(Skipped):
        ticked({"custbody_x": value}, "custbody_x", "Invoice A-1")


@pytest.mark.parametrize("value", [True, "T"])
def test_what_is_ticked_is_wanted(value: object) -> None:
    ticked({"custbody_x": value}, "custbody_x", "Invoice A-1")


def test_without_a_field_everything_is_wanted() -> None:
    ticked({}, None, "Invoice A-1")
