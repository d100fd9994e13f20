"""Stripe dispute -> NetSuite credit memo and customer refund, or cash refund.

When a bank takes disputed money, the credit memo debits the item for disputes (the loss) and credits the receivable;
the customer refund debits the receivable and credits the account that the payment went into. A cash sale is given back
by a cash refund. Money that had paid nothing yet is only paid back: no income is lost. Each withdrawal is booked once,
under the id of its balance transaction; an inquiry withdraws nothing. The fee is booked with the payout.

A bank debit that is returned after it had succeeded leaves the customer owing: the payment is taken off its invoices,
which are open again, and is paid back by a customer refund.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.errors import Skipped
from workers.records.charged import charged
from workers.records.loss import Loss, booked, in_cash, loss_of, refunded
from workers.records.taken import Taken, after_start, not_more_than_paid, taken


class DisputeToRefund(Options):
    mode: Literal["auto", "payment", "cash"] = Field(
        "auto",
        description="payment: credit memo and customer refund; cash: cash refund; auto: by what the charge became.",
    )
    receivable: Literal["write_off", "reopen"] = Field(
        "write_off",
        description="write_off: the loss is booked at once; reopen: the invoice is due again, and no loss is booked.",
    )


To = Ledger[DisputeToRefund]


def disputed_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.disputes_since(since)


flow = Flow(
    "stripe_dispute_to_netsuite",
    title="Stripe Dispute to NetSuite Cash Refund or Customer Refund Add",
    source="stripe",
    reads=taken,
    on=(
        "charge.dispute.funds_withdrawn",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.failed",
    ),
    sweep=Sweep(every=timedelta(hours=1), ids=disputed_since, windows=True),
    options=DisputeToRefund,
    makes=("crf", "cr"),
    subjects=("dp_", "du_", "ch_", "py_"),
)


@flow.root
def invoice_or_charge(source: Taken) -> str:
    return source.root


@flow.when
def money_was_taken(source: Taken, to: To) -> None:
    if not source.withdrawn:
        raise Skipped(why_nothing(source), code="no_money")


@flow.when
def wanted(source: Taken, to: To) -> None:
    after_start(source, source.withdrawn[0], to)


@flow.push
def push(source: Taken, to: To) -> None:
    new = [one for one in source.withdrawn if booked(one, to) is None]
    if not new:
        raise Skipped("All that was withdrawn is in NetSuite already.", code="echo")
    if source.dispute is None and charged(source.charge.id, to) is None:
        raise Skipped("The payment that came back never was in NetSuite.", code="never_posted")
    not_more_than_paid(source, to)
    for movement in new:
        book(loss_of(movement, source, to), to)


def why_nothing(source: Taken) -> str:
    if source.dispute is None:
        return "The payment failed before it had brought any money."
    if source.dispute.status.startswith("warning_"):
        return f"Dispute {source.id} is an inquiry, which moves no money."
    if source.dispute.status == "prevented":
        return f"Dispute {source.id} was prevented; no money moved."
    return f"No money has been withdrawn for dispute {source.id} yet."


def book(loss: Loss, to: To) -> None:
    mode = to.options.mode
    sold = loss.paid is not None and loss.paid.role == "cs"
    if mode == "cash" or (mode == "auto" and sold):
        in_cash(loss, to)
    else:
        refunded(loss, to, reopens=loss.source.bounced or to.options.receivable == "reopen")
