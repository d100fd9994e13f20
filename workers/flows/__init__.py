"""The flows, in the order they are published; and what other systems tell us that none of them wants."""

from app.core.flow import Catalogue
from workers.flows import (
    netsuite_customer_to_stripe,
    netsuite_invoice_to_stripe,
    stripe_customer_to_netsuite,
    stripe_invoice_paid_to_netsuite_payment,
    stripe_invoice_to_netsuite,
    stripe_invoice_to_netsuite_realtime,
)

_DRAFT = "A draft may still change; invoice.finalized tells when it stands."
_PAYMENT = "Money is booked when it has paid an invoice: invoice.paid and invoice_payment.paid tell that."
_LINES = "Lines are read with their invoice, once it is finalized."
_SENT = "Sending an invoice changes nothing in the books."
_CATALOGUE = "Products and prices are mapped to NetSuite items by the configuration."
_CARDS = "How a customer pays is not kept in NetSuite."
_SUBSCRIPTION = "A subscription reaches the books through its invoices."
_NETSUITE_ONLY = "What is booked in NetSuite alone changes nothing in Stripe."
_NETSUITE_TYPES = (
    "customerPayment",
    "creditMemo",
    "customerRefund",
    "cashSale",
    "cashRefund",
    "customerDeposit",
    "depositApplication",
    "deposit",
    "journalEntry",
)
_NETSUITE_EVENTS = ("create", "edit", "xedit", "delete", "void")

IGNORED = {
    "invoice.created": _DRAFT,
    "invoice.updated": "What is posted is fixed when an invoice is finalized.",
    "invoice.deleted": "Only a draft can be deleted, and drafts are not posted.",
    "invoice.upcoming": "It announces an invoice that does not exist yet.",
    "invoice.will_be_due": _SENT,
    "invoice.overdue": _SENT,
    "invoice.sent": _SENT,
    "invoice.payment_succeeded": "invoice.paid says the same, also of invoices closed without a payment.",
    "invoice.payment_failed": "No money moved.",
    "invoice.payment_action_required": "No money moved.",
    "invoice.payment_attempt_required": "No money moved.",
    "invoice.finalization_failed": "The invoice is still a draft; Stripe shows what is missing.",
    "invoiceitem.created": _LINES,
    "invoiceitem.deleted": _LINES,
    "payment_intent.created": _PAYMENT,
    "payment_intent.processing": _PAYMENT,
    "payment_intent.requires_action": _PAYMENT,
    "payment_intent.payment_failed": _PAYMENT,
    "payment_intent.canceled": _PAYMENT,
    "payment_intent.succeeded": _PAYMENT,
    "charge.succeeded": _PAYMENT,
    "charge.pending": _PAYMENT,
    "charge.failed": _PAYMENT,
    "charge.captured": _PAYMENT,
    "charge.updated": _PAYMENT,
    "customer.source.created": _CARDS,
    "customer.source.updated": _CARDS,
    "customer.source.deleted": _CARDS,
    "payment_method.attached": _CARDS,
    "payment_method.detached": _CARDS,
    "payment_method.updated": _CARDS,
    "payment_method.automatically_updated": _CARDS,
    "setup_intent.created": _CARDS,
    "setup_intent.succeeded": _CARDS,
    "customer.tax_id.created": "Tax numbers are not kept in step.",
    "customer.tax_id.updated": "Tax numbers are not kept in step.",
    "customer.tax_id.deleted": "Tax numbers are not kept in step.",
    "customer.discount.created": "Discounts are posted with the invoices they reduce.",
    "customer.discount.updated": "Discounts are posted with the invoices they reduce.",
    "customer.discount.deleted": "Discounts are posted with the invoices they reduce.",
    "customer.subscription.created": _SUBSCRIPTION,
    "customer.subscription.updated": _SUBSCRIPTION,
    "customer.subscription.deleted": _SUBSCRIPTION,
    "customer.subscription.trial_will_end": _SUBSCRIPTION,
    "product.created": _CATALOGUE,
    "product.updated": _CATALOGUE,
    "product.deleted": _CATALOGUE,
    "price.created": _CATALOGUE,
    "price.updated": _CATALOGUE,
    "price.deleted": _CATALOGUE,
    "plan.created": _CATALOGUE,
    "plan.updated": _CATALOGUE,
    "plan.deleted": _CATALOGUE,
    "coupon.created": _CATALOGUE,
    "coupon.updated": _CATALOGUE,
    "coupon.deleted": _CATALOGUE,
    "tax_rate.created": _CATALOGUE,
    "tax_rate.updated": _CATALOGUE,
    "balance.available": "The balance is explained by what moved it.",
    "invoice.delete": "The Stripe invoice of a NetSuite invoice that was deleted is left as it is.",
    "invoice.void": "The Stripe invoice of a NetSuite invoice that was voided is left as it is.",
    **{f"{kind}.{event}": _NETSUITE_ONLY for kind in _NETSUITE_TYPES for event in _NETSUITE_EVENTS},
}

CATALOGUE = Catalogue(
    [
        netsuite_customer_to_stripe.flow,
        stripe_customer_to_netsuite.flow,
        netsuite_invoice_to_stripe.flow,
        stripe_invoice_to_netsuite.flow,
        stripe_invoice_to_netsuite_realtime.flow,
        stripe_invoice_paid_to_netsuite_payment.flow,
    ],
    IGNORED,
)
