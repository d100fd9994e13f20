"""A Stripe payout as a NetSuite bank deposit: what it took in, what was kept back of it, and the proof that it fits.

Money that lies in undeposited funds is ticked into the deposit; money in a clearing account is taken out of it by a
line. What settled in another currency than it was paid in comes by way of the clearing account of its own currency.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from app.core.interfaces import Ledger
from app.core.links import external_id
from app.errors import AmountMismatch, Held
from app.money import from_minor, quantize
from app.systems.netsuite.records import Deposit, Deposited, DepositLine
from app.systems.stripe import objects as st
from workers.records import payout_accounts as accounts
from workers.records import rate_claims
from workers.records.dates import Posting
from workers.records.exchange import DIGITS, base_currency
from workers.records.money_there import There, standing
from workers.records.payout_rows import Row

TITLES = {
    "charge": "Stripe payments",
    "refund": "Stripe refunds",
    "refund_failure": "Stripe refunds that failed",
    "charge_failure": "Stripe payments returned",
    "dispute": "Stripe disputes",
    "dispute_reversal": "Stripe disputes won",
    "reserve": "Stripe reserves",
    "payout": "Stripe payouts made by hand",
    "payout_failure": "Stripe payouts that came back",
    "undone": "Stripe payments that came back at once",
    "unreconciled": "Stripe transactions not kept in NetSuite",
}
MEMO = 999
RETURNED = ("failed", "canceled")


@dataclass(frozen=True)
class Part:
    """What one thing adds to the deposit; `tick` is a record in undeposited funds, else it is a line on `account`.
    `said`: Stripe's own words for it.
    """

    amount: Decimal
    kind: str
    title: str
    account: str = ""
    source: str | None = None
    tick: str | None = None
    kept_back: bool = False
    said: str | None = None


@dataclass(frozen=True)
class Abroad:
    """Records in undeposited funds of another currency than the payout's, taken out of there by a deposit of their
    own. `amount` is in that currency, `settled` in the payout's.
    """

    iso: str
    ticks: tuple[str, ...]
    amount: Decimal
    settled: Decimal


@dataclass(frozen=True)
class Planned:
    """`short`: what has to be added so that the deposit is not negative; the bank pays it by a journal entry.
    `deposited`: Stripe ids of what is to be ticked, but is part of a deposit already, maybe this one.
    """

    payout: st.Payout
    parts: tuple[Part, ...]
    abroad: tuple[Abroad, ...]
    subsidiary: str | None
    deposited: tuple[str, ...] = ()

    @property
    def net(self) -> Decimal:
        return sum((part.amount for part in self.parts), Decimal(0))

    @property
    def short(self) -> Decimal:
        return max(Decimal(0), -self.net)


def plan(payout: st.Payout, found: Sequence[Row], to: Ledger[Any]) -> Planned:
    """Raises AmountMismatch when it does not come to what the bank got, to the minor unit."""
    there = as_it_stays(found, payout, to)
    subsidiary = to.config.for_account(to.account).subsidiary or one_subsidiary(there.values())
    iso, parts, waiting = payout.currency.upper(), list[Part](), list[tuple[Row, There]]()
    for row in found:
        at = there.get(row.movement.id)
        if at is not None and at.iso != iso:
            _same_base(at, row, iso, subsidiary, to)
            waiting += [(row, at)] if at.undeposited else []
            parts += [] if at.undeposited else across(row, at, iso, subsidiary, to)
        else:
            parts.append(principal(row, at, subsidiary, iso, to))
        parts += fees(row, iso, subsidiary, to)
    abroad = tuple(of_currency(code, waiting, subsidiary, payout) for code in sorted({at.iso for _, at in waiting}))
    parts += [brought_in(one, subsidiary, to) for one in abroad]
    taken = [(row.movement.source, there.get(row.movement.id)) for row in found]
    deposited = tuple(source or "" for source, at in taken if at and at.undeposited and at.deposited)
    return proved(Planned(payout, tuple(part for part in parts if part.amount), abroad, subsidiary, deposited))


def as_it_stays(found: Sequence[Row], payout: st.Payout, to: Ledger[Any]) -> dict[str, There]:
    """Where the money lies. The rates of what was paid in another currency stay as they are from now on."""
    there = standing(found, to)
    abroad = {row.link for row in found if row.link and there[row.movement.id].iso != payout.currency.upper()}
    return standing(found, to) if rate_claims.use(sorted(abroad, key=lambda link: link.id), payout.id, to) else there


def proved(planned: Planned) -> Planned:
    payout = planned.payout
    wanted = from_minor(payout.amount, payout.currency)
    if planned.net != wanted:
        raise AmountMismatch(f"Payout {payout.id}", planned.net, wanted, payout.currency.upper())
    return planned


# what each transaction adds ------------------------------------------------------------------------------------


def principal(row: Row, at: There | None, subsidiary: str | None, iso: str, to: Ledger[Any]) -> Part:
    movement = row.movement
    amount, source = from_minor(movement.amount, movement.currency), movement.source or movement.id
    part = Part(amount, row.kind, title_of(row), source=source, said=movement.description)
    if row.kind == "undone":
        return part
    if at is None:
        account = named(row, iso, subsidiary, to)
        return replace(part, account=account, kept_back=row.kind == "fee")
    if not at.undeposited:
        return replace(part, account=at.account)
    _same_subsidiary(at, row, subsidiary)
    return replace(part, tick=at.id)


def named(row: Row, iso: str, subsidiary: str | None, to: Ledger[Any]) -> str:
    if row.kind == "unreconciled":
        return accounts.unreconciled(iso, subsidiary, to)
    return accounts.other(row, iso, subsidiary, to)


def fees(row: Row, iso: str, subsidiary: str | None, to: Ledger[Any]) -> Iterator[Part]:
    """What was kept back of it, by type."""
    movement = row.movement
    if movement.fee and transferred(row, to):
        account = accounts.in_stripe(iso, subsidiary, to)
        yield Part(-from_minor(movement.fee, movement.currency), "payout", title_of(row), account, movement.source)
        return
    rest = movement.fee - sum(one.amount for one in movement.fee_details)
    kinds = [(one.type, one.amount) for one in movement.fee_details] + [("stripe_fee", rest)]
    for kind, amount in kinds:
        if amount:
            title = "Tax on Stripe fees" if kind == "tax" else f"Stripe fees on {about(row)}"
            account = accounts.fee(kind, row.kind, iso, subsidiary, to)
            yield Part(-from_minor(amount, movement.currency), "fee", title, account, movement.source, kept_back=True)


def transferred(row: Row, to: Ledger[Any]) -> bool:
    """Whether a journal entry of its own books what a payout made by hand cost, out of the account of the rest."""
    source = row.movement.source
    if row.kind != "payout" or source is None or to.options.unitemised != "journal":
        return False
    return to.links.of_stripe(source, "je") is not None or to.stripe.payout(source).status not in RETURNED


def about(row: Row) -> str:
    return title_of(row).removeprefix("Stripe ")


def title_of(row: Row) -> str:
    if row.kind == "fee":
        return f"Stripe {row.movement.type.removeprefix('stripe_').replace('_', ' ')}"
    return TITLES.get(row.kind) or f"Stripe {row.movement.reporting_category.replace('_', ' ')}"


# what was paid in another currency -----------------------------------------------------------------------------


def across(row: Row, at: There, iso: str, subsidiary: str | None, to: Ledger[Any]) -> Iterator[Part]:
    """Out of a clearing account: what the record is worth there, and what Stripe's rate made of it beyond that."""
    movement = row.movement
    settled = from_minor(movement.amount, movement.currency)
    worth = quantize(at.total * at.rate, iso).copy_sign(settled)
    yield Part(worth, row.kind, f"{title_of(row)} in {at.iso}", at.account, movement.source)
    if settled != worth:
        account = accounts.exchange(iso, subsidiary, to)
        yield Part(settled - worth, "exchange", f"Exchange difference, {at.iso}", account, movement.source)


