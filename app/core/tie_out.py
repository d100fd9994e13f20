"""The tie-out: Stripe's balance against the accounts in NetSuite that stand for it, by Stripe account and currency.

    what Stripe holds = what NetSuite's accounts hold + timing items, each of them listed + what stays unexplained

Nothing is asked again that was read before: see `tie_out_stripe` and `postings`. How the two sides are read, and what
cannot be known: docs/decisions/0025.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import config as configuration
from app.core import postings, tie_out_differences, tie_out_stripe
from app.core import tie_out_sql as sql
from app.core.config import Config
from app.core.dispatch import Modes
from app.core.execute import Systems
from app.core.interfaces import Clock
from app.core.links import ROLES as RECORD_TYPES
from app.core.locks import Busy, subject_locks
from app.core.payout_tables import ROLES, Payout, TieOutRow
from app.core.postings import Places
from app.core.tables import Cursor
from app.core.tie_out_items import ZERO, Difference, Item, Items, Told, items_of
from app.db import Database
from app.errors import NotReady, TieoutError
from app.money import exponent, from_minor

if TYPE_CHECKING:
    from app.core.interfaces import NetSuite
    from app.systems.stripe import objects as st

log = structlog.get_logger()
LOCK = "tie-out"
RATES = "Left in NetSuite by two exchange rates for one payment"
SUBJECTS = 1000
KEPT = timedelta(days=40)
"""Results older than this are forgotten."""


class Parts(Protocol):
    """What it takes to measure."""

    @property
    def database(self) -> Database: ...
    @property
    def systems(self) -> Systems: ...
    @property
    def modes(self) -> Modes: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True)
class TieOut:
    """One account in one currency, in major units. `arrived`: payouts that reached the bank since the start;
    `bank`: what of them NetSuite's bank accounts have.
    """

    account: str
    currency: str
    at: datetime
    stripe: Decimal
    netsuite: Decimal
    items: tuple[Item, ...]
    differences: tuple[Difference, ...]
    arrived: Decimal
    bank: Decimal

    @property
    def timing(self) -> Decimal:
        return sum((item.amount for item in self.items), ZERO)

    @property
    def unexplained(self) -> Decimal:
        """What the timing items leave; the differences say of it what they can."""
        return self.stripe - self.netsuite - self.timing

    @property
    def agrees(self) -> bool:
        return not self.unexplained and not self.differences


def accounts_of(modes: Modes) -> list[str]:
    """Stripe accounts that may meet this NetSuite."""
    return [name for name in sorted(modes.stripe) if not modes.refusal(name)]


def measure(parts: Parts, only: str | None = None) -> list[TieOut]:
    """Read what is new, compare, and keep the results. Raises anything of `app.errors`; what failed is kept, too.

    One at a time: raises NotReady while another one is at it.
    """
    with parts.database.session_scope() as session:
        chosen = configuration.current(session)
    accounts = accounts_of(parts.modes)
    found: list[TieOut] = []
    with subject_locks(parts.database) as locks:
        try:
            locks.take(LOCK)
        except Busy:
            raise NotReady("The two ledgers are being compared already; look again in a minute.") from None
        for account in accounts if only is None else [only]:
            with _remembered(parts, account):
                found += _measured(parts, account, accounts, chosen)
    for one in found:
        log.info("tie_out.measured", account=one.account, currency=one.currency, agrees=one.agrees)
    return found


@contextmanager
def _remembered(parts: Parts, account: str) -> Iterator[None]:
    """When it was last tried, and what came in between."""
    now = parts.clock.now()
    try:
        yield
    except TieoutError as error:
        _note(parts.database, account, {"last_run_at": now, "error": error.sentence})
        raise
    _note(parts.database, account, {"at": now, "last_run_at": now, "error": None})


def _note(database: Database, account: str, values: dict[str, Any]) -> None:
    with database.session_scope() as session:
        new = insert(Cursor).values(name=f"tie_out/{account}", **values)
        session.execute(new.on_conflict_do_update(index_elements=[Cursor.name], set_=values))


def _measured(parts: Parts, account: str, accounts: Sequence[str], chosen: Config) -> list[TieOut]:
    stripe, netsuite = parts.systems.stripe(account, _forget), parts.systems.netsuite(_forget)
    places = {name: postings.places(chosen, name) for name in {*accounts, account}}
    everywhere = Places(frozenset(), frozenset(), frozenset())
    for one in places.values():
        everywhere |= one
    postings.read(parts.database, netsuite, everywhere)
    held = tie_out_stripe.read(parts.database, stripe, account, parts.clock.now())
    with parts.database.session_scope() as session:
        adopted = list(session.scalars(sql.ADOPTED, {"account": account}))
    postings.read_adopted(parts.database, netsuite, everywhere, adopted)
    with parts.database.session_scope() as session:
        found = Comparison(session, account, chosen, places, parts.clock.now(), base_of(netsuite, chosen, account)).all(
            held
        )
        _keep(session, found)
        old = (TieOutRow.account == account, TieOutRow.at < parts.clock.now() - KEPT)
        session.execute(delete(TieOutRow).where(*old))
    return found


def base_of(netsuite: "NetSuite", chosen: Config, account: str) -> str:
    """The subsidiary's own currency; empty when it is not known."""
    subsidiary = chosen.for_account(account).subsidiary
    base = netsuite.subsidiary(subsidiary).currency if subsidiary else None
    return netsuite.iso_currency(base) if base else ""


