"""NetSuite customer -> Stripe customer.

The customer whom NetSuite bills gets a Stripe customer with the same name, e-mail, phone, addresses and tax exemption,
and the two are tied by ids on both sides. Nothing is posted and nothing is deleted: an inactive customer is flagged
in Stripe's metadata. Of a customer that Stripe already has, only what changed in NetSuite since is sent.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, NotFound, Skipped
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import conditions, currencies
from workers.records import customer as mapping
from workers.records.customer_changes import Policy
from workers.records.stripe_customer_match import Found, match


class CustomerToStripe(Options):
    match_email: bool = Field(True, description="Tie to the one Stripe customer that has exactly this e-mail.")
    tax_exempt: bool = Field(True, description="Not taxable in NetSuite makes tax exempt in Stripe.")
    locale_field: str | None = Field(None, description="NetSuite custom field that holds the preferred locale.")
    clear_emptied: bool = Field(True, description="A field emptied in NetSuite is emptied in Stripe too.")
    when_deleted_in_stripe: Literal["create", "hold"] = Field(
        "create", description="What to do when the Stripe customer was deleted: make a new one, or ask a person."
    )
    only_if_checked: str | None = Field(None, description="Only customers with this NetSuite checkbox ticked.")
    write_back: bool = Field(True, description="Write the Stripe customer id onto the NetSuite customer.")
    name: Policy = Field("overwrite", description="A changed name: overwrite Stripe's, fill when empty, or leave.")
    email: Policy = Field("overwrite", description="The same for the e-mail.")
    phone: Policy = Field("overwrite", description="The same for the phone number.")
    billing_address: Policy = Field("overwrite", description="The same for the billing address.")
    shipping_address: Policy = Field("overwrite", description="The same for the shipping address.")


To = Ledger[CustomerToStripe]


def existing(to: To, internal_id: str) -> ns.Customer:
    """The customer; one that is gone retires its link and is skipped by name."""
    try:
        return to.netsuite.customer(internal_id)
    except NotFound:
        link = to.links.of_netsuite("customer", internal_id, "cust")
        if link is not None:
            to.links.retire(link, note="The customer no longer exists in NetSuite.")
        raise Skipped(
            f"Customer {internal_id} no longer exists in NetSuite; its Stripe customer is left as it is.", code="gone"
        ) from None


def changed_since(to: To, since: datetime) -> Iterator[str]:
    return to.netsuite.customers_since(since)


flow = Flow(
    "netsuite_customer_to_stripe",
    title="NetSuite Customer to Stripe Customer Add/Update",
    source="netsuite",
    reads=existing,
    on=("customer.create", "customer.edit", "customer.xedit", "customer.delete"),
    sweep=Sweep(every=timedelta(minutes=15), ids=changed_since),
    options=CustomerToStripe,
    makes=("cust",),
)


@flow.when
def ours_to_bill(source: ns.Customer, to: To) -> None:
    conditions.owned(source.subsidiary, f"Customer {source.id}", to)
    conditions.ticked(source.custom, to.options.only_if_checked, f"Customer {source.id}")


@flow.when
def not_an_echo(source: ns.Customer, to: To) -> None:
    link = to.links.of_netsuite("customer", source.id, "cust")
    if link and link.netsuite_fingerprint == fingerprint(view_of(source, to)):
        raise Skipped("Nothing that is kept in step has changed since it was last written (echo).", code="echo")


@flow.push
def push(source: ns.Customer, to: To) -> None:
    link = to.links.of_netsuite("customer", source.id, "cust")
    known = link.facts.get("netsuite_view") if link else None
    view = view_of(source, to)
    keys = mapping.changed(view, known)
    if link and known is not None and not keys:
        remember(link.stripe_id, source, to, link)
        raise Skipped("Nothing that is kept in step has changed since it was last read (echo).", code="echo")
    found = linked(link, to) or match(source, to, by_email=to.options.match_email)
    customer = created(source, view, to) if found is None else updated(source, found, keys, to)
    if to.options.write_back and source.custom.get(to.config.fields.customer_stripe_id) != customer.id:
        to.netsuite.patch(Ref("customer", source.id), {to.config.fields.customer_stripe_id: customer.id})
    remember(customer.id, source, to, link)


def linked(link: Link | None, to: To) -> Found | None:
    if link is None:
        return None
    customer = to.stripe.customer(link.stripe_id)
    if not customer.deleted:
        return Found(customer, link)
    deleted_in_stripe(link, to)
    return None


def deleted_in_stripe(link: Link, to: To) -> None:
    to.links.retire(link, note="The customer was deleted in Stripe.")
    if to.options.when_deleted_in_stripe == "hold":
        raise Held(
            f"Stripe customer {link.stripe_id} was deleted.",
            action="Set `when_deleted_in_stripe` to create to have a new one made, then replay; or dismiss.",
        )
    to.note(f"Stripe customer {link.stripe_id} was deleted; another one takes its place.")


# what is written -----------------------------------------------------------------------------------------------


def view_of(source: ns.Customer, to: To) -> mapping.View:
    view = mapping.netsuite_view(source, to.options.locale_field)
    if not to.options.tax_exempt:
        view.pop("taxable", None)
    return view


def created(source: ns.Customer, view: mapping.View, to: To) -> st.Customer:
    params = mapping.stripe_params(view, set(view), None)
    metadata = mapping.marks(source, to.config.fields.metadata_customer_id, None)
    customer = to.stripe.create_customer({**params, "metadata": metadata}, of=f"customer:{source.id}")
    seen = mapping.stripe_view(customer)
    to.links.save(
        "cust",
        customer.id,
        Ref("customer", source.id),
        origin="netsuite",
        stripe_fingerprint=fingerprint(seen),
        facts={"stripe_view": seen},
    )
    return customer


def updated(source: ns.Customer, found: Found, keys: set[str], to: To) -> st.Customer:
    before = found.customer
    wanted = mapping.stripe_params(view_of(source, to), taken(keys, before, to), before)
    known = found.link is not None and "netsuite_view" in found.link.facts  # not so of a link that a person has made
    if not known or not to.options.clear_emptied:
        wanted = {key: value for key, value in wanted.items() if value != ""}
    params = mapping.differing(wanted, before)
    metadata = mapping.marks(source, to.config.fields.metadata_customer_id, before)
    if metadata:
        params["metadata"] = metadata
    if not params:
        return before
    after = to.stripe.update_customer(before.id, params)
    if found.link is not None:
        remember_stripe(found.link, before, after, params, to)
    return after


POLICIES = {
    "name": ("name", "name"),
    "is_person": ("name", "name"),
    "email": ("email", "email"),
    "phone": ("phone", "phone"),
    "billing": ("billing_address", "address"),
    "shipping": ("shipping_address", "shipping"),
}
"""What changed in NetSuite -> the option that decides on it, and the Stripe field that may be filled already."""


def taken(keys: set[str], before: st.Customer, to: To) -> set[str]:
    """Those changes that finance lets into Stripe."""
    return {key for key in keys if key not in POLICIES or takes(*POLICIES[key], before, to)}


def takes(option: str, field: str, before: st.Customer, to: To) -> bool:
    chosen: Policy = getattr(to.options, option)
    return chosen == "overwrite" or (chosen == "fill_only" and not getattr(before, field))


def remember_stripe(link: Link, before: st.Customer, after: st.Customer, sent: dict[str, object], to: To) -> None:
    """What we wrote is known; what a person changed in Stripe meanwhile must still be seen as a change there."""
    known = link.facts.get("stripe_view")
    if known is None:
        return
    seen = mapping.stripe_view(after)
    unseen = link.stripe_fingerprint != fingerprint(mapping.stripe_view(before))
    to.links.save(
        "cust",
        after.id,
        Ref("customer", link.netsuite_id),
        origin=link.origin,
        stripe_fingerprint=None if unseen else fingerprint(seen),
        facts={"stripe_view": {**known, **{key: seen[key] for key in sent if key in seen}} if unseen else seen},
    )


def remember(stripe_id: str, source: ns.Customer, to: To, link: Link | None) -> None:
    view = view_of(source, to)
    to.links.save(
        "cust",
        stripe_id,
        Ref("customer", source.id),
        origin=link.origin if link and link.stripe_id == stripe_id else "netsuite",
        netsuite_fingerprint=fingerprint(view),
        facts={
            "netsuite_view": view,
            "currencies": currencies.codes(to, source.currencies),
            "subsidiary": source.subsidiary,
        },
    )
