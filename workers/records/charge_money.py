"""A charge as money received: whose it is, and which NetSuite invoices it paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.config import by_currency
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Ambiguous, Candidate, Held, NotReady, Skipped
from app.money import to_minor
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref, currency_list
from app.systems.stripe import objects as st
from workers.records import conditions, currencies
from workers.records.charged import charged
from workers.records.customer_payment import Billed, Money, Share
from workers.records.invoice_match import captured, invoices_of, iso_of
from workers.records.receipts import of_charge

To = Ledger[Any]


@dataclass(frozen=True)
class Received:
    """A charge, and the InvoicePayments through which it pays Stripe invoices."""

    charge: st.Charge
    payments: tuple[st.InvoicePayment, ...] = ()

    @property
    def paid(self) -> list[st.InvoicePayment]:
        return [one for one in self.payments if one.status == "paid"]

    @property
    def root(self) -> str:
        """The Stripe invoice that it pays, else the charge."""
        return self.payments[0].invoice if self.payments else self.charge.id


def received(to: To, subject: str) -> Received:
    """By the id of a charge or of its payment intent."""
    if subject.startswith("pi_"):
        charge = to.stripe.payment_intent(subject).latest_charge
        if charge is None:
            raise Skipped(f"Nobody has paid {subject} yet.", code="no_charge")
    else:
        charge = to.stripe.charge(subject)
    return with_payments(charge, to)


def with_payments(charge: st.Charge, to: To) -> Received:
    """The InvoicePayments in a lasting order; those that were given up are left out."""
    if charge.payment_intent is None:
        return Received(charge)
    found = to.stripe.invoice_payments(payment_intent=charge.payment_intent)
    kept = [one for one in found if one.status != "canceled"]
    return Received(charge, tuple(sorted(kept, key=lambda one: one.id)))


def money_came_in(source: Received, to: To) -> None:
    """Raises NotReady or Skipped for a charge that has brought no money."""
    charge = source.charge
    if charge.status == "pending":
        raise NotReady("The payment is still on its way (a bank debit takes days).")
    if charge.status != "succeeded":
        raise Skipped(f"Charge {charge.id} has {charge.status}; no money came in.", code="charge_failed")
    if not charge.captured:
        raise Skipped("The charge is authorised only; it is booked when it is captured.", code="uncaptured")
    if source.payments and not source.paid:
        raise NotReady("Stripe has not put the payment against its invoice yet.")


def after_start(source: Received, to: To) -> None:
    """A charge counts from the day of the invoice that it paid, as the invoice's own flow does."""
    if not source.payments:
        conditions.after_start(source.charge.created.date(), f"Charge {source.charge.id}", to, "customerPayment")
        return
    if to.config.start_of("invoice") is not None:
        invoice = to.stripe.invoice(source.payments[0].invoice)
        day = (invoice.finalized_at or invoice.created).date()
        conditions.after_start(day, f"Invoice {invoice.number or invoice.id}", to, "invoice")


# which invoices ------------------------------------------------------------------------------------------------


def of_stripe_invoices(source: Received, to: To) -> Money:
    """Raises LinkMissing for an invoice that is not in NetSuite yet."""
    invoice = to.stripe.invoice(source.paid[0].invoice)
    return of_charge(invoice, source.charge, source.paid, to)


def of_netsuite_invoices(source: Received, to: To) -> Money | None:
    """None when no rule finds an invoice that it has paid."""
    charge = source.charge
    invoices = [one for one in invoices_of(charge, customer_of(charge, to), to) if not one.voided]
    if not invoices:
        return None
    owner = invoices[0]
    shares = shares_of(charge, invoices, to)
    return plain(charge, Payer(owner.entity, owner.subsidiary), shares, to, receivable=owner.account)


def shares_of(charge: st.Charge, invoices: Sequence[ns.Invoice], to: To) -> tuple[Share, ...]:
    """Each invoice as far as it is open and the money goes; what of it is this charge's already counts as open."""
    mine = own_applications(charge, invoices, to)
    wanted = {one.id for one in invoices}
    left = captured(charge) - sum((amount for doc, amount in mine.items() if doc not in wanted), Decimal(0))
    shares = []
    for invoice in invoices:
        amount = min(left, invoice.amount_remaining + mine.get(invoice.id, Decimal(0)))
        if amount <= 0:
            to.note(f"Nothing of {charge.id} is put against invoice {invoice.tran_id or invoice.id}: it is paid.")
            continue
        shares.append(Share(billed(invoice, charge, to), to_minor(amount, charge.currency)))
        left -= amount
    return tuple(shares)