@dataclass
class Comparison:
    """Of one Stripe account, in one transaction."""

    session: Session
    account: str
    chosen: Config
    places: Mapping[str, Places]
    now: datetime
    base: str

    def all(self, held: "Sequence[st.BalanceOf]") -> list[TieOut]:
        balances = {one.currency.upper(): from_minor(one.available + one.pending, one.currency) for one in held}
        paid_out = self.session.scalars(select(Payout.currency).where(Payout.account == self.account).distinct())
        currencies = sorted(balances.keys() | set(paid_out))
        self._value(currencies)
        self._deposited(currencies)
        netsuite = {row.currency: row.value or ZERO for row in self.session.execute(sql.NETSUITE)}
        rows = self.session.execute(sql.OPEN, {"account": self.account}).all()
        items = items_of(rows, self._told(rows), self._starts())
        self._opening(items)
        wrong = tie_out_differences.found(self, rows, currencies, self._rates(items))
        return [
            self._one(
                code, balances.get(code, ZERO), netsuite.get(code, ZERO), list(items.get(code, {}).values()), wrong
            )
            for code in sorted({*currencies, *(name for name in netsuite if name)})
        ]

    def _one(
        self, code: str, stripe: Decimal, netsuite: Decimal, items: list[Item], wrong: Mapping[str, list[Difference]]
    ) -> TieOut:
        arrived, bank = self._arrived(code)
        kept = tuple(item.trimmed() for item in sorted(items, key=lambda one: one.title) if item.amount)
        return TieOut(self.account, code, self.now, stripe, netsuite, kept, tuple(wrong.get(code, ())), arrived, bank)

    def _value(self, currencies: list[str]) -> None:
        own = self.places[self.account]
        before = [name for name in sorted(self.places) if name < self.account]
        others = frozenset[str]().union(*(self.places[name].clearing for name in before))
        asked = {
            "account": self.account,
            "base": self.base,
            "currencies": currencies,
            "money": sorted(own.money),
            "clearing": sorted(own.clearing),
            # what nobody has linked counts for the first account that this clearing account belongs to
            "owned": sorted(own.clearing - others),
        }
        self.session.execute(sql.VALUED, asked)
        self.session.execute(sql.BOOKED)
        self.session.execute(sql.KEYED)

    def _deposited(self, currencies: list[str]) -> None:
        bank = sorted(self.places[self.account].bank)
        for code in currencies:
            asked = {
                "account": self.account,
                "currency": code,
                "decimals": exponent(code),
                "bank": bank,
                "now": self.now,
            }
            self.session.execute(sql.DEPOSITED, asked)

    def _arrived(self, code: str) -> tuple[Decimal, Decimal]:
        start = self.chosen.start_of("deposit")
        mine = (Payout.account == self.account, Payout.currency == code)
        since = (Payout.arrival_date >= start,) if start else ()
        arrived = (
            self.session.scalar(select(func.sum(Payout.amount)).where(*mine, *since, Payout.status == "paid")) or 0
        )
        bank = self.session.scalar(select(func.sum(Payout.deposited)).where(*mine)) or 0
        return from_minor(int(arrived), code), from_minor(int(bank), code)

    def _rates(self, items: dict[str, Items]) -> dict[str, Decimal]:
        """By payout. NetSuite carries it until it revalues the account; no money stands behind it."""
        found = list(self.session.execute(sql.RATES, {"account": self.account}))
        for row in found:
            own = items.setdefault(row.currency, {})
            own.setdefault(("rates", RATES), Item("rates", RATES)).add(-row.value)
        return {row.payout: row.value for row in found}

    def _opening(self, items: dict[str, Items]) -> None:
        """Entries of NetSuite's own from before the start stand for what Stripe held then; neither is proven."""
        start = self.chosen.start_of("deposit")
        for row in self.session.execute(sql.STRAYS) if start else ():
            if row.day < start:
                title = f"NetSuite's own entries from before {start:%Y-%m-%d}"
                own = items.setdefault(row.currency, {})
                own.setdefault(("before", title), Item("before", title)).add(-row.value)

    def _starts(self) -> dict[str, date | None]:
        by_category = {one: self.chosen.start_of(RECORD_TYPES[roles[0]]) for one, roles in ROLES.items()}
        return {"": self.chosen.start_of("deposit"), **by_category}

    def _told(self, rows: Sequence[Any]) -> dict[str, Told]:
        """What runs say of those that have no record."""
        lacking = [row for row in rows if row.value is None]
        subjects = sorted({name for row in lacking for name in (row.name, row.source) if name})
        found: dict[str, Told] = {}
        for start in range(0, len(subjects), SUBJECTS):
            asked = {"account": self.account, "subjects": subjects[start : start + SUBJECTS]}
            for run in self.session.execute(sql.RUNS, asked):
                found[run.subject] = Told(run.id, run.state, run.summary)
        return found


