"""Which NetSuite invoices a charge without a Stripe invoice has paid: ordered rules, and each answer with its reason.

What a person has linked by hand comes before every rule. Of the rules the first that finds something decides; what
fits several invoices equally well is held with the candidates.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.match import InvoiceRule
from app.errors import Ambiguous, Candidate, Held, NotFound
from app.money import from_minor, quantize
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st

To = Ledger[Any]
Finder = Callable[[st.Charge, str | None, InvoiceRule, To], Sequence[str]]


def invoices_of(charge: st.Charge, customer: str | None, to: To) -> tuple[ns.Invoice, ...]:
    """In the order in which its money goes to them. `customer`: the NetSuite customer that the charge is of, if any."""
    link = to.links.of_stripe(charge.id, "inv")
    if link is not None and link.current:
        to.note(f"{charge.id} is linked to NetSuite invoice {link.netsuite_id}.")
        linked = to.netsuite.invoice(link.netsuite_id)
        to.chose(candidate(linked, link.note or "it is linked"), "link")
        return (linked,)
    for rule in to.config.match.invoices.rules:
        found = FINDERS[rule.by](charge, customer, rule, to)
        if found:
            to.note(f"{charge.id} pays NetSuite invoice {', '.join(found)}, by the rule {rule.by}.")
            chosen = tuple(named(internal_id, rule, to) for internal_id in found)
            for one in chosen:
                to.chose(candidate(one, WHY[rule.by]), rule.by)
            return chosen
    return ()


def named(internal_id: str, rule: InvoiceRule, to: To) -> ns.Invoice:
    try:
        return to.netsuite.invoice(internal_id)
    except NotFound:
        raise Held(
            f"The charge names NetSuite invoice {internal_id}, which does not exist.",
            code="unknown_netsuite_id",
            action=f"Correct what the rule {rule.by} reads on the charge, then replay.",
        ) from None


# the rules -----------------------------------------------------------------------------------------------------


def held_by_field(charge: st.Charge, customer: str | None, _: InvoiceRule, to: To) -> Sequence[str]:
    """A copy made in NetSuite carries the field of its original: several count only when the charge can pay them."""
    found = to.netsuite.invoices_holding(to.config.fields.invoice_stripe_id, ids_of(charge))
    if len(found) > 1 and sum((one.total for one in found), Decimal(0)) > captured(charge):
        raise tie(charge, found, "whose Stripe id field holds it")
    return [one.id for one in found]


def said_in_metadata(charge: st.Charge, customer: str | None, _: InvoiceRule, to: To) -> Sequence[str]:
    return [*said_ids(charge, to), *of_numbers(charge, said_to_apply(charge, to), customer, to)]


def numbered_in_metadata(charge: st.Charge, customer: str | None, rule: InvoiceRule, to: To) -> Sequence[str]:
    return of_numbers(charge, said_numbers(charge, rule), customer, to)


def numbered_in_description(charge: st.Charge, customer: str | None, rule: InvoiceRule, to: To) -> Sequence[str]:
    return of_numbers(charge, said_numbers(charge, rule), customer, to)


def only_one_of_amount(charge: st.Charge, customer: str | None, rule: InvoiceRule, to: To) -> Sequence[str]:
    if customer is None or given_back(charge):
        return []
    all_of_them = list(to.netsuite.open_invoices(customer=customer))
    found = [one for one in all_of_them if of_amount(charge, one, rule, to)]
    for one in all_of_them:
        if one not in found:
            to.rejected(candidate(one, unlike(charge, one, rule, to)), rule.by)
    if len(found) > 1:
        raise tie(charge, found, f"of {captured(charge)} {charge.currency.upper()}")
    return [one.id for one in found]


WHY = {
    "stripe_id_field": "its Stripe id field holds the charge",
    "metadata_invoice_id": "the charge's metadata names it",
    "number_in_metadata": "the charge's metadata says its number",
    "number_in_description": "the charge's description says its number",
    "customer_amount_currency": "the customer's only open invoice of this amount and currency",
}
"""By rule: what made the choice."""

FINDERS: dict[str, Finder] = {
    "stripe_id_field": held_by_field,
    "metadata_invoice_id": said_in_metadata,
    "number_in_metadata": numbered_in_metadata,
    "number_in_description": numbered_in_description,
    "customer_amount_currency": only_one_of_amount,
}


# what the two sides say of each other --------------------------------------------------------------------------


def says(charge: st.Charge, invoice: ns.Invoice, rule: InvoiceRule, to: To) -> bool:
    """Whether the rule ties this charge to this invoice, seen from the invoice."""
    if rule.by == "stripe_id_field":
        return invoice.custom.get(to.config.fields.invoice_stripe_id) in ids_of(charge)
    if rule.by == "metadata_invoice_id":
        return invoice.id in said_ids(charge, to) or invoice.tran_id in said_to_apply(charge, to)
    if rule.by == "customer_amount_currency":
        return not given_back(charge) and of_amount(charge, invoice, rule, to)
    return invoice.tran_id is not None and invoice.tran_id in said_numbers(charge, rule)


def ids_of(charge: st.Charge) -> list[str]:
    return [charge.id, *([charge.payment_intent] if charge.payment_intent else [])]


def captured(charge: st.Charge) -> Decimal:
    return from_minor(charge.amount_captured or charge.amount, charge.currency)


def given_back(charge: st.Charge) -> int:
    """Minor units refunded. Stripe counts what was authorised and not captured as refunded too."""
    return charge.amount_refunded - (charge.amount - charge.amount_captured)


def said_ids(charge: st.Charge, to: To) -> list[str]:
    return split(charge.metadata.get(to.config.fields.metadata_invoice_id))


def said_to_apply(charge: st.Charge, to: To) -> list[str]:
    return split(charge.metadata.get(to.config.fields.metadata_apply_to))


def said_numbers(charge: st.Charge, rule: InvoiceRule) -> list[str]:
    if rule.by == "number_in_metadata":
        return split(charge.metadata.get(rule.key))
    return list(dict.fromkeys(re.findall(rule.pattern, charge.description or "")))


def split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def of_amount(charge: st.Charge, invoice: ns.Invoice | ns.InvoiceHead, rule: InvoiceRule, to: To) -> bool:
    """The same amount and currency, not long before or after; not an invoice that Stripe itself bills."""
    if invoice.amount_remaining != captured(charge) or iso_of(invoice.currency, charge, to) != charge.currency.upper():
        return False
    link = to.links.of_netsuite("invoice", invoice.id, "inv")
    apart = abs(charge.created.date() - (invoice.tran_date or charge.created.date()))
    return link is None and apart <= timedelta(days=rule.days)


def unlike(charge: st.Charge, invoice: ns.Invoice | ns.InvoiceHead, rule: InvoiceRule, to: To) -> str:
    """Why `of_amount` says no."""
    iso, wanted = iso_of(invoice.currency, charge, to), charge.currency.upper()
    if iso != wanted:
        return f"it is in {iso}, the charge in {wanted}"
    if invoice.amount_remaining != captured(charge):
        return f"{quantize(invoice.amount_remaining, iso)} {iso} is open on it, the charge brought {captured(charge)}"
    link = to.links.of_netsuite("invoice", invoice.id, "inv")
    if link is not None:
        return f"it belongs to {link.stripe_id}"
    return f"it is dated {invoice.tran_date}, more than {rule.days} days from the charge"


def iso_of(currency: str | None, charge: st.Charge, to: To) -> str:
    """Without NetSuite's multiple currencies an invoice names none."""
    return to.netsuite.iso_currency(currency) if currency else charge.currency.upper()


