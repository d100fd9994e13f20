"""Which NetSuite customer a Stripe customer is: one answer with its reason, or a person is asked.

A link has been looked for already; then finance's match rules are asked in their order (`match.customers`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.core.expressions import plain
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.core.match import CustomerRule
from app.errors import Ambiguous, Candidate, Held, NotFound, Rejected
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records.text import same_phone, same_text

LOOKED_AT = 10
"""So many of the customers with one name are read in full, to compare their countries."""


@dataclass(frozen=True)
class Rules:
    """`shared_email`: what when the customer found belongs to another Stripe customer already."""

    match_email: bool
    shared_email: Literal["hold", "share", "create"]


@dataclass(frozen=True)
class Found:
    """The NetSuite customer that this one is; `record` when it was read in full."""

    ref: Ref
    origin: str
    link: Link | None = None
    record: ns.Customer | None = None


To = Ledger[Any]


def match(source: st.Customer, to: To, rules: Rules) -> Found | None:
    """By the first rule that finds exactly one. Raises Ambiguous where one finds several."""
    for rule in to.config.match.customers.into_netsuite:
        found = _BY[rule.by](source, to, rules, rule)
        if found is not None:
            return found
    return None


# the rules -------------------------------------------------------------------------------------------------------


def named_in_stripe(source: st.Customer, to: To, _: Rules, __: CustomerRule) -> Found | None:
    key = to.config.fields.metadata_customer_id
    internal_id = source.metadata.get(key)
    if not internal_id:
        return None
    try:
        record = to.netsuite.customer(internal_id)
    except NotFound:
        raise Held(
            f"Stripe's metadata {key} names NetSuite customer {internal_id}, which does not exist.",
            code="unknown_netsuite_id",
            action=f"Correct or remove `{key}` on the Stripe customer, then replay.",
        ) from None
    to.note(f"Tied to NetSuite customer {internal_id}, which Stripe's metadata {key} names.")
    to.chose(candidate(record, "Stripe names it"), f"metadata {key}")
    ours = record.external_id == external_id("cust", source.id)
    return Found(Ref("customer", record.id), "stripe" if ours else "netsuite", record=record)


def with_email(source: st.Customer, to: To, rules: Rules, _: CustomerRule) -> Found | None:
    if not (source.email and rules.match_email):
        return None
    return the_one(to.netsuite.customers_with_email(source.email), f"e-mail {source.email}", source, to, rules)


def with_stripe_id(source: st.Customer, to: To, rules: Rules, _: CustomerRule) -> Found | None:
    field = to.config.fields.customer_stripe_id
    return the_one(asked(field, source.id, to), f"Stripe id {source.id} in {field}", source, to, rules)


def with_phone(source: st.Customer, to: To, rules: Rules, _: CustomerRule) -> Found | None:
    ending = (source.phone or "")[-4:]
    if len(ending) < 4 or not ending.isdigit():
        return None
    alike = [one for one in asked("phone", ending, to, ending=True) if same_phone(one.phone, source.phone)]
    return the_one(alike, f"phone {source.phone}", source, to, rules)


def with_name_and_country(source: st.Customer, to: To, rules: Rules, _: CustomerRule) -> Found | None:
    country = source.address.country if source.address else None
    if not (source.name and country):
        return None
    named = [one for one in asked("altname", source.name, to) if same_text(one.name, source.name)]
    alike = [one for one in named[:LOOKED_AT] if country_of(one, to) == country]
    return the_one([*alike, *named[LOOKED_AT:]], f"name {source.name} and country {country}", source, to, rules)


def with_same_field(source: st.Customer, to: To, rules: Rules, rule: CustomerRule) -> Found | None:
    value = said_in(source, rule.stripe or "")
    if not value:
        return None
    return the_one(asked(rule.netsuite or "", value, to), f"{rule.netsuite} {value}", source, to, rules)


_BY: dict[str, Callable[[st.Customer, To, Rules, CustomerRule], Found | None]] = {
    "metadata": named_in_stripe,
    "email": with_email,
    "stripe_id_field": with_stripe_id,
    "phone": with_phone,
    "name_country": with_name_and_country,
    "fields": with_same_field,
}


# what they share -------------------------------------------------------------------------------------------------


def asked(field: str, value: str, to: To, *, ending: bool = False) -> Sequence[ns.Customer]:
    try:
        return to.netsuite.customers_with(field, value, ending=ending)
    except Rejected as error:
        raise Held(
            f"Match rules ask for customers by {field}, which NetSuite refuses: {error.sentence}",
            code="match_rule",
            action="Correct `match.customers.into_netsuite` or `fields`, then replay.",
        ) from None


def country_of(customer: ns.Customer, to: To) -> str | None:
    billing = to.netsuite.customer(customer.id).billing
    return billing.country if billing else None


def said_in(source: st.Customer, path: str) -> str | None:
    """`metadata.<key>` or a field of the customer."""
    name, _, key = path.partition(".")
    found = plain(source).get(name)
    return (found.get(key) if key else found) or None


def the_one(alike: Sequence[ns.Customer], why: str, source: st.Customer, to: To, rules: Rules) -> Found | None:
    alike = here(alike, why, to)
    ours = next((one for one in alike if one.external_id == external_id("cust", source.id)), None)
    if ours is not None:
        to.note(f"NetSuite customer {ours.id} was made from this one before.")
        to.chose(candidate(ours, "it was made from this one before"), why)
        return Found(Ref("customer", ours.id), "stripe", record=to.netsuite.customer(ours.id))
    if len(alike) > 1:
        raise several(alike, why, to)
    if not alike or not may_be_shared(alike[0], why, source, to, rules):
        return None
    to.note(f"Tied to NetSuite customer {alike[0].id}: the only active one with {why}.")
    to.chose(candidate(alike[0], "the only active one"), why)
    return Found(Ref("customer", alike[0].id), "netsuite")


def here(alike: Sequence[ns.Customer], why: str, to: To) -> list[ns.Customer]:
    """Those of the subsidiaries that this Stripe account bills for."""
    for one in alike:
        if not billed_here(one, to):
            said = f"it belongs to subsidiary {one.subsidiary}, which this Stripe account does not bill for"
            to.rejected(candidate(one, said), why)
    return [one for one in alike if billed_here(one, to)]


def candidate(one: ns.Customer, why: str) -> Candidate:
    return Candidate("netsuite", "customer", one.id, one.name or one.id, why)


def billed_here(customer: ns.Customer, to: To) -> bool:
    return customer.subsidiary is None or to.config.for_account(to.account).owns(customer.subsidiary)


def several(alike: Sequence[ns.Customer], why: str, to: To) -> Ambiguous:
    key = to.config.fields.metadata_customer_id
    return Ambiguous(
        f"{len(alike)} active NetSuite customers have the {why}.",
        action=f"Put the right one's internal id into the Stripe customer's metadata `{key}`, or link the two; "
        "then replay.",
        candidates=[candidate(one, why) for one in alike],
    )


def may_be_shared(customer: ns.Customer, why: str, source: st.Customer, to: To, rules: Rules) -> bool:
    """Whether this Stripe customer may be tied to a NetSuite customer that perhaps has a Stripe customer already."""
    link = to.links.of_netsuite("customer", customer.id, "cust")
    if link is None or link.stripe_id == source.id or rules.shared_email == "share":
        return True
    if rules.shared_email == "create":
        to.note(f"NetSuite customer {customer.id} has the same {why.split()[0]}, but belongs to {link.stripe_id}.")
        to.rejected(candidate(customer, f"it belongs to {link.stripe_id}"), why)
        return False
    raise Ambiguous(
        f"NetSuite customer {customer.id} has the {why}, but belongs to {link.stripe_id} already.",
        action="Set the option `shared_email` to share or create, or name the right customer in Stripe's metadata "
        f"`{to.config.fields.metadata_customer_id}`; then replay.",
        candidates=[candidate(customer, f"belongs to {link.stripe_id}")],
    )
