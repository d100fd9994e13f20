"""What each flow needs to read in Stripe and to write in NetSuite: the permissions of the key and of the role.

Of Stripe the names are those of the Dashboard's form for restricted keys. A flow that is not here needs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

from app.core.config import Config
from app.core.flow import AnyFlow

RESOURCES = {
    "balance_transactions": "Balance",
    "charges": "Charges and Refunds",
    "refunds": "Charges and Refunds",
    "credit_notes": "Credit notes",
    "customers": "Customers",
    "disputes": "Disputes",
    "events": "Events",
    "invoices": "Invoices",
    "payment_intents": "PaymentIntents",
    "payouts": "Payouts",
    "webhook_endpoints": "Webhook Endpoints",
}
ALWAYS = frozenset({"events"})
"""The sweep of the inbox compares it with Stripe's own list of events."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


READS: Mapping[str, tuple[str, ...]] = {
    "netsuite_customer_to_stripe": _words("customers"),
    "stripe_customer_to_netsuite": _words("customers"),
    "portal_url_to_netsuite_customer": _words("customers"),
    "netsuite_invoice_to_stripe": _words("customers invoices"),
    "netsuite_invoice_update_to_stripe": _words("customers invoices credit_notes"),
    "netsuite_invoice_void_to_stripe": _words("invoices"),
    "stripe_charge_to_netsuite_invoice": _words("charges payment_intents customers balance_transactions"),
    "stripe_invoice_to_netsuite": _words("invoices customers"),
    "stripe_invoice_to_netsuite_realtime": _words("invoices customers"),
    "netsuite_invoice_status_to_stripe": _words("invoices credit_notes"),
    "stripe_invoice_paid_to_netsuite_payment": _words("invoices payment_intents charges balance_transactions"),
    "open_invoice_status_from_stripe": _words("invoices payment_intents charges"),
    "open_invoice_payments_from_stripe_charges": _words("charges payment_intents"),
    "open_invoice_details_from_stripe": _words("invoices"),
    "hosted_invoice_url_to_netsuite": _words("invoices"),
    "stripe_payment_to_netsuite_payment": _words("charges payment_intents balance_transactions"),
    "stripe_refund_to_netsuite": _words("refunds charges balance_transactions"),
    "stripe_credit_note_to_netsuite": _words("credit_notes refunds"),
    "stripe_dispute_to_netsuite": _words("disputes charges balance_transactions"),
    "stripe_dispute_reversal_to_netsuite": _words("disputes charges balance_transactions"),
    "stripe_payout_to_netsuite_deposit": _words("payouts balance_transactions"),
    "exchange_rates_to_netsuite": _words("charges refunds balance_transactions"),
}
RECORDS: Mapping[str, tuple[str, ...]] = {
    "netsuite_customer_to_stripe": _words("customer"),
    "stripe_customer_to_netsuite": _words("customer"),
    "portal_url_to_netsuite_customer": _words("customer"),
    "netsuite_invoice_to_stripe": _words("customer invoice"),
    "netsuite_invoice_update_to_stripe": _words("invoice"),
    "netsuite_invoice_void_to_stripe": _words("invoice"),
    "stripe_charge_to_netsuite_invoice": _words("customer invoice customerPayment"),
    "stripe_invoice_to_netsuite": _words("customer invoice creditMemo"),
    "stripe_invoice_to_netsuite_realtime": _words("customer invoice creditMemo"),
    "netsuite_invoice_status_to_stripe": _words("invoice customerPayment creditMemo"),
    "stripe_invoice_paid_to_netsuite_payment": _words("invoice customerPayment"),
    "open_invoice_status_from_stripe": _words("invoice customerPayment creditMemo"),
    "open_invoice_payments_from_stripe_charges": _words("invoice customerPayment"),
    "open_invoice_details_from_stripe": _words("invoice"),
    "hosted_invoice_url_to_netsuite": _words("invoice"),
    "stripe_payment_to_netsuite_payment": _words("customerPayment"),
    "stripe_refund_to_netsuite": _words("creditMemo customerRefund"),
    "stripe_credit_note_to_netsuite": _words("creditMemo customerRefund"),
    "stripe_dispute_to_netsuite": _words("creditMemo customerRefund"),
    "stripe_dispute_reversal_to_netsuite": _words("customerPayment"),
    "stripe_payout_to_netsuite_deposit": _words("deposit journalEntry"),
    "exchange_rates_to_netsuite": _words("customerPayment customerRefund"),
}
BY_OPTION: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    ("stripe_charge_to_netsuite_invoice", "mode", "cash_sale"): _words("cashSale cashRefund"),
    ("stripe_charge_to_netsuite_invoice", "mode", "customer_deposit"): _words("customerDeposit depositApplication"),
    ("stripe_payment_to_netsuite_payment", "unmatched", "deposit"): _words("customerDeposit depositApplication"),
    ("stripe_payment_to_netsuite_payment", "unmatched", "deposit_for_orders"): _words("customerDeposit"),
    ("stripe_dispute_to_netsuite", "mode", "cash"): _words("cashRefund cashSale"),
    ("hosted_invoice_url_to_netsuite", "target", "custom_record"): _words("customrecord_tieout_invoice_link"),
}
"""Flow, option and its value -> the record types that it asks for besides."""


def resources(flows: Iterable[AnyFlow]) -> list[str]:
    return sorted(ALWAYS.union(*(READS.get(flow.key, ()) for flow in flows)))


def records(flows: Iterable[AnyFlow], chosen: Config) -> list[str]:
    found = {kind for flow in flows for kind in (*RECORDS.get(flow.key, ()), *_by_option(flow, chosen))}
    return sorted(found)


def _by_option(flow: AnyFlow, chosen: Config) -> Iterator[str]:
    options = chosen.options_for(flow)
    for (key, name, value), kinds in BY_OPTION.items():
        picked = getattr(options, name, None) if key == flow.key else None
        if picked == value or (isinstance(picked, tuple) and value in picked):
            yield from kinds
