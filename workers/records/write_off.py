"""Credit memos that close a NetSuite invoice which Stripe has given up or voided, and how a write-off is taken back."""

from decimal import Decimal
from typing import Any, Literal

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Held, NotFound, PeriodClosed, Permanent
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Apply, CreditMemo, InvoiceLine, Ref
from app.systems.stripe import objects as st
from workers.records.dates import local_day, posting, zone_of
from workers.records.items import item_for

To = Ledger[Any]
Closing = Literal["uncollectible", "void"]


def done(source: st.Invoice, why: Closing, to: To) -> bool:
    """Whether a credit memo was made for this once, even if it was taken back since."""
    memo = to.links.of_stripe(f"{source.id}-{why}", "cm")
    if memo is not None and memo.current:
        to.note(f"Closed by credit memo {memo.netsuite_id}.")
    return memo is not None


def something_left(source: st.Invoice, why: Closing, invoice: ns.Invoice, to: To) -> bool:
    """Whether the invoice is open. A memo of an attempt that was cut off is remembered."""
    if invoice.amount_remaining > 0 and not invoice.voided:
        return True
    ref = to.netsuite.find("creditMemo", external_id("cm", f"{source.id}-{why}")) if not invoice.voided else None
    if ref is not None:
        remember(source, why, ref, invoice, to)
    to.note(f"Nothing is left to close on NetSuite invoice {invoice.tran_id or invoice.id}.")
    return False


def remember(source: st.Invoice, why: Closing, ref: Ref, invoice: ns.Invoice, to: To) -> None:
    facts = {
        "invoice": invoice.id,
        "customer": invoice.entity,
        "subsidiary": invoice.subsidiary,
        "currency": source.currency.upper(),
        "account": invoice.account,
    }
    to.links.save("cm", f"{source.id}-{why}", ref, origin="stripe", facts=facts)


# uncollectible -------------------------------------------------------------------------------------------------


def write_off(source: st.Invoice, invoice: ns.Invoice, booked: Decimal, to: To) -> None:
    """What is left goes to the bad-debt item. Raises Held when Stripe and NetSuite do not agree on how much that is.

    `booked`: payments booked just now, which NetSuite does not show when they are previewed only.
    """
    asked = from_minor(source.amount_remaining, source.currency)
    if invoice.amount_remaining not in (asked, asked + booked):
        raise differs(source, invoice, asked)
    ref = to.netsuite.upsert(bad_debt_memo(source, invoice, asked, to))
    remember(source, "uncollectible", ref, invoice, to)
    to.note(f"Written off by credit memo {ref.id}: {asked} {source.currency.upper()}.")


def bad_debt_memo(source: st.Invoice, invoice: ns.Invoice, amount: Decimal, to: To) -> CreditMemo:
    zone, item = zone_of(to, invoice.subsidiary), bad_debt_item(invoice.subsidiary, to)
    day = local_day(source.marked_uncollectible_at or to.clock.now(), zone)
    posted, said = posting(to, "creditMemo", day, zone), f"Stripe invoice {source.number or source.id} is uncollectible"
    line = InvoiceLine(item=item, rate=amount, amount=amount, description=said)
    return CreditMemo(
        external_id=external_id("cm", f"{source.id}-uncollectible"),
        entity=invoice.entity,
        subsidiary=invoice.subsidiary,
        currency=invoice.currency,
        tran_date=posted.day,
        memo=posted.memo(said),
        account=invoice.account,
        lines=(line,),
        apply=(Apply(doc=invoice.id, amount=amount),),
        custom={to.config.fields.transaction_stripe_id: source.id, **posted.custom(to.config.fields.original_date)},
    )


def bad_debt_item(subsidiary: str | None, to: To) -> str:
    place = to.config.place_of(to.account, subsidiary)
    return item_for("bad_debt", to.config.for_account(to.account, subsidiary), place)


def differs(source: st.Invoice, invoice: ns.Invoice, asked: Decimal) -> Held:
    iso = source.currency.upper()
    return Held(
        f"NetSuite invoice {invoice.tran_id or invoice.id} has {invoice.amount_remaining} {iso} open, Stripe's "
        f"{source.number or source.id} {asked} {iso}.",
        code="amount_mismatch",
        action="Book in NetSuite what the two differ by, then replay; or close the invoice by hand and dismiss.",
    )


