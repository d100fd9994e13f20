"""Stripe payment -> NetSuite customer payment.

Every charge that brought money is one customer payment, of the gross amount, into undeposited funds or the clearing
account of its currency. It is applied to the invoices that it paid: those that Stripe says, else those that the match
rules find; what is left over stays unapplied. Money that nothing is known of is first looked for among the payments
that NetSuite has already; else it becomes an unapplied payment, or by choice a customer deposit.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.errors import LinkMissing, Skipped
from workers.records import charge_documents, charge_money, payment_match
from workers.records.charge_money import Received, payer_of, received
from workers.records.charged import charged
from workers.records.payment import book, is_netsuites_own, wholly_applied


class PaymentToPayment(Options):
    link_existing: bool = Field(
        True, description="Before a payment that pays no invoice is made, look for it among NetSuite's own payments."
    )
    link_days: int = Field(5, ge=0, description="How many days apart such a payment and the charge may be.")
    unmatched: Literal["payment", "deposit", "deposit_for_orders"] = Field(
        "payment",
        description="Money that pays no invoice: an unapplied payment, a customer deposit, or a deposit only when the "
        "charge's metadata names a sales order.",
    )
    write_back: bool = Field(False, description="Write the NetSuite payment id into the charge's metadata.")


To = Ledger[PaymentToPayment]


def charges_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.charges_since(since)


flow = Flow(
    "stripe_payment_to_netsuite_payment",
    title="Stripe Payment to NetSuite Customer Payment Add",
    source="stripe",
    reads=received,
    on=("charge.succeeded", "charge.captured"),
    sweep=Sweep(every=timedelta(hours=1), ids=charges_since, windows=True),
    options=PaymentToPayment,
    makes=("pay",),
    subjects=("ch_", "py_", "pi_"),
)
flow.when(charge_money.money_came_in)
flow.when(charge_money.after_start)


@flow.root
def whose(source: Received) -> str:
    return source.root


@flow.when
def not_there_yet(source: Received, to: To) -> None:
    """A payment of which something is left, or that pays Stripe invoices, is looked at again."""
    there = charged(source.charge.id, to)
    if there is None or source.payments:
        return
    if there.role != "pay" or is_netsuites_own(there) or wholly_applied(there):
        where = f"NetSuite {there.netsuite_type} {there.netsuite_id}"
        raise Skipped(f"The charge is in NetSuite already: {where}.", code="echo")


@flow.push
def push(source: Received, to: To) -> None:
    if source.payments:
        written = book(charge_money.of_stripe_invoices(source, to), to)
    elif charged(source.charge.id, to) is None and payment_match.adopt_named(source.charge, to):
        written = True
    else:
        money = charge_money.of_netsuite_invoices(source, to)
        written = book(money, to) if money else alone(source, to)
    if not written:
        raise Skipped("The charge is in NetSuite already, unchanged.", code="echo")


def alone(source: Received, to: To) -> bool:
    """Money that pays no invoice."""
    charge = source.charge
    if charged(charge.id, to) is not None:
        return False
    if charge_documents.is_on(to):
        raise LinkMissing(charge_documents.role_of(to), charge.id)
    payer = payer_of(charge, to)
    if to.options.link_existing and payment_match.adopt(charge, payer, timedelta(days=to.options.link_days), to):
        return True
    money = charge_money.plain(charge, payer, (), to)
    if as_deposit(source, to):
        charge_documents.book_deposit(money, charge, payer, to)
        return True
    return book(money, to)


def as_deposit(source: Received, to: To) -> bool:
    ordered = source.charge.metadata.get(to.config.fields.metadata_sales_order_id)
    return to.options.unmatched == "deposit" or (to.options.unmatched == "deposit_for_orders" and bool(ordered))
