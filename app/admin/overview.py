"""`/overview`: what the home page tells, for a script or a monitor that asks the same."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import completeness, first_steps
from app.admin.auth import Reader
from app.admin.completeness import SumOut
from app.admin.first_steps import Step
from app.admin.models import Out
from app.admin.parts import Parts, parts_of, reading
from app.admin.problems import AdminRoute
from app.core import activity as hourly
from app.core import change_words, completeness_rows, overview, plan, tie_out, verdict
from app.core.completeness_rows import FRESH, CompletenessDay
from app.core.config import Config
from app.core.tables import ConfigVersion, Cursor
from app.core.verdict import Known
from app.systems.netsuite import slots_in_use

router = APIRouter(prefix="/overview", tags=["overview"], route_class=AdminRoute)


class VerdictOut(Out):
    state: str = Field(description="all_in, working, waiting, incomplete, differs, unproven or not_connected.")
    tone: str
    sentence: str = Field(examples=["3 records wait for you."])
    because: list[str]


class OldestOut(Out):
    run: int
    subject: str
    title: str
    flow: str
    state: str
    since: datetime
    summary: str
    action: str | None


class TiedOut(Out):
    account: str
    currency: str
    at: datetime
    stripe: Decimal
    netsuite: Decimal
    unexplained: Decimal
    agrees: bool


class SlotsOut(Out):
    """NetSuite calls at once. `size`: allowed at present, fewer after NetSuite has refused some."""

    ceiling: int
    size: int
    in_use: int
    seeking: int = Field(description="Processes that wait for one.")
    changed_at: datetime | None


class RetryTableOut(Out):
    """Counts end at 1000."""

    booked: int
    due_now: int
    next_due: datetime | None


class OpenedOut(Out):
    id: int
    title: str
    last_seen: datetime
    records: int
    sentence: str
    action: str | None


class VersionWords(Out):
    version: int
    author: str
    note: str
    at: datetime
    changes: list[str]


class HourOut(Out):
    """`median`, `slowest`: seconds from an event's arrival to its record, the 50th and the 95th percentile."""

    at: datetime
    received: int
    finished: int
    median: float | None
    slowest: float | None


class OverviewOut(Out):
    verdict: VerdictOut
    waiting: dict[str, int] = Field(description="Runs that are not finished, by state; each count ends at 1000.")
    oldest: OldestOut | None
    today: SumOut | None = Field(description="Null when nothing was counted of today.")
    month: SumOut | None
    counted_at: datetime | None
    count_errors: dict[str, str] = Field(description="Account -> why its last count failed.")
    tie_outs: list[TiedOut]
    slots: SlotsOut | None
    retries: RetryTableOut
    issues: list[OpenedOut] = Field(description="The five that hold up most records.")
    versions: list[VersionWords]
    steps: list[Step]


@router.get("", summary="Is everything in, and what waits")
def look(_: Reader, request: Request, session: Annotated[Session, Depends(reading)]) -> OverviewOut:
    return gathered(session, parts_of(request))


@router.get("/activity", summary="The last day by the hour")
def activity(_: Reader, request: Request, session: Annotated[Session, Depends(reading)]) -> list[HourOut]:
    return by_hour(session, parts_of(request))


def by_hour(session: Session, parts: Parts) -> list[HourOut]:
    return [HourOut.model_validate(one) for one in hourly.hours(session, parts.clock.now())]


def gathered(session: Session, parts: Parts) -> OverviewOut:
    now = parts.clock.now()
    rows = completeness_rows.between(session, now.date().replace(day=1), now.date())
    tried = completeness_rows.attempts(session)
    tied = [TiedOut.model_validate(one) for one in tie_out.latest(session)]
    waiting, steps = overview.waiting(session), first_steps.steps(session, parts.settings)
    counted_at = _counted_at(tried, tie_out.accounts_of(parts.modes))
    known = Known(
        connected=all(step.done for step in steps if step.key in ("stripe", "netsuite")),
        waiting=waiting,
        days_off=sum(not row.adds_up for row in rows),
        missing=sum(len(row.missing) for row in rows),
        lost=sum(row.lost for row in rows),
        counted_at=counted_at,
        stale=counted_at is None or now - counted_at > FRESH,
        tie_outs=tied,
    )
    return OverviewOut(
        verdict=VerdictOut.model_validate(verdict.verdict(known)),
        waiting=waiting,
        oldest=OldestOut.model_validate(found) if (found := overview.oldest_unposted(session)) else None,
        today=_sum([row for row in rows if row.day == now.date()]),
        month=_sum(rows),
        counted_at=counted_at,
        count_errors={name: row.error for name, row in sorted(tried.items()) if row.error},
        tie_outs=tied,
        slots=_slots(session, parts),
        retries=RetryTableOut.model_validate(overview.retry_table(session, now)),
        issues=[OpenedOut.model_validate(one) for one in overview.top_issues(session)],
        versions=versions_in_words(overview.last_versions(session)),
        steps=steps,
    )


def _sum(rows: Sequence[CompletenessDay]) -> SumOut | None:
    return completeness.total(rows) if rows else None


def _counted_at(tried: dict[str, Cursor], accounts: Sequence[str]) -> datetime | None:
    """Of the account that was counted longest ago; None when one never was."""
    times = [tried[name].at if name in tried else None for name in accounts]
    known = [at for at in times if at is not None]
    return min(known) if known and len(known) == len(times) else None


def _slots(session: Session, parts: Parts) -> SlotsOut | None:
    account = parts.settings.netsuite
    if account is None:
        return None
    return SlotsOut.model_validate(slots_in_use.read(session, account.account_id, account.concurrency))


def versions_in_words(rows: Sequence[ConfigVersion]) -> list[VersionWords]:
    """`rows`: newest first; the last is only compared with, unless it is the very first version."""
    configs = [Config.model_validate({**row.document, "version": row.id}) for row in rows]
    found = []
    for at, row in enumerate(rows[:3]):
        before = configs[at + 1] if at + 1 < len(rows) else Config()
        changes = change_words.sentences(plan.diff(before, configs[at]))
        found.append(VersionWords(version=row.id, author=row.author, note=row.note, at=row.created_at, changes=changes))
    return found
