"""Differences with their cause: records that are gone or were changed, deposits that do not fit, strange entries."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from app.core import tie_out_sql as sql
from app.core.links import Link
from app.core.payout_tables import Payout
from app.core.tie_out_items import ZERO, Difference, changed, gone, plain, wrong_in
from app.money import exponent, from_minor

if TYPE_CHECKING:
    from app.core.tie_out import Comparison

MOST = 200
"""So many are told by themselves; what is beyond is told in one sentence."""
GONE = ("failed", "canceled")


def found(
    of: "Comparison", rows: Sequence[Any], currencies: Sequence[str], rates: Mapping[str, Decimal]
) -> dict[str, list[Difference]]:
    """By currency. `rates`: by payout, what two exchange rates have left in NetSuite's accounts."""
    told: dict[str, list[Difference]] = defaultdict(list)
    for row in rows:
        told[row.currency] += wrong_in([row])
    for code in currencies:
        told[code] += _of_payouts(of, code, rates)
        told[code] += _at_the_bank(of, code)
    for code, difference in (*_strays(of), *_unpaid(of), *_without_worth(of)):
        told[code].append(difference)
    return {code: _shortened(several, code) for code, several in told.items()}


def _shortened(several: list[Difference], code: str) -> list[Difference]:
    if len(several) <= MOST:
        return several
    rest = sum((one.amount for one in several[MOST:] if not one.bank), ZERO)
    more = Difference(
        f"{len(several) - MOST} more, {rest} {code} in all.", "Mend the first ones, then look again.", rest
    )
    return [*several[:MOST], more]


def _of_payouts(of: "Comparison", code: str, rates: Mapping[str, Decimal]) -> Iterator[Difference]:
    """What the records of a posted payout and its deposit leave behind, told by record where one is to blame."""
    asked = {"account": of.account, "currency": code, "decimals": exponent(code)}
    uneven = {row.payout: row.value for row in of.session.execute(sql.UNEVEN, asked)}
    for payout, left in uneven.items():
        rest = rates.get(payout, ZERO) - left
        if not rest:
            continue
        for one in _records(of, payout, code):
            rest -= one.amount
            yield one
        if rest:
            yield _deposit(of, payout, rest, code)


def _records(of: "Comparison", payout: str, code: str) -> Iterator[Difference]:
    asked = {"account": of.account, "payouts": [payout], "decimals": exponent(code)}
    for row in of.session.execute(sql.CHANGED, asked):
        amount = from_minor(row.amount, code)
        told = gone(_Coded(row, code), amount) if row.value is None else changed(_Coded(row, code), amount, row.value)
        yield Difference(**{**told.__dict__, "payout": payout})


class _Coded:
    def __init__(self, row: Any, currency: str) -> None:
        self._row, self.currency = row, currency

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _deposit(of: "Comparison", payout: str, rest: Decimal, code: str) -> Difference:
    link = of.session.scalars(select(Link).where(Link.stripe_id == payout, Link.role == "dep")).first()
    record = link.netsuite_id if link else None
    there = record is not None and of.session.scalar(text("SELECT 1 FROM booked WHERE record = :it"), {"it": record})
    if there:
        sentence = (
            f"Deposit {record} of payout {payout} does not take out what the payout paid out: {plain(rest)} {code}."
        )
    else:
        sentence = (
            f"Deposit {record} of payout {payout} is no longer in NetSuite: {plain(rest)} {code} lie there still."
        )
    return Difference(sentence, "Post the payout again.", rest, payout=payout, record_type="deposit", record=record)


def _at_the_bank(of: "Comparison", code: str) -> Iterator[Difference]:
    mine = (Payout.account == of.account, Payout.currency == code, Payout.deposited.is_not(None))
    wanted = select(Payout).where(*mine, Payout.deposited != Payout.amount).order_by(Payout.created_at)
    for payout in of.session.scalars(wanted):
        expected = 0 if payout.status in GONE else payout.amount
        if payout.deposited != expected:
            there = from_minor(payout.deposited or 0, code)
            sentence = (
                f"Payout {payout.id} brought {from_minor(expected, code)} {code} to the bank; "
                f"NetSuite's bank account has {there} {code} of it."
            )
            apart = from_minor(expected, code) - there
            yield Difference(sentence, "Post the payout again.", apart, payout=payout.id, bank=True)


def _strays(of: "Comparison") -> Iterator[tuple[str, Difference]]:
    """Entries on a clearing account that stand for nothing at Stripe; those before the start are opening entries."""
    start = of.chosen.start_of("deposit")
    for row in of.session.execute(sql.STRAYS):
        if not _is_before(row.day, start):
            sentence = (
                f"{row.type.capitalize()} {row.number or row.record} of {row.day} puts {plain(row.value)} "
                f"{row.currency} on account {row.place}, and stands for nothing at Stripe."
            )
            action = "Move it to the account it belongs to, or delete it in NetSuite."
            yield row.currency, Difference(sentence, action, -row.value, record_type=row.type, record=row.record)


def _is_before(day: date, start: date | None) -> bool:
    return start is not None and day < start


def _unpaid(of: "Comparison") -> Iterator[tuple[str, Difference]]:
    for row in of.session.execute(sql.NOT_OF_STRIPE):
        sentence = (
            f"{row.type.capitalize()} {row.number or row.record} of {row.name} puts {plain(row.value)} {row.currency} "
            "on an account for money at Stripe, but Stripe's balance never had it."
        )
        action = "Move it to the account that the money came to."
        told = Difference(sentence, action, -row.value, subject=row.name, record_type=row.type, record=row.record)
        yield row.currency, told


def _without_worth(of: "Comparison") -> Iterator[tuple[str, Difference]]:
    for row in of.session.execute(sql.UNVALUED):
        sentence = (
            f"{row.type.capitalize()} {row.number or row.record} on account {row.place} is in a currency that Stripe "
            "does not hold, and its worth in one that it holds is not known."
        )
        yield of.base, Difference(sentence, "Set the account's subsidiary under `books`.", ZERO, record=row.record)
