"""Keeps payouts and balance transactions as they are met: by the flow that posts them, and by the tie-out."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.payout_tables import Movement, Payout, name_of
from app.db import Database

if TYPE_CHECKING:
    from app.systems.stripe import objects as st

BATCH = 1000


class StoredPayouts:
    """The Payouts of one run. Each is saved at once, as links are: what was seen stays true if the run is held."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def seen(self, payout: "st.Payout", /) -> None:
        with self._database.session_scope() as session:
            keep_payouts(session, self._account, [payout])

    def itemised(self, payout: str, movements: "Sequence[st.BalanceTransaction]", /) -> None:
        with self._database.session_scope() as session:
            keep_movements(session, self._account, movements, payout=payout)

    def posted(self, payout: str, deposited: int, /) -> None:
        values = {"deposited": deposited, "read_at": None, "settled": deposited != 0 or Payout.settled}
        with self._database.session_scope() as session:
            session.execute(update(Payout).where(Payout.id == payout).values(values))


def keep_movements(
    session: Session, account: str, movements: "Iterable[st.BalanceTransaction]", *, payout: str | None = None
) -> int:
    """How many there were. Amounts never change in Stripe; only what paid it out becomes known later."""
    rows = [_movement(account, one, payout) for one in movements]
    for start in range(0, len(rows), BATCH):
        new = insert(Movement).values(rows[start : start + BATCH])
        known = func.coalesce(new.excluded.payout, Movement.payout)
        session.execute(new.on_conflict_do_update(index_elements=[Movement.id], set_={"payout": known}))
    return len(rows)


def keep_payouts(session: Session, account: str, payouts: "Iterable[st.Payout]") -> None:
    rows = [_payout(account, one) for one in payouts]
    for start in range(0, len(rows), BATCH):
        new = insert(Payout).values(rows[start : start + BATCH])
        changing = ("status", "arrival_date", "failure_movement", "failure_message", "trace_id")
        session.execute(
            new.on_conflict_do_update(
                index_elements=[Payout.id], set_={name: getattr(new.excluded, name) for name in changing}
            )
        )


def _movement(account: str, one: "st.BalanceTransaction", payout: str | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "account": account,
        "currency": one.currency.upper(),
        "amount": one.amount,
        "fee": one.fee,
        "net": one.net,
        "type": one.type,
        "category": one.reporting_category,
        "source": one.source,
        "name": name_of(one.reporting_category, one.id, one.source),
        "description": one.description,
        "created_at": one.created,
        "payout": payout,
    }


def _payout(account: str, one: "st.Payout") -> dict[str, Any]:
    back = one.failure_balance_transaction
    return {
        "id": one.id,
        "account": account,
        "currency": one.currency.upper(),
        "amount": one.amount,
        "status": one.status,
        "automatic": one.automatic,
        "method": one.method,
        "created_at": one.created,
        "arrival_date": one.arrival_date.date(),
        "failure_movement": back.id if back else None,
        "failure_message": one.failure_message,
        "trace_id": one.trace_id,
    }