def of_currency(iso: str, waiting: Iterable[tuple[Row, There]], subsidiary: str | None, payout: st.Payout) -> Abroad:
    own = [(row, at) for row, at in waiting if at.iso == iso]
    for row, at in own:
        _same_subsidiary(at, row, subsidiary)
    amount = sum((at.total.copy_sign(Decimal(row.movement.amount)) for row, at in own), Decimal(0))
    settled = from_minor(sum(row.movement.amount for row, _ in own), payout.currency)
    if amount * settled < 0:
        raise Held(
            f"Payout {payout.id}: {amount} {iso} were settled as {settled} {payout.currency.upper()}.",
            code="odd_exchange",
            action=f"Book the {iso} transactions of this payout by hand, then dismiss.",
        )
    return Abroad(iso, tuple(at.id for _, at in own), amount, settled)


def brought_in(one: Abroad, subsidiary: str | None, to: Ledger[Any]) -> Part:
    account = accounts.clearing(one.iso, subsidiary, to)
    return Part(one.settled, "exchange", f"Stripe transactions in {one.iso}", account)


# the records ---------------------------------------------------------------------------------------------------


def deposit(planned: Planned, posted: Posting, lines: Literal["by_kind", "each"], to: Ledger[Any]) -> Deposit:
    """Of a negative payout the deposit comes to zero: NetSuite takes no negative one."""
    payout, iso = planned.payout, planned.payout.currency.upper()
    parts = list(planned.parts)
    if planned.short:
        account = accounts.in_stripe(iso, planned.subsidiary, to)
        parts.append(Part(planned.short, "payout", "Taken from the bank", account))
    drawn = [part for part in parts if part.tick is None]
    shown = drawn if lines == "each" else summed(drawn)
    trace = f", bank reference {payout.trace_id}" if payout.trace_id else ""
    return Deposit(
        external_id=external_id("dep", payout.id),
        account=accounts.bank(payout, planned.subsidiary, to),
        subsidiary=planned.subsidiary,
        currency=to.netsuite.currency(iso).id,
        tran_date=posted.day,
        memo=posted.memo(f"Stripe payout {payout.id}{trace}")[:MEMO],
        payments=tuple(Deposited(id=part.tick) for part in parts if part.tick),
        others=tuple(_line(part) for part in shown if not _is_cash_back(part)),
        cash_back=tuple(_line(replace(part, amount=-part.amount)) for part in shown if _is_cash_back(part)),
        custom={to.config.fields.transaction_stripe_id: payout.id} | posted.custom(to.config.fields.original_date),
    )


