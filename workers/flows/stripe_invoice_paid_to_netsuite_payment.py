"""Stripe invoice paid -> NetSuite customer payment.

For each charge that paid the invoice there is one customer payment, of the gross amount, into undeposited funds or the
clearing account of its currency, applied to each invoice that the charge paid. What was paid beyond the invoices stays
unapplied. Money that did not pass through Stripe is booked under an id of its own. An invoice paid by nothing but the
customer's balance, or by a credit, has no payment, which is normal.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.errors import Skipped
from app.systems.stripe import objects as st
from workers.records import conditions
from workers.records.payment import book
from workers.records.receipts import out_of_band, paid, receipts, why_no_payment


class PaidToPayment(Options):
    include_out_of_band: bool = Field(True, description="Book money too that was paid outside of Stripe.")
    exchange_rate: bool = Field(
        False, description="Take the exchange rate from Stripe's balance transaction when it settles in base currency."
    )
    write_back: bool = Field(False, description="Write the NetSuite payment id into the charge's metadata.")


To = Ledger[PaidToPayment]
EVENTS = ("invoice.paid", "invoice_payment.paid")


def paid_invoice(to: To, subject: str) -> st.Invoice:
    """The invoice itself (`in_…`), or the one that an InvoicePayment (`inpay_…`) pays."""
    if subject.startswith("inpay_"):
        subject = to.stripe.invoice_payment(subject).invoice
    return to.stripe.invoice(subject)


def paid_since(to: To, since: datetime) -> Iterator[str]:
    """By events: a listing filters on creation, and an old invoice may have been paid just now."""
    heads = to.stripe.events_since(since, types=EVENTS)
    yield from dict.fromkeys(head.object_id for head in heads if head.object_id)


flow = Flow(
    "stripe_invoice_paid_to_netsuite_payment",
    title="Stripe Invoice Status (Paid) to NetSuite Customer Payment Add",
    source="stripe",
    reads=paid_invoice,
    on=EVENTS,
    sweep=Sweep(every=timedelta(hours=1), ids=paid_since, windows=True),
    options=PaidToPayment,
    subjects=("in_", "inpay_"),
)


@flow.root
def invoice_id(source: st.Invoice) -> str:
    return source.id


@flow.when
def wanted(source: st.Invoice, to: To) -> None:
    day = (source.finalized_at or source.created).date()
    conditions.after_start(day, f"Invoice {source.number or source.id}", to, "invoice")


@flow.when
def has_been_paid(source: st.Invoice, to: To) -> None:
    if not paid(source) and not out_of_band(source):
        raise Skipped(why_no_payment(source), code="no_payment")


@flow.push
def push(source: st.Invoice, to: To) -> None:
    written = [book(money, to) for money in receipts(source, to, outside=to.options.include_out_of_band)]
    if not any(written):
        raise Skipped("All its payments are in NetSuite already, or need not be.", code="echo")
