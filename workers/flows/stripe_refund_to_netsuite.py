"""Stripe refund -> NetSuite credit memo and customer refund.

The credit memo gives the revenue back, to the customer of the invoice and on its receivable account; the customer
refund takes the cash out of the account that the payment lies in, and is applied to the memo. Money that was not
applied to any invoice is refunded from the payment, or from the customer deposit, directly. A charge that is a cash
sale is given back by a cash refund. A refund that belongs to a credit note is applied to the note's credit memo, and
has none of its own. When a refund fails its customer refund is undone, and the credit memo stays open.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.core.flow import Flow, Sweep
from app.core.interfaces import Ledger
from app.errors import Skipped
from workers.records import refund, refund_posting, refund_undoing
from workers.records.refund import Refunded, RefundToNetSuite

To = Ledger[RefundToNetSuite]


def refunds_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.refunds_since(since)


flow = Flow(
    refund.KEY,
    title="Stripe Refund to NetSuite Credit Memo Add and Customer Refund Add",
    source="stripe",
    reads=refund.refunded,
    on=("refund.created", "refund.updated", "refund.failed"),
    sweep=Sweep(every=timedelta(hours=1), ids=refunds_since, windows=True),
    options=RefundToNetSuite,
    makes=("crf", "cr"),
    subjects=("re_", "pyr_"),
)


@flow.root
def what_was_paid(source: Refunded) -> str:
    return source.invoices[0] if source.invoices else source.charge.id


@flow.when
def wanted(source: Refunded, to: To) -> None:
    refund.after_start(source, to)


@flow.when
def not_there_yet(source: Refunded, to: To) -> None:
    if source.refund.status in refund.GONE or not refund.is_posted(source, to):
        return
    if source.noted == source.refund.amount:
        names = ", ".join(note.number for note in source.notes)
        raise Skipped(f"The refund belongs to credit note {names}, with which it was posted.", code="credit_note")
    raise Skipped("The refund is in NetSuite already, unchanged.", code="echo")


@flow.when
def arrived(source: Refunded, to: To) -> None:
    status = source.refund.status
    if status not in refund.GONE and not refund.has_arrived(source.refund, to):
        raise Skipped(
            f"The refund is on its way ({status}); it is posted when Stripe says that it succeeded.", code=f"{status}"
        )


@flow.push
def push(source: Refunded, to: To) -> None:
    if source.refund.status in refund.GONE:
        refund_undoing.reverse(source, to)
    else:
        refund_posting.post(source, to)
