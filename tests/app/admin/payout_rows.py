"""Payouts as the flow and a comparison leave them, without either."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.core.payout_tables import Movement, Payout, TieOutRow
from app.db import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def payout(number: int, **given: Any) -> Payout:
    """`po_<number>` of 100.00 USD, posted and read."""
    usual: dict[str, Any] = {
        "id": f"po_{number}",
        "account": "main",
        "currency": "USD",
        "amount": 10_000,
        "status": "paid",
        "automatic": True,
        "method": "standard",
        "created_at": NOW,
        "arrival_date": date(2026, 2, number),
        "settled": True,
        "deposited": 10_000,
        "read_at": NOW,
    }
    return Payout(**usual | given)


def movement(number: int, of: str, **given: Any) -> Movement:
    usual: dict[str, Any] = {
        "id": f"txn_{number}",
        "account": "main",
        "currency": "USD",
        "amount": 10_320,
        "fee": 320,
        "net": 10_000,
        "type": "charge",
        "category": "charge",
        "source": f"ch_{number}",
        "name": f"ch_{number}",
        "created_at": NOW,
        "payout": of,
    }
    return Movement(**usual | given)


def compared(**given: Any) -> TieOutRow:
    amounts = dict.fromkeys(("stripe", "netsuite", "unexplained", "arrived", "bank"), Decimal(0))
    usual: dict[str, Any] = {"account": "main", "currency": "USD", "at": NOW, "agrees": True, **amounts}
    return TieOutRow(**usual | {"items": [], "differences": []} | given)


def wrong(**given: Any) -> dict[str, Any]:
    usual = {"sentence": "It differs.", "action": "Post the payout again.", "amount": "5.00", "bank": False}
    return usual | dict.fromkeys(("payout", "subject", "record_type", "record", "run")) | given


def keep(database: Database, rows: Sequence[Any]) -> None:
    with database.session_scope() as session:
        _add(session, rows)


def _add(session: Session, rows: Sequence[Any]) -> None:
    for row in rows:
        session.add(row)
