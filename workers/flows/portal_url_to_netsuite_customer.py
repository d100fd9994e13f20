"""Stripe customer portal URL -> NetSuite customer.

The customer's record in NetSuite holds a link that opens the Stripe customer portal: invoices, payments, cards. A
portal session of Stripe's lasts minutes and logs its bearer in, so what is written is our own link, which never goes
stale because it makes a session on each visit; or, by option, Stripe's login page with the e-mail filled in. Nothing
is posted.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from pydantic import Field

from app.core.flow import Flow, Options, Sweep, reads
from app.core.interfaces import Ledger, Stripe
from app.core.links import Link
from app.errors import Held, Skipped
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records.brought import brought


class PortalUrl(Options):
    link: Literal["ours", "login_page"] = Field(
        "ours", description="Our own link, which opens this customer's portal, or Stripe's login page by e-mail."
    )
    overwrite: Literal["always", "empty"] = Field(
        "always", description="Write over what NetSuite's field holds, or fill it only when it is empty."
    )


To = Ledger[PortalUrl]


def without_one(to: To, since: datetime) -> Iterator[str]:
    """Customers whose link is not the one that is wanted now: none yet, another option, another public address."""
    page = to.stripe.login_page_url() if to.options.link == "login_page" else None
    if to.options.link == "login_page" and page is None:
        return
    for link in to.links.each("cust"):
        if not there(link, to).startswith(page or to.public.portal(to.account, link.stripe_id)):
            yield link.stripe_id


flow = Flow(
    "portal_url_to_netsuite_customer",
    title="Add/Update Stripe Customer Portal URL on the Customer record in NetSuite",
    source="stripe",
    reads=reads(Stripe.customer),
    on=("customer.created", "customer.updated", "customer.deleted"),
    sweep=Sweep(every=timedelta(days=1), ids=without_one),
    options=PortalUrl,
    subjects=("cus_",),
)


@flow.push
def push(source: st.Customer, to: To) -> None:
    if source.deleted:
        clear(source, "The customer was deleted in Stripe", to)
        return
    url = portal_url(source, to)
    if url is None:
        clear(source, "Stripe's login page needs an e-mail, which the customer has not", to)
        return
    link = brought(source.id, "cust", to)
    if there(link, to) == url:
        raise Skipped(f"NetSuite customer {link.netsuite_id} has it already.", code="echo")
    write(link, url, to)


def portal_url(source: st.Customer, to: To) -> str | None:
    """None when there can be none."""
    if to.options.link == "ours":
        return to.public.portal(to.account, source.id)
    page = to.stripe.login_page_url()
    if page is None:
        raise Held(
            "Stripe's login page for the customer portal is switched off.",
            code="no_login_page",
            action="Activate the link in Stripe under Settings, Billing, Customer portal, or set the option `link` to "
            "ours; then replay.",
        )
    if not source.email:
        return None
    if len(to.stripe.customers_with_email(source.email)) > 1:
        to.note(f"Several Stripe customers have the e-mail {source.email}: Stripe chooses whose portal opens.")
    return f"{page}?prefilled_email={quote(source.email, safe='')}"


def there(link: Link, to: To) -> str:
    """What the field holds as far as we know, or the link that gave way to what it holds."""
    kept = link.facts.get("portal_kept") if to.options.overwrite == "empty" else None
    return str(link.facts.get("portal_url") or kept or "")


def write(link: Link, url: str, to: To) -> None:
    field, ref = to.config.fields.customer_portal_url, Ref("customer", link.netsuite_id)
    if to.options.overwrite == "empty" and not link.facts.get("portal_url"):
        held = to.netsuite.customer(ref.id).custom.get(field)
        if held not in (None, "", url):
            to.links.add_facts(link, {"portal_kept": url})
            raise Skipped(f"NetSuite customer {ref.id} has another link in {field}, which is kept.", code="filled")
    to.netsuite.patch(ref, {field: url})
    to.links.add_facts(link, {"portal_url": url, "portal_kept": None})
    to.note(f"Portal link written to NetSuite customer {ref.id}.")


def clear(source: st.Customer, why: str, to: To) -> None:
    """Only what was written by us."""
    link = to.links.of_stripe(source.id, "cust")
    if link is None or not link.facts.get("portal_url"):
        raise Skipped(f"{why}; NetSuite has no portal link of it.", code="nothing_to_clear")
    to.netsuite.patch(Ref("customer", link.netsuite_id), {to.config.fields.customer_portal_url: None})
    to.links.add_facts(link, {"portal_url": None})
    to.note(f"{why}: the portal link was taken off NetSuite customer {link.netsuite_id}.")