def own_applications(charge: st.Charge, invoices: Sequence[ns.Invoice], to: To) -> dict[str, Decimal]:
    """What the charge's payment is spent on: invoices, and refunds of it. Asked for only when it may matter."""
    link = charged(charge.id, to)
    if link is None and sum((one.amount_remaining for one in invoices), Decimal(0)) >= captured(charge):
        return {}
    ref = Ref(link.netsuite_type, link.netsuite_id) if link else made_before(charge, to)
    return {one.doc: one.amount for one in to.netsuite.applications_of(ref.id)} if ref else {}


def made_before(charge: st.Charge, to: To) -> Ref | None:
    """The payment that an attempt which was cut off has left."""
    return to.netsuite.find("customerPayment", external_id("pay", charge.id))


def billed(invoice: ns.Invoice, charge: st.Charge, to: To) -> Billed:
    return Billed(
        invoice.id,
        {
            "customer": invoice.entity,
            "subsidiary": invoice.subsidiary,
            "currency": iso_of(invoice.currency, charge, to),
            "account": invoice.account,
        },
    )


# whose it is ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Payer:
    """A NetSuite customer; `link` when it is tied to the Stripe customer."""

    id: str
    subsidiary: str | None
    link: Link | None = None


def plain(
    charge: st.Charge, payer: Payer, shares: tuple[Share, ...], to: To, *, receivable: str | None = None
) -> Money:
    """The charge's gross amount, whatever has been refunded since: refunds are documents of their own."""
    books = to.config.for_account(to.account, payer.subsidiary)
    return Money(
        stripe_id=charge.id,
        amount=charge.amount_captured or charge.amount,
        currency=charge.currency,
        received=charge.created,
        shares=shares,
        balance=charge.balance_transaction,
        charge=charge,
        customer=payer.id,
        subsidiary=payer.subsidiary,
        receivable=receivable or by_currency(books.accounts.receivable, charge.currency),
    )


def customer_of(charge: st.Charge, to: To) -> str | None:
    """The NetSuite customer of the Stripe customer. Raises LinkMissing when it is not there yet."""
    return to.links.require(charge.customer, "cust").netsuite_id if charge.customer else None


def payer_of(charge: st.Charge, to: To) -> Payer:
    """The Stripe customer's, the only one with a guest's e-mail, or the catch-all customer; given the currency."""
    books = to.config.for_account(to.account)
    if charge.customer:
        link = to.links.require(charge.customer, "cust")
        currencies.give(to, link, charge.currency)
        return Payer(link.netsuite_id, link.facts.get("subsidiary") or books.subsidiary, link)
    guest = with_email(charge, to)
    if guest is not None:
        return guest
    if books.catch_all_customer is None:
        setting = f"books.{to.config.place_of(to.account)}.catch_all_customer"
        raise Held(
            f"Charge {charge.id} has no Stripe customer, and its e-mail is no NetSuite customer's.",
            code="no_customer",
            action=f"Set `{setting}` to the customer for such charges, then replay.",
        )
    to.note(f"The charge has no Stripe customer; posted to the catch-all customer {books.catch_all_customer}.")
    return Payer(books.catch_all_customer, books.subsidiary)


def with_email(charge: st.Charge, to: To) -> Payer | None:
    email = charge.billing_details.email or charge.receipt_email
    if not email:
        return None
    books = to.config.for_account(to.account)
    found = to.netsuite.customers_with_email(email)
    alike = [one for one in found if one.subsidiary is None or books.owns(one.subsidiary)]
    rule = f"the guest's e-mail {email}"
    for one in found:
        if one not in alike:
            said = f"it belongs to subsidiary {one.subsidiary}, which this Stripe account does not bill for"
            to.rejected(Candidate("netsuite", "customer", one.id, one.name or one.id, said), rule)
    if len(alike) > 1:
        raise Ambiguous(
            f"{len(alike)} active NetSuite customers have the e-mail {email} of this charge, which has no customer.",
            action="Give the charge's customer in Stripe, or make the e-mail unique in NetSuite; then replay.",
            candidates=[
                Candidate("netsuite", "customer", one.id, one.name or one.id, f"e-mail {email}") for one in alike
            ],
        )
    if not alike:
        return None
    to.note(f"Posted to NetSuite customer {alike[0].id}: the only active one with the guest's e-mail {email}.")
    only = Candidate("netsuite", "customer", alike[0].id, alike[0].name or alike[0].id, "the only active one")
    to.chose(only, rule)
    code = to.netsuite.currency(charge.currency.upper()).id
    if code not in alike[0].currencies:
        to.netsuite.patch(Ref("customer", alike[0].id), {"currencyList": currency_list([code])})
    return Payer(alike[0].id, alike[0].subsidiary)
