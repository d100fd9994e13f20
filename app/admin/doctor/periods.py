"""The accounting periods: whether one is open today."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.admin.doctor.books import every
from app.admin.doctor.findings import Finding, fail, listed, ok, unchecked, warn
from app.core.config import Config
from app.errors import Rejected
from app.systems.netsuite import suiteql
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.objects import Period
from app.systems.netsuite.suiteql import Row

AHEAD = timedelta(days=7)
PERIODS = "Setup > Accounting > Manage Accounting Periods"


def findings(gateway: NetSuiteGateway, chosen: Config, accounts: Sequence[str], now: datetime) -> Iterator[Finding]:
    check = "netsuite: periods"
    rows = _first_taken(gateway, suiteql.PERIODS)
    known = [Period.from_row(row) for row in rows if row.get("startdate") and row.get("enddate")]
    zones = {book.time_zone for _, book in every(chosen, accounts) if book.time_zone}
    days = sorted({now.astimezone(ZoneInfo(zone)).date() for zone in zones} or {now.astimezone(UTC).date()})
    if not known:
        why = "NetSuite shows no accounting periods: the feature is off, or the role may not see them."
        yield unchecked(check, why, "Give the role Manage Accounting Periods (view).")
        return
    shut = [(day, _period_of(known, day)) for day in days if not _open(known, day)]
    for day, period in shut:
        what = "there is no period for it"
        if period:
            what = f"{period.name} is {'closed' if period.closed else 'locked'}"
        detail = f"Nothing can be posted today, {day}: {what}. Records are held, or dated otherwise by `period_policy`."
        yield fail(check, detail, f"Open or create it in NetSuite: {PERIODS}.")
    soon = days[-1] + AHEAD
    if not shut and _period_of(known, soon) is None:
        detail = f"There is no period for {soon} yet."
        yield warn(check, detail, f"Create it in NetSuite: {PERIODS}.")
    elif not shut:
        names = listed(dict.fromkeys(one.name for day in days if (one := _period_of(known, day))))
        yield ok(check, f"{names} is open.")


def _first_taken(gateway: NetSuiteGateway, variants: tuple[str, str]) -> list[Row]:
    for sql in variants:
        try:
            return list(gateway.query(sql))
        except Rejected:
            continue
    return []


def _period_of(known: Sequence[Period], day: date) -> Period | None:
    return next((one for one in known if one.start <= day <= one.end), None)


def _open(known: Sequence[Period], day: date) -> bool:
    found = _period_of(known, day)
    return found is not None and found.open
