"""Which charges have paid an open NetSuite invoice: the rules of `invoice_match`, seen from the invoice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.core.interfaces import Ledger
from app.core.match import InvoiceRule
from app.errors import Ambiguous, Candidate, Held, NotFound
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records.charge_money import Received, received, with_payments
from workers.records.charged import charged
from workers.records.invoice_match import captured, says
from workers.records.payment import is_netsuites_own, wholly_applied

To = Ledger[Any]
PAID = {
    "stripe_id_field": "the invoice's Stripe id field holds it",
    "metadata_invoice_id": "its metadata names the invoice",
    "number_in_metadata": "its metadata says the invoice's number",
    "number_in_description": "its description says the invoice's number",
    "customer_amount_currency": "the customer's only charge of this amount and currency",
}
"""By rule: what made the choice."""
CHARGE_IDS = ("ch_", "py_", "pi_")
OURS = "stripe-pay-"


def charges_for(invoice: ns.Invoice, before: timedelta, to: To) -> tuple[Received, ...]:
    """Those whose money is for this invoice, oldest first. `before`: how long before the invoice's day one may be."""
    named = named_by_invoice(invoice, to)
    if named:
        return (named,)
    pool = [one for one in pool_of(invoice, before, to) if is_free(one, to)]
    for rule in to.config.match.invoices.rules:
        found = sorted((one for one in pool if says(one, invoice, rule, to)), key=lambda one: (one.created, one.id))
        charges = tuple(with_payments(one, to) for one in found)
        if rule.by == "customer_amount_currency":
            charges = only_one(charges, invoice)
        if charges:
            weigh(charges, pool, rule, to)
            return charges
    return ()


def is_free(charge: st.Charge, to: To) -> bool:
    if free(charge, to):
        return True
    to.rejected(candidate(charge, "it brought no money, or none of it is left"), "charges of the customer")
    return False


def weigh(charges: Sequence[Received], pool: Sequence[st.Charge], rule: InvoiceRule, to: To) -> None:
    chosen = {one.charge.id for one in charges}
    for charge in pool:
        if charge.id in chosen:
            to.chose(candidate(charge, PAID[rule.by]), rule.by)
        else:
            to.rejected(candidate(charge, "the rule does not tie it to this invoice"), rule.by)


def named_by_invoice(invoice: ns.Invoice, to: To) -> Received | None:
    """By a link made by hand, or by the charge that the invoice's Stripe id field holds."""
    field = to.config.fields.invoice_stripe_id
    link = to.links.of_netsuite("invoice", invoice.id, "inv")
    stripe_id = link.stripe_id if link else str(invoice.custom.get(field) or "")
    if not stripe_id.startswith(CHARGE_IDS):
        return None
    try:
        return received(to, stripe_id)
    except NotFound:
        raise Held(
            f"NetSuite's field {field} says {stripe_id}, which this Stripe account does not know.",
            code="unknown_stripe_id",
            action="Correct or empty the field on the NetSuite invoice, then replay.",
        ) from None


def pool_of(invoice: ns.Invoice, before: timedelta, to: To) -> Iterator[st.Charge]:
    """Charges of the invoice's customer, and those booked for it that are not applied."""
    day = invoice.tran_date or to.clock.now().date()
    since = datetime.combine(day - before, time(), UTC)
    seen: set[str] = set()
    link = to.links.of_netsuite("customer", invoice.entity, "cust")
    if link is not None:
        for charge in to.stripe.charges_of(customer=link.stripe_id, created_since=since):
            seen.add(charge.id)
            yield charge
    for head in to.netsuite.payments_of(invoice.entity, since=since.date()):
        name = (head.external_id or "").removeprefix(OURS)
        if name.startswith(CHARGE_IDS) and head.external_id != name and head.unapplied > 0 and name not in seen:
            yield to.stripe.charge(name)


def free(charge: st.Charge, to: To) -> bool:
    """Whether it brought money of which something may be left."""
    if charge.status != "succeeded" or not charge.captured:
        return False
    there = charged(charge.id, to)
    if there is None or there.role == "cdep":
        return True
    return there.role == "pay" and not is_netsuites_own(there) and not wholly_applied(there)


def only_one(charges: Sequence[Received], invoice: ns.Invoice) -> tuple[Received, ...]:
    """Of the charges that pay no Stripe invoice. Raises Ambiguous when several fit."""
    found = tuple(one for one in charges if not one.payments)
    if len(found) > 1:
        name = invoice.tran_id or invoice.id
        raise Ambiguous(
            f"{len(found)} charges could have paid NetSuite invoice {name}: same customer, amount and currency.",
            action="Choose the right charge, or name the invoice in its metadata and replay.",
            candidates=[replace(offered(one.charge), role="inv", of=invoice.id) for one in found],
        )
    return found


def offered(charge: st.Charge) -> Candidate:
    return candidate(charge, f"{captured(charge)} {charge.currency.upper()} on {charge.created:%Y-%m-%d}")


def candidate(charge: st.Charge, why: str) -> Candidate:
    return Candidate("stripe", "charge", charge.id, charge.description or charge.id, why)
