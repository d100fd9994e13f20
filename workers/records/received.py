"""Whether Stripe holds money for an invoice: then it is neither voided nor replaced."""

from typing import Any

from app.core.interfaces import Ledger
from app.errors import Held, NotAllowed, Rejected
from app.systems.stripe import objects as st


def holds_money(invoice: st.Invoice) -> bool:
    """Paid in full or in part, or a payment beside Stripe's own default one is on its way."""
    waiting = any(one.status == "open" and not one.is_default for one in invoice.payments)
    return invoice.status == "paid" or invoice.amount_paid > 0 or waiting


def refuse_money(invoice: st.Invoice, how: str) -> None:
    """`how`: what happened to the NetSuite invoice, as in `was voided`."""
    if holds_money(invoice):
        raise Held(
            f"Money was received in Stripe for invoice {invoice.number or invoice.id}, whose NetSuite invoice {how}.",
            code="money_received",
            action="Refund the payment or issue a credit note in Stripe, or correct the NetSuite invoice; then replay.",
        )


def void(invoice: st.Invoice, how: str, to: Ledger[Any]) -> st.Invoice:
    """Void it, or hold: a payment may have come in, or be on its way, since it was read."""
    try:
        return to.stripe.void_invoice(invoice.id)
    except (Rejected, NotAllowed) as refused:
        refuse_money(to.stripe.invoice(invoice.id), how)
        raise Held(
            f"Stripe does not void invoice {invoice.number or invoice.id}, whose NetSuite invoice {how}.",
            code="void_refused",
            detail=refused.sentence,
            action="A payment is probably on its way. When it has come in or failed, replay.",
        ) from refused
