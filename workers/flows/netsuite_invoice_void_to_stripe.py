"""NetSuite invoice voided or deleted -> Stripe invoice voided.

What NetSuite asks for no more, Stripe must not collect: a draft is deleted, an open or uncollectible invoice is voided.
Once money was received there is nothing to void: it has to be given back, or credited, by a person.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, NotFound, Skipped
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records import conditions, stripe_invoice
from workers.records.billing import write_status
from workers.records.closing import closed_by_credit_memo, stand_in
from workers.records.concerned import Concerned, billed, bound, concerned, deleted
from workers.records.received import refuse_money, void


class VoidToStripe(Options):
    stripe_born: Literal["hold", "void"] = Field(
        "hold", description="An invoice that came from Stripe: hold it for a person, or void it in Stripe too."
    )
    closed_by_credit_memo: Literal["leave", "void", "uncollectible"] = Field(
        "leave",
        description="Closed in full by credit memos: leave it to the status flow, which makes a credit note, or void "
        "it in Stripe, or mark it uncollectible.",
    )
    clear_link: bool = Field(True, description="Empty the payment link on the voided NetSuite invoice.")


To = Ledger[VoidToStripe]
VOIDED_SINCE = (
    "SELECT t.id FROM transaction t WHERE t.type = 'CustInvc' AND (t.status = 'V' OR t.voided = 'T')"
    " AND t.lastmodifieddate >= TO_TIMESTAMP(?,'YYYY-MM-DD HH24:MI:SS') ORDER BY t.id"
)


def closed_since(to: To, since: datetime) -> Iterator[str]:
    """Voided, deleted, and (if it matters) all changed ones; only those that are in Stripe."""
    found = [str(row["id"]) for row in to.netsuite.query(VOIDED_SINCE, (bound(since),))]
    found += deleted(to, since, "'CustInvc','Invoice','invoice'")
    if to.options.closed_by_credit_memo != "leave":
        found += to.netsuite.invoices_since(since)
    yield from (one for one in dict.fromkeys(found) if billed(one, to))


flow = Flow(
    "netsuite_invoice_void_to_stripe",
    title="NetSuite Void Invoice to Stripe Void Invoice Update",
    source="netsuite",
    reads=concerned,
    on=("invoice.edit", "invoice.xedit", "invoice.delete", "invoice.void", "creditMemo.create", "creditMemo.edit"),
    sweep=Sweep(every=timedelta(hours=1), ids=closed_since),
    options=VoidToStripe,
)


@flow.root
def customer(source: Concerned) -> str:
    return source.root


@flow.when
def in_stripe(source: Concerned, to: To) -> None:
    if not source.invoices and source.gone is None:
        raise Skipped("It is no invoice that is in Stripe, nor applied to one.", code="not_sent")


@flow.when
def asks_for_nothing(source: Concerned, to: To) -> None:
    for invoice in source.invoices:
        conditions.owned(invoice.subsidiary, f"Invoice {stripe_invoice.name(invoice)}", to)
    if source.gone is None and not closed(source, to):
        raise Skipped("The invoice is neither voided nor deleted in NetSuite.", code="not_void")


@flow.push
def push(source: Concerned, to: To) -> None:
    if source.gone is not None:
        withdrawn(source.gone, "was deleted", to)
        to.links.retire(source.gone, note="The NetSuite invoice was deleted.")
        return
    done = [withdraw(invoice, to) for invoice in closed(source, to)]
    if not any(done):
        raise Skipped("It is withdrawn in Stripe already.", code="echo")


# which, and how ------------------------------------------------------------------------------------------------


def closed(source: Concerned, to: To) -> list[ns.Invoice]:
    return [invoice for invoice in source.invoices if invoice.voided or by_credit_memo(invoice, to)]


def by_credit_memo(invoice: ns.Invoice, to: To) -> bool:
    return to.options.closed_by_credit_memo != "leave" and closed_by_credit_memo(invoice, to)


def withdraw(invoice: ns.Invoice, to: To) -> bool:
    """Whether anything had to be written."""
    link = billed(invoice.id, to)
    if link is None:
        return False
    how = "was voided" if invoice.voided else "was closed by credit memos"
    if not invoice.voided:
        stand_in(link.stripe_id, "uncollectible" if gives_up(to) else "void", invoice, to)
    now, changed = withdrawn(link, how, to, uncollectible=not invoice.voided and gives_up(to))
    return write_status(invoice, now, to, clear_link=to.options.clear_link) or changed


def gives_up(to: To) -> bool:
    return to.options.closed_by_credit_memo == "uncollectible"


def withdrawn(link: Link, how: str, to: To, *, uncollectible: bool = False) -> tuple[str, bool]:
    """Stripe's status afterwards, and whether it changed. A draft that is deleted counts as void."""
    found = existing(link.stripe_id, to)
    if found is None or found.status == "void":
        return "void", False
    if link.origin == "stripe" and to.options.stripe_born == "hold":
        raise born_in_stripe(link, how)
    if found.status == "draft":
        to.stripe.delete_draft_invoice(found.id)
        return "void", True
    refuse_money(found, how)
    if uncollectible:
        changed = found.status == "open"
        return (to.stripe.mark_invoice_uncollectible(found.id) if changed else found).status or "", changed
    return void(found, how, to).status or "", True


def existing(stripe_id: str, to: To) -> st.Invoice | None:
    try:
        return to.stripe.invoice(stripe_id)
    except NotFound:
        return None


def born_in_stripe(link: Link, how: str) -> Held:
    return Held(
        f"NetSuite invoice {link.netsuite_id} {how}, but it came from Stripe as {link.stripe_id}, which still stands.",
        code="stripe_born",
        action="Void the Stripe invoice by hand, or set the option `stripe_born` to void; then replay.",
    )
