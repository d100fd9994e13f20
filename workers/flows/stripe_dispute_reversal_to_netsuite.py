"""Stripe dispute reversal -> NetSuite customer payment, or cash sale.

When a bank gives disputed money back, what the withdrawal had posted is reversed. After a credit memo and a customer
refund: an invoice for the item of disputes debits the receivable and takes the loss back, and the customer payment,
which debits the account that the charge's money lies in, pays it. After a cash refund: a cash sale for that item. Each
reinstatement is booked once, under the id of its balance transaction, for the amount that came back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.errors import Skipped
from workers.records.regained import gain_of, gained, paid_again, sold_again
from workers.records.taken import Taken, after_start, taken


class ReversalToPayment(Options):
    applied_to: Literal["invoice", "unapplied"] = Field(
        "invoice",
        description="invoice: the payment pays an invoice for the item of disputes, which takes the loss back; "
        "unapplied: it is left as the customer's open credit, and the loss stays.",
    )


To = Ledger[ReversalToPayment]


def disputed_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.disputes_since(since)


flow = Flow(
    "stripe_dispute_reversal_to_netsuite",
    title="Stripe Dispute Reversals to NetSuite Cash Sales or Customer Payment Add",
    source="stripe",
    reads=taken,
    on=("charge.dispute.funds_reinstated", "charge.dispute.closed"),
    sweep=Sweep(every=timedelta(hours=1), ids=disputed_since, windows=True),
    options=ReversalToPayment,
    makes=("pay", "cs"),
    subjects=("dp_", "du_"),
)


@flow.root
def invoice_or_charge(source: Taken) -> str:
    return source.root


@flow.when
def money_came_back(source: Taken, to: To) -> None:
    if not source.reinstated:
        raise Skipped(f"No money has come back for dispute {source.id}.", code="no_money")


@flow.when
def wanted(source: Taken, to: To) -> None:
    after_start(source, source.reinstated[0], to)


@flow.push
def push(source: Taken, to: To) -> None:
    new = [one for one in source.reinstated if not gained(one, to)]
    if not new:
        raise Skipped("All that came back is in NetSuite already.", code="echo")
    for movement in new:
        gain = gain_of(movement, source, to)
        if gain.lost.role == "cr":
            sold_again(gain, to)
        else:
            paid_again(gain, to, invoiced=to.options.applied_to == "invoice")
