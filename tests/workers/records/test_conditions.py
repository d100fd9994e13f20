from contextlib import nullcontext
from datetime import date
from typing import Any

import pytest

from app.errors import Held, Skipped
from tests.workers.records.ledger import ledger
from workers.records.conditions import after_start, of_older, owned, ticked


def test_what_is_older_than_the_start_is_skipped_by_name() -> None:
    with pytest.raises(Skipped) as skipped:
        after_start(date(2026, 8, 31), "Invoice A-1", ledger(start_date="2026-09-01"))
    assert skipped.value.sentence == "Invoice A-1 is dated 2026-08-31, before the start date 2026-09-01."


@pytest.mark.parametrize("config", [{}, {"start_date": "2026-08-31"}])
def test_what_is_not_older_is_wanted(config: dict[str, Any]) -> None:
    after_start(date(2026, 8, 31), "Invoice A-1", ledger(**config))


@pytest.mark.parametrize(("record_type", "skipped"), [("invoice", True), ("creditMemo", False), (None, False)])
def test_a_record_type_may_have_a_start_of_its_own(record_type: str | None, skipped: bool) -> None:
    to = ledger(start_date="2026-08-01", start_dates={"invoice": "2026-09-01"})
    with pytest.raises(Skipped) if skipped else nullcontext():
        after_start(date(2026, 8, 31), "Invoice A-1", to, record_type)


@pytest.mark.parametrize(("older", "error"), [("post", None), ("skip", Skipped), ("hold", Held)])
def test_a_refund_of_an_older_charge_is_finances_choice(older: str, error: type[Exception] | None) -> None:
    to = ledger(start_date="2026-09-01", older=older)
    with pytest.raises(error) if error else nullcontext():
        of_older(date(2026, 8, 31), "Refund re_1", to)


def test_a_refund_of_an_older_charge_is_held_by_default() -> None:
    with pytest.raises(Held) as held:
        of_older(date(2026, 8, 31), "Refund re_1", ledger(start_dates={"customerPayment": "2026-09-01"}))
    assert held.value.sentence == "Refund re_1 is about a charge of 2026-08-31, before the start date 2026-09-01."


@pytest.mark.parametrize("config", [{}, {"start_date": "2026-08-31"}])
def test_a_refund_of_a_charge_since_the_start_is_wanted(config: dict[str, Any]) -> None:
    of_older(date(2026, 8, 31), "Refund re_1", ledger(**config))


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
