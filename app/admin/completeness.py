"""`/completeness`: Stripe's events = stored = done + skipped + held + dead + open, by day, and what is behind it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import actions
from app.admin.auth import Operator, Reader
from app.admin.models import HIGHEST, In, JobOut, Out, Short, Words
from app.admin.parts import Parts, now_of, parts_of, reading
from app.admin.problems import AdminRoute, invalid, not_found, refusals
from app.core import completeness_events, completeness_rows, jobs
from app.core.completeness_rows import CompletenessDay
from app.core.tables import Job

router = APIRouter(prefix="/completeness", tags=["completeness"], route_class=AdminRoute)
Account = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
Bucket = Literal["done", "skipped", "held", "dead", "open", "lost"]
SomeDay = Annotated[date, Path(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
LONGEST = timedelta(days=400)


class DayOut(Out):
    """One day (UTC) of one account, as of `counted_at`. It adds up when nothing is missing and nothing is lost."""

    account: str
    day: date
    at_stripe: int = Field(description="Events that Stripe lists.")
    stored: int = Field(description="Events in the inbox.")
    done: int
    skipped: int = Field(description="With a reason; also what is ignored by name.")
    held: int
    open: int
    dead: int
    lost: int = Field(description="Dispatched, but the run is not there.")
    missing: list[str] = Field(description="Ids that Stripe lists and the inbox has not.")
    adds_up: bool
    until: datetime = Field(description="So far events were looked at.")
    counted_at: datetime


class SumOut(Out):
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
    adds_up: bool
    share: float | None = Field(description="Percent of Stripe's events that are done or skipped with a reason.")


class TriedOut(Out):
    account: str
    counted_at: datetime | None
    tried_at: datetime | None
    error: str | None = Field(description="Why the last count failed.")


class CompletenessOut(Out):
    total: SumOut
    days: list[DayOut] = Field(description="Newest first.")
    tried: list[TriedOut]


class FlowOut(Out):
    """Objects by what became of them in this flow."""

    flow: str
    done: int
    skipped: int
    held: int
    dead: int
    open: int
    lost: int


class UnconcernedOut(Out):
    outcome: str = Field(description="ignored, unknown, refused or waiting.")
    type: str
    events: int


class DayDetail(DayOut):
    flows: list[FlowOut] = Field(description="Counted now.")
    unconcerned: list[UnconcernedOut] = Field(description="Events that no flow listens to, or not dispatched yet.")


class RunOfOut(Out):
    flow: str
    id: int
    state: str
    title: str
    summary: str


class EventOfOut(Out):
    id: int
    external_id: str
    type: str
    object_id: str | None
    occurred_at: datetime
    bucket: str
    outcome: str | None
    reason: str | None
    runs: list[RunOfOut]


class EventsPage(Out):
    items: list[EventOfOut]
    next: int | None = Field(None, description="Give this as `before` to get what follows; null at the end.")


class DaysQuery(In):
    account: Short | None = None
    since: date | None = Field(None, description="The first of this month when it is left out.")
    until: date | None = None


class EventsQuery(In):
    bucket: Bucket | None = None
    flow: Short | None = None
    before: Annotated[int | None, Field(ge=1, le=HIGHEST)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class CountIn(In):
    reason: Words = ""


Reading = Annotated[Session, Depends(reading)]


@router.get("", summary="Completeness by day, as last counted")
def days(_: Reader, query: Annotated[DaysQuery, Query()], request: Request, session: Reading) -> CompletenessOut:
    today = now_of(request).date()
    first, last = query.since or today.replace(day=1), query.until or today
    if last < first or last - first > LONGEST:
        raise invalid("Ask for at most 400 days, the first before the last.", {"query.until": "before `since`"})
    return report(session, first, last, query.account)


@router.post("", status_code=202, summary="Count anew, as a job")
def count_again(who: Operator, wanted: CountIn, request: Request) -> JobOut:
    return JobOut.model_validate(count_now(parts_of(request), actor=who.name, reason=wanted.reason))


@router.get("/{account}/{day}", summary="One day by flow", responses=refusals(404))
def one_day(_: Reader, account: Account, day: SomeDay, session: Reading) -> DayDetail:
    return detail(session, account, day)


@router.get("/{account}/{day}/events", summary="The events of a day, and what became of each")
def events(
    _: Reader, account: Account, day: SomeDay, query: Annotated[EventsQuery, Query()], session: Reading
) -> EventsPage:
    return events_of(session, account, day, query)


# what pages and commands ask, too --------------------------------------------------------------------------------


def report(session: Session, first: date, last: date, account: str | None = None) -> CompletenessOut:
    rows = completeness_rows.between(session, first, last, account)
    tried = completeness_rows.attempts(session)
    told = [
        TriedOut(account=name, counted_at=row.at, tried_at=row.last_run_at, error=row.error)
        for name, row in sorted(tried.items())
        if account in (None, name)
    ]
    return CompletenessOut(total=total(rows), days=[DayOut.model_validate(row) for row in rows], tried=told)


def total(rows: Sequence[CompletenessDay]) -> SumOut:
    return SumOut.model_validate(completeness_rows.summed(rows))


def detail(session: Session, account: str, day: date) -> DayDetail:
    """Raises Refusal for a day that was not counted."""
    row = completeness_rows.one(session, account, day)
    if row is None:
        raise not_found(f"{day} was not counted for account {account}. `tieout completeness` counts.")
    flows = [FlowOut(**asdict(one)) for one in completeness_events.by_flow(session, account, day)]
    rest = [UnconcernedOut(**one._asdict()) for one in completeness_events.unconcerned(session, account, day)]
    return DayDetail(**DayOut.model_validate(row).model_dump(), flows=flows, unconcerned=rest)


def events_of(session: Session, account: str, day: date, query: EventsQuery) -> EventsPage:
    found = completeness_events.listed(
        session, account, day, bucket=query.bucket, flow=query.flow, before=query.before, limit=query.limit + 1
    )
    shown = found[: query.limit]
    after = shown[-1].id if len(found) > query.limit else None
    return EventsPage(items=[EventOfOut.model_validate(one) for one in shown], next=after)


def count_now(parts: Parts, *, actor: str, reason: str = "") -> Job:
    """A job that counts; one that has not begun yet is given instead of another."""
    with parts.database.session_scope() as session:
        waiting = select(Job).where(Job.kind == "completeness", Job.state == "queued").order_by(Job.id.desc()).limit(1)
        job = session.scalars(waiting).first() or jobs.completeness(session, actor=actor, reason=reason)
    actions.send_job(parts, job.id)
    return job
