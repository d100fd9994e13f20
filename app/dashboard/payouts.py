"""Payouts: what each was to bring, what NetSuite has of it, and what to do where the two differ."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Form, Path
from fastapi import Query as QueryParams
from fastapi.responses import Response
from pydantic import Field

from app.admin import payout_deeds, places
from app.admin.payouts import as_file, report
from app.admin.problems import not_found
from app.core import config as configuration
from app.core import payouts, tie_out
from app.core.config import Config
from app.core.payouts import STATES, Listed, PayoutFilter, Record, Sum
from app.core.tables import Cursor
from app.dashboard.access import Operator, Viewer
from app.dashboard.pages import Asked, go_to, page, pages

router = pages(prefix="/payouts")
PayoutId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
Reason = Annotated[str, Form(min_length=1, max_length=2000)]
SHOWN = 50
LINES = 100
IN_WORDS = {
    "charge": "Payments",
    "refund": "Refunds",
    "refund_failure": "Refunds that failed",
    "dispute": "Disputes",
    "dispute_reversal": "Disputes won",
    "charge_failure": "Payments returned",
    "fee": "Stripe's own fees",
    "other_adjustment": "Adjustments",
    "risk_reserved_funds": "Reserves",
    "payout_reversal": "Payouts that came back",
    "partial_capture_reversal": "Not captured",
}
FEES = ("Stripe fees", "Dispute fees")
PURPOSES = {
    "clearing": "Stripe clearing",
    "bank": "Bank",
    "bank_by_destination": "Bank",
    "fees": "Stripe fees",
    "dispute_fees": "Dispute fees",
    "reserves": "Reserves",
    "unreconciled": "Not reconciled",
    "exchange": "Exchange differences",
    "payout_types": "Other movements",
    "undeposited": "Undeposited funds",
}


class Query(Asked):
    account: str | None = Field(None, max_length=100)
    currency: str | None = Field(None, pattern=r"^[A-Za-z]{3}$")
    month: str | None = Field(None, pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")
    state: str | None = Field(None, pattern=rf"^({'|'.join(STATES)})$")
    differs: bool = False
    before: str | None = Field(None, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}~[A-Za-z0-9_-]{1,200}$")

    def wanted(self) -> PayoutFilter:
        return PayoutFilter(self.account, self.currency, self.month, self.state, self.differs)


class LinesQuery(Asked):
    after: str | None = Field(None, max_length=300, pattern=r"^[0-9T:.+-]{10,40}~[A-Za-z0-9_-]{1,200}$")


@router.get("")
def listed(visit: Viewer, asked: Annotated[Query, QueryParams()]) -> Response:
    with visit.parts.database.session_scope() as session:
        off = payouts.named(session)
        rows = payouts.listed(session, asked.wanted(), limit=SHOWN + 1, before=asked.before, off=off)
        choices = payouts.choices(session)
        results, tried = tie_out.latest(session), tie_out.attempts(session)
    shown = rows[:SHOWN]
    after = shown[-1].cursor if len(rows) > SHOWN else None
    facts: dict[str, Any] = {
        "found": shown,
        "next": after,
        "choices": choices,
        "off": len(off),
        "results": results,
        "reason": reason,
    }
    facts |= {"several": len({one.account for one in results}) > 1, "pairs": pairs, "tried_rows": _tried(tried)}
    compared_at = max((row.at for row in tried.values() if row.at), default=None)
    return page(visit, "payouts/list.html", asked=asked, states=STATES, compared_at=compared_at, **facts)


@router.get("/export.csv")
def export(visit: Viewer, asked: Annotated[Query, QueryParams()]) -> Response:
    rows = payout_deeds.payout_rows(visit.parts, asked.wanted())
    return as_file("payouts.csv", payout_deeds.PAYOUT_COLUMNS, rows)


@router.get("/tie-out")
def compared(visit: Viewer) -> Response:
    with visit.parts.database.session_scope() as session:
        found = report(session)
        past = {
            (one.account, one.currency): payouts.history(session, one.account, one.currency) for one in found.results
        }
    return page(
        visit, "payouts/tie_out.html", report=found, past=past, tried_rows=[(one.account, one) for one in found.tried]
    )


@router.post("/tie-out")
def compare(visit: Operator, back: Annotated[str, Form()] = "/payouts/tie-out") -> Response:
    payout_deeds.measure(visit.parts, actor=visit.caller.name)
    return go_to(visit, back, "The two ledgers are being compared. This page shows the result when it is there.")


@router.get("/{payout_id}")
def one(visit: Viewer, payout_id: PayoutId, asked: Annotated[LinesQuery, QueryParams()]) -> Response:
    with visit.parts.database.session_scope() as session:
        payout = payouts.found(session, payout_id)
        if payout is None:
            raise not_found(
                f"There is no payout {payout_id} here. `Compare now` on the page Payouts looks for new ones."
            )
        lines = payouts.lines(session, payout, limit=LINES + 1, after=asked.after)
        facts: dict[str, Any] = {
            "sums": payouts.sums(session, payout),
            "records": payouts.records(session, payout),
            "wrong": [each for each in payouts.differences(session) if each["payout"] == payout_id],
            "purposes": _purposes(configuration.current(session), payout.account),
        }
    after = lines[LINES - 1].cursor if len(lines) > LINES else None
    place = places.in_stripe(visit.parts.settings, payout.account, payout_id)
    facts |= {
        "payout": payout,
        "lines": lines[:LINES],
        "next": after,
        "place": place,
        "words": IN_WORDS,
        "reason": reason,
    }
    fees_apart = _fees_apart(facts["sums"], facts["records"], facts["purposes"])
    return page(visit, "payouts/one.html", asked=asked, mended=_mended(payout), fees_apart=fees_apart, **facts)


@router.get("/{payout_id}/lines.csv")
def export_lines(visit: Viewer, payout_id: PayoutId) -> Response:
    rows = payout_deeds.line_rows(visit.parts, payout_id)
    return as_file(f"{payout_id}.csv", payout_deeds.LINE_COLUMNS, rows)


@router.post("/{payout_id}/post")
def post_again(visit: Operator, payout_id: PayoutId, reason: Reason) -> Response:
    run = payout_deeds.post_again(visit.parts, payout_id, actor=visit.caller.name, reason=reason)
    return go_to(visit, f"/payouts/{payout_id}", f"The payout is being posted again, by run {run}.")


@router.post("/{payout_id}/lines/{movement}/bring")
def bring_again(visit: Operator, payout_id: PayoutId, movement: PayoutId, reason: Reason) -> Response:
    run = payout_deeds.bring_again(visit.parts, payout_id, movement, actor=visit.caller.name, reason=reason)
    return go_to(visit, f"/payouts/{payout_id}", f"It is being brought over again, by run {run}.")


def reason(payout: Listed) -> str:
    """Why it is in its state, in a sentence."""
    match payout.state:
        case "posted":
            return "" if payout.read_at else "Posted since the last comparison."
        case "in_transit":
            return "On its way to the bank."
        case "failed":
            said = f": {payout.failure_message.rstrip('.')}" if payout.failure_message else ""
            return f"It came back{said}. Its money is part of a later payout."
        case "differs" if payout.difference:
            return "NetSuite's bank account has another amount: post it again."
        case "differs":
            return "A record of it was changed or is gone in NetSuite."
        case "waiting" if payout.run is None:
            return "No run has looked at it yet."
    return payout.sentence


def pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in names]


def _tried(tried: Mapping[str, Cursor]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, {"error": row.error, "tried_at": row.last_run_at}) for name, row in sorted(tried.items())]


def _mended(payout: Listed) -> bool:
    """Written since it was last read, so that what was found then may be over."""
    return payout.read_at is None and payout.deposited is not None


def _fees_apart(
    sums: Sequence[Sum], records: Sequence[Record], purposes: Mapping[str, str]
) -> tuple[Decimal, Decimal] | None:
    """What NetSuite and Stripe have for fees, where that is not the same. They are the usual thing to be corrected."""
    posted = [row for record in records for row in record.accounts]
    here = sum((amount for account, _, amount in posted if purposes.get(account) in FEES), Decimal(0))
    there = sum((one.fee - (one.net if one.category == "fee" else 0) for one in sums), Decimal(0))
    return (here, there) if posted and here != there else None


def _purposes(chosen: Config, account: str) -> dict[str, str]:
    """NetSuite account -> what finance uses it for."""
    found: dict[str, str] = {}
    books = chosen.for_account(account)
    for subsidiary in (None, *books.by_subsidiary):
        accounts = chosen.for_account(account, subsidiary).accounts.model_dump()
        for setting, words in PURPOSES.items():
            value = accounts.get(setting)
            ids = value.values() if isinstance(value, dict) else filter(None, [value])
            found |= {str(each): words for each in ids if str(each) not in found}
    return found
