"""A Stripe invoice in the place of another, for one NetSuite invoice: there is always one current, the rest is history.

A draft that an interrupted run has left is deleted and made anew: it cannot be told how far it had got.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import AmountMismatch, Skipped
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import billing, stripe_invoice
from workers.records.received import refuse_money, void

To = Ledger[Any]
LOOK_BACK = timedelta(days=31)
"""An interrupted run is taken up again within this time."""
NOT_REVISED = ("customer", "currency", "pending_invoice_items_behavior", "number", "discounts")
CREDITED_FOR = "netsuite_changed_invoice_id"
"""Metadata of a credit note that stands for a change of the NetSuite invoice itself; no credit memo is made of it."""


@dataclass(frozen=True)
class Wanted:
    """What Stripe is to show. `lines`: parameters, in order."""

    customer: str
    currency: str
    lines: tuple[dict[str, Any], ...]
    total: int

    def same_party(self, invoice: st.Invoice) -> bool:
        return (invoice.customer, invoice.currency) == (self.customer, self.currency.lower())

    def agrees(self, invoice: st.Invoice) -> bool:
        shown = [(line.description, line.amount) for line in invoice.lines]
        asked = [(line["description"], line["amount"]) for line in self.lines]
        live = invoice.status not in ("void", "draft")
        return live and self.same_party(invoice) and shown == asked and invoice.total == self.total


def wanted(source: ns.Invoice, to: To) -> Wanted:
    currency = billing.currency_of(source, to)
    customer = to.links.require_netsuite("customer", source.entity, "cust").stripe_id
    lines = stripe_invoice.lines(source, currency, billing.rules(to))
    return Wanted(customer, currency, tuple(lines), billing.expected(source, currency))


def latest(stripe_id: str, to: To) -> st.Invoice:
    """The invoice, or what it was revised to, however often."""
    found = to.stripe.invoice(stripe_id)
    while found.status == "void" and found.latest_revision and found.latest_revision != found.id:
        found = to.stripe.invoice(found.latest_revision)
    return found


def underway(source: ns.Invoice, found: st.Invoice, goal: Wanted, to: To) -> st.Invoice:
    """Of a void invoice, what an interrupted run has put in its place. Raises Skipped when there is none."""
    if found.status != "void":
        return found
    ours = list(marked(source, found, goal, to))
    standing = next((one for one in ours if one.status not in ("void", "draft")), None)
    if standing is not None:
        return to.stripe.invoice(standing.id)
    if not any(one.status == "draft" for one in ours):
        raise Skipped(f"Its Stripe invoice {found.id} is void; a change makes no new one.", code="void")
    return found


def marked(source: ns.Invoice, found: st.Invoice, goal: Wanted, to: To) -> Iterator[st.Invoice]:
    key, since = to.config.fields.metadata_invoice_id, to.clock.now() - LOOK_BACK
    for customer in dict.fromkeys((found.customer, goal.customer)):
        for one in to.stripe.invoices_of(customer or "", created_since=since):
            if one.metadata.get(key) == source.id and one.id != found.id:
                yield one


# making it -----------------------------------------------------------------------------------------------------


def revise(source: ns.Invoice, link: Link, found: st.Invoice, goal: Wanted, to: To) -> st.Invoice:
    drop_drafts(source, found, goal, to)
    params = {**asked(source, link, goal, to), **billing.soft(source, goal.currency, to)}
    kept = {name: value for name, value in params.items() if name not in NOT_REVISED or name == "number"}
    draft = to.stripe.revise_invoice(found.id, kept, of=f"invoice:{source.id}:{found.id}")
    new = to.stripe.add_invoice_lines(draft.id, goal.lines)
    return checked(billing.finalized(source, new, goal.currency, to), found, to)


def recreate(source: ns.Invoice, link: Link, found: st.Invoice, goal: Wanted, to: To) -> st.Invoice:
    drop_drafts(source, found, goal, to)
    draft = to.stripe.create_invoice(asked(source, link, goal, to), of=f"invoice:{source.id}:{found.id}")
    new = to.stripe.add_invoice_lines(draft.id, goal.lines)
    billing.prove(source, new, goal.currency, to)
    if found.status != "void":
        void(found, "was changed", to)
    return billing.finalized(source, new, goal.currency, to)


def asked(source: ns.Invoice, link: Link, goal: Wanted, to: To) -> dict[str, Any]:
    """The draft's parameters. NetSuite's number was spent on the first, so it gets a counter."""
    params = billing.draft(source, goal.customer, goal.currency, to)
    params["metadata"] = {billing.APPLIED_BEFORE: "", **params["metadata"]}
    if "number" in params:
        ending = f"-{generation(link)}"
        params["number"] = params["number"][: stripe_invoice.NUMBER_LENGTH - len(ending)] + ending
    return params


def generation(link: Link) -> int:
    return int(link.facts.get("generation", 1)) + 1


def drop_drafts(source: ns.Invoice, found: st.Invoice, goal: Wanted, to: To) -> None:
    for one in list(marked(source, found, goal, to)):
        if one.status == "draft":
            to.stripe.delete_draft_invoice(one.id)


def checked(new: st.Invoice, before: st.Invoice, to: To) -> st.Invoice:
    """The one that was revised is void by now. If it was paid in that moment, the new one asks for money twice."""
    now = to.stripe.invoice(before.id)
    if now.status == "paid":
        to.stripe.void_invoice(new.id)
        refuse_money(now, "was changed")
    if now.status in ("open", "uncollectible"):
        void(now, "was changed", to)
    return new


def adopt(source: ns.Invoice, link: Link, new: st.Invoice, to: To) -> None:
    """From now on this is the NetSuite invoice's Stripe invoice; the pay link leads to it."""
    if new.id != link.stripe_id:
        billing.remember(source, new, to, more={"replaces": link.stripe_id, "generation": generation(link)})
        if billing.chosen(to).send and new.status == "open" and new.customer_email:
            to.stripe.send_invoice(new.id)
    billing.finish(source, new, to)


# crediting it --------------------------------------------------------------------------------------------------


def credit(source: ns.Invoice, found: st.Invoice, less: int, to: To) -> None:
    """Raises AmountMismatch when Stripe asks for another amount afterwards."""
    params = {
        "invoice": found.id,
        "amount": less,
        "memo": f"NetSuite invoice {stripe_invoice.name(source)} was changed.",
        "email_type": "none",
        "metadata": {CREDITED_FOR: source.id, to.config.fields.metadata_credit_memo_id: source.id},
    }
    of = f"invoice:{source.id}:{found.amount_remaining}:{source.amount_remaining:f}"
    left = found.amount_remaining - to.stripe.create_credit_note(params, of=of).total
    if left != billing.expected(source, found.currency):
        amount = from_minor(left, found.currency)
        what = f"Stripe invoice {found.number or found.id} after its credit note"
        raise AmountMismatch(what, amount, source.amount_remaining, found.currency.upper())


def remember_credits(source: ns.Invoice, found: st.Invoice, to: To) -> None:
    """The invoice itself was lowered in NetSuite, so these credit notes become no credit memos."""
    for note in to.stripe.credit_notes_of(found.id):
        mine = note.metadata.get(CREDITED_FOR) == source.id
        if mine and to.links.of_stripe(note.id, "cm") is None:
            facts = {"invoice": source.id, "customer": source.entity}
            to.links.save("cm", note.id, Ref("invoice", source.id), origin="netsuite", facts=facts)
