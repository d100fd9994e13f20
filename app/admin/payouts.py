"""`/payouts` and `/tie-out`: what each payout brought and consists of, and whether the two ledgers agree."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import csv_file, payout_deeds
from app.admin.auth import Operator, Reader
from app.admin.models import In, JobOut, Out, Reason, Short
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, invalid, not_found, refusals
from app.core import payouts, tie_out
from app.core.payouts import Listed, PayoutFilter

router = APIRouter(tags=["payouts"], route_class=AdminRoute)
PayoutId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
State = Literal["in_transit", "waiting", "held", "posted", "differs", "failed", "skipped"]


class PayoutOut(Out):
    """`deposited`: what NetSuite's bank account has of it, as last read at `read_at`; null when it was not posted."""

    id: str
    account: str
    currency: str
    amount: Decimal
    expected: Decimal
    deposited: Decimal | None
    difference: Decimal | None
    state: State
    status: str
    automatic: bool
    method: str
    created_at: datetime
    arrival_date: date
    read_at: datetime | None
    failure_message: str | None
    trace_id: str | None
    run: int | None
    run_state: str | None
    sentence: str
    action: str | None


class SumOut(Out):
    category: str
    count: int
    gross: Decimal
    fee: Decimal
    net: Decimal


class RecordOut(Out):
    type: str
    id: str
    external_id: str
    current: bool
    note: str | None
    accounts: list[tuple[str, str, Decimal]] = Field(description="Account, currency, amount; debits are positive.")


class PayoutDetail(PayoutOut):
    sums: list[SumOut]
    records: list[RecordOut]
    differences: list[dict[str, Any]]


class LineOut(Out):
    """A balance transaction. `there`: whether its record was found in NetSuite when that was last read."""

    id: str
    created_at: datetime
    type: str
    category: str
    description: str | None
    source: str | None
    currency: str
    gross: Decimal
    fee: Decimal
    net: Decimal
    record_type: str | None
    record: str | None
    there: bool | None
    booked: Decimal | None
    run: int | None
    run_state: str | None
    sentence: str


class PayoutPage(Out):
    items: list[PayoutOut]
    next: str | None = Field(None, description="Give this as `before` to get what follows; null at the end.")


class LinePage(Out):
    items: list[LineOut]
    next: str | None = Field(None, description="Give this as `after` to get what follows; null at the end.")


class TieOutOut(Out):
    """One account and currency: `stripe` = `netsuite` + all `items` + `unexplained`."""

    account: str
    currency: str
    at: datetime
    stripe: Decimal
    netsuite: Decimal
    unexplained: Decimal
    arrived: Decimal
    bank: Decimal
    agrees: bool
    items: list[dict[str, Any]]
    differences: list[dict[str, Any]]


class TriedOut(Out):
    account: str
    at: datetime | None = Field(description="The last time it was compared to the end.")
    tried_at: datetime | None
    error: str | None


class TieOutReport(Out):
    results: list[TieOutOut]
    tried: list[TriedOut]


class Again(In):
    reason: Reason


