"""Open NetSuite invoices <- the Stripe charges that paid them.

An open invoice of which Stripe has the money is paid with it: the charge's customer payment is made, or the one that
is there unapplied is applied, as far as the invoice is open. What is left over stays unapplied. Which charge it was is
told by rules, in their order; a charge that is spent elsewhere pays nothing twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.errors import NotFound, Skipped
from app.systems.netsuite import objects as ns
from workers.records import charge_money, conditions
from workers.records.charge_match import charges_for
from workers.records.charge_money import Received
from workers.records.charged import charged
from workers.records.concerned import billed
from workers.records.payment import book, is_netsuites_own, wholly_applied


class OpenInvoicePayments(Options):
    try_days: int = Field(90, ge=1, description="How many days after its date an open invoice is still looked at.")
    look_back_days: int = Field(30, ge=0, description="How many days before the invoice its charge may have been made.")


To = Ledger[OpenInvoicePayments]


@dataclass(frozen=True)
class Owed:
    """An invoice, and the charges that the rules find for it."""

    invoice: ns.Invoice
    charges: tuple[Received, ...] = ()

    @property
    def name(self) -> str:
        return f"Invoice {self.invoice.tran_id or self.invoice.id}"


def owed(to: To, internal_id: str) -> Owed:
    try:
        invoice = to.netsuite.invoice(internal_id)
    except NotFound:
        raise Skipped(f"Invoice {internal_id} no longer exists in NetSuite.", code="gone") from None
    source = Owed(invoice)
    try:
        is_open(source, to)
    except Skipped:
        return source
    return Owed(invoice, charges_for(invoice, timedelta(days=to.options.look_back_days), to))


def open_ones(to: To, since: datetime) -> Iterator[str]:
    """Every one each time: what pays it may have come since."""
    for head in to.netsuite.open_invoices():
        if not is_too_old(head.tran_date, to) and billed(head.id, to) is None:
            yield head.id


flow = Flow(
    "open_invoice_payments_from_stripe_charges",
    title="Add Customer Payments to Open NetSuite Invoices from Stripe Charges",
    source="netsuite",
    reads=owed,
    sweep=Sweep(every=timedelta(hours=1), ids=open_ones),
    options=OpenInvoicePayments,
)


@flow.root
def whose(source: Owed) -> str:
    return source.charges[0].root if source.charges else source.invoice.id


@flow.when
def is_open(source: Owed, to: To) -> None:
    conditions.owned(source.invoice.subsidiary, source.name, to)
    if is_closed(source.invoice):
        raise Skipped(f"{source.name} is not open in NetSuite.", code="not_open")
    if billed(source.invoice.id, to):
        raise Skipped(f"{source.name} has a Stripe invoice, whose payments are booked as such.", code="has_invoice")
    if is_too_old(source.invoice.tran_date, to):
        days = to.options.try_days
        raise Skipped(f"{source.name} is more than {days} days old; it is not looked at any more.", code="too_old")


@flow.when
def was_paid(source: Owed, to: To) -> None:
    if not source.charges:
        raise Skipped(
            f"No charge is known that has paid {source.name}; it is looked for again at each sweep, for "
            f"{to.options.try_days} days from the invoice's date.",
            code="unmatched",
        )


@flow.push
def push(source: Owed, to: To) -> None:
    written = [pay(one, source, to) for one in source.charges]
    if not any(written):
        raise Skipped(f"What is known to have paid {source.name} is spent, or on its way.", code="unmatched")


def pay(charge: Received, source: Owed, to: To) -> bool:
    """Whether the charge's money was put against the invoice."""
    try:
        charge_money.money_came_in(charge, to)
    except Skipped as why:
        to.note(why.sentence)
        return False
    if charge.payments:
        to.note(f"{charge.charge.id} pays Stripe invoice {charge.payments[0].invoice}, so not this one.")
        return False
    if is_spent(charge.charge.id, to):
        to.note(f"{charge.charge.id} is spent on other invoices.")
        return False
    money = charge_money.of_netsuite_invoices(charge, to)
    if money is None or source.invoice.id not in {share.invoice.netsuite_id for share in money.shares}:
        to.note(f"Nothing of {charge.charge.id} is left for {source.name}.")
        return False
    return book(money, to)


def is_spent(charge: str, to: To) -> bool:
    there = charged(charge, to)
    return there is not None and there.role == "pay" and (is_netsuites_own(there) or wholly_applied(there))


def is_closed(invoice: ns.Invoice) -> bool:
    return invoice.voided or invoice.status != ns.OPEN or invoice.amount_remaining <= 0


def is_too_old(day: date | None, to: To) -> bool:
    return day is not None and day < to.clock.now().date() - timedelta(days=to.options.try_days)
