"""Stripe invoice -> descriptive fields of the open NetSuite invoice.

Open invoices in NetSuite show what Stripe knows of them: number, status, pages, what is due, paid and left, the charge,
the last error, the next attempt. Invoices that belong to a Stripe invoice and do not say so are linked. Nothing is
posted, and no invoice is made in either system.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import NotFound, Skipped
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import invoice_details, stripe_invoice_of
from workers.records.dates import local_day, zone_of
from workers.records.hosted_url import page_of
from workers.records.invoice_details import ALL, Detail, Said, details, po_number
from workers.records.soft_fields import describe
from workers.records.text import cut


class InvoiceDetails(Options):
    link_missing: tuple[stripe_invoice_of.Rule, ...] = Field(
        ("metadata", "number"),
        description="How an open invoice without a Stripe id is matched, in this order; empty: not at all.",
        json_schema_extra={"ordered": True},
    )
    fields: tuple[Detail, ...] = Field(ALL, description="Which fields are kept up to date.")
    overwrite: Literal["always", "empty"] = Field(
        "always", description="Write over what NetSuite's fields hold, or fill only those that were empty at first."
    )
    due_date: bool = Field(False, description="Set NetSuite's own due date from Stripe.")
    memo: bool = Field(False, description="Set NetSuite's memo from the description of the Stripe invoice.")
    po_number_from: str | None = Field(
        None, description="Set NetSuite's PO number from this custom field, or metadata, of the Stripe invoice."
    )


To = Ledger[InvoiceDetails]
ANY_ZONE = timedelta(days=1)
"""NetSuite prints when a record was changed in the account's time zone; repeats are harmless."""


@dataclass(frozen=True)
class Opened:
    """An invoice of NetSuite's. Its own fields are read only when they are needed."""

    id: str
    link: Link | None


def opened(to: To, internal_id: str) -> Opened:
    return Opened(internal_id, to.links.of_netsuite("invoice", internal_id, "inv"))


def still_open(to: To, since: datetime) -> Iterator[str]:
    """Those that are linked; and those that are not, when they have changed and their customer is in Stripe."""
    for head in to.netsuite.open_invoices():
        link = to.links.of_netsuite("invoice", head.id, "inv")
        changed = head.last_modified is None or head.last_modified >= since - ANY_ZONE
        linked = link is not None and link.stripe_id.startswith("in_")
        if linked or (link is None and changed and to.links.of_netsuite("customer", head.entity, "cust")):
            yield head.id


flow = Flow(
    "open_invoice_details_from_stripe",
    title="Add/Update Open NetSuite Invoices with Details from Stripe Invoices",
    source="netsuite",
    reads=opened,
    sweep=Sweep(every=timedelta(hours=6), ids=still_open),
    options=InvoiceDetails,
)


@flow.root
def stripe_id(source: Opened) -> str:
    return source.link.stripe_id if source.link else source.id


@flow.push
def push(source: Opened, to: To) -> None:
    try:
        show(source, to)
    except NotFound:
        raise Skipped(f"NetSuite invoice {source.id} no longer exists.", code="gone") from None


def show(source: Opened, to: To) -> None:
    link = source.link or stripe_invoice_of.found_for(source.id, to.options.link_missing, to)
    invoice = fetched(link, to)
    said = {**details(invoice, link, to.options.fields, to), **own_fields(invoice, link, to)}
    known: dict[str, str] = link.facts.get("details") or {}
    kept = {*link.facts.get("details_kept", ())} if to.options.overwrite == "empty" else set()
    changed = {name: one for name, one in said.items() if is_news(name, one, known) and name not in kept}
    if not changed:
        raise Skipped(f"NetSuite invoice {source.id} shows it all.", code="echo")
    if to.options.overwrite == "empty":
        kept |= filled(source.id, {*changed} - {*known}, said, to)
    body = {one.field: one.value for name, one in changed.items() if name not in kept}
    written = bool(body) and describe(Ref("invoice", source.id), body, to)
    remember(link, {**known, **marks(changed, kept)}, kept, invoice, to)
    if not written:
        raise Skipped("What has changed is not written: see the notes, or the option `overwrite`.", code="kept")


def is_news(name: str, said: Said, known: dict[str, str]) -> bool:
    """What Stripe does not say is taken away only when we have written it."""
    return known.get(name) != said.known_by and (said.value is not None or name in known)


def fetched(link: Link, to: To) -> st.Invoice:
    if not link.stripe_id.startswith("in_"):
        raise Skipped(f"The invoice is paid by {link.stripe_id}, not billed by a Stripe invoice.", code="charge")
    try:
        return to.stripe.invoice(link.stripe_id)
    except NotFound:
        raise Skipped(f"Stripe does not have {link.stripe_id} any more.", code="unknown_stripe_id") from None


def own_fields(source: st.Invoice, link: Link, to: To) -> dict[str, Said]:
    """NetSuite's own, by option; what Stripe does not say is left as it is."""
    chosen, zone = to.options, zone_of(to, link.facts.get("subsidiary"))
    values: dict[str, Any] = {
        "dueDate": f"{local_day(source.due_date, zone)}" if chosen.due_date and source.due_date else None,
        "memo": cut(source.description, invoice_details.MEMO_LENGTH) if chosen.memo else None,
        "otherRefNum": po_number(source, chosen.po_number_from),
    }
    return {name: Said(name, value, value) for name, value in values.items() if value}


def filled(internal_id: str, names: set[str], said: dict[str, Said], to: To) -> set[str]:
    """Which of these hold something that we have not written."""
    if not names:
        return set()
    invoice = to.netsuite.invoice(internal_id)
    due = f"{invoice.due_date}" if invoice.due_date else None
    there = {**invoice.custom, "dueDate": due, "memo": invoice.memo, "otherRefNum": invoice.other_ref_num}
    return {name for name in names if there.get(said[name].field) not in (None, "", said[name].value)}


def marks(changed: dict[str, Said], kept: set[str]) -> dict[str, str]:
    return {name: one.known_by for name, one in changed.items() if name not in kept}


def remember(link: Link, known: dict[str, str], kept: set[str], invoice: st.Invoice, to: To) -> None:
    facts: dict[str, Any] = {"details": known, "details_kept": sorted(kept)}
    if "hosted_url" in known:
        until = page_of(invoice, link, to).expires
        facts["url_expires"] = until and until.isoformat()
    to.links.add_facts(link, facts)
