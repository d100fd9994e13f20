"""NetSuite's reference lists (currencies, subsidiaries, accounting periods), kept for a while per process."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

from app.errors import PeriodClosed, Rejected, Unmapped
from app.systems.netsuite import suiteql
from app.systems.netsuite.objects import Period, Subsidiary, required
from app.systems.netsuite.records import Ref
from app.systems.netsuite.suiteql import Row

Ask = Callable[[str], Iterable[Row]]
T = TypeVar("T")

LISTS_LIVE = timedelta(hours=1)
PERIODS_LIVE = timedelta(minutes=10)


class Kept(Generic[T]):
    """A value that is loaded when asked for and older than `life`; one thread loads, the others wait for it."""

    def __init__(self, life: timedelta) -> None:
        self._life = life
        self._lock = threading.Lock()
        self._held: tuple[T, datetime] | None = None

    def get(self, now: datetime, load: Callable[[], T], *, at_most: timedelta | None = None) -> T:
        life = self._life if at_most is None else at_most
        with self._lock:
            # a clock set back (a test's, a sandbox's) must not keep a value for ever
            if self._held is None or not timedelta(0) <= now - self._held[1] < life:
                self._held = (load(), now)
            return self._held[0]

    def forget(self) -> None:
        with self._lock:
            self._held = None


class References:
    """Shared by the threads of a process; `ask` is the gateway of the run that happens to find a list too old."""

    def __init__(self) -> None:
        self._currencies: Kept[Mapping[str, str]] = Kept(LISTS_LIVE)
        self._subsidiaries: Kept[Mapping[str, Subsidiary]] = Kept(LISTS_LIVE)
        self._periods: Kept[Sequence[Period]] = Kept(PERIODS_LIVE)
        self._offset: Kept[timedelta | None] = Kept(LISTS_LIVE)
        self._fields: dict[str, Kept[Mapping[str, str]]] = {}

    def currency(self, iso: str, now: datetime, ask: Ask) -> Ref:
        code = iso.upper()
        internal_id = self._known_currencies(now, ask, wanted=code).get(code)
        if internal_id is None:
            raise Unmapped(
                f"NetSuite has no currency {code}.",
                setting=f"currencies.{code}",
                action=f"Create the currency {code} in NetSuite (or let the integration's role see it), then replay.",
            )
        return Ref("currency", internal_id)

    def iso_currency(self, internal_id: str, now: datetime, ask: Ask) -> str:
        for code, known in self._known_currencies(now, ask).items():
            if known == internal_id:
                return code
        raise Unmapped(
            f"NetSuite's currency with internal id {internal_id} has no ISO code that we can see.",
            setting=f"currencies.{internal_id}",
        )

    def subsidiary(self, internal_id: str, now: datetime, ask: Ask) -> Subsidiary:
        """Without OneWorld there is no such table: then it is the one company, of which we know the id alone."""
        known = self._subsidiaries.get(now, lambda: _subsidiaries(ask))
        return known.get(internal_id) or Subsidiary(id=internal_id)

    def period_open(self, day: date, now: datetime, ask: Ask) -> bool:
        """True as well when no period at all is visible: NetSuite itself will then refuse or accept."""
        periods = self._known_periods(now, ask)
        return not periods or any(one.open for one in periods if one.start <= day <= one.end)

    def first_open_day(self, day: date, now: datetime, ask: Ask) -> date:
        if self.period_open(day, now, ask):
            return day
        later = (one.start for one in self._known_periods(now, ask) if one.open and one.start > day)
        found = min(later, default=None)
        if found is None:
            raise PeriodClosed(
                f"NetSuite has no open accounting period on or after {day:%Y-%m-%d}.",
                action="Open or create a period in NetSuite, then replay.",
            )
        return found

    def offset(self, now: datetime, measure: Callable[[], timedelta | None]) -> timedelta | None:
        """How far SuiteQL's times are from UTC, once measured."""
        return self._offset.get(now, measure)

    def fields(self, record_type: str, now: datetime, load: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        return self._fields.setdefault(record_type, Kept(LISTS_LIVE)).get(now, load)

    def forget_periods(self) -> None:
        """NetSuite has just refused a date: what we hold is out of date."""
        self._periods.forget()

    def _known_currencies(self, now: datetime, ask: Ask, *, wanted: str | None = None) -> Mapping[str, str]:
        known = self._currencies.get(now, lambda: _currencies(ask))
        if wanted is None or wanted in known:
            return known
        # perhaps it was created since; but a missing one must not cost a call each time
        return self._currencies.get(now, lambda: _currencies(ask), at_most=timedelta(minutes=1))

    def _known_periods(self, now: datetime, ask: Ask) -> Sequence[Period]:
        return self._periods.get(now, lambda: _periods(ask))


def _currencies(ask: Ask) -> Mapping[str, str]:
    rows = list(ask(suiteql.CURRENCIES))
    return {symbol.upper(): required(row, "id") for row in rows if (symbol := row.get("symbol"))}


def _subsidiaries(ask: Ask) -> Mapping[str, Subsidiary]:
    try:
        rows = _widest(ask, suiteql.SUBSIDIARIES)
    except Rejected:
        return {}
    found = [Subsidiary.from_row(row) for row in rows]
    return {one.id: one for one in found}


def _periods(ask: Ask) -> Sequence[Period]:
    rows = _widest(ask, suiteql.PERIODS)
    return [Period.from_row(row) for row in rows if row.get("startdate") and row.get("enddate")]


def _widest(ask: Ask, variants: tuple[str, str]) -> list[Row]:
    """The rows of the first variant that this account's view takes."""
    wide, narrow = variants
    try:
        return list(ask(wide))
    except Rejected:
        return list(ask(narrow))
