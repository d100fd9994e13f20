"""A refund's records: a credit memo gives revenue back, a customer refund the cash; or a cash refund does both."""

from decimal import Decimal
from typing import Any

from app.core.config import Books
from app.core.fingerprint import fingerprint
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held
from app.systems.netsuite.records import CustomerRefund, Ref
from workers.records.charged import charged, require_charged
from workers.records.older_charge import left_out
from workers.records.refund import Refunded, custom_of, money, options_of, posted_on, view
from workers.records.refund_lines import one_item
from workers.records.refund_memo import left_open, write_memo
from workers.records.refund_parts import Parts, living, parts_of, refuse_too_much
from workers.records.refund_undoing import undo
from workers.records.reversal import (
    Party,
    against,
    cash_refund,
    customer_refund,
    money_out,
    one_line,
    party_of,
    payment_option,
)

To = Ledger[Any]


def post(source: Refunded, to: To) -> None:
    """Safe to repeat, also when a credit note has come to speak for the refund since."""
    paid = charged(source.charge.id, to)
    if paid is None:
        go_without_payment(source, to)
    if paid is not None and paid.role == "cs":
        give_cash_back(source, paid, to)
    else:
        pay_back(source, paid, to)


def go_without_payment(source: Refunded, to: To) -> None:
    """A charge from before the start, which its own flow has left out, has no payment to refund from.

    Raises LinkMissing for any other charge, upon which its own flow runs first.
    """
    if not left_out(source.charge, to):
        require_charged(source.charge.id, to)
    to.note(f"Charge {source.charge.id} is older than the books kept here: refunded without its payment.")


def pay_back(source: Refunded, paid: Link | None, to: To) -> None:
    parts = parts_of(source, paid, to)
    memo = to.links.of_stripe(source.refund.id, "cm")
    there = memo if memo and memo.current else None
    if parts.sheet and there is None:
        there = left_open(source, parts, parts.sheet, to) or write_memo(source, parts, to)
    record = refund_of(source, paid, parts, there, to)
    ref = to.netsuite.upsert(record)
    if there is not None and parts.sheet is None:
        undo(there, to, note="A credit note speaks for the refund now.")
    elif there is not None and parts.sheet and there.facts.get("total") != parts.sheet.total:
        write_memo(source, parts, to)
    memo_ref = Ref("creditMemo", there.netsuite_id) if there and parts.sheet else None
    write_back(source, {"refund": ref, "memo": memo_ref}, to)
    remember(source, "crf", ref, parts.party, record, record.account, to)


# the records ---------------------------------------------------------------------------------------------------


def refund_of(source: Refunded, paid: Link | None, parts: Parts, memo: Link | None, to: To) -> CustomerRefund:
    link = to.links.of_stripe(source.refund.id, "crf")
    day = posted_on(source, "customerRefund", link, parts.party.subsidiary, to)
    of_deposit = paid is not None and paid.role == "cdep"
    own = (against(memo.netsuite_id, parts.sheet.amount),) if memo and parts.sheet else ()
    direct = (parts.unapplied,) if parts.unapplied else ()
    record = customer_refund(
        source.refund.id,
        parts.party,
        money_out(paid, parts.party.iso, to, parts.party.subsidiary),
        day,
        f"{source.what} of charge {source.charge.id}",
        apply=(*parts.memos, *own, *(() if of_deposit else direct)),
        deposits=direct if of_deposit else (),
        option=payment_option(books_of(parts.party, to), source.charge.payment_method_type),
        custom=custom_of(source, day, to) | {to.config.fields.payment_charge_id: source.charge.id},
    )
    prove(source, record)
    return record


def prove(source: Refunded, record: CustomerRefund) -> None:
    found = sum((one.amount for one in (*record.apply, *record.deposits)), Decimal(0))
    whole = money(source, source.refund.amount)
    if found != whole:
        raise Held(
            f"{source.what}: credit of {found} {source.refund.currency.upper()} is found for it, but it is of {whole}.",
            code="amount_mismatch",
            action="Compare the refund with its credit notes in Stripe, then replay.",
        )


def give_cash_back(source: Refunded, sale: Link, to: To) -> None:
    """The charge was sold for cash: one document gives back income and money."""
    party, whole = party_of(sale, to), money(source, source.refund.amount)
    refuse_too_much(source, living(sale, to), to)
    items = books_of(party, to).items
    item = (
        source.charge.metadata.get(items.metadata_key) or items.refund or items.charge or one_item(to, party.subsidiary)
    )
    day = posted_on(source, "cashRefund", to.links.of_stripe(source.refund.id, "cr"), party.subsidiary, to)
    record = cash_refund(
        source.refund.id,
        party,
        money_out(sale, party.iso, to, party.subsidiary),
        (one_line(item, whole, source.what),),
        whole,
        day,
        f"{source.what} of charge {source.charge.id}",
        option=payment_option(books_of(party, to), source.charge.payment_method_type),
        custom=custom_of(source, day, to) | {to.config.fields.payment_charge_id: source.charge.id},
    )
    ref = to.netsuite.upsert(record)
    write_back(source, {"refund": ref}, to)
    remember(source, "cr", ref, party, record, record.account, to)


def books_of(party: Party, to: To) -> Books:
    return to.config.for_account(to.account, party.subsidiary)


# what is kept of it --------------------------------------------------------------------------------------------


def write_back(source: Refunded, written: dict[str, Ref | None], to: To) -> None:
    if not options_of(to).write_back:
        return
    fields = to.config.fields
    keys = {"refund": fields.metadata_refund_id, "memo": fields.metadata_credit_memo_id}
    said = {keys[name]: ref.id for name, ref in written.items() if ref is not None}
    if any(source.refund.metadata.get(key) != value for key, value in said.items()):
        to.stripe.update_metadata("refund", source.refund.id, said)


def remember(source: Refunded, role: str, ref: Ref, party: Party, record: Any, account: str | None, to: To) -> None:
    facts = {**party.facts(), "money": account, "tran_date": f"{record.tran_date}"}
    to.links.save(
        role,
        source.refund.id,
        ref,
        origin="stripe",
        stripe_fingerprint=fingerprint(view(source)),
        netsuite_fingerprint=to.content(record),
        facts=facts,
    )