class Narrowed(In):
    account: Short | None = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Za-z]{3}$")] = None
    month: Annotated[str | None, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-08"])] = None
    state: State | None = None
    differs: bool = Field(False, description="Only those that differ or are held.")

    def wanted(self) -> PayoutFilter:
        return PayoutFilter(self.account, self.currency, self.month, self.state, self.differs)


class PayoutsQuery(Narrowed):
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    before: Short | None = None


class LinesQuery(In):
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    after: Short | None = None


Reading = Annotated[Session, Depends(reading)]


@router.get("/payouts", summary="List payouts, newest arrival first")
def list_payouts(_: Reader, query: Annotated[PayoutsQuery, Query()], session: Reading) -> PayoutPage:
    try:
        rows = payouts.listed(session, query.wanted(), limit=query.limit + 1, before=query.before)
    except ValueError:
        raise invalid("`before` is the `next` of another page.", {"query.before": "not a cursor"}) from None
    kept = rows[: query.limit]
    after = kept[-1].cursor if len(rows) > query.limit else None
    return PayoutPage(items=[PayoutOut.model_validate(one) for one in kept], next=after)


@router.get("/payouts/export", summary="All payouts that a filter finds, as CSV", response_class=StreamingResponse)
def export_payouts(_: Reader, query: Annotated[Narrowed, Query()], request: Request) -> StreamingResponse:
    rows = payout_deeds.payout_rows(parts_of(request), query.wanted())
    return as_file("payouts.csv", payout_deeds.PAYOUT_COLUMNS, rows)


@router.get("/payouts/{payout_id}", summary="One payout: sums, records, differences", responses=refusals(404))
def get_payout(_: Reader, payout_id: PayoutId, session: Reading) -> PayoutDetail:
    return detail(session, _found(session, payout_id))


@router.get("/payouts/{payout_id}/lines", summary="What it consists of, oldest first", responses=refusals(404))
def list_lines(_: Reader, payout_id: PayoutId, query: Annotated[LinesQuery, Query()], session: Reading) -> LinePage:
    payout = _found(session, payout_id)
    try:
        rows = payouts.lines(session, payout, limit=query.limit + 1, after=query.after)
    except ValueError:
        raise invalid("`after` is the `next` of another page.", {"query.after": "not a cursor"}) from None
    kept = rows[: query.limit]
    after = kept[-1].cursor if len(rows) > query.limit else None
    return LinePage(items=[LineOut.model_validate(one) for one in kept], next=after)


@router.get(
    "/payouts/{payout_id}/lines/export",
    summary="What it consists of, as CSV",
    response_class=StreamingResponse,
    responses=refusals(404),
)
def export_lines(_: Reader, payout_id: PayoutId, request: Request) -> StreamingResponse:
    rows = payout_deeds.line_rows(parts_of(request), payout_id)
    return as_file(f"{payout_id}.csv", payout_deeds.LINE_COLUMNS, rows)


@router.post(
    "/payouts/{payout_id}/post",
    status_code=202,
    summary="Write its records in NetSuite anew",
    responses=refusals(404, 409),
)
def post_again(who: Operator, payout_id: PayoutId, why: Again, request: Request) -> PayoutDetail:
    parts = parts_of(request)
    payout_deeds.post_again(parts, payout_id, actor=who.name, reason=why.reason)
    with parts.database.session_scope() as session:
        return detail(session, _found(session, payout_id))


@router.post(
    "/payouts/{payout_id}/lines/{movement}/bring",
    status_code=202,
    summary="Bring a record over again that is gone from NetSuite",
    responses=refusals(404, 409),
)
def bring_again(who: Operator, payout_id: PayoutId, movement: PayoutId, why: Again, request: Request) -> PayoutDetail:
    parts = parts_of(request)
    payout_deeds.bring_again(parts, payout_id, movement, actor=who.name, reason=why.reason)
    with parts.database.session_scope() as session:
        return detail(session, _found(session, payout_id))


@router.get("/tie-out", summary="The latest comparison of each account and currency")
def get_tie_out(_: Reader, session: Reading, account: Short | None = None) -> TieOutReport:
    return report(session, account)


@router.post("/tie-out", status_code=202, summary="Compare now, as a job")
def measure(who: Operator, request: Request) -> JobOut:
    return JobOut.model_validate(payout_deeds.measure(parts_of(request), actor=who.name))


# what they share -------------------------------------------------------------------------------------------------


def as_file(name: str, columns: tuple[str, ...], rows: Any) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(csv_file.lines(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)


def detail(session: Session, payout: Listed) -> PayoutDetail:
    wrong = [one for one in payouts.differences(session) if one["payout"] == payout.id]
    return PayoutDetail(
        **PayoutOut.model_validate(payout).model_dump(),
        sums=[SumOut.model_validate(one) for one in payouts.sums(session, payout)],
        records=[RecordOut.model_validate(one) for one in payouts.records(session, payout)],
        differences=wrong,
    )


def report(session: Session, account: str | None = None) -> TieOutReport:
    tried = tie_out.attempts(session)
    return TieOutReport(
        results=[TieOutOut.model_validate(row) for row in tie_out.latest(session, account)],
        tried=[
            TriedOut(account=name, at=row.at, tried_at=row.last_run_at, error=row.error)
            for name, row in sorted(tried.items())
            if account in (None, name)
        ],
    )


def _found(session: Session, payout_id: str) -> Listed:
    payout = payouts.found(session, payout_id)
    if payout is None:
        raise not_found(f"There is no payout {payout_id} here.")
    return payout