def foreign_deposit(one: Abroad, planned: Planned, posted: Posting, to: Ledger[Any]) -> Deposit:
    """Out of undeposited funds into the clearing account of their own currency, at Stripe's rate."""
    account = accounts.clearing(one.iso, planned.subsidiary, to)
    title = f"Stripe payout {planned.payout.id}, transactions in {one.iso}"
    short = DepositLine(account=account, amount=-one.amount, memo=title) if one.amount < 0 else None
    return Deposit(
        external_id=external_id("dep", f"{planned.payout.id}-{one.iso}"),
        account=account,
        subsidiary=planned.subsidiary,
        currency=to.netsuite.currency(one.iso).id,
        exchange_rate=(one.settled / one.amount).quantize(DIGITS) if one.amount else None,
        tran_date=posted.day,
        memo=posted.memo(title),
        payments=tuple(Deposited(id=tick) for tick in one.ticks),
        others=(short,) if short else (),
        custom={to.config.fields.transaction_stripe_id: planned.payout.id},
    )


def summed(parts: Iterable[Part]) -> list[Part]:
    """One for each account and kind."""
    sums: dict[tuple[str, str], Part] = {}
    for part in parts:
        key = part.account, part.title
        before = sums.get(key)
        sums[key] = replace(part, amount=part.amount + (before.amount if before else 0), source=None, said=None)
    return [part for part in sums.values() if part.amount]


def summary(planned: Planned) -> dict[str, dict[str, Any]]:
    """Of the deposit, by kind: how many and how much, for those who look at it later."""
    told: dict[str, dict[str, Any]] = {}
    for part in planned.parts:
        kind = told.setdefault(part.kind, {"count": 0, "amount": Decimal(0)})
        kind["count"], kind["amount"] = kind["count"] + 1, kind["amount"] + part.amount
    return {name: {"count": kind["count"], "amount": f"{kind['amount']:f}"} for name, kind in told.items()}


def one_subsidiary(there: Iterable[There]) -> str | None:
    found = sorted({at.subsidiary for at in there if at.subsidiary})
    if len(found) > 1:
        raise Held(
            f"The payout holds money of the subsidiaries {', '.join(found)}.",
            code="different_subsidiaries",
            action="Set `books.<account>.subsidiary` to the one that owns the bank account, then replay.",
        )
    return found[0] if found else None


def _line(part: Part) -> DepositLine:
    memo = f"{part.title}: {part.said}"[:MEMO] if part.said else part.title
    return DepositLine(account=part.account, amount=part.amount, memo=memo, ref_num=part.source)


def _is_cash_back(part: Part) -> bool:
    return part.kept_back and part.amount < 0


def _same_subsidiary(at: There, row: Row, subsidiary: str | None) -> None:
    if at.subsidiary and subsidiary and at.subsidiary != subsidiary:
        raise Held(
            f"{row.movement.source} is in undeposited funds of subsidiary {at.subsidiary}, the bank account is of "
            f"{subsidiary}: a deposit takes only its own.",
            code="other_subsidiary",
            action="Let payments go to a clearing account (`accounts.money_in`), or book this payout by hand.",
        )


def _same_base(at: There, row: Row, iso: str, subsidiary: str | None, to: Ledger[Any]) -> None:
    base = base_currency(to, subsidiary)
    if base is not None and base != iso:
        raise Held(
            f"{row.movement.source} was paid in {at.iso} and settled in {iso}, which is not the subsidiary's currency "
            f"{base}: its worth in {iso} is not known to NetSuite.",
            code="other_currency",
            action=f"Let Stripe settle {at.iso} in {at.iso} or in {base}; book this payout by hand, then dismiss.",
        )
