"""Stripe customer -> NetSuite customer.

Whoever buys through Stripe gets a customer record to post to, in the subsidiary of that Stripe account and with every
currency it transacts in. A customer that NetSuite already has is tied to it and, by default, only completed where it
is empty. Nothing is posted; a customer deleted in Stripe keeps its NetSuite record.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from app.core.config import required
from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Options, Sweep, reads
from app.core.interfaces import Ledger, Stripe
from app.core.links import external_id
from app.errors import Skipped
from app.systems.netsuite.records import Customer, Ref
from app.systems.stripe import objects as st
from workers.records import currencies
from workers.records import customer as mapping
from workers.records.customer_changes import KEYS, Changes, Policy, Rules, exempt
from workers.records.netsuite_customer_match import Found, match
from workers.records.netsuite_customer_match import Rules as MatchRules
from workers.records.text import cut_with_note


class CustomerToNetSuite(Options):
    match_email: bool = Field(True, description="Tie to the one active NetSuite customer that has this e-mail.")
    shared_email: Literal["hold", "share", "create"] = Field(
        "hold",
        description="When that NetSuite customer already belongs to another Stripe customer: ask a person, "
        "let both share it, or create a second one.",
    )
    default_name: str = Field("NO-NAME-ENTERED", description="Company name for a Stripe customer without a name.")
    default_last_name: str = Field("-", description="Last name of a person whose name is a single word.")
    name_delimiter: str = Field(" ", min_length=1, max_length=1, description="What parts first from last name.")
    is_person: Literal["by_name_kind", "company", "person"] = Field(
        "by_name_kind", description="Whether it is a person: from Stripe's business or individual name, or always one."
    )
    otherwise_person: bool = Field(False, description="Without business or individual name: a person, not a company.")
    company_words: tuple[str, ...] = Field(
        ("inc", "llc", "ltd", "limited", "gmbh", "ag", "corp", "co", "plc", "sa", "bv", "kk"),
        description="With `otherwise_person`: words that make a name a company's all the same.",
    )
    name: Policy = Field("overwrite", description="A changed name: overwrite NetSuite's, fill when empty, or leave.")
    email: Policy = Field("overwrite", description="The same for the e-mail.")
    phone: Policy = Field("overwrite", description="The same for the phone number.")
    billing_address: Policy = Field("overwrite", description="The same for the billing address.")
    shipping_address: Policy = Field("overwrite", description="The same for the shipping address.")
    tax_exempt: Policy = Field("leave", description="The same for the taxable box; needs NetSuite's legacy taxes.")
    netsuite_born: Literal["fill_only", "as_fields", "leave"] = Field(
        "fill_only", description="Policy for customers that NetSuite had first; as_fields: the policies above."
    )
    clear_emptied: bool = Field(False, description="A field emptied in Stripe is emptied in NetSuite too.")
    number: Literal["auto", "name"] = Field(
        "auto", description="Customer ID: NetSuite's own numbering, or the name (which must then be unique)."
    )
    mark_stripe: bool = Field(True, description="Write the NetSuite customer id into the Stripe customer's metadata.")


To = Ledger[CustomerToNetSuite]


def changed_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.customers_since(since)


flow = Flow(
    "stripe_customer_to_netsuite",
    title="Stripe Customer to NetSuite Customer Add/Update",
    source="stripe",
    reads=reads(Stripe.customer),
    on=("customer.created", "customer.updated", "customer.deleted"),
    sweep=Sweep(every=timedelta(hours=1), ids=changed_since, windows=True),
    options=CustomerToNetSuite,
    makes=("cust",),
    subjects=("cus_",),
)


@flow.root
def whose(source: st.Customer) -> str:
    """Two customers with one e-mail, made at the same moment, must not both find that NetSuite has none."""
    return f"email:{source.email.lower()}" if source.email else source.id


@flow.when
def not_an_echo(source: st.Customer, to: To) -> None:
    link = to.links.of_stripe(source.id, "cust")
    if source.deleted and not (link and link.current):
        raise Skipped("The customer was deleted in Stripe; NetSuite is left as it is.", code="deleted")
    if not source.deleted and link and link.current and link.stripe_fingerprint == seen(source):
        raise Skipped("Nothing that is kept in step has changed since it was last written (echo).", code="echo")


@flow.push
def push(source: st.Customer, to: To) -> None:
    link = to.links.of_stripe(source.id, "cust")
    if source.deleted and link:
        to.links.retire(link, note="The customer was deleted in Stripe.")
        to.note(f"NetSuite customer {link.netsuite_id} is left as it is.")
        return
    if link and link.current:
        update(source, Found(Ref("customer", link.netsuite_id), link.origin, link), to)
        return
    found = match(source, to, MatchRules(to.options.match_email, to.options.shared_email))
    if found is None:
        create(source, to)
    else:
        update(source, found, to)


# a new record --------------------------------------------------------------------------------------------------


def create(source: st.Customer, to: To) -> None:
    record, codes = new_record(source, to)
    ref = to.netsuite.upsert(record)
    mark(source, ref, to)
    view = predicted(source, to)
    to.links.save(
        "cust",
        source.id,
        ref,
        origin="stripe",
        stripe_fingerprint=seen(source),
        netsuite_fingerprint=fingerprint(view),
        facts={
            "stripe_view": mapping.stripe_view(source),
            "netsuite_view": view,
            "currencies": codes,
            "subsidiary": record.subsidiary,
        },
    )


def new_record(source: st.Customer, to: To) -> tuple[Customer, list[str]]:
    """The record, and the ISO codes of its currencies."""
    name = named(source, to)
    codes = list(dict.fromkeys(one.upper() for one in (source.currency, *books(to).currencies) if one))
    ids = tuple(to.netsuite.currency(code).id for code in codes)
    record = Customer(
        external_id=external_id("cust", source.id),
        is_person=name.is_person,
        company_name=name.company_name,
        first_name=name.first_name,
        last_name=name.last_name,
        entity_id=name.whole if to.options.number == "name" else None,
        auto_name=True if to.options.number == "auto" else None,
        email=cut_with_note(to, "e-mail", source.email, mapping.EMAIL_LENGTH),
        phone=source.phone,
        subsidiary=subsidiary(to),
        currency=ids[0] if ids else None,
        currencies=ids,
        taxable=False if to.options.tax_exempt != "leave" and exempt(source) else None,
        comments=f"The name is a default: {source.id} has none in Stripe." if name.defaulted else None,
        addresses=mapping.address_book((), mapping.billing_of(source), mapping.shipping_of(source)),
        custom={to.config.fields.customer_stripe_id: source.id},
    )
    return record, codes


def named(source: st.Customer, to: To) -> mapping.Name:
    name = rule(to).name(source)
    if name.defaulted:
        to.note(f"Defaulted: the Stripe customer has no name, so it is called {name.whole}.")
    return name


def rule(to: To) -> mapping.NameRule:
    chosen = to.options
    return mapping.NameRule(
        default=chosen.default_name,
        default_last=chosen.default_last_name,
        delimiter=chosen.name_delimiter,
        kind=chosen.is_person,
        otherwise_person=chosen.otherwise_person,
        company_words=chosen.company_words,
    )


def subsidiary(to: To) -> str:
    setting = f"books.{to.account}.subsidiary"
    return required(books(to).subsidiary, setting, f"It is not set which subsidiary Stripe account {to.account} is.")


def books(to: To) -> Any:
    return to.config.for_account(to.account)


def mark(source: st.Customer, ref: Ref, to: To) -> None:
    key = to.config.fields.metadata_customer_id
    if to.options.mark_stripe and source.metadata.get(key) != ref.id:
        to.stripe.update_metadata("customer", source.id, {key: ref.id})


def seen(source: st.Customer) -> str:
    return fingerprint(mapping.stripe_view(source))


def predicted(source: st.Customer, to: To) -> mapping.View:
    """What NetSuite will say of the record just made; it answers a write with nothing."""
    return {
        "name": rule(to).name(source).whole,
        "is_person": rule(to).name(source).is_person,
        "email": source.email,
        "phone": source.phone,
        "billing": mapping.address_view(mapping.billing_of(source)),
        "shipping": mapping.address_view(mapping.shipping_of(source)),
        "is_inactive": False,
    }


# an existing record --------------------------------------------------------------------------------------------


def update(source: st.Customer, found: Found, to: To) -> None:
    known = found.link.facts.get("stripe_view") if found.link else None
    changed = mapping.changed(mapping.stripe_view(source), known)
    policies = {name: policy(name, found, to) for name, keys in KEYS.items() if changed & set(keys)}
    policies = {name: one for name, one in policies.items() if one != "leave"}
    record = found.record or (to.netsuite.customer(found.ref.id) if must_read(policies, found) else None)
    rules = Rules(policies, rule(to), to.options.clear_emptied, to.config.fields.customer_stripe_id)
    changes = Changes(source, found, record, rules)
    body = changes.body()
    if body:
        to.netsuite.patch(found.ref, body, replace=("addressBook",) if "addressBook" in body else ())
    mark(source, found.ref, to)
    remember(source, found, changes, to)
    if not body and found.link is not None:
        raise Skipped("NetSuite's record already says this, or the policy leaves it alone.", code="nothing_to_write")


def policy(name: str, found: Found, to: To) -> Policy:
    chosen: Policy = getattr(to.options, name)
    if found.origin == "stripe" or chosen == "leave" or to.options.netsuite_born == "as_fields":
        return chosen
    return to.options.netsuite_born


def must_read(policies: Mapping[str, Policy], found: Found) -> bool:
    """Filling needs to know what is empty; the address book is written whole."""
    addresses = policies.keys() & {"billing_address", "shipping_address"}
    return "fill_only" in policies.values() or bool(addresses) or (found.link is None and found.origin == "netsuite")


def remember(source: st.Customer, found: Found, changes: Changes, to: To) -> None:
    """What a person changed in NetSuite meanwhile must still be seen as a change there: its fingerprint then stays."""
    link, record = found.link, changes.record
    after = {**changes.base, **changes.view}
    current = bool(changes.base) and (link is None or link.netsuite_fingerprint == fingerprint(changes.base))
    facts: dict[str, Any] = {"stripe_view": mapping.stripe_view(source)}
    if changes.base:
        facts["netsuite_view"] = after
    if record is not None:
        facts |= {"currencies": currencies.codes(to, record.currencies), "subsidiary": record.subsidiary}
    to.links.save(
        "cust",
        source.id,
        found.ref,
        origin=found.origin,
        stripe_fingerprint=seen(source),
        netsuite_fingerprint=fingerprint(after) if current else None,
        facts=facts,
    )
