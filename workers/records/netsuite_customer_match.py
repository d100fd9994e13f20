"""Which NetSuite customer a Stripe customer is: one answer with its reason, or a person is asked."""

from dataclasses import dataclass
from typing import Any, Literal

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Ambiguous, Candidate, Held, NotFound
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st


@dataclass(frozen=True)
class Rules:
    """`shared_email`: what when the customer found by e-mail belongs to another Stripe customer already."""

    match_email: bool
    shared_email: Literal["hold", "share", "create"]


@dataclass(frozen=True)
class Found:
    """The NetSuite customer that this one is; `record` when it was read in full."""

    ref: Ref
    origin: str
    link: Link | None = None
    record: ns.Customer | None = None


def match(source: st.Customer, to: Ledger[Any], rules: Rules) -> Found | None:
    """By the id in Stripe's metadata, then by a unique e-mail. A link has been looked for already."""
    return named_in_stripe(source, to) or with_email(source, to, rules)


def named_in_stripe(source: st.Customer, to: Ledger[Any]) -> Found | None:
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
    ours = record.external_id == external_id("cust", source.id)
    return Found(Ref("customer", record.id), "stripe" if ours else "netsuite", record=record)


def with_email(source: st.Customer, to: Ledger[Any], rules: Rules) -> Found | None:
    if not (source.email and rules.match_email):
        return None
    alike = [one for one in to.netsuite.customers_with_email(source.email) if billed_here(one, to)]
    ours = next((one for one in alike if one.external_id == external_id("cust", source.id)), None)
    if ours is not None:
        to.note(f"NetSuite customer {ours.id} was made from this one before.")
        return Found(Ref("customer", ours.id), "stripe", record=to.netsuite.customer(ours.id))
    if len(alike) > 1:
        raise several(alike, source, to)
    if not alike or not may_be_shared(alike[0], source, to, rules):
        return None
    to.note(f"Tied to NetSuite customer {alike[0].id}: the only active one with e-mail {source.email}.")
    return Found(Ref("customer", alike[0].id), "netsuite")


def billed_here(customer: ns.Customer, to: Ledger[Any]) -> bool:
    return customer.subsidiary is None or to.config.for_account(to.account).owns(customer.subsidiary)


def several(alike: list[ns.Customer], source: st.Customer, to: Ledger[Any]) -> Ambiguous:
    key = to.config.fields.metadata_customer_id
    return Ambiguous(
        f"{len(alike)} active NetSuite customers have the e-mail {source.email}.",
        action=f"Put the right one's internal id into the Stripe customer's metadata `{key}`, then replay.",
        candidates=[
            Candidate("netsuite", "customer", one.id, one.name or one.id, f"e-mail {source.email}") for one in alike
        ],
    )


def may_be_shared(customer: ns.Customer, source: st.Customer, to: Ledger[Any], rules: Rules) -> bool:
    """Whether this Stripe customer may be tied to a NetSuite customer that perhaps has a Stripe customer already."""
    link = to.links.of_netsuite("customer", customer.id, "cust")
    if link is None or link.stripe_id == source.id or rules.shared_email == "share":
        return True
    if rules.shared_email == "create":
        to.note(f"NetSuite customer {customer.id} has the same e-mail, but belongs to {link.stripe_id}.")
        return False
    raise Ambiguous(
        f"NetSuite customer {customer.id} has the e-mail {source.email}, but belongs to {link.stripe_id} already.",
        action="Set the option `shared_email` to share or create, or name the right customer in Stripe's metadata "
        f"`{to.config.fields.metadata_customer_id}`; then replay.",
        candidates=[Candidate("netsuite", "customer", customer.id, customer.name, f"belongs to {link.stripe_id}")],
    )
