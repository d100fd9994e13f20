"""What NetSuite received or credited for an invoice outside of Stripe, and how Stripe is told of it, each once.

A link is saved before money is attached, so that the event it causes is seen to be our own.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from app.core.interfaces import Ledger
from app.errors import Held, NotAllowed, Rejected
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import closing, stripe_invoice
from workers.records.billing import applied_before

To = Ledger[Any]


@dataclass(frozen=True)
class Applied:
    """A NetSuite payment or credit memo and what of it is applied to this invoice, in minor units."""

    doc: str
    doc_type: str
    amount: int
    written_off: bool = False

    @property
    def is_credit(self) -> bool:
        return self.doc_type == "creditMemo"


@dataclass(frozen=True)
class Books:
    """One invoice on both sides. `reported`: NetSuite transaction -> what Stripe was told, for those told before."""

    invoice: ns.Invoice
    stripe: st.Invoice
    applied: tuple[Applied, ...]
    unknown: tuple[Applied, ...]
    reported: dict[str, int]

    @property
    def name(self) -> str:
        return f"NetSuite invoice {stripe_invoice.name(self.invoice)}"

    @property
    def closed(self) -> bool:
        return self.invoice.amount_remaining <= 0

    @property
    def left(self) -> int:
        return stripe_invoice.minor(self.invoice.amount_remaining, self.stripe.currency)


def books(invoice: ns.Invoice, stripe: st.Invoice, to: To) -> Books:
    found = _by_document(to.netsuite.applications_of(invoice.id))
    reported = {**_payments(stripe, to), **_credits(invoice, stripe, to, found)}
    known = {*reported, *applied_before(stripe)}
    applied, unknown = list[Applied](), list[Applied]()
    for one in found:
        amount = stripe_invoice.minor(one.amount, stripe.currency)
        applied.append(Applied(one.doc, one.doc_type, amount))
        if one.doc not in known and not closing.from_stripe(one, to):
            lost = closing.written_off(one, invoice.subsidiary, to)
            unknown.append(Applied(one.doc, one.doc_type, amount, lost))
    return Books(invoice, stripe, tuple(applied), tuple(unknown), reported)


def _by_document(applications: Sequence[ns.Application]) -> list[ns.Application]:
    sums: dict[tuple[str, str], Any] = {}
    for one in applications:
        sums[one.doc, one.doc_type] = sums.get((one.doc, one.doc_type), 0) + one.amount
    return [ns.Application(doc=doc, doc_type=kind, amount=amount) for (doc, kind), amount in sums.items() if amount]


def _payments(stripe: st.Invoice, to: To) -> dict[str, int]:
    """Told as payment records, or as the one payment out of band."""
    told: dict[str, int] = {}
    for payment in stripe.payments:
        link = to.links.of_stripe(payment.payment_record, "pay") if payment.payment_record else None
        if link and link.origin == "netsuite" and payment.status == "paid":
            told[link.netsuite_id] = payment.amount_paid or 0
    whole = to.links.of_stripe(stripe.id, "pay")
    if whole and whole.origin == "netsuite" and stripe.status == "paid" and stripe.amount_paid_off_stripe:
        told[whole.netsuite_id] = int(whole.facts.get("amount", 0))
    return told


def _credits(invoice: ns.Invoice, stripe: st.Invoice, to: To, found: Sequence[ns.Application]) -> dict[str, int]:
    """Told as credit notes, or by marking the invoice uncollectible."""
    told: dict[str, int] = {}
    given_up = to.links.of_stripe(f"{stripe.id}-uncollectible", "cm")
    if given_up and given_up.origin == "netsuite" and stripe.status != "open":
        amount = next((one.amount for one in found if one.doc == given_up.netsuite_id), invoice.amount_remaining)
        told[given_up.netsuite_id] = stripe_invoice.minor(amount, stripe.currency)
    if not (stripe.pre_payment_credit_notes_amount or stripe.post_payment_credit_notes_amount):
        return told
    for note in to.stripe.credit_notes_of(stripe.id):
        memo = note.metadata.get(to.config.fields.metadata_credit_memo_id)
        if memo and note.metadata.get(to.config.fields.metadata_invoice_id) == invoice.id and note.status != "void":
            told[memo] = note.total
            _remember_credit(note, memo, invoice, to)
    return told


# is it sound? --------------------------------------------------------------------------------------------------


def nothing_taken_back(books: Books) -> None:
    """Raises Held when NetSuite has voided, deleted or unapplied what Stripe was told of: Stripe cannot unpay."""
    now = {one.doc: one.amount for one in books.applied}
    for doc, told in books.reported.items():
        if now.get(doc, 0) < told:
            raise Held(
                f"NetSuite took {doc} back from {books.name.removeprefix('NetSuite ')} after Stripe was told of "
                f"{from_minor(told, books.stripe.currency)} {books.stripe.currency.upper()}; Stripe cannot undo that.",
                code="taken_back",
                action="Apply it again in NetSuite, or bill the amount anew (a new NetSuite invoice); then dismiss.",
            )


def check(books: Books, new: Sequence[Applied]) -> None:
    """Raises Held when Stripe would be told of more than is left there, or would still ask for more than NetSuite."""
    told, asks = sum(one.amount for one in new), books.stripe.amount_remaining
    if told > asks:
        raise _differs(books, f"received or credited {_money(told, books)} that Stripe does not know of", asks)
    if new and len(new) == len(books.unknown) and asks - told > books.left:
        raise _differs(books, f"says that {_money(books.left, books)} is left to pay", asks - told)


def _differs(books: Books, says: str, asks: int) -> Held:
    return Held(
        f"For {books.name.removeprefix('NetSuite ')} NetSuite {says}, but Stripe asks for {_money(asks, books)}.",
        code="amounts_differ",
        action="Compare the payments of both sides (was it paid twice, or changed?), correct one side, then replay.",
    )


def _money(amount: int, books: Books) -> str:
    return f"{from_minor(amount, books.stripe.currency)} {books.stripe.currency.upper()}"


# telling -------------------------------------------------------------------------------------------------------


def record(one: Applied, books: Books, to: To) -> None:
    head = to.netsuite.transaction(one.doc_type, one.doc)
    reported = to.stripe.report_payment(_report(one, head, books, to), of=f"{one.doc_type}:{one.doc}:{_of(books)}")
    _remember_payment(reported.id, one, books, to)
    with on_its_way(books):
        to.stripe.attach_payment(books.stripe.id, reported.id)


def _report(one: Applied, head: ns.TransactionHead, books: Books, to: To) -> dict[str, Any]:
    fields = to.config.fields
    day = head.tran_date or to.clock.now().date()
    received = int(min(datetime.combine(day, time(12), UTC), to.clock.now()).timestamp())
    return {
        "amount_requested": {"currency": books.stripe.currency, "value": one.amount},
        "payment_method_details": {"type": "custom", "custom": {"display_name": "NetSuite"}},
        "processor_details": {"type": "custom", "custom": {"payment_reference": head.tran_id or one.doc}},
        "initiated_at": received,
        "outcome": "guaranteed",
        "guaranteed": {"guaranteed_at": received},
        "metadata": {
            fields.metadata_payment_id: one.doc,
            fields.metadata_invoice_id: books.invoice.id,
            "stripe_invoice_id": books.stripe.id,
        },
    }


def pay_out_of_band(one: Applied, books: Books, to: To) -> None:
    to.stripe.update_metadata("invoice", books.stripe.id, {to.config.fields.metadata_payment_id: one.doc})
    _remember_payment(books.stripe.id, one, books, to)
    with on_its_way(books):
        to.stripe.pay_invoice_out_of_band(books.stripe.id)


def credit(one: Applied, books: Books, to: To, *, email: bool) -> None:
    fields = to.config.fields
    params = {
        "invoice": books.stripe.id,
        "amount": one.amount,
        "memo": f"NetSuite credit memo {one.doc}",
        "email_type": "credit_note" if email else "none",
        "metadata": {fields.metadata_credit_memo_id: one.doc, fields.metadata_invoice_id: books.invoice.id},
    }
    note = to.stripe.create_credit_note(params, of=f"creditMemo:{one.doc}:{_of(books)}")
    _remember_credit(note, one.doc, books.invoice, to)


def give_up(one: Applied, books: Books, to: To) -> None:
    """NetSuite's memo is what `uncollectible` would be booked as; linked first, so that no second one is made."""
    closing.stand_in(books.stripe.id, "uncollectible", books.invoice, to)
    if books.stripe.status == "open":
        to.stripe.mark_invoice_uncollectible(books.stripe.id)


