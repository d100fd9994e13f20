"""Completeness, counted: per day and account, Stripe's events = stored = done + skipped + held + open + dead.

Stripe's own list of events is the measure. A day adds up when each of them is in the inbox and each stored one has come
to a named end or is still being worked on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from app.core.inbox import Event
from app.db import Database

SETTLED_AFTER = timedelta(hours=1)
"""Younger events are not counted: they may still be on their way, and the sweep looks every ten minutes."""
AT_ONCE = 5000
LONGEST = timedelta(days=31)
"""Stripe lists the events of 30 days."""
_KINDS = {
    "succeeded": "done",
    "dismissed": "skipped",
    "skipped": "skipped",
    "held": "held",
    "dead": "dead",
    "queued": "open",
    "running": "open",
    "retrying": "open",
}
# of an event that concerns several flows, what is worst is counted
_WORST_FIRST = ("lost", "dead", "held", "open", "done", "skipped")


class Listed(Protocol):
    """One event as Stripe lists it."""

    @property
    def id(self) -> str: ...
    @property
    def created(self) -> datetime: ...


@dataclass(frozen=True)
class Day:
    """One day (UTC) of one account. `missing`: ids that Stripe lists and the inbox has not.

    `lost`: stored and dispatched, but the run that it made is not there. `skipped` includes what is ignored by name.
    """

    account: str
    day: date
    at_stripe: int
    stored: int
    done: int
    skipped: int
    held: int
    open: int
    dead: int
    lost: int
    missing: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        ended = self.done + self.skipped + self.held + self.open + self.dead
        return not self.missing and self.at_stripe <= self.stored == ended


def window(now: datetime, days: int, start_date: date | None = None) -> tuple[datetime, datetime]:
    """From the beginning of the day that many days ago, or of the first day that is posted, until what has settled."""
    first = (now - timedelta(days=days)).astimezone(UTC).date()
    return datetime.combine(max(first, start_date or first), time.min, UTC), now - SETTLED_AFTER


def count(database: Database, account: str, listed: Iterable[Listed], start: datetime, end: datetime) -> list[Day]:
    """Every day of the window, oldest first. Of `listed` only what lies within is looked at."""
    theirs: dict[date, set[str]] = defaultdict(set)
    for event in listed:
        if start <= event.created < end:
            theirs[event.created.astimezone(UTC).date()].add(event.id)
    with database.session_scope() as session:
        ours = _stored(session, account, start, end)
        fates = _fates(session, account, start, end)
        stored_ids = _among(session, account, [one for ids in theirs.values() for one in ids])
    days = sorted(theirs.keys() | ours.keys())
    return [_day(account, day, theirs.get(day, set()), ours[day], fates[day], stored_ids) for day in days]


def count_again(database: Database, days: Sequence[Day]) -> list[Day]:
    """Days that Stripe need not be asked about once more: what became of their events since. All of one account."""
    if not days:
        return []
    account = days[0].account
    first, last = min(one.day for one in days), max(one.day for one in days)
    start = datetime.combine(first, time.min, UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, UTC)
    with database.session_scope() as session:
        ours, fates = _stored(session, account, start, end), _fates(session, account, start, end)
        arrived = _among(session, account, [each for one in days for each in one.missing])
    return [_anew(one, ours[one.day], fates[one.day], arrived) for one in days]


def _anew(day: Day, stored: int, fates: Counter[str], arrived: set[str]) -> Day:
    counted = _day(day.account, day.day, set(), stored, fates, set())
    missing = tuple(one for one in day.missing if one not in arrived)
    return replace(counted, at_stripe=day.at_stripe, missing=missing)


def _day(account: str, day: date, theirs: set[str], stored: int, fates: Counter[str], stored_ids: set[str]) -> Day:
    return Day(
        account=account,
        day=day,
        at_stripe=len(theirs),
        stored=stored,
        done=fates["done"],
        skipped=fates["skipped"],
        held=fates["held"],
        open=fates["open"],
        dead=fates["dead"],
        lost=fates["lost"],
        missing=tuple(sorted(theirs - stored_ids)),
    )


_IN_UTC = func.timezone("UTC", Event.occurred_at)


def _stored(session: Session, account: str, start: datetime, end: datetime) -> Counter[date]:
    day = func.date(_IN_UTC)
    rows = session.execute(select(day, func.count()).where(*_within(account, start, end)).group_by(day))
    return Counter({row[0]: row[1] for row in rows})


def _fates(session: Session, account: str, start: datetime, end: datetime) -> defaultdict[date, Counter[str]]:
    """Per day: how many events came to which end. A dispatched event ends as the newest runs of its object do."""
    found: defaultdict[date, Counter[str]] = defaultdict(Counter)
    named = func.date(_IN_UTC)
    plain = select(named, Event.outcome, func.count()).where(
        *_within(account, start, end), Event.outcome.is_distinct_from("dispatched")
    )
    for row in session.execute(plain.group_by(named, Event.outcome)):
        found[row[0]]["open" if row[1] is None else "skipped"] += row[2]
    asked = {"account": account, "start": start, "end": end}
    for row in session.execute(_DISPATCHED, asked):
        kinds = {_KINDS[state] for state in row.states} | ({"lost"} if len(row.states) < row.flows else set())
        found[row.day][next(kind for kind in _WORST_FIRST if kind in kinds)] += 1
    return found


_DISPATCHED = text(
    """
    SELECT (e.occurred_at AT TIME ZONE 'UTC')::date AS day, cardinality(f.flows) AS flows, r.states
    FROM events e
    CROSS JOIN LATERAL (SELECT string_to_array(e.reason, ', ') AS flows) f
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(n.state), '{}') AS states FROM (
            SELECT DISTINCT ON (flow) state FROM runs
            WHERE subject = e.object_id AND account = e.account AND flow = ANY (f.flows)
            ORDER BY flow, id DESC) n) r
    WHERE e.source = 'stripe' AND e.account = :account AND e.outcome = 'dispatched'
      AND e.occurred_at >= :start AND e.occurred_at < :end
      AND e.received_at >= least(:start, now() - interval '31 days')
    """
)


def _within(account: str, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    occurred = (Event.occurred_at >= start, Event.occurred_at < end)
    arrived = Event.received_at >= func.least(start, func.now() - LONGEST)  # what has an index
    return (Event.source == "stripe", Event.account == account, *occurred, arrived)


def _among(session: Session, account: str, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are in the inbox, whatever day they were stored under."""
    found: set[str] = set()
    for first in range(0, len(ids), AT_ONCE):
        some = (Event.account == account, Event.external_id.in_(ids[first : first + AT_ONCE]))
        found |= set(session.scalars(select(Event.external_id).where(Event.source == "stripe", *some)))
    return found
