"""The address of an invoice's page at Stripe: what is shown of it in NetSuite, and how long it is good."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import Link
from app.systems.stripe import objects as st

KEY = "hosted_invoice_url_to_netsuite"
"""The flow whose options hold for every flow that writes the address."""
PAYABLE = ("open", "uncollectible")
AFTER_DUE = timedelta(days=30)
AT_MOST = timedelta(days=120)
AT_LEAST = timedelta(days=10)
"""docs.stripe.com/invoicing/hosted-invoice-page: 30 days after it is due (without a due date: was finalized), 120 in
all; one that is fetched later is good for 10 days."""

Target = Literal["invoice_field", "customer_field", "custom_record"]


class HostedUrl(Options):
    target: tuple[Target, ...] = Field(
        ("invoice_field",),
        description="Where it is written: on the invoice, on the customer (latest open invoice), in a custom record.",
    )
    link: Literal["hosted", "ours"] = Field(
        "hosted", description="Stripe's own page, fetched anew before it expires, or our link, which never expires."
    )
    refresh_days: int = Field(
        5, ge=1, le=9, description="Fetch Stripe's address anew this many days before it expires."
    )


@dataclass(frozen=True)
class Page:
    """`url` is None when there is nothing to pay; `expires` is None for what never does."""

    url: str | None = None
    pdf: str | None = None
    expires: datetime | None = None


def options_of(to: Ledger[Any]) -> HostedUrl:
    kept = to.config.flows.get(KEY)
    return HostedUrl.model_validate(kept.options if kept else {})


def page_of(source: st.Invoice, link: Link, to: Ledger[Any]) -> Page:
    """Stripe may spell the address anew each time it is asked, so what tells a new one from an old is how long it is
    good: the day that we know stands until it comes near."""
    if source.status not in PAYABLE or source.hosted_invoice_url is None:
        return Page()
    if options_of(to).link == "ours":
        return Page(to.public.pay(to.account, link.netsuite_id), source.invoice_pdf)
    known = expires(link)
    standing = known if known and not near(known, to) else good_until(source, to.clock.now())
    return Page(source.hosted_invoice_url, source.invoice_pdf, standing)


def expires(link: Link) -> datetime | None:
    known = link.facts.get("url_expires")
    return datetime.fromisoformat(known) if known else None


def near(moment: datetime, to: Ledger[Any]) -> bool:
    return moment - to.clock.now() < timedelta(days=options_of(to).refresh_days)


def good_until(source: st.Invoice, fetched: datetime) -> datetime:
    finalized = source.finalized_at or source.created
    usual = min((source.due_date or finalized) + AFTER_DUE, finalized + AT_MOST)
    return max(usual, fetched.replace(microsecond=0) + AT_LEAST)