def _forget(_: object) -> None:
    """What a comparison asks belongs to no run."""


# what was found ------------------------------------------------------------------------------------------------


def _keep(session: Session, found: Sequence[TieOut]) -> None:
    for one in found:
        session.add(
            TieOutRow(
                account=one.account,
                currency=one.currency,
                at=one.at,
                stripe=one.stripe,
                netsuite=one.netsuite,
                unexplained=one.unexplained,
                arrived=one.arrived,
                bank=one.bank,
                agrees=one.agrees,
                items=[_json(asdict(item)) for item in one.items],
                differences=[_json(asdict(each)) for each in one.differences],
            )
        )


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_json(one) for one in value]
    return f"{value:f}" if isinstance(value, Decimal) else value


def latest(session: Session, account: str | None = None) -> list[TieOutRow]:
    """The newest result of each account and currency that the last comparison of its account had."""
    newest = select(TieOutRow.account, func.max(TieOutRow.at).label("at")).group_by(TieOutRow.account).subquery()
    wanted = select(TieOutRow).join(newest, (newest.c.account == TieOutRow.account) & (newest.c.at == TieOutRow.at))
    if account is not None:
        wanted = wanted.where(TieOutRow.account == account)
    return list(session.scalars(wanted.order_by(TieOutRow.account, TieOutRow.currency)))


def attempts(session: Session) -> dict[str, Cursor]:
    """By account: when it was last compared, and what came in between."""
    rows = session.scalars(select(Cursor).where(Cursor.name.startswith("tie_out/")))
    return {row.name.partition("/")[2]: row for row in rows}
