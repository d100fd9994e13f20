"""NetSuite invoice paid, credited or written off -> Stripe invoice.

Money that NetSuite took outside of Stripe, and credit that it gave, is told to Stripe, so that nobody pays twice: paid
whole by one payment, the Stripe invoice is paid out of band; a part is a payment record; a credit memo is a credit
note; a write-off marks the invoice uncollectible. What came from Stripe is not told back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.errors import Held, Skipped
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records import conditions, outside, stripe_invoice
from workers.records.billing import write_status
from workers.records.closing import closed_by_credit_memo, left_to_the_void_flow
from workers.records.concerned import Concerned, billed, bound, concerned, deleted
from workers.records.outside import Applied, Books
from workers.records.replacement import latest


class StatusToStripe(Options):
    full: Literal["out_of_band", "record"] = Field(
        "out_of_band",
        description="Paid whole by one NetSuite payment: pay it out of band in Stripe, or report a payment record.",
    )
    partial: Literal["record", "leave"] = Field(
        "record", description="Paid in part: report a payment record and attach it, or leave Stripe as it is."
    )
    credit_memos: Literal["credit_note", "leave"] = Field(
        "credit_note", description="Credit memos become Stripe credit notes, or Stripe is left as it is."
    )
    written_off: Literal["uncollectible", "credit_note"] = Field(
        "uncollectible",
        description="Closed by a credit memo of the bad-debt item: mark it uncollectible, or issue a credit note.",
    )
    email_credit_notes: bool = Field(False, description="Have Stripe e-mail credit notes to the customer.")


To = Ledger[StatusToStripe]
EVENTS = (
    "invoice.edit",
    "invoice.xedit",
    "customerPayment.create",
    "customerPayment.edit",
    "customerPayment.delete",
    "customerPayment.void",
    "creditMemo.create",
    "creditMemo.edit",
    "creditMemo.delete",
    "creditMemo.void",
    "depositApplication.create",
)
MONEY_SINCE = (
    "SELECT t.id FROM transaction t WHERE t.type IN ('CustPymt','CustCred','DepAppl')"
    " AND (t.externalid IS NULL OR t.externalid NOT LIKE 'stripe-%')"
    " AND t.lastmodifieddate >= TO_TIMESTAMP(?,'YYYY-MM-DD HH24:MI:SS') ORDER BY t.id"
)


def money_since(to: To, since: datetime) -> Iterator[str]:
    """NetSuite's own payments and credit memos that were changed or deleted."""
    for row in to.netsuite.query(MONEY_SINCE, (bound(since),)):
        yield str(row["id"])
    for gone in deleted(to, since, "'CustPymt','CustCred','Payment','Credit Memo'"):
        roles = (("customerPayment", "pay"), ("creditMemo", "cm"))
        if any(to.links.of_netsuite(kind, gone, role) for kind, role in roles):
            yield gone


flow = Flow(
    "netsuite_invoice_status_to_stripe",
    title="NetSuite Invoice Status to Stripe Invoice Status Update",
    source="netsuite",
    reads=concerned,
    on=EVENTS,
    sweep=Sweep(every=timedelta(hours=1), ids=money_since),
    options=StatusToStripe,
)


@flow.root
def customer(source: Concerned) -> str:
    return source.root


@flow.when
def in_stripe(source: Concerned, to: To) -> None:
    if not source.invoices:
        raise Skipped("It is no invoice that is in Stripe, nor applied to one.", code="not_sent")
    for invoice in source.invoices:
        conditions.owned(invoice.subsidiary, f"Invoice {stripe_invoice.name(invoice)}", to)


@flow.push
def push(source: Concerned, to: To) -> None:
    """Each invoice by itself: one that is held does not keep the others waiting."""
    held, told = list[Held](), False
    for invoice in source.invoices:
        try:
            told = tell(invoice, to) or told
        except Held as reason:
            held.append(reason)
    if held:
        raise held[0]
    if not told:
        raise Skipped("Stripe knows all that NetSuite has received and credited.", code="echo")


def tell(invoice: ns.Invoice, to: To) -> bool:
    """Whether anything had to be written."""
    link = billed(invoice.id, to)
    if link is None or invoice.voided:
        return False
    found = latest(link.stripe_id, to)
    if found.status in ("draft", "void"):
        return False
    books = outside.books(invoice, found, to)
    outside.nothing_taken_back(books)
    new = [] if found.status == "paid" else chosen(books, to)
    if found.status == "paid" and books.unknown:
        to.note(f"Stripe invoice {found.id} is paid already; NetSuite's own {books.unknown[0].doc} is not told.")
    outside.check(books, new)
    for one in new:
        report(one, books, new, to)
    now = to.stripe.invoice(found.id) if new else found
    return write_status(invoice, now.status, to) or bool(new)


# what is told, and how -----------------------------------------------------------------------------------------


def chosen(books: Books, to: To) -> list[Applied]:
    """What Stripe does not know of and finance wants it to know; each thing left out is noted."""
    if left_to_the_void_flow(to) and closed_by_credit_memo(books.invoice, to):
        to.note("Closed by credit memos: the void flow withdraws the Stripe invoice.")
        return []
    return [one for one in books.unknown if wanted(one, books, to)]


def wanted(one: Applied, books: Books, to: To) -> bool:
    left = to.options.credit_memos == "leave" and not gives_up(one, books, to)
    if one.is_credit and left:
        to.note(f"Credit memo {one.doc} is not told to Stripe, by setting.")
        return False
    if not one.is_credit and to.options.partial == "leave" and not books.closed:
        to.note(f"The payment in part {one.doc} is not told to Stripe, by setting.")
        return False
    return True


def gives_up(one: Applied, books: Books, to: To) -> bool:
    return one.written_off and books.closed and to.options.written_off == "uncollectible"


def report(one: Applied, books: Books, new: list[Applied], to: To) -> None:
    if gives_up(one, books, to):
        outside.give_up(one, books, to)
    elif one.is_credit:
        outside.credit(one, books, to, email=to.options.email_credit_notes)
    elif to.options.full == "out_of_band" and pays_whole(books, new):
        outside.pay_out_of_band(one, books, to)
    else:
        outside.record(one, books, to)


def pays_whole(books: Books, new: list[Applied]) -> bool:
    """By this one payment alone; Stripe has received and credited nothing before."""
    stripe: st.Invoice = books.stripe
    return len(new) == 1 and books.closed and new[0].amount == stripe.amount_remaining and not stripe.amount_paid
