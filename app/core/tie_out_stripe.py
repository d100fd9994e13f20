"""Stripe's side of the tie-out, kept here: every balance transaction and payout, read once each.

A first look reads backwards to the beginning of the account and may be cut off: it goes on where it stopped. Each later
one reads what is newer than the one before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.core.kept_payouts import BATCH, keep_movements, keep_payouts
from app.core.links import Link
from app.core.payout_tables import Movement, Payout
from app.core.tables import Cursor
from app.db import Database

if TYPE_CHECKING:
    from app.core.interfaces import Stripe
    from app.systems.stripe import objects as st

OVERLAP = timedelta(days=1)
MAY_COME_BACK = timedelta(days=14)
"""A bank may return a payout some days after it arrived; the event of it is the usual way to know."""
ITEMISED_AT_ONCE = 200
FIRST_LOOK = "movements_first"
"""The cursor of a look that has not come to the beginning yet: `at` the oldest it has met, `last_run_at` the newest."""


def read(database: Database, stripe: "Stripe", account: str, now: datetime) -> "Sequence[st.BalanceOf]":
    """The balance, when everything that makes it up has been read; it must not have moved meanwhile."""
    for _ in range(3):
        before = stripe.balance()
        read_movements(database, stripe, account, now)
        read_payouts(database, stripe, account, now)
        if stripe.balance() == before:
            break
    itemise_posted(database, stripe, account)
    settle(database, account)
    return before


def read_movements(database: Database, stripe: "Stripe", account: str, now: datetime) -> int:
    """How many were read. The cursor is at the newest that a whole look has met.

    Runs keep movements too, so what is kept says nothing about how far a look has come.
    """
    with database.session_scope() as session:
        whole, first = (session.get(Cursor, f"{name}/{account}") for name in ("movements", FIRST_LOOK))
    since = whole.at - OVERLAP if whole and whole.at else None
    until = first.at if first and since is None else None
    newest = first.last_run_at if first and since is None else whole.at if whole else None
    found = 0
    for batch in _batches(stripe.movements(since=since, until=until)):
        with database.session_scope() as session:
            found += keep_movements(session, account, batch)
        newest = max(newest or batch[0].created, batch[0].created)
        if since is None:
            _remember(database, f"{FIRST_LOOK}/{account}", batch[-1].created, newest, found)
    _remember(database, f"movements/{account}", newest, now, found)
    return found


def _batches(movements: "Iterator[st.BalanceTransaction]") -> "Iterator[list[st.BalanceTransaction]]":
    while batch := list(islice(movements, BATCH)):
        yield batch


def _remember(database: Database, name: str, at: datetime | None, ran: datetime, found: int) -> None:
    values = {"at": at, "last_run_at": ran, "found": found}
    with database.session_scope() as session:
        new = insert(Cursor).values(name=name, **values)
        session.execute(new.on_conflict_do_update(index_elements=[Cursor.name], set_=values))


def read_payouts(database: Database, stripe: "Stripe", account: str, now: datetime) -> None:
    """Those that are new, and those that may still change."""
    own = Payout.account == account
    on_their_way = select(func.min(Payout.created_at)).where(own, Payout.status.in_(("pending", "in_transit")))
    with database.session_scope() as session:
        whole = session.get(Cursor, f"payouts/{account}") is not None
        newest = session.scalar(select(func.max(Payout.created_at)).where(own))
        oldest = session.scalar(on_their_way)
    since = min(oldest or newest, newest - MAY_COME_BACK) if whole and newest else None
    found, kept = stripe.payouts(since), 0
    while batch := list(islice(found, BATCH)):
        with database.session_scope() as session:
            keep_payouts(session, account, batch)
        kept += len(batch)
    _remember(database, f"payouts/{account}", now, now, kept)


def itemise_posted(database: Database, stripe: "Stripe", account: str) -> None:
    """Payouts posted before this was kept: what they consist of."""
    posted = exists().where(Link.stripe_id == Payout.id, Link.role == "dep")
    bare = ~exists().where(Movement.payout == Payout.id)
    wanted = select(Payout.id).where(Payout.account == account, Payout.automatic, posted, bare)
    with database.session_scope() as session:
        some = session.scalars(wanted.order_by(Payout.created_at.desc()).limit(ITEMISED_AT_ONCE)).all()
    for payout in some:
        listed = list(stripe.balance_transactions(payout=payout))
        with database.session_scope() as session:
            keep_movements(session, account, listed, payout=payout)


_SETTLED = text(
    """
    UPDATE payouts p
    SET settled = d.posted OR coalesce(d.again, false), paid_by = CASE WHEN d.posted THEN NULL ELSE d.by END
    FROM (
        SELECT q.id,
            EXISTS (SELECT 1 FROM links l WHERE l.stripe_id = q.id AND l.role = 'dep'
                    AND (l.current OR l.facts ->> 'reversed' = 'journal')) AS posted,
            later.settled AS again, coalesce(later.paid_by, later.id) AS by
        FROM payouts q
        LEFT JOIN movements m ON m.id = q.failure_movement
        LEFT JOIN payouts later ON later.id = m.payout
        WHERE q.account = :account) d
    WHERE p.id = d.id AND (p.settled, p.paid_by) IS DISTINCT FROM
        (d.posted OR coalesce(d.again, false), CASE WHEN d.posted THEN NULL ELSE d.by END)
    """
)
LONGEST_CHAIN = 10


def settle(database: Database, account: str) -> None:
    """Which payouts NetSuite has. One that came back before it was posted is in the one that paid it out again."""
    for _ in range(LONGEST_CHAIN):
        with database.session_scope() as session:
            if not session.execute(_SETTLED, {"account": account}).rowcount:  # type: ignore[attr-defined]
                return
