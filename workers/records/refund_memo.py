"""The credit memo of a refund: one of its own, or one that an earlier refund of the same money has left open."""

from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.systems.netsuite.records import Ref
from workers.records import refund_lines
from workers.records.invoice import Sheet, lines, tax_details
from workers.records.refund import GONE, Refunded, custom_of, posted_on
from workers.records.refund_parts import Parts, is_own
from workers.records.reversal import credit_memo

To = Ledger[Any]


def write_memo(source: Refunded, parts: Parts, to: To) -> Link:
    assert parts.sheet is not None
    rules = refund_lines.rules(to, parts.party.subsidiary)
    there = to.links.of_stripe(source.refund.id, "cm")
    day = posted_on(source, "creditMemo", there, parts.party.subsidiary, to)
    record = credit_memo(
        source.refund.id,
        parts.party,
        lines(parts.sheet, rules),
        parts.sheet.amount,
        day,
        f"{source.what} of charge {source.charge.id}",
        custom={**custom_of(source, day, to), **tax_details(parts.sheet, rules)},
    )
    facts = parts.party.facts(parts.sheet.total) | {"tran_date": f"{day.day}"}
    return to.links.save("cm", source.refund.id, to.netsuite.upsert(record), origin="stripe", facts=facts)


def left_open(source: Refunded, parts: Parts, sheet: Sheet, to: To) -> Link | None:
    """The memo of an earlier refund of the same money that failed: the revenue is given back already."""
    for other in to.stripe.refunds_of(source.charge.id):
        ref = memo_of(other.id, to) if other.status in GONE else None
        if ref is None or not is_open_for(source, ref, sheet, to):
            continue
        to.note(f"Credit memo {ref.id} of refund {other.id}, which failed, is used.")
        return to.links.save("cm", other.id, ref, origin="stripe", facts=parts.party.facts(sheet.total))
    return None


def memo_of(refund_id: str, to: To) -> Ref | None:
    link = to.links.of_stripe(refund_id, "cm")
    if link is not None:
        return Ref(link.netsuite_type, link.netsuite_id) if link.current else None
    return to.netsuite.find("creditMemo", external_id("cm", refund_id))


def is_open_for(source: Refunded, memo: Ref, sheet: Sheet, to: To) -> bool:
    """Of this very amount, and put against nothing but perhaps this refund itself."""
    head = to.netsuite.transaction(memo.type, memo.id)
    others = [one for one in to.netsuite.applications_of(memo.id) if not is_own(one, source, to)]
    return not head.voided and head.total == sheet.amount and not others
