"""Which day a document carries: the subsidiary's own day, in a period that takes postings."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import PeriodClosed


@dataclass(frozen=True)
class Posting:
    """`original` is the day the document would have had, when its period did not take postings."""

    day: date
    original: date | None = None

    def memo(self, text: str) -> str:
        return f"{text} (original date {self.original:%Y-%m-%d})" if self.original else text

    def custom(self, field: str) -> dict[str, Any]:
        """The custom field that keeps the original day."""
        return {field: self.original} if self.original else {}


def zone_of(to: Ledger[Any], subsidiary: str | None) -> tzinfo:
    """The time zone that days are counted in: finance's choice, else the subsidiary's, else UTC."""
    name = to.config.for_account(to.account, subsidiary).time_zone
    if name is None and subsidiary is not None:
        name = to.netsuite.subsidiary(subsidiary).time_zone
    return ZoneInfo(name) if name else UTC


def local_day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last second of the day, UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
    return (midnight - timedelta(seconds=1)).astimezone(UTC)


def posting(to: Ledger[Any], record_type: str, day: date, zone: tzinfo) -> Posting:
    """`day`, or what the period policy of this record type makes of it. Raises PeriodClosed when it says hold."""
    if to.netsuite.period_open(day):
        return Posting(day)
    policy = to.config.policy_for(record_type)
    if policy == "hold":
        raise _closed(day, record_type)
    today = local_day(to.clock.now(), zone)
    moved = to.netsuite.first_open_day(day) if policy == "first_open_period" else today
    if not to.netsuite.period_open(moved):
        raise _closed(moved, record_type)
    to.note(f"The accounting period of {day:%Y-%m-%d} is closed; dated {moved:%Y-%m-%d} by the policy {policy}.")
    return Posting(moved, original=day)


def posted_on(
    moment: datetime, record_type: str, there: Link | None, subsidiary: str | None, to: Ledger[Any]
) -> Posting:
    """The subsidiary's day. A record that is there keeps its own, though its period may be closed by now."""
    if there and "tran_date" in there.facts:
        return Posting(date.fromisoformat(there.facts["tran_date"]))
    zone = zone_of(to, subsidiary)
    return posting(to, record_type, local_day(moment, zone), zone)


def _closed(day: date, record_type: str) -> PeriodClosed:
    return PeriodClosed(
        f"The accounting period of {day:%Y-%m-%d} is closed.",
        action=f"Open the period, or set `period_policy.{record_type}` to first_open_period or current_date; "
        "then replay.",
    )
