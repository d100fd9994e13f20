"""What was received for a Stripe invoice: a receipt for each charge, and for money that did not pass through Stripe."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from app.core.interfaces import Ledger
from app.errors import NotReady, Skipped
from app.systems.stripe import objects as st
from workers.records.customer_payment import Money, Share


def paid(source: st.Invoice) -> list[st.InvoicePayment]:
    """Oldest first; Stripe lists the newest first."""
    found = [payment for payment in reversed(source.payments) if payment.status == "paid"]
    return sorted(found, key=lambda one: one.paid_at or source.created)


def out_of_band(source: st.Invoice) -> int:
    """Minor units paid outside of Stripe that no InvoicePayment stands for."""
    reported = sum(one.amount_paid or 0 for one in paid(source) if one.payment_type == "payment_record")
    return max(0, (source.amount_paid_off_stripe or 0) - reported)


def why_no_payment(source: st.Invoice) -> str:
    if source.status != "paid":
        return f"The invoice is {source.status} and nothing has been paid on it yet."
    if source.total <= 0:
        return "The invoice's total was zero or below, so nothing had to be paid."
    if source.balance_applied > 0:
        return "The invoice was paid from the customer's balance; there is no payment."
    if source.pre_payment_credit_notes_amount:
        return "The invoice was closed by a credit note before it was paid; there is no payment."
    return "The invoice is paid, but Stripe shows no payment for it (its amount was below the minimum, or forgiven)."


def receipts(source: st.Invoice, to: Ledger[Any], *, outside: bool) -> Iterator[Money]:
    """Each receipt once, though a charge may have paid an invoice in several parts."""
    done: set[str] = set()
    for payment in paid(source):
        name = payment.payment_intent or payment.charge or payment.id
        if name not in done:
            done.add(name)
            yield from receipt(source, payment, to, outside)
    beyond = out_of_band(source)
    if beyond and outside_wanted(source, source.id, to, outside):
        received = source.paid_at or to.clock.now()
        shares = (Share(to.links.require(source.id, "inv"), beyond),)
        yield Money(source.id, beyond, source.currency, received, shares)


def receipt(source: st.Invoice, payment: st.InvoicePayment, to: Ledger[Any], outside: bool) -> Iterator[Money]:
    if payment.payment_intent is not None:
        charge = to.stripe.payment_intent(payment.payment_intent).latest_charge
        together = to.stripe.invoice_payments(payment_intent=payment.payment_intent)
        yield of_charge(source, charge, [one for one in together if one.status == "paid"], to)
    elif payment.charge is not None:
        same_charge = [one for one in paid(source) if one.charge == payment.charge]
        yield of_charge(source, to.stripe.charge(payment.charge), same_charge, to)
    elif outside_wanted(source, payment.payment_record or payment.id, to, outside):
        received = payment.paid_at or source.paid_at or to.clock.now()
        yield Money(payment.id, amount_of(payment), payment.currency, received, shares_of(source, [payment], to))


def of_charge(
    source: st.Invoice, charge: st.Charge | None, payments: Sequence[st.InvoicePayment], to: Ledger[Any]
) -> Money:
    if charge is None or charge.status == "pending":
        raise NotReady("The payment is still on its way (a bank debit takes days).")
    if charge.status != "succeeded":
        raise Skipped(f"Charge {charge.id} has {charge.status}; no money came in.", code="charge_failed")
    paid_at = max((one.paid_at for one in payments if one.paid_at), default=charge.created)
    amount = charge.amount_captured or charge.amount
    return Money(
        stripe_id=charge.id,
        amount=amount,
        currency=charge.currency,
        received=paid_at,
        shares=shares_of(source, payments, to),
        balance=charge.balance_transaction,
        charge=charge,
    )


def shares_of(source: st.Invoice, payments: Sequence[st.InvoicePayment], to: Ledger[Any]) -> tuple[Share, ...]:
    sums: dict[str, int] = {}
    for payment in payments:
        invoice = source if payment.invoice == source.id else to.stripe.invoice(payment.invoice)
        sums[invoice.id] = sums.get(invoice.id, 0) + amount_of(payment) - excess_of(invoice, payment)
    return tuple(Share(to.links.require(invoice, "inv"), amount) for invoice, amount in sums.items() if amount)


def excess_of(invoice: st.Invoice, payment: st.InvoicePayment) -> int:
    """What of this payment came after the invoice was paid in full: Stripe gave it to the customer's balance."""
    earlier = takewhile(lambda one: one.id != payment.id, paid(invoice))
    before = sum(amount_of(one) for one in earlier)
    beyond = min(invoice.amount_overpaid, max(0, before + amount_of(payment) - invoice.amount_due))
    return min(beyond, amount_of(payment))


def amount_of(payment: st.InvoicePayment) -> int:
    return payment.amount_requested if payment.amount_paid is None else payment.amount_paid


def outside_wanted(source: st.Invoice, stripe_id: str, to: Ledger[Any], outside: bool) -> bool:
    """Not what we ourselves reported to Stripe because NetSuite had the money."""
    reported = source.metadata.get(to.config.fields.metadata_payment_id)
    link = to.links.of_stripe(stripe_id, "pay")
    if reported or (link and link.origin == "netsuite"):
        to.note(f"The payment outside of Stripe is NetSuite's own payment {reported or (link and link.netsuite_id)}.")
        return False
    if not outside:
        to.note("The invoice was paid outside of Stripe, which is left out by setting.")
    return outside
