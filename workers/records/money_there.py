"""Where the money of a balance transaction lies in NetSuite, and that it is there as Stripe has it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.config import required
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import AmountMismatch, Held
from app.money import from_minor
from workers.records.exchange import settles
from workers.records.payout_accounts import accounts_of, path
from workers.records.payout_rows import Row

AT_ONCE = 200
HEADS = "SELECT t.id, t.foreigntotal, t.currency, t.exchangerate, t.status, t.voided FROM transaction t WHERE t.id IN "
DEPOSITED = "C"
NOT_DEPOSITED = "B"
SHOW_IT = ("customerPayment", "cashSale", "cashRefund", "customerDeposit")
"""Types whose status says whether they were deposited; a customer refund's does not."""


@dataclass(frozen=True)
class There:
    """`account` is where it lies, empty in undeposited funds. `total` without a sign, in the record's currency."""

    id: str
    iso: str
    total: Decimal
    rate: Decimal
    account: str
    undeposited: bool
    deposited: bool
    subsidiary: str | None


def standing(rows: Sequence[Row], to: Ledger[Any]) -> dict[str, There]:
    """By balance transaction. Raises AmountMismatch, or Held when a record was voided."""
    linked = [(row, row.link) for row in rows if row.link]
    told = dict(heads(sorted({link.netsuite_id for _, link in linked}), to))
    return {row.movement.id: _there(row, link, told.get(link.netsuite_id), to) for row, link in linked}


def heads(internal_ids: Sequence[str], to: Ledger[Any]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    for start in range(0, len(internal_ids), AT_ONCE):
        some = internal_ids[start : start + AT_ONCE]
        places = ", ".join("?" * len(some))
        yield from ((str(row["id"]), row) for row in to.netsuite.query(f"{HEADS}({places})", some))


def _there(row: Row, link: Link, head: Mapping[str, str | None] | None, to: Ledger[Any]) -> There:
    if row.kind == "refund_failure" or not link.current:
        return _given_back(row, link, to)
    if head is None or head.get("voided") == "T":
        raise Held(
            f"{link.netsuite_type} {link.netsuite_id} of {row.movement.source} is no longer in NetSuite, or voided.",
            code="gone",
            action="Enter it again, or retire its link so that its flow makes it anew; then replay.",
        )
    iso, total = to.netsuite.iso_currency(str(head["currency"])), abs(Decimal(head["foreigntotal"] or 0))
    if not settles(total, iso, row.movement):
        _differs(row, link, total, iso)
    lies = lies_in(link, head, to)
    return There(
        id=link.netsuite_id,
        iso=iso,
        total=total,
        rate=Decimal(head.get("exchangerate") or 1),
        account=lies or "",
        undeposited=lies is None,
        deposited=link.netsuite_type in SHOW_IT and head.get("status") == DEPOSITED,
        subsidiary=link.facts.get("subsidiary"),
    )


def _given_back(row: Row, link: Link, to: Ledger[Any]) -> There:
    """A refund that failed: its record was undone, so its money is where it was taken from, and is moved by a line."""
    movement = row.movement
    sentence = "The account Undeposited Funds, which a failed refund goes back to, is not set."
    whose: str | None = link.facts.get("subsidiary")
    return There(
        id=link.netsuite_id,
        iso=movement.currency.upper(),
        total=from_minor(abs(movement.amount), movement.currency),
        rate=Decimal(1),
        account=str(
            link.facts.get("money")
            or required(accounts_of(whose, to).undeposited, path("undeposited", whose, to), sentence)
        ),
        undeposited=False,
        deposited=False,
        subsidiary=whose,
    )


def lies_in(link: Link, head: Mapping[str, str | None], to: Ledger[Any]) -> str | None:
    """The account that its money is in or came out of; None for undeposited funds."""
    undeposited = accounts_of(link.facts.get("subsidiary"), to).undeposited
    if "money" not in link.facts:
        if link.netsuite_type in SHOW_IT and head.get("status") == NOT_DEPOSITED:
            return None
        account = to.netsuite.transaction(link.netsuite_type, link.netsuite_id).account
    else:
        account = link.facts["money"]
    return None if account in (None, undeposited) else str(account)


def _differs(row: Row, link: Link, total: Decimal, iso: str) -> None:
    movement = row.movement
    settled = from_minor(abs(movement.amount), movement.currency)
    if movement.currency == iso.lower():
        raise AmountMismatch(f"{link.netsuite_type} {link.netsuite_id} of {movement.source}", total, settled, iso)
    raise Held(
        f"{link.netsuite_type} {link.netsuite_id} of {movement.source} is {total} {iso} in NetSuite; Stripe settled "
        f"{settled} {movement.currency.upper()} at the rate {movement.exchange_rate}, which is another amount.",
        code="amount_mismatch",
        action="Compare the record with Stripe, correct it, then replay.",
    )
