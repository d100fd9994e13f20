"""Completeness: each day's events, where they ended, and the records behind every number."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Form, Query
from fastapi.responses import Response
from pydantic import Field

from app.admin import completeness
from app.admin.completeness import Account, Bucket, EventsQuery, SomeDay
from app.admin.models import HIGHEST
from app.dashboard.access import Operator, Viewer
from app.dashboard.pages import Asked, go_to, page, pages

router = pages(prefix="/completeness")
BUCKETS = {
    "done": "Done",
    "skipped": "Skipped",
    "held": "Held",
    "dead": "Given up",
    "open": "On the way",
    "lost": "Without a run",
}


class DaysAsked(Asked):
    month: str = Field("", pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$")
    account: str = Field("", max_length=100)
    off: bool = False


class EventsAsked(Asked):
    bucket: Bucket | None = None
    flow: str | None = Field(None, max_length=100)
    before: int | None = Field(None, ge=1, le=HIGHEST)


@router.get("")
def by_day(visit: Viewer, asked: Annotated[DaysAsked, Query()]) -> Response:
    first = date.fromisoformat(f"{asked.month}-01") if asked.month else visit.now.date().replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    with visit.parts.database.session_scope() as session:
        found = completeness.report(session, first, last, asked.account or None)
    accounts = sorted(visit.parts.settings.stripe)
    months = {"earlier": f"{first - timedelta(days=1):%Y-%m}", "later": f"{last + timedelta(days=1):%Y-%m}"}
    rows = [one for one in found.days if not asked.off or not one.adds_up or one.held or one.dead or one.open]
    over = last >= visit.now.date()
    return page(
        visit,
        "completeness/days.html",
        asked=asked,
        found=found,
        rows=rows,
        accounts=accounts,
        buckets=BUCKETS,
        first=first,
        months=months,
        over=over,
    )


@router.post("")
def count(visit: Operator, back: Annotated[str, Form(max_length=500)] = "/completeness") -> Response:
    completeness.count_now(visit.parts, actor=visit.caller.name)
    return go_to(visit, back, "Stripe's events are being counted. This page shows the result when it is there.")


@router.get("/{account}/{day}")
def one_day(visit: Viewer, account: Account, day: SomeDay, asked: Annotated[EventsAsked, Query()]) -> Response:
    wanted = EventsQuery(bucket=asked.bucket, flow=asked.flow, before=asked.before)
    with visit.parts.database.session_scope() as session:
        found = completeness.detail(session, account, day)
        events = completeness.events_of(session, account, day, wanted)
    titles = {flow.key: flow.title for flow in visit.parts.catalogue.values()}
    facts: dict[str, Any] = {"found": found, "events": events, "titles": titles, "buckets": BUCKETS, "asked": asked}
    return page(visit, "completeness/day.html", **facts)
