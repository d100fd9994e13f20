"""What closed a NetSuite invoice besides payments through Stripe: money that NetSuite took, and credit memos."""

from typing import Any

from app.core.config import FlowConfig
from app.core.interfaces import Ledger
from app.core.links import Link
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref

To = Ledger[Any]
VOID_FLOW = "netsuite_invoice_void_to_stripe"
ROLES = {"customerPayment": "pay", "creditMemo": "cm", "depositApplication": "depa", "journalEntry": "je"}
ITEMS_OF = "SELECT item FROM transactionline WHERE transaction = ? AND mainline = 'F' AND taxline = 'F'"
OURS = ("pr_", "in_", "cn_", "inpay_")
"""How the Stripe ids begin under which NetSuite's own payments and credit memos are reported to Stripe."""


def closed_by_credit_memo(invoice: ns.Invoice, to: To) -> bool:
    """Nothing is left to pay, and all that was applied is credit memos of NetSuite's own."""
    if invoice.voided or invoice.amount_remaining > 0 or invoice.total <= 0:
        return False
    applied = to.netsuite.applications_of(invoice.id)
    memos = {one.doc_type for one in applied} == {"creditMemo"}
    return memos and not any(from_stripe(one, to) for one in applied)


def left_to_the_void_flow(to: To) -> bool:
    """Whether finance lets the void flow withdraw invoices that credit memos close."""
    chosen = to.config.flows.get(VOID_FLOW, FlowConfig())
    return chosen.enabled is not False and chosen.options.get("closed_by_credit_memo", "leave") != "leave"


def from_stripe(application: ns.Application, to: To) -> bool:
    """Stripe has moved this money, or knows of this credit: it came from there, or is linked to a Stripe payment."""
    link = link_of(application, to)
    if link is not None:
        return link.origin == "stripe" or not link.stripe_id.startswith(OURS)
    head = to.netsuite.transaction(application.doc_type, application.doc)
    return (head.external_id or "").startswith("stripe-")


def link_of(application: ns.Application, to: To) -> Link | None:
    role = ROLES.get(application.doc_type)
    return to.links.of_netsuite(application.doc_type, application.doc, role) if role else None


def written_off(application: ns.Application, subsidiary: str | None, to: To) -> bool:
    """A credit memo of nothing but the subsidiary's bad-debt item."""
    bad_debt = to.config.for_account(to.account, subsidiary).items.bad_debt
    if application.doc_type != "creditMemo" or bad_debt is None:
        return False
    items = {row.get("item") for row in to.netsuite.query(ITEMS_OF, (application.doc,))} - {None}
    return items == {bad_debt}


def stand_in(stripe_id: str, what: str, invoice: ns.Invoice, to: To) -> None:
    """NetSuite's credit memo is what Stripe's `void` or `uncollectible` would be booked as: no second one is made."""
    memo = next((one.doc for one in to.netsuite.applications_of(invoice.id) if one.doc_type == "creditMemo"), None)
    if memo is not None and to.links.of_stripe(f"{stripe_id}-{what}", "cm") is None:
        facts = {"invoice": invoice.id, "customer": invoice.entity}
        to.links.save("cm", f"{stripe_id}-{what}", Ref("creditMemo", memo), origin="netsuite", facts=facts)
