"""Which Stripe customer a NetSuite customer is: one answer with its reason, or a person is asked.

A link has been looked for already; then finance's match rules are asked in their order (`match.customers`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.core.match import CustomerRule
from app.errors import Ambiguous, Candidate, Held, NotFound
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records.text import same_phone, same_text


@dataclass(frozen=True)
class Found:
    """The Stripe customer that this one is, and the link that said so, if one did."""

    customer: st.Customer
    link: Link | None = None


To = Ledger[Any]


def match(source: ns.Customer, to: To, *, by_email: bool) -> Found | None:
    """By the first rule that finds exactly one. Raises Ambiguous where one finds several."""
    rules = to.config.match.customers.into_stripe
    for rule in rules:
        by = _BY[rule.by]
        found = with_email(source, to, by_email) if rule.by == "email" else by(source, to, rule)
        if found is not None:
            return found
    # even where no e-mail decides, one that an attempt which was cut off has made is found by it
    return None if any(rule.by == "email" for rule in rules) else with_email(source, to, False)


# the rules -------------------------------------------------------------------------------------------------------


def named_in_netsuite(source: ns.Customer, to: To, _: CustomerRule) -> Found | None:
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
    to.chose(candidate(customer, "NetSuite names it"), f"field {field}")
    return Found(customer)


def of_another(customer: st.Customer, source: ns.Customer, to: To) -> bool:
    """A copy made in NetSuite carries the custom fields of its original, the Stripe id among them."""
    link = to.links.of_stripe(customer.id, "cust")
    marked_as = customer.metadata.get(to.config.fields.metadata_customer_id)
    owner = link.netsuite_id if link and link.current else marked_as
    if owner in (None, source.id):
        return False
    to.note(f"Stripe customer {customer.id}, which the field names, belongs to NetSuite customer {owner}.")
    said = f"it belongs to NetSuite customer {owner}"
    to.rejected(candidate(customer, said), f"field {to.config.fields.customer_stripe_id}")
    return True


def marked(source: ns.Customer, to: To, _: CustomerRule) -> Found | None:
    key = to.config.fields.metadata_customer_id
    return only_one(living(to.stripe.customers_marked(key, source.id)), source, f"metadata {key} = {source.id}", to)


def with_email(source: ns.Customer, to: To, by_email: bool) -> Found | None:
    """Also finds, without the search's delay, one that an attempt which was cut off has made."""
    if not source.email:
        return None
    key = to.config.fields.metadata_customer_id
    alike = living(to.stripe.customers_with_email(source.email))
    ours = [one for one in alike if one.metadata.get(key) == source.id]
    if ours or not by_email:
        return only_one(ours, source, f"metadata {key} = {source.id}", to)
    return only_one(free(alike, source, to), source, f"e-mail {source.email}", to)


def with_phone(source: ns.Customer, to: To, _: CustomerRule) -> Found | None:
    if not source.phone:
        return None
    found = to.stripe.customers_matching("phone", source.phone)
    alike = [one for one in living(found) if same_phone(one.phone, source.phone)]
    return only_one(free(alike, source, to), source, f"phone {source.phone}", to)


def with_name_and_country(source: ns.Customer, to: To, _: CustomerRule) -> Found | None:
    country = source.billing.country if source.billing else None
    if not (source.name and country):
        return None
    found = living(to.stripe.customers_matching("name", source.name))
    alike = [
        one for one in found if same_text(one.name, source.name) and one.address and one.address.country == country
    ]
    return only_one(free(alike, source, to), source, f"name {source.name} and country {country}", to)


def with_same_field(source: ns.Customer, to: To, rule: CustomerRule) -> Found | None:
    value, path = said_in(source, rule.netsuite or ""), rule.stripe or ""
    if not value:
        return None
    alike = free(living(asked(path, value, to)), source, to)
    return only_one(alike, source, f"{path.removeprefix('metadata.')} {value}", to)


_BY: dict[str, Callable[[ns.Customer, To, CustomerRule], Found | None]] = {
    "stripe_id_field": named_in_netsuite,
    "metadata": marked,
    "email": lambda source, to, rule: with_email(source, to, True),
    "phone": with_phone,
    "name_country": with_name_and_country,
    "fields": with_same_field,
}


# what they share -------------------------------------------------------------------------------------------------


def asked(path: str, value: str, to: To) -> Sequence[st.Customer]:
    name, _, key = path.partition(".")
    if key:
        return to.stripe.customers_marked(key, value)
    if name == "email":
        return to.stripe.customers_with_email(value)
    if name == "id":
        return by_id(value, to)
    return [one for one in to.stripe.customers_matching(name, value) if same_text(getattr(one, name), value)]


def by_id(value: str, to: To) -> Sequence[st.Customer]:
    """A NetSuite field that holds something else than a Stripe customer's id names nobody."""
    if not value.startswith("cus_"):
        return ()
    try:
        return (to.stripe.customer(value),)
    except NotFound:
        return ()


def said_in(source: ns.Customer, field: str) -> str | None:
    own = {
        "externalid": source.external_id,
        "entityid": source.entity_id,
        "companyname": source.company_name,
        "email": source.email,
        "phone": source.phone,
    }
    found = own.get(field) if field in own else source.custom.get(field)
    return str(found) if found else None


def living(customers: Sequence[st.Customer]) -> list[st.Customer]:
    return [one for one in customers if not one.deleted]


def free(alike: Sequence[st.Customer], source: ns.Customer, to: To) -> list[st.Customer]:
    """Those that belong to no other NetSuite customer."""
    owners = [(one, other_owner(one, source, to)) for one in alike]
    for one, owner in owners:
        if owner:
            to.rejected(candidate(one, f"it belongs to NetSuite customer {owner}"), "customers that nobody else has")
    return [one for one, owner in owners if owner is None]


def other_owner(customer: st.Customer, source: ns.Customer, to: To) -> str | None:
    """The other NetSuite customer that its metadata, or a link, says it belongs to."""
    marked_as = customer.metadata.get(to.config.fields.metadata_customer_id)
    if marked_as not in (None, "", source.id):
        return marked_as
    link = to.links.of_stripe(customer.id, "cust")
    other = link is not None and link.current and link.netsuite_id != source.id
    return link.netsuite_id if link is not None and other else None


def candidate(one: st.Customer, why: str) -> Candidate:
    return Candidate("stripe", "customer", one.id, one.name or one.email or one.id, why)


def only_one(customers: Sequence[st.Customer], source: ns.Customer, why: str, to: To) -> Found | None:
    if not customers:
        return None
    if len(customers) > 1:
        raise Ambiguous(
            f"{len(customers)} Stripe customers have {why}.",
            action=f"Put the right one's id into NetSuite's field {to.config.fields.customer_stripe_id} of customer "
            f"{source.id}, or link the two; then replay.",
            candidates=[candidate(one, why) for one in customers],
        )
    to.note(f"Tied to {customers[0].id}: the only Stripe customer with {why}.")
    to.chose(candidate(customers[0], "the only one"), why)
    return Found(customers[0])
