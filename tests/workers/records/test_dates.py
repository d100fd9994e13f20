from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.core.links import Link
from app.errors import PeriodClosed
from tests.workers.records.ledger import Memory, ledger
from workers.records.dates import Posting, end_of_day, local_day, posted_on, posting, zone_of

AUGUST, SEPTEMBER = date(2026, 8, 20), date(2026, 9, 1)
NEW_YORK = ZoneInfo("America/New_York")


def test_a_day_is_the_zones_own() -> None:
    moment = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)
    assert (local_day(moment, NEW_YORK), local_day(moment, UTC)) == (date(2026, 8, 31), SEPTEMBER)


def test_the_end_of_a_day_is_its_last_second() -> None:
    assert end_of_day(AUGUST, NEW_YORK) == datetime(2026, 8, 21, 3, 59, 59, tzinfo=UTC)


def test_the_end_of_a_day_on_which_the_clocks_change() -> None:
    assert end_of_day(date(2026, 11, 1), NEW_YORK) == datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "subsidiarys", "expected"),
    [("Asia/Tokyo", "Europe/Paris", "Asia/Tokyo"), (None, "Europe/Paris", "Europe/Paris"), (None, None, "UTC")],
)
def test_the_zone_is_finances_else_the_subsidiarys_else_utc(
    chosen: str | None, subsidiarys: str | None, expected: str
) -> None:
    to = ledger(Memory(zone=subsidiarys), books={"main": {"time_zone": chosen}})
    assert str(zone_of(to, "1")) == expected


def test_an_open_period_takes_the_day_itself() -> None:
    assert posting(ledger(), "invoice", AUGUST, UTC) == Posting(AUGUST)


def test_a_closed_period_holds_and_says_what_to_do() -> None:
    with pytest.raises(PeriodClosed) as closed:
        posting(ledger(Memory(open_from=SEPTEMBER)), "invoice", AUGUST, UTC)
    assert (closed.value.sentence, closed.value.action) == (
        "The accounting period of 2026-08-20 is closed.",
        "Open the period, or set `period_policy.invoice` to first_open_period or current_date; then replay.",
    )


def test_the_first_open_day_is_taken_by_policy() -> None:
    to = ledger(Memory(open_from=SEPTEMBER), period_policy={"invoice": "first_open_period"})
    assert posting(to, "invoice", AUGUST, UTC) == Posting(SEPTEMBER, original=AUGUST)


def test_the_policy_of_another_record_type_does_not_count() -> None:
    to = ledger(Memory(open_from=SEPTEMBER), period_policy={"customerPayment": "first_open_period"})
    with pytest.raises(PeriodClosed):
        posting(to, "invoice", AUGUST, UTC)


def test_today_is_taken_by_policy() -> None:
    memory = Memory(open_from=SEPTEMBER, at=datetime(2026, 9, 9, 2, 0, tzinfo=UTC))
    to = ledger(memory, period_policy={"*": "current_date"})
    assert posting(to, "invoice", AUGUST, NEW_YORK) == Posting(date(2026, 9, 8), original=AUGUST)


def test_today_in_a_closed_period_holds() -> None:
    to = ledger(Memory(open_from=SEPTEMBER), period_policy={"*": "current_date"})
    with pytest.raises(PeriodClosed):
        posting(to, "invoice", AUGUST, UTC)


def test_the_original_day_is_kept_in_memo_and_field() -> None:
    moved = Posting(SEPTEMBER, original=AUGUST)
    assert (moved.memo("Stripe invoice A-1"), moved.custom("custbody_day")) == (
        "Stripe invoice A-1 (original date 2026-08-20)",
        {"custbody_day": AUGUST},
    )


def test_a_day_that_did_not_move_leaves_memo_and_field_alone() -> None:
    assert (Posting(AUGUST).memo("Stripe invoice A-1"), Posting(AUGUST).custom("custbody_day")) == (
        "Stripe invoice A-1",
        {},
    )


def test_a_record_is_dated_by_the_subsidiarys_day() -> None:
    moment = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)
    assert posted_on(moment, "invoice", None, "1", ledger(Memory(zone="America/New_York"))).day == date(2026, 8, 31)


def test_a_record_that_is_there_keeps_its_day_though_its_period_is_closed() -> None:
    there = Link(role="crf", netsuite_type="customerRefund", netsuite_id="5", facts={"tran_date": "2026-08-20"})
    to = ledger(Memory(open_from=SEPTEMBER))
    assert posted_on(datetime(2026, 9, 1, tzinfo=UTC), "customerRefund", there, "1", to) == Posting(AUGUST)