# void ----------------------------------------------------------------------------------------------------------


def credit_whole(source: st.Invoice, invoice: ns.Invoice, to: To) -> None:
    """A credit memo with the invoice's own lines, applied to it."""
    zone = zone_of(to, invoice.subsidiary)
    posted = posting(to, "creditMemo", local_day(source.voided_at or to.clock.now(), zone), zone)
    record = CreditMemo(
        external_id=external_id("cm", f"{source.id}-void"),
        tran_date=posted.day,
        memo=posted.memo(f"Stripe invoice {source.number or source.id} was voided"),
        # the transaction line id of an invoice's receivable is 0 (Online Help article_0224093711)
        apply=(Apply(doc=invoice.id, line=0, amount=invoice.amount_remaining),),
        custom={to.config.fields.transaction_stripe_id: source.id, **posted.custom(to.config.fields.original_date)},
    )
    ref = to.netsuite.transform(Ref("invoice", invoice.id), record)
    remember(source, "void", ref, invoice, to)
    to.note(f"Credited in full by credit memo {ref.id}.")


def all_open(source: st.Invoice, invoice: ns.Invoice) -> None:
    """Raises Held when something is applied to the invoice, or when it is not the amount that Stripe has voided."""
    if invoice.amount_remaining != invoice.total:
        raise Held(
            f"Stripe invoice {source.number or source.id} is void, but of NetSuite invoice "
            f"{invoice.tran_id or invoice.id} only {invoice.amount_remaining} of {invoice.total} is open.",
            code="part_paid",
            action="Decide in NetSuite what becomes of what was applied and of the rest, then replay or dismiss.",
        )
    amounts = (source.amount_due, source.amount_remaining, source.total)
    if invoice.total not in {from_minor(amount, source.currency) for amount in amounts}:
        raise differs(source, invoice, from_minor(source.amount_due, source.currency))


# paid after all ------------------------------------------------------------------------------------------------


def take_back(stripe_invoice: str, to: To) -> None:
    """Make room for money that came for an invoice which was written off: our credit memo is voided first.

    Raises Held when that cannot be, or when the memo is NetSuite's own.
    """
    memo = to.links.of_stripe(f"{stripe_invoice}-uncollectible", "cm")
    if memo is None or not memo.current:
        return
    ref = Ref(memo.netsuite_type, memo.netsuite_id)
    if off_already(ref, to):
        to.links.retire(memo, note="The invoice was paid after all.")
        return
    if memo.origin == "netsuite":
        raise in_the_way(stripe_invoice, memo, "It was made in NetSuite.")
    try:
        to.netsuite.void(ref)
    except (Held, Permanent) as refused:
        raise in_the_way(stripe_invoice, memo, refused.sentence) from refused
    to.links.retire(memo, note="Voided: the invoice was paid after all.")
    to.note(f"Credit memo {memo.netsuite_id}, which had written the invoice off, was voided: it is paid after all.")


def off_already(ref: Ref, to: To) -> bool:
    """Voided, deleted, or taken off the invoice by a person or by an attempt that was cut off."""
    try:
        head = to.netsuite.transaction(ref.type, ref.id)
    except NotFound:
        return True
    return head.voided or head.unapplied == head.total


def in_the_way(stripe_invoice: str, memo: Link, why: str) -> Held:
    return Held(
        f"{stripe_invoice} was paid after credit memo {memo.netsuite_id} had written it off, which stands in the way. "
        f"{why}",
        code="paid_after_write_off",
        action="Void the credit memo in NetSuite, or take it off the invoice; then replay.",
    )


def closed_period(invoice: ns.Invoice) -> PeriodClosed:
    return PeriodClosed(
        f"NetSuite invoice {invoice.tran_id or invoice.id} cannot be voided: its accounting period is closed.",
        action="Open the period, or set the option `void` to void_else_credit_memo or credit_memo; then replay.",
    )
