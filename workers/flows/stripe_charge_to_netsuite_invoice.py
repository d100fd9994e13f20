"""Stripe charge without an invoice -> NetSuite invoice.

Money that was taken without a Stripe invoice is a sale that nobody has booked: it becomes a NetSuite invoice of one
line, of the gross amount, paid by the charge's customer payment; or, by choice, an invoice alone, a cash sale, or a
customer deposit (a liability until it is applied). A charge that pays an invoice, Stripe's or NetSuite's, is left to
the payment flows. Each charge becomes one of payment, cash sale and deposit, once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.core.flow import Flow, Sweep
from app.core.interfaces import Ledger
from app.core.links import external_id
from app.errors import Skipped
from workers.records import charge_documents as documents
from workers.records import charge_money
from workers.records.charge_documents import ChargeToInvoice
from workers.records.charge_money import Payer, Received, payer_of, received
from workers.records.charged import charged
from workers.records.customer_payment import Share
from workers.records.invoice_match import invoices_of
from workers.records.payment import book

To = Ledger[ChargeToInvoice]


def charges_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.charges_since(since)


flow = Flow(
    documents.KEY,
    title="Stripe Charge to NetSuite Invoice Add",
    source="stripe",
    reads=received,
    on=("charge.succeeded", "charge.captured"),
    sweep=Sweep(every=timedelta(hours=1), ids=charges_since, windows=True),
    options=ChargeToInvoice,
    makes=("inv", "cs", "cdep"),
    subjects=("ch_", "py_"),
    enabled=documents.ENABLED,
)
flow.when(charge_money.money_came_in)


@flow.root
def whose(source: Received) -> str:
    return source.root


@flow.when
def has_no_invoice(source: Received, to: To) -> None:
    if source.payments:
        invoices = ", ".join(dict.fromkeys(one.invoice for one in source.payments))
        raise Skipped(f"The charge pays Stripe invoice {invoices}, which is posted as such.", code="has_invoice")


flow.when(charge_money.after_start)


@flow.when
def not_there_yet(source: Received, to: To) -> None:
    charge = source.charge
    there = charged(charge.id, to)
    if there is not None:
        where = f"NetSuite {there.netsuite_type} {there.netsuite_id}"
        raise Skipped(f"The charge is in NetSuite already: {where}.", code="echo")
    invoice = to.links.of_stripe(charge.id, "inv")
    if invoice is not None and (to.options.mode != "invoice_and_payment" or invoice.origin == "netsuite"):
        raise Skipped(f"The charge is NetSuite invoice {invoice.netsuite_id}.", code="echo")
    payment = charge.metadata.get(to.config.fields.metadata_payment_id)
    if payment and charge_money.made_before(charge, to) is None:
        raise Skipped(f"The charge is NetSuite's own customer payment {payment}.", code="echo")


@flow.when
def pays_no_netsuite_invoice(source: Received, to: To) -> None:
    """The charge's own invoice, which an attempt that was cut off has left, is not one."""
    charge, own = source.charge, external_id("inv", source.charge.id)
    if to.links.of_stripe(charge.id, "inv") is not None:
        return
    found = invoices_of(charge, charge_money.customer_of(charge, to), to)
    if any(not one.voided and one.external_id != own for one in found):
        raise Skipped("The charge pays an invoice that is in NetSuite; its payment is booked there.", code="matched")


@flow.push
def push(source: Received, to: To) -> None:
    charge = source.charge
    payer = payer_of(charge, to)
    money = charge_money.plain(charge, payer, (), to)
    if to.options.mode == "cash_sale":
        documents.book_cash_sale(money, charge, payer, to)
    elif to.options.mode == "customer_deposit":
        documents.book_deposit(money, charge, payer, to)
    else:
        share = bill(source, payer, to)
        if to.options.mode == "invoice_and_payment":
            book(charge_money.plain(charge, payer, (share,), to), to)


def bill(source: Received, payer: Payer, to: To) -> Share:
    """The invoice, and that the charge pays all of it."""
    charge = source.charge
    link = to.links.of_stripe(charge.id, "inv")
    if link is None:
        ref, facts = documents.invoice(charge, payer, to)
        link = to.links.save("inv", charge.id, ref, origin="stripe", facts=facts)
    return Share(link, charge.amount_captured or charge.amount)
