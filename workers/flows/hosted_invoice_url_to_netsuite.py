"""Stripe hosted invoice URL -> NetSuite: on the invoice, on the customer, in a custom record.

Whoever works in NetSuite finds the page on which the invoice can be paid. Stripe's address expires, so it is fetched
anew in time, or by option it is our own link; when there is nothing left to pay it is taken away. Nothing is posted.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Sweep, reads
from app.core.interfaces import Ledger, Stripe
from app.core.links import Link, external_id
from app.errors import Skipped
from app.systems.netsuite.records import InvoiceLink, Ref
from app.systems.stripe import objects as st
from workers.records import conditions
from workers.records.brought import brought
from workers.records.hosted_url import HostedUrl, Page, expires, near, page_of
from workers.records.invoice_adoption import is_current, named
from workers.records.soft_fields import describe

To = Ledger[HostedUrl]
LOOKED_THROUGH = 100
"""How many of a customer's invoices are looked through for the latest open one."""


def expiring_or_without(to: To, since: datetime) -> Iterator[str]:
    """Those whose address expires soon, and open invoices that have none yet."""
    for link in to.links.each("inv", knowing="url_expires"):
        until = expires(link)
        if until and near(until, to):
            yield link.stripe_id
    field = to.config.fields.invoice_stripe_id
    for head in to.netsuite.open_invoices(stripe_id_field=field):
        known = to.links.of_netsuite("invoice", head.id, "inv")
        if known and known.stripe_id == head.custom[field] and "url_key" not in known.facts:
            yield known.stripe_id


flow = Flow(
    "hosted_invoice_url_to_netsuite",
    title="Add/Update Stripe Hosted Invoice URL on the Custom record in NetSuite",
    source="stripe",
    reads=reads(Stripe.invoice),
    on=("invoice.finalized", "invoice.paid", "invoice.voided", "invoice.marked_uncollectible"),
    sweep=Sweep(every=timedelta(days=1), ids=expiring_or_without),
    options=HostedUrl,
    subjects=("in_",),
)


@flow.root
def whose(source: st.Invoice) -> str:
    """The customer's field shows the latest of all its invoices."""
    return source.customer or source.id


@flow.when
def finalized(source: st.Invoice, to: To) -> None:
    if source.status in (None, "draft") or source.hosted_invoice_url is None:
        raise Skipped("The invoice has no page at Stripe yet: it is a draft.", code="draft")
    if to.links.of_stripe(source.id, "inv") is None:
        day = (source.finalized_at or source.created).date()
        conditions.after_start(day, f"Invoice {name_of(source)}", to, "invoice")


@flow.when
def something_to_show_or_clear(source: st.Invoice, to: To) -> None:
    link = to.links.of_stripe(source.id, "inv")
    if source.status in ("paid", "void") and not (link and shown_before(link)):
        raise Skipped(f"The invoice is {source.status}; NetSuite shows no address of it.", code="nothing_to_clear")


@flow.push
def push(source: st.Invoice, to: To) -> None:
    link = to.links.of_stripe(source.id, "inv") or named(source, to) or brought(source.id, "inv", to)
    page = page_of(source, link, to)
    key = key_of(source, link, page, to)
    written = [customer_field(source, to)] if "customer_field" in to.options.target else []
    if link.facts.get("url_key") != key:
        written += [show(source, link, page, to)]
        to.links.add_facts(link, {"url_key": key, "url_expires": page.expires and page.expires.isoformat()})
    if not any(written):
        raise Skipped("NetSuite shows what is to be shown.", code="echo")


def shown_before(link: Link) -> bool:
    return bool(link.facts.get("url_key") or "hosted_url" in (link.facts.get("details") or {}))


def key_of(source: st.Invoice, link: Link, page: Page, to: To) -> str:
    """What was written, without Stripe's own spelling of the address."""
    own = page.url if page.expires is None else None
    status = source.status if "custom_record" in to.options.target else None
    targets = sorted({*to.options.target} - {"customer_field"})
    said = [link.netsuite_id, own, page.url is not None, page.expires, status, targets, is_current(link, to)]
    return fingerprint({"said": said, "field": to.config.fields.invoice_hosted_url})


# where it is shown ---------------------------------------------------------------------------------------------


def show(source: st.Invoice, link: Link, page: Page, to: To) -> bool:
    """Whether anything was written."""
    written = False
    if "custom_record" in to.options.target:
        ref = to.netsuite.upsert(record_of(source, link, page, to))
        to.links.save("url", source.id, ref, origin=link.origin)
        written = True
    if "invoice_field" in to.options.target and is_current(link, to):
        invoice = Ref("invoice", link.netsuite_id)
        written |= describe(invoice, {to.config.fields.invoice_hosted_url: page.url}, to)
    return written


def record_of(source: st.Invoice, link: Link, page: Page, to: To) -> InvoiceLink:
    return InvoiceLink(
        external_id=external_id("url", source.id),
        name=name_of(source),
        invoice=link.netsuite_id,
        customer=link.facts.get("customer"),
        stripe_id=source.id,
        url=page.url,
        pdf=page.pdf,
        status=source.status,
        expires=page.expires.date() if page.expires else None,
    )


def customer_field(source: st.Invoice, to: To) -> bool:
    """The address of the customer's latest open invoice, or none."""
    customer = to.links.of_stripe(source.customer, "cust") if source.customer else None
    if customer is None:
        to.note("The invoice's customer is not in NetSuite; there is no customer's field to write.")
        return False
    latest = latest_open(source, to)
    page = page_of(*latest, to) if latest else Page()
    facts: dict[str, Any] = {
        "url_of": latest[0].id if latest else None,
        "url_until": page.expires and page.expires.isoformat(),
        "url_own": page.url if page.expires is None else None,
    }
    if all(customer.facts.get(name) == value for name, value in facts.items()):
        return False
    to.netsuite.patch(Ref("customer", customer.netsuite_id), {to.config.fields.customer_hosted_url: page.url})
    to.links.add_facts(customer, facts)
    return True


def latest_open(source: st.Invoice, to: To) -> tuple[st.Invoice, Link] | None:
    """Of those that are in NetSuite."""
    for invoice in islice(to.stripe.invoices_of(source.customer or ""), LOOKED_THROUGH):
        link = to.links.of_stripe(invoice.id, "inv")
        if invoice.status == "open" and link and is_current(link, to):
            return invoice, link
    return None


def name_of(source: st.Invoice) -> str:
    return source.number or source.id
