"""Stripe payout -> NetSuite bank deposit.

The deposit debits the bank with what arrived. It credits undeposited funds, or the clearing accounts, with every
payment that was paid out, debits them with refunds and disputes, and debits Stripe's fees to their expense account.
Each transaction is brought to NetSuite first, and the deposit must come to the payout to the cent. What NetSuite's
deposit cannot say is a journal entry: money taken from the bank, payouts made by hand, and payouts that came back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep, reads
from app.core.interfaces import Ledger, Stripe
from app.errors import Held, NotReady, Skipped
from app.systems.stripe import objects as st
from workers.records import conditions
from workers.records.dates import Posting
from workers.records.deposit import Abroad, Planned, deposit, foreign_deposit, plan, summary
from workers.records.payout_journal import taken_from_bank, transfer
from workers.records.payout_posting import abroad_names, facts_of, keep, not_deposited_before, posted_on, tell, undo
from workers.records.payout_rows import Row, rows


class PayoutToDeposit(Options):
    when_paid: bool = Field(True, description="Post a payout when it has arrived; off: as soon as it is itemised.")
    lines: Literal["by_kind", "each"] = Field(
        "by_kind", description="Lines of the deposit: one for each kind and account, or one for each transaction."
    )
    unreconciled: Literal["hold", "account"] = Field(
        "hold", description="Transactions that NetSuite is not to have: hold the payout, or post to the account."
    )
    unitemised: Literal["journal", "hold"] = Field(
        "journal", description="Payouts made by hand, which Stripe does not itemise: post as a journal entry, or hold."
    )
    came_back: Literal["journal", "delete"] = Field(
        "journal", description="A payout that failed: reverse its deposit by a journal entry, or delete it."
    )
    write_back: bool = Field(False, description="Write the NetSuite deposit id into the payout's metadata.")


To = Ledger[PayoutToDeposit]
RETURNED = ("failed", "canceled")


def payouts_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.payouts_since(since)


flow = Flow(
    "stripe_payout_to_netsuite_deposit",
    title="Stripe Payout Transactions to NetSuite Deposit Add",
    source="stripe",
    reads=reads(Stripe.payout),
    on=("payout.paid", "payout.reconciliation_completed", "payout.failed", "payout.canceled"),
    sweep=Sweep(every=timedelta(hours=6), ids=payouts_since, windows=True),
    options=PayoutToDeposit,
    makes=("dep",),
    subjects=("po_",),
)


@flow.when
def after_start(source: st.Payout, to: To) -> None:
    conditions.after_start(source.arrival_date.date(), f"Payout {source.id}", to, "deposit")


@flow.when
def has_arrived(source: st.Payout, to: To) -> None:
    if to.options.when_paid and source.status in ("pending", "in_transit"):
        raise Skipped("The payout is on its way; it is posted when Stripe says that it was paid.", code="in_transit")


@flow.when
def is_itemised(source: st.Payout, to: To) -> None:
    if source.status in RETURNED:
        return
    if source.automatic and source.reconciliation_status != "completed":
        raise NotReady("Stripe has not put together yet what this payout consists of.")
    if not source.automatic and to.options.unitemised == "hold":
        raise Held(
            f"Payout {source.id} was made by hand, and Stripe does not say what it consists of.",
            code="not_itemised",
            action="Post it by hand, then dismiss; or set the option `unitemised` to journal.",
        )


@flow.push
def push(source: st.Payout, to: To) -> None:
    to.payouts.seen(source)
    if source.status in RETURNED:
        changed = undo(source, to.options.came_back, to)
    else:
        changed = deposited(source, to) if source.automatic else transferred(source, to)
    if not changed:
        raise Skipped("The payout is in NetSuite already, unchanged.", code="echo")
    to.payouts.posted(source.id, 0 if source.status in RETURNED else source.amount)


# what is written -----------------------------------------------------------------------------------------------


def deposited(source: st.Payout, to: To) -> bool:
    """What was paid in other currencies first, then the deposit, then what the bank paid if it is negative."""
    link = to.links.of_stripe(source.id, "dep")
    known = tuple(link.facts.get("unreconciled") or ()) if link else ()
    found = rows(source, known, to.options.unreconciled, to)
    planned = plan(source, found, to)
    if link is None:
        not_deposited_before(planned, to)
    posted = posted_on(source, link, "deposit", planned.subsidiary, to)
    written = [abroad(one, planned, posted, to) for one in planned.abroad]
    record = deposit(planned, posted, to.options.lines, to)
    facts = facts_of(source, posted) | {"account": record.account, "subsidiary": record.subsidiary}
    facts |= {"lines": summary(planned), "unreconciled": left_out(found), "abroad": abroad_names(planned)}
    written.append(keep("dep", source.id, record, facts, to, write_back=to.options.write_back))
    if planned.short:
        written.append(keep("je", source.id, taken_from_bank(planned, posted, to), facts_of(source, posted), to))
    tell(planned, to)
    return any(written)


def abroad(one: Abroad, planned: Planned, posted: Posting, to: To) -> bool:
    facts = facts_of(planned.payout, posted) | {"currency": one.iso}
    return keep("dep", f"{planned.payout.id}-{one.iso}", foreign_deposit(one, planned, posted, to), facts, to)


def transferred(source: st.Payout, to: To) -> bool:
    to.note("Stripe does not itemise payouts made by hand: this one is posted as a transfer to the bank.")
    own = to.config.for_account(to.account).subsidiary
    posted = posted_on(source, to.links.of_stripe(source.id, "je"), "journalEntry", own, to)
    record = transfer(source, posted, own, to)
    return keep("je", source.id, record, facts_of(source, posted), to, write_back=to.options.write_back)


def left_out(found: list[Row]) -> list[str]:
    return [row.movement.id for row in found if row.kind in ("undone", "unreconciled")]