@contextmanager
def on_its_way(books: Books) -> Iterator[None]:
    """Stripe takes no other payment while a bank debit for the invoice is on its way."""
    try:
        yield
    except (Rejected, NotAllowed) as refused:
        raise Held(
            f"Stripe does not take NetSuite's payment for {books.name.removeprefix('NetSuite ')}: {refused.sentence}",
            code="payment_refused",
            action="A payment through Stripe is probably on its way. When it has come in or failed, replay.",
        ) from refused


def _of(books: Books) -> str:
    return f"invoice:{books.invoice.id}:{books.stripe.id}"


def _remember_payment(stripe_id: str, one: Applied, books: Books, to: To) -> None:
    to.links.save("pay", stripe_id, Ref(one.doc_type, one.doc), origin="netsuite", facts=_facts(books, one.amount))


def _remember_credit(note: st.CreditNote, memo: str, invoice: ns.Invoice, to: To) -> None:
    if to.links.of_stripe(note.id, "cm") is None:
        facts = {"invoice": invoice.id, "customer": invoice.entity, "amount": note.total}
        to.links.save("cm", note.id, Ref("creditMemo", memo), origin="netsuite", facts=facts)


def _facts(books: Books, amount: int) -> dict[str, Any]:
    invoice = books.invoice
    currency = books.stripe.currency.upper()
    return {"invoice": invoice.id, "customer": invoice.entity, "currency": currency, "amount": amount}
