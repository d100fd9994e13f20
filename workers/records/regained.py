"""Money that a bank gave back after a dispute, as NetSuite records: customer payment, or cash sale.

Each reinstatement takes back what its withdrawal had posted: what was written off, what was reopened, and what had
paid nothing. It is booked once and never changed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import LinkMissing
from app.money import from_minor, to_minor
from app.systems.netsuite.records import Apply, CashSale, CustomerPayment, Invoice, Ref
from app.systems.stripe import objects as st
from workers.records.bank_movement import custom, item, left_behind, option, posted_on
from workers.records.loss import booked, money_of
from workers.records.reopen import opened
from workers.records.reversal import Party, against, one_line, party_of, prove
from workers.records.taken import Taken

To = Ledger[Any]
ROLES = ("pay", "cs")
APPROVED = "2"


@dataclass(frozen=True)
class Gain:
    """One reinstatement. `withdrawal` is what it gives back, `lost` the link of what that had become."""

    movement: st.BalanceTransaction
    withdrawal: st.BalanceTransaction
    source: Taken
    paid: Link | None
    lost: Link
    party: Party
    amount: Decimal

    @property
    def id(self) -> str:
        return self.movement.id

    @property
    def memo(self) -> str:
        return f"Stripe {self.source.what} reinstated, charge {self.source.charge.id}"

    @property
    def account(self) -> str | None:
        """Where the charge's own money lies; None for undeposited funds."""
        facts = self.paid.facts if self.paid else self.lost.facts
        found: str | None = facts.get("money")
        return found


def gained(movement: st.BalanceTransaction, to: To) -> bool:
    return any(to.links.of_stripe(movement.id, role) for role in ROLES)


def gain_of(movement: st.BalanceTransaction, source: Taken, to: To) -> Gain:
    """Raises LinkMissing when the withdrawal is not in NetSuite yet: its own flow runs first."""
    withdrawal = source.before(movement)
    lost = booked(withdrawal, to) if withdrawal else None
    if withdrawal is None or lost is None:
        raise LinkMissing("crf", source.id)
    paid = money_of(withdrawal, source, to)
    return Gain(movement, withdrawal, source, paid, lost, party_of(lost, to), source.amount(movement))


# cash ----------------------------------------------------------------------------------------------------------


def sold_again(gain: Gain, to: To) -> None:
    if adopted("cs", gain, to):
        return
    posted = posted_on(gain, "cashSale", None, to)
    lines = (one_line(item(gain, to), gain.amount, gain.memo),)
    prove(gain.memo, lines, {}, gain.amount, gain.party.iso)
    record = CashSale(
        external_id=external_id("cs", gain.id),
        entity=gain.party.customer,
        subsidiary=gain.party.subsidiary,
        currency=gain.party.currency,
        tran_date=posted.day,
        memo=posted.memo(gain.memo),
        account=gain.account,
        undeposited=gain.account is None,
        payment_option=option(gain, to),
        lines=lines,
        custom=custom(gain, posted, to),
    )
    remember("cs", to.netsuite.upsert(record), posted.day, gain, to, content=to.content(record))


# payment -------------------------------------------------------------------------------------------------------


def paid_again(gain: Gain, to: To, *, invoiced: bool) -> None:
    """`invoiced`: what was written off is invoiced once more, so that the payment has something to pay."""
    if adopted("pay", gain, to):
        return
    posted = posted_on(gain, "customerPayment", None, to)
    back = min(gain.amount, written_off(gain, to)) if invoiced else Decimal(0)
    apply = (against(invoice(gain, back, to), back),) if back else ()
    record = CustomerPayment(
        external_id=external_id("pay", gain.id),
        customer=gain.party.customer,
        subsidiary=gain.party.subsidiary,
        currency=gain.party.currency,
        payment=gain.amount,
        tran_date=posted.day,
        memo=posted.memo(gain.memo),
        account=gain.account,
        undeposited=gain.account is None,
        ar_account=gain.party.receivable,
        payment_option=option(gain, to),
        apply=(*apply, *reopened(gain, gain.amount - back, to)),
        custom=custom(gain, posted, to),
    )
    remember("pay", to.netsuite.upsert(record), posted.day, gain, to, content=to.content(record), record=record)


def invoice(gain: Gain, amount: Decimal, to: To) -> Ref:
    """For the item of disputes: the loss is taken back. It has no Stripe id, for Stripe has no such invoice."""
    link = to.links.of_stripe(gain.id, "inv")
    posted = posted_on(gain, "invoice", link, to)
    lines = (one_line(item(gain, to), amount, gain.memo),)
    prove(gain.memo, lines, {}, amount, gain.party.iso)
    record = Invoice(
        external_id=external_id("inv", gain.id),
        entity=gain.party.customer,
        subsidiary=gain.party.subsidiary,
        currency=gain.party.currency,
        account=gain.party.receivable,
        tran_date=posted.day,
        due_date=posted.day,
        memo=posted.memo(gain.memo),
        approval_status=APPROVED,
        lines=lines,
        custom=posted.custom(to.config.fields.original_date),
    )
    content = to.content(record)
    if link and link.netsuite_fingerprint == content:
        return Ref("invoice", link.netsuite_id)
    ref = to.netsuite.upsert(record)
    facts = gain.party.facts(to_minor(amount, gain.party.iso)) | {"tran_date": f"{posted.day}"}
    to.links.save("inv", gain.id, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
    return ref


def written_off(gain: Gain, to: To) -> Decimal:
    """What the withdrawal wrote off, without what earlier reinstatements of it took back."""
    start = gain.source.movements.index(gain.withdrawal)
    earlier = gain.source.movements[start : gain.source.movements.index(gain.movement)]
    links = [link for one in earlier if (link := to.links.of_stripe(one.id, "inv"))]
    before = sum((from_minor(link.facts["total"], gain.party.iso) for link in links), Decimal(0))
    return max(Decimal(0), Decimal(gain.lost.facts.get("credited", "0")) - before)


def reopened(gain: Gain, left: Decimal, to: To) -> tuple[Apply, ...]:
    """The invoices that the withdrawal opened again, as far as nobody has paid them since."""
    lines = []
    for doc, amount in (opened(gain.paid, gain.withdrawal.id) if gain.paid else {}).items():
        part = min(left, amount, to.netsuite.invoice(doc).amount_remaining)
        if part > 0:
            left -= part
            lines.append(against(doc, part))
    return tuple(lines)


# parts ---------------------------------------------------------------------------------------------------------


def adopted(role: str, gain: Gain, to: To) -> bool:
    found = left_behind(role, gain, to)
    if found is None:
        return False
    remember(role, *found, gain, to)
    return True


def remember(
    role: str,
    ref: Ref,
    day: date | None,
    gain: Gain,
    to: To,
    *,
    content: str | None = None,
    record: CustomerPayment | None = None,
) -> None:
    facts = gain.party.facts() | {
        "receivable": gain.party.receivable,
        "money": gain.account,
        "tran_date": f"{day}",
        "amount": f"{gain.amount:f}",
    }
    if record:
        facts["applied"] = {one.doc: f"{one.amount:f}" for one in record.apply}
    to.links.save(role, gain.id, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
