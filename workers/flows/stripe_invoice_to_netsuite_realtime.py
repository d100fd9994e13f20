"""Stripe invoice -> NetSuite invoice, in real time.

A finalized invoice is booked as it stands: each line to the item of its price or product, discounts, taxes and
shipping to theirs, so that the lines add up to Stripe's total to the cent. An invoice below zero becomes a credit memo.
It is posted on the day it took effect, in the subsidiary's time zone. Being paid, voided or given up comes later, and
is the work of other flows.
"""

from app.core.flow import Flow, Options, reads
from app.core.interfaces import Stripe
from workers.records import invoice_import


class AsScheduled(Options):
    """None of its own: it has those of the scheduled flow, whose pipeline it shares."""


flow = Flow(
    "stripe_invoice_to_netsuite_realtime",
    title="Stripe Invoice to NetSuite Invoice Add (Real Time)",
    source="stripe",
    reads=reads(Stripe.invoice),
    on=("invoice.finalized", "invoice.paid", "invoice.voided", "invoice.marked_uncollectible"),
    options=AsScheduled,
    makes=("inv", "cm"),
    subjects=("in_",),
)
flow.when(invoice_import.finalized)
flow.when(invoice_import.born_in_stripe)
flow.when(invoice_import.not_there_yet)
flow.push(invoice_import.push)
