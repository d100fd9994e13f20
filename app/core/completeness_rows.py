"""What was last counted of each day, kept: so that a page shows it at once, and a whole month without asking again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Date, Integer, Text, func, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.completeness import Day
from app.core.tables import Cursor
from app.db import Base, Database

NUMBERS = ("at_stripe", "stored", "done", "skipped", "held", "open", "dead", "lost")
FRESH = timedelta(hours=3)
"""It is counted every hour: what is older than this proves nothing of now."""


class CompletenessDay(Base):
    """One day (UTC) of one account, as of `counted_at`; events up to `until` were looked at."""

    __tablename__ = "completeness_days"

    account: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    at_stripe: Mapped[int] = mapped_column(Integer)
    stored: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    skipped: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)
    open: Mapped[int] = mapped_column(Integer)
    dead: Mapped[int] = mapped_column(Integer)
    lost: Mapped[int] = mapped_column(Integer)
    missing: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    until: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    counted_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))

    def counted(self) -> Day:
        numbers = {name: getattr(self, name) for name in NUMBERS}
        return Day(account=self.account, day=self.day, missing=tuple(self.missing), **numbers)

    @property
    def adds_up(self) -> bool:
        return self.counted().adds_up

    @property
    def waits(self) -> int:
        return self.held + self.dead + self.open


@dataclass(frozen=True)
class Sum:
    """Several days together. `days_off`: how many of them do not add up; `until`: the least that was looked at."""

    days: int
    at_stripe: int
    stored: int
    done: int
    skipped: int
    held: int
    open: int
    dead: int
    lost: int
    missing: int
    days_off: int

    @property
    def adds_up(self) -> bool:
        return not self.days_off

    @property
    def share(self) -> float | None:
        """Of what Stripe lists, in percent, what is done or skipped with a reason; never rounded up to 100."""
        whole = max(self.at_stripe, self.stored + self.missing)
        return int(1000 * (self.done + self.skipped) / whole) / 10 if whole else None


def summed(rows: Sequence[CompletenessDay]) -> Sum:
    numbers = {name: sum(getattr(row, name) for row in rows) for name in NUMBERS}
    missing = sum(len(row.missing) for row in rows)
    return Sum(days=len(rows), missing=missing, days_off=sum(not row.adds_up for row in rows), **numbers)


# kept by those who count -----------------------------------------------------------------------------------------


def keep(database: Database, days: Sequence[Day], until: datetime, now: datetime) -> None:
    rows = [_row(day, until, now) for day in days]
    if not rows:
        return
    with database.session_scope() as session:
        new = insert(CompletenessDay).values(rows)
        changed = {name: new.excluded[name] for name in (*NUMBERS, "missing", "until", "counted_at")}
        session.execute(new.on_conflict_do_update(index_elements=["account", "day"], set_=changed))


def every_day(account: str, found: Sequence[Day], start: datetime, end: datetime) -> list[Day]:
    """With the days on which nothing happened: that, too, was looked at."""
    by_day = {one.day: one for one in found}
    number = (end.astimezone(UTC).date() - start.astimezone(UTC).date()).days + 1
    days = [start.astimezone(UTC).date() + timedelta(days=one) for one in range(number)]
    return [by_day.get(day) or Day(account, day, 0, 0, 0, 0, 0, 0, 0, 0, ()) for day in days]


def _row(day: Day, until: datetime, now: datetime) -> dict[str, object]:
    numbers = {name: getattr(day, name) for name in NUMBERS}
    ends = min(until, datetime.combine(day.day + timedelta(days=1), time.min, UTC))
    kept: dict[str, object] = {"account": day.account, "day": day.day, "missing": list(day.missing)}
    return {**kept, **numbers, "until": ends, "counted_at": now}


def note(database: Database, account: str, now: datetime, error: str | None = None) -> None:
    """When it was last tried, and what came in between; `at` stays where the last success left it."""
    values = {"last_run_at": now, "error": error} | ({} if error else {"at": now})
    with database.session_scope() as session:
        new = insert(Cursor).values(name=_name(account), **values)
        session.execute(new.on_conflict_do_update(index_elements=[Cursor.name], set_=values))


def begins(session: Session, account: str, start: datetime, farthest: datetime) -> datetime:
    """`start`, or the first day since `farthest` that was not counted to its end: so far back Stripe is asked."""
    day, last = min(farthest, start).date(), start.date()
    whole = {row.day for row in between(session, day, last, account) if row.until >= _end(row.day)}
    while day < last and day in whole:
        day += timedelta(days=1)
    return min(start, datetime.combine(day, time.min, UTC))


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def _name(account: str) -> str:
    return f"completeness/{account}"


# read ------------------------------------------------------------------------------------------------------------


def between(session: Session, first: date, last: date, account: str | None = None) -> list[CompletenessDay]:
    """Newest first, both days included."""
    wanted = select(CompletenessDay).where(CompletenessDay.day >= first, CompletenessDay.day <= last)
    if account is not None:
        wanted = wanted.where(CompletenessDay.account == account)
    return list(session.scalars(wanted.order_by(CompletenessDay.day.desc(), CompletenessDay.account)))


def one(session: Session, account: str, day: date) -> CompletenessDay | None:
    return session.get(CompletenessDay, (account, day))


def unsettled(session: Session, account: str, before: date, since: date) -> list[CompletenessDay]:
    """Days on which something was missing or waiting when they were last counted."""
    row = CompletenessDay
    waits = row.held + row.open + row.dead + row.lost + func.jsonb_array_length(row.missing)
    wanted = (row.account == account, row.day >= since, row.day < before, or_(waits > 0, row.stored != row.at_stripe))
    return list(session.scalars(select(row).where(*wanted).order_by(row.day)))


def attempts(session: Session) -> dict[str, Cursor]:
    """By account: when it was last counted, and what came in between."""
    rows = session.scalars(select(Cursor).where(Cursor.name.startswith("completeness/")))
    return {row.name.partition("/")[2]: row for row in rows}
