"""Payouts and the tie-out: what the API, the CLI and the pages ask and do."""

from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import actions
from app.admin.actions import Impossible
from app.admin.parts import Parts
from app.core import jobs, payouts
from app.core.links import Link
from app.core.payouts import FLOW, Line, Listed, PayoutFilter
from app.core.tables import Job
from app.money import quantize


def measure(parts: Parts, *, actor: str, reason: str = "") -> Job:
    """A job that compares the two ledgers; one that has not begun yet is given instead of another."""
    with parts.database.session_scope() as session:
        waiting = select(Job).where(Job.kind == "tie_out", Job.state == "queued").order_by(Job.id.desc()).limit(1)
        job = session.scalars(waiting).first() or jobs.tie_out(session, actor=actor, reason=reason)
    actions.send_job(parts, job.id)
    return job


def post_again(parts: Parts, payout_id: str, *, actor: str, reason: str) -> int:
    """Write its records anew, whatever was done to them in NetSuite; the run. Raises LookupError."""
    with parts.database.session_scope() as session:
        payout = _payout(session, payout_id)
        payouts.forget_what_was_sent(session, payout_id, actor=actor, reason=reason)
    flow = actions.flow_called(parts, FLOW)
    return actions.run_now(parts, flow, payout.account, [payout_id], actor=actor)[payout_id]


def bring_again(parts: Parts, payout_id: str, movement: str, *, actor: str, reason: str) -> int:
    """A record that is gone from NetSuite is made anew by its own flow; the run. Raises LookupError, Impossible."""
    with parts.database.session_scope() as session:
        payout = _payout(session, payout_id)
        line = next((one for one in payouts.all_lines(session, payout) if one.id == movement), None)
        if line is None:
            raise LookupError(f"Payout {payout_id} has no transaction {movement}.")
        link = _link(session, payout, line)
        subject = link.stripe_id
        maker = parts.catalogue.maker("stripe", link.role, subject)
        if maker is None:
            raise Impossible(f"No flow makes what stands for {subject}: enter it in NetSuite and link it.")
        payouts.retire_record(session, link, actor=actor, reason=reason)
    return actions.run_now(parts, maker, payout.account, [subject], actor=actor)[subject]


def _payout(session: Session, payout_id: str) -> Listed:
    payout = payouts.found(session, payout_id)
    if payout is None:
        raise LookupError(f"There is no payout {payout_id} here.")
    return payout


def _link(session: Session, payout: Listed, line: Line) -> Link:
    if line.there is not False or line.record is None:
        raise Impossible(f"{line.source or line.id} is in NetSuite: there is nothing to bring over again.")
    mine = (Link.netsuite_id == line.record, Link.netsuite_type == line.record_type, Link.account == payout.account)
    return session.scalars(select(Link).where(*mine, Link.current)).one()


# files -----------------------------------------------------------------------------------------------------------

PAYOUT_COLUMNS = (
    "payout", "account", "state", "arrival date", "currency", "expected", "deposited", "difference", "run",
    "explanation",
)  # fmt: skip
LINE_COLUMNS = (
    "payout", "transaction", "created", "type", "stripe object", "currency", "gross", "fee", "net", "netsuite type",
    "netsuite id", "in netsuite", "run", "explanation",
)  # fmt: skip
Cells = tuple[object, ...]


def payout_rows(parts: Parts, wanted: PayoutFilter) -> Iterator[Cells]:
    with parts.database.session_scope() as session:
        for one in payouts.everything(session, wanted):
            amounts = (_exact(value, one.currency) for value in (one.expected, one.deposited, one.difference))
            head = (one.id, one.account, one.state, one.arrival_date.isoformat(), one.currency)
            yield (*head, *amounts, one.run or "", one.sentence)


def line_rows(parts: Parts, payout_id: str) -> Iterator[Cells]:
    """Raises LookupError before the first row."""
    with parts.database.session_scope() as session:
        payout = _payout(session, payout_id)
    return _line_rows(parts, payout)


def _line_rows(parts: Parts, payout: Listed) -> Iterator[Cells]:
    with parts.database.session_scope() as session:
        for one in payouts.all_lines(session, payout):
            amounts = (_exact(value, one.currency) for value in (one.gross, one.fee, one.net))
            there = {True: "yes", False: "gone", None: ""}[one.there]
            head = (payout.id, one.id, one.created_at.isoformat(), one.type, one.source or "", one.currency)
            yield (*head, *amounts, one.record_type or "", one.record or "", there, one.run or "", one.sentence)


def _exact(value: Decimal | None, currency: str) -> object:
    return "" if value is None else quantize(value, currency)
