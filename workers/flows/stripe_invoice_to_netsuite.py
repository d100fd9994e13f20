"""Stripe invoice -> NetSuite invoice, by schedule.

The catch-up of the real-time flow: the same invoices, lines and external ids, found by looking at what Stripe has made
or changed since the last look. Revenue is booked as Stripe billed it, in once whichever of the two flows comes first.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.core.flow import Flow, Sweep, reads
from app.core.interfaces import Ledger, Stripe
from workers.records import invoice_import
from workers.records.invoice_import import InvoiceToNetSuite


def made_or_changed_since(to: Ledger[InvoiceToNetSuite], since: datetime) -> Iterator[str]:
    return to.stripe.invoices_since(since)


flow = Flow(
    invoice_import.KEY,
    title="Stripe Invoice to NetSuite Invoice Add",
    source="stripe",
    reads=reads(Stripe.invoice),
    sweep=Sweep(every=timedelta(hours=1), ids=made_or_changed_since, windows=True),
    options=InvoiceToNetSuite,
    subjects=("in_",),
)
flow.when(invoice_import.finalized)
flow.when(invoice_import.born_in_stripe)
flow.when(invoice_import.not_there_yet)
flow.push(invoice_import.push)
