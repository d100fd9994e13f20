"""What a payout paid out: each balance transaction with the NetSuite record that stands for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import ROLES, Link
from app.core.payout_tables import BY_MOVEMENT
from app.core.payout_tables import ROLES as RECORDED
from app.errors import AmountMismatch, Held, LinkMissing, NotReady
from app.money import from_minor
from app.systems.stripe import objects as st
from workers.records.charged import charged

FEES = ("fee", "tax", "network_cost")
SHOWN = 10


@dataclass(frozen=True)
class Row:
    """`kind`: a reporting category, or `fee`, `reserve`, `payout`, `payout_failure`, `undone`, `unreconciled`,
    `other`."""

    movement: st.BalanceTransaction
    kind: str
    link: Link | None = None


def rows(payout: st.Payout, known: Sequence[str], unreconciled: str, to: Ledger[Any]) -> list[Row]:
    """Every balance transaction but the payout's own, with its record. Raises LinkMissing naming all that lack.

    `known`: those that were found not to be kept in NetSuite when the payout was first posted.
    """
    found = [Row(one, kind_of(one), recorded(one, to)) for one in paid_out(payout, to)]
    lacking = [row for row in found if row.kind in RECORDED and row.link is None]
    why = {row.movement.id: why_not_kept(row, known, to) for row in lacking}
    if waited_for := [row for row in lacking if why[row.movement.id] is None]:
        (role, subject), *others = [_wanted(row) for row in waited_for]
        raise LinkMissing(role, subject, others=others)
    undone = _undone(lacking)
    if unreconciled == "hold" and len(undone) < len(lacking):
        raise _not_kept([row for row in lacking if row.movement.id not in undone], why)
    return [_not_kept_row(row, undone) if row.movement.id in why else row for row in found]


def _undone(lacking: Sequence[Row]) -> set[str]:
    """Payments that came back, both of which NetSuite never saw: but for their fees they moved nothing."""
    sums: dict[str | None, int] = {}
    for row in lacking:
        sums[row.movement.source] = sums.get(row.movement.source, 0) + row.movement.amount
    return {row.movement.id for row in lacking if row.movement.source and sums[row.movement.source] == 0}


def _not_kept_row(row: Row, undone: set[str]) -> Row:
    if row.movement.id in undone:
        return Row(replace(row.movement, amount=0, net=-row.movement.fee), "undone")
    return Row(row.movement, "unreconciled")


def kind_of(movement: st.BalanceTransaction) -> str:
    category, kind = movement.reporting_category, movement.type
    if category in RECORDED:
        return category
    if category in FEES or kind in ("stripe_fee", "stripe_fx_fee", "tax_fee"):
        return "fee"
    if "reserve" in category or "reserve" in kind:
        return "reserve"
    return {"payout": "payout", "payout_reversal": "payout_failure"}.get(category, "other")


# the balance transactions --------------------------------------------------------------------------------------


def paid_out(payout: st.Payout, to: Ledger[Any]) -> list[st.BalanceTransaction]:
    """Oldest first. Raises AmountMismatch when they do not add up to the payout."""
    everything = list(to.stripe.balance_transactions(payout=payout.id))
    to.payouts.itemised(payout.id, everything)
    listed = [one for one in everything if one.source != payout.id]
    total = sum(one.net for one in listed)
    if total != payout.amount:
        raise AmountMismatch(
            f"Payout {payout.id}",
            from_minor(total, payout.currency),
            from_minor(payout.amount, payout.currency),
            payout.currency.upper(),
            action="Stripe's own balance transactions do not add up to the payout; look at it in Stripe, then replay.",
        )
    whole = [part for one in listed for part in _instead_of(one, to)]
    return list(_without_what_cancels_out(_with_reversed_captures(whole)))


def _instead_of(movement: st.BalanceTransaction, to: Ledger[Any]) -> list[st.BalanceTransaction]:
    """A payout that came back and is not in NetSuite: its own rows are paid out now."""
    if movement.reporting_category != "payout_reversal" or movement.source is None:
        return [movement]
    link = to.links.of_stripe(movement.source, "dep") or to.links.of_stripe(movement.source, "je")
    if link is not None and link.facts.get("reversed") == "journal":
        return [movement]
    if link is not None and link.current:
        sentence = f"Payout {movement.source} came back and is in NetSuite still; it is reversed first."
        raise LinkMissing("dep", movement.source, sentence=sentence)
    return _of_returned(to.stripe.payout(movement.source), movement, to)


def _of_returned(payout: st.Payout, movement: st.BalanceTransaction, to: Ledger[Any]) -> list[st.BalanceTransaction]:
    if not payout.automatic:
        return [movement]
    if payout.reconciliation_status != "completed":
        raise NotReady(f"Stripe has not itemised payout {payout.id} yet, which came back.")
    to.note(f"Payout {payout.id} came back; what it had paid out is in this one.")
    return paid_out(payout, to)


def _with_reversed_captures(movements: Sequence[st.BalanceTransaction]) -> list[st.BalanceTransaction]:
    """Of a charge captured in part, Stripe may settle all and take the rest back: together they are the payment."""
    backs = {one.source: one for one in movements if one.reporting_category == "partial_capture_reversal"}
    charges = {one.source for one in movements if one.reporting_category == "charge"}
    merged = []
    for one in movements:
        back = backs.get(one.source)
        if back is None or one.source not in charges:
            merged.append(one)
        elif one.reporting_category == "charge":
            merged.append(_together(one, back))
    return merged


def _together(one: st.BalanceTransaction, back: st.BalanceTransaction) -> st.BalanceTransaction:
    return replace(
        one,
        amount=one.amount + back.amount,
        fee=one.fee + back.fee,
        net=one.net + back.net,
        fee_details=(*one.fee_details, *back.fee_details),
    )


def _without_what_cancels_out(movements: Sequence[st.BalanceTransaction]) -> Iterator[st.BalanceTransaction]:
    """A refund that failed within the same payout moved nothing, and need not be in NetSuite."""
    both = ("refund", "refund_failure")
    sums: dict[str | None, int] = {}
    kinds: dict[str | None, set[str]] = {}
    for one in movements:
        if one.reporting_category in both:
            sums[one.source] = sums.get(one.source, 0) + one.net
            kinds.setdefault(one.source, set()).add(one.reporting_category)
    gone = {source for source, total in sums.items() if source and total == 0 and len(kinds[source]) == len(both)}
    yield from (one for one in movements if not (one.source in gone and one.reporting_category in both))


# their records -------------------------------------------------------------------------------------------------


def recorded(movement: st.BalanceTransaction, to: Ledger[Any]) -> Link | None:
    """The link of what stands for it; a refund's may be retired, when the refund has failed since."""
    category, source = movement.reporting_category, movement.source
    if category not in RECORDED or source is None:
        return None
    if category == "charge":
        return charged(source, to)
    name = movement.id if category in BY_MOVEMENT else source
    links = [link for role in RECORDED[category] if (link := to.links.of_stripe(name, role))]
    return min(links, key=lambda link: not link.current, default=None)