def of_numbers(charge: st.Charge, numbers: Iterable[str], customer: str | None, to: To) -> list[str]:
    return [found for number in numbers if (found := of_number(charge, number, customer, to))]


def of_number(charge: st.Charge, number: str, customer: str | None, to: To) -> str | None:
    """A number is trusted for the charge's own customer; for a guest, when the amount is the same too."""
    all_of_them = to.netsuite.invoices_numbered(number)
    found = [one for one in all_of_them if one.entity == customer or (not customer and one.total == captured(charge))]
    for one in all_of_them:
        if one not in found:
            whose = f"it is of customer {one.entity}, the charge of {customer}"
            to.rejected(candidate(one, whose if customer else f"its total is {one.total}"), f"number {number}")
    if len(found) > 1:
        raise tie(charge, found, f"numbered {number}")
    if not found:
        to.note(f"{charge.id} says {number}, which is no invoice of its customer in NetSuite.")
    return found[0].id if found else None


def tie(charge: st.Charge, found: Sequence[ns.InvoiceHead], why: str) -> Ambiguous:
    return Ambiguous(
        f"{len(found)} NetSuite invoices {why} could be what {charge.id} has paid.",
        action="Choose the right invoice, or name it in the charge's metadata and replay.",
        candidates=[replace(candidate(one, f"{one.amount_remaining} open"), role="inv", of=charge.id) for one in found],
    )


def candidate(one: ns.Invoice | ns.InvoiceHead, why: str) -> Candidate:
    return Candidate("netsuite", "invoice", one.id, one.tran_id or one.id, why)
