"""Which Stripe customer a NetSuite customer is: one answer with its reason, or a person is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Ambiguous, Candidate, Held, NotFound
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st


@dataclass(frozen=True)
class Found:
    """The Stripe customer that this one is, and the link that said so, if one did."""

    customer: st.Customer
    link: Link | None = None


def match(source: ns.Customer, to: Ledger[Any], *, by_email: bool) -> Found | None:
    """By the id that NetSuite holds, by Stripe metadata, by a unique e-mail. A link has been looked for already."""
    return named_in_netsuite(source, to) or marked(source, to) or with_email(source, to, by_email)


def named_in_netsuite(source: ns.Customer, to: Ledger[Any]) -> Found | None:
    field = to.config.fields.customer_stripe_id
    named = source.custom.get(field)
    if not named:
        return None
    try:
        customer = to.stripe.customer(str(named))
    except NotFound:
        raise Held(
            f"NetSuite's field {field} says {named}, which this Stripe account does not know.",
            code="unknown_stripe_id",
            action="Correct or empty the field on the NetSuite customer (a test id in a live account?), then replay.",
        ) from None
    if customer.deleted or of_another(customer, source, to):
        return None
    to.note(f"Tied to {customer.id}, which NetSuite's field {field} names.")
    return Found(customer)


def of_another(customer: st.Customer, source: ns.Customer, to: Ledger[Any]) -> bool:
    """A copy made in NetSuite carries the custom fields of its original, the Stripe id among them."""
    link = to.links.of_stripe(customer.id, "cust")
    marked_as = customer.metadata.get(to.config.fields.metadata_customer_id)
    owner = link.netsuite_id if link and link.current else marked_as
    if owner in (None, source.id):
        return False
    to.note(f"Stripe customer {customer.id}, which the field names, belongs to NetSuite customer {owner}.")
    return True


def marked(source: ns.Customer, to: Ledger[Any]) -> Found | None:
    key = to.config.fields.metadata_customer_id
    return only_one(living(to.stripe.customers_marked(key, source.id)), source, f"metadata {key} = {source.id}", to)


def with_email(source: ns.Customer, to: Ledger[Any], by_email: bool) -> Found | None:
    """Also finds, without the search's delay, one that an attempt which was cut off has made."""
    if not source.email:
        return None
    key = to.config.fields.metadata_customer_id
    alike = living(to.stripe.customers_with_email(source.email))
    ours = [one for one in alike if one.metadata.get(key) == source.id]
    if ours or not by_email:
        return only_one(ours, source, f"metadata {key} = {source.id}", to)
    free = [one for one in alike if not one.metadata.get(key) and not taken(one, source, to)]
    return only_one(free, source, f"e-mail {source.email}", to)


def living(customers: Sequence[st.Customer]) -> list[st.Customer]:
    return [one for one in customers if not one.deleted]


def taken(customer: st.Customer, source: ns.Customer, to: Ledger[Any]) -> bool:
    link = to.links.of_stripe(customer.id, "cust")
    return link is not None and link.current and link.netsuite_id != source.id


def only_one(customers: Sequence[st.Customer], source: ns.Customer, why: str, to: Ledger[Any]) -> Found | None:
    if not customers:
        return None
    if len(customers) > 1:
        raise Ambiguous(
            f"{len(customers)} Stripe customers have {why}.",
            action=f"Put the right one's id into NetSuite's field {to.config.fields.customer_stripe_id} of customer "
            f"{source.id}, then replay.",
            candidates=[
                Candidate("stripe", "customer", one.id, one.name or one.email or one.id, why) for one in customers
            ],
        )
    to.note(f"Tied to {customers[0].id}: the only Stripe customer with {why}.")
    return Found(customers[0])