def why_not_kept(row: Row, known: Sequence[str], to: Ledger[Any]) -> str | None:
    """Why NetSuite has no record of it, and is not to have one; None when its own flow has yet to run."""
    movement, start = row.movement, to.config.start_of(ROLES[RECORDED[row.kind][0]])
    if movement.id in known:
        return "It was left out when the payout was first posted."
    if start is not None and movement.created.date() < start:
        return f"It is of {movement.created:%Y-%m-%d}, before the start date {start:%Y-%m-%d}."
    return to.why_skipped(*_wanted(row))


def _wanted(row: Row) -> tuple[str, str]:
    return RECORDED[row.kind][0], row.movement.source or row.movement.id


def _not_kept(lacking: Sequence[Row], why: dict[str, str | None]) -> Held:
    said = [f"{row.movement.source or row.movement.id}: {why[row.movement.id]}" for row in lacking[:SHOWN]]
    more = f" And {len(lacking) - SHOWN} more." if len(lacking) > SHOWN else ""
    return Held(
        f"{len(lacking)} of its transactions are not kept in NetSuite. {' '.join(said)}{more}",
        code="not_in_netsuite",
        action="Set the option `unreconciled` to account to post them to `accounts.unreconciled`, or bring them over "
        "and link them; then replay.",
    )
