"""Stripe invoice paid -> NetSuite customer payment.

For each charge that paid the invoice there is one customer payment, of the gross amount, into undeposited funds or the
clearing account of its currency, applied to each invoice that the charge paid. What was paid beyond the invoices stays
unapplied. Money that did not pass through Stripe is booked under an id of its own. An invoice paid by nothing but the
customer's balance, or by a credit, has no payment, which is normal.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Held, Skipped
from app.systems.netsuite.records import CustomerPayment
from app.systems.stripe import objects as st
from workers.records import conditions
from workers.records.customer_payment import Money, applications, money_account, same
from workers.records.dates import Posting, local_day, posting, zone_of
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
    sweep=Sweep(every=timedelta(hours=1), ids=paid_since),
    options=PaidToPayment,
    makes=("pay",),
)


@flow.root
def invoice_id(source: st.Invoice) -> str:
    return source.id


@flow.when
def wanted(source: st.Invoice, to: To) -> None:
    day = (source.finalized_at or source.created).date()
    conditions.after_start(day, f"Invoice {source.number or source.id}", to)


@flow.when
def has_been_paid(source: st.Invoice, to: To) -> None:
    if not paid(source) and not out_of_band(source):
        raise Skipped(why_no_payment(source), code="no_payment")


@flow.push
def push(source: st.Invoice, to: To) -> None:
    written = [book(money, to) for money in receipts(source, to, outside=to.options.include_out_of_band)]
    if not any(written):
        raise Skipped("All its payments are in NetSuite already, or need not be.", code="echo")


# what is written -----------------------------------------------------------------------------------------------


def book(money: Money, to: To) -> bool:
    """Whether anything had to be written."""
    link = to.links.of_stripe(money.stripe_id, "pay")
    record = payment_of(money, posted_on(money, link, to), to)
    content = fingerprint(record.body())
    if link and link.netsuite_fingerprint == content:
        to.note(f"{money.stripe_id} is in NetSuite as customer payment {link.netsuite_id}, unchanged.")
        return False
    ref = to.netsuite.upsert(record)
    if to.options.write_back and money.charge:
        to.stripe.update_metadata("charge", money.charge.id, {to.config.fields.metadata_payment_id: ref.id})
    facts = {"tran_date": f"{record.tran_date}", "customer": record.customer, "currency": money.currency.upper()}
    to.links.save("pay", money.stripe_id, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
    return True


def posted_on(money: Money, link: Link | None, to: To) -> Posting:
    """A payment that is there keeps its day, though its period may be closed by now."""
    if link and "tran_date" in link.facts:
        return Posting(datetime.fromisoformat(link.facts["tran_date"]).date())
    zone = zone_of(to, same(money.shares, "subsidiary", "subsidiary"))
    return posting(to, "customerPayment", local_day(money.received, zone), zone)


def payment_of(money: Money, posted: Posting, to: To) -> CustomerPayment:
    accounts = to.config.for_account(to.account).accounts
    account = money_account(accounts, money.currency, to.account)
    customer = same(money.shares, "customer", "customer")
    if customer is None:
        raise Held(f"It is not known whose invoice {money.stripe_id} paid.", code="no_customer")
    if any(share.invoice.facts.get("currency") != money.currency.upper() for share in money.shares):
        raise Held(f"{money.stripe_id} is in {money.currency.upper()}, its invoice is not.", code="other_currency")
    return CustomerPayment(
        external_id=external_id("pay", money.stripe_id),
        customer=customer,
        subsidiary=same(money.shares, "subsidiary", "subsidiary"),
        currency=to.netsuite.currency(money.currency.upper()).id,
        exchange_rate=exchange_rate(money, to),
        payment=money.payment,
        tran_date=posted.day,
        memo=posted.memo(f"Stripe payment {money.stripe_id}"),
        account=account,
        undeposited=account is None,
        ar_account=same(money.shares, "account", "receivable account"),
        apply=applications(money),
        custom=custom_of(money, posted, to),
    )


def custom_of(money: Money, posted: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    charge = {fields.payment_charge_id: money.charge.id} if money.charge else {}
    return charge | posted.custom(fields.original_date)


def exchange_rate(money: Money, to: To) -> Decimal | None:
    """Units of the subsidiary's currency for one of the charge's; only when Stripe settled in that currency."""
    balance, subsidiary = money.balance, to.config.for_account(to.account).subsidiary
    if not (to.options.exchange_rate and balance and balance.exchange_rate and subsidiary):
        return None
    base = to.netsuite.subsidiary(subsidiary).currency
    if base is None or to.netsuite.iso_currency(base) != balance.currency.upper():
        to.note(f"Stripe settled in {balance.currency.upper()}, not in the subsidiary's currency: rate not taken.")
        return None
    return balance.exchange_rate
