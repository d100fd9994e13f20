"""What a bank withdrew, as NetSuite records: credit memo and customer refund, or cash refund.

Each withdrawal is booked once and never changed: its link, or the record itself by external id, says that it is there.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, LinkMissing
from app.money import from_minor, to_minor
from app.systems.netsuite.records import InvoiceLine, Ref
from app.systems.stripe import objects as st
from workers.records.bank_movement import custom, item, left_behind, option, posted_on
from workers.records.charged import charged, require_charged
from workers.records.older_charge import left_out, payer
from workers.records.reopen import free, reopen
from workers.records.reversal import (
    Party,
    against,
    cash_refund,
    credit_memo,
    customer_refund,
    money_out,
    one_line,
    party_of,
)
from workers.records.taken import Taken

To = Ledger[Any]
ROLES = ("crf", "cr")


@dataclass(frozen=True)
class Loss:
    """One withdrawal. `amount` is in the currency of the charge; `account` is what the money leaves.

    `paid` is None for a charge from before the start, which is not in NetSuite.
    """

    movement: st.BalanceTransaction
    source: Taken
    paid: Link | None
    party: Party
    amount: Decimal
    account: str

    @property
    def id(self) -> str:
        return self.movement.id

    @property
    def memo(self) -> str:
        return f"Stripe {self.source.what}, charge {self.source.charge.id}"


def booked(movement: st.BalanceTransaction, to: To) -> Link | None:
    found = (to.links.of_stripe(movement.id, role) for role in ROLES)
    return next((link for link in found if link is not None), None)


def loss_of(movement: st.BalanceTransaction, source: Taken, to: To) -> Loss:
    """Raises LinkMissing when the money that is withdrawn is not in NetSuite yet."""
    amount, paid = source.amount(movement), money_of(movement, source, to)
    if paid is None and not left_out(source.charge, to):
        require_charged(source.charge.id, to)
    party = party_of(paid, to) if paid else payer(source.charge, to)
    if party.iso != source.charge.currency.upper():
        raise Held(
            f"Charge {source.charge.id} is in {source.charge.currency.upper()}, its record in NetSuite in {party.iso}.",
            code="other_currency",
            action="Book this withdrawal by hand in NetSuite, then dismiss.",
        )
    return Loss(movement, source, paid, party, amount, money_out(paid, party.iso, to, party.subsidiary))


def money_of(movement: st.BalanceTransaction, source: Taken, to: To) -> Link | None:
    """What is withdrawn: the charge's own money, or what had come back before. Raises LinkMissing for the latter."""
    back = source.before(movement)
    if back is None:
        return charged(source.charge.id, to)
    found = charged(back.id, to)
    if found is None:
        raise LinkMissing("pay", source.id)
    return found


def in_cash(loss: Loss, to: To) -> None:
    if adopted("cr", loss, to):
        return
    posted = posted_on(loss, "cashRefund", None, to)
    lines = (line(loss, loss.amount, to),)
    record = cash_refund(
        loss.id,
        loss.party,
        loss.account,
        lines,
        loss.amount,
        posted,
        loss.memo,
        option=option(loss, to),
        custom=custom(loss, posted, to),
    )
    remember("cr", to.netsuite.upsert(record), posted.day, loss, loss.amount, to, content=to.content(record))


def refunded(loss: Loss, to: To, *, reopens: bool) -> None:
    """What had paid nothing is paid back as it is; for the rest there is a credit memo, or the invoice is reopened."""
    if adopted("crf", loss, to):
        return
    posted = posted_on(loss, "customerRefund", None, to)
    lost = to_write_off(loss, to, reopens=reopens)
    memo = (against(credit(loss, lost, to), lost),) if lost else ()
    direct = (against(loss.paid.netsuite_id, loss.amount - lost),) if loss.paid and lost < loss.amount else ()
    deposit = loss.paid is not None and loss.paid.role == "cdep"
    record = customer_refund(
        loss.id,
        loss.party,
        loss.account,
        posted,
        loss.memo,
        apply=memo if deposit else (*memo, *direct),
        deposits=direct if deposit else (),
        option=option(loss, to),
        custom=custom(loss, posted, to),
    )
    remember("crf", to.netsuite.upsert(record), posted.day, loss, lost, to, content=to.content(record))


def adopted(role: str, loss: Loss, to: To) -> bool:
    found = left_behind(role, loss, to)
    if found is None:
        return False
    remember(role, *found, loss, loss.amount if role == "cr" else credited(loss, to), to)
    return True


def to_write_off(loss: Loss, to: To, *, reopens: bool) -> Decimal:
    """What of the amount had paid for something. A credit memo that is there settles it."""
    already = credited(loss, to)
    if already:
        return already
    if loss.paid is None:
        return loss.amount
    lost = max(Decimal(0), loss.amount - free(loss.paid, to))
    return lost - reopen(loss.paid, lost, loss.id, to) if lost and reopens and loss.paid.role == "pay" else lost


def credit(loss: Loss, amount: Decimal, to: To) -> Ref:
    link = to.links.of_stripe(loss.id, "cm")
    posted = posted_on(loss, "creditMemo", link, to)
    lines = (line(loss, amount, to),)
    record = credit_memo(loss.id, loss.party, lines, amount, posted, loss.memo, custom=custom(loss, posted, to))
    content = to.content(record)
    if link and link.netsuite_fingerprint == content:
        return Ref("creditMemo", link.netsuite_id)
    ref = to.netsuite.upsert(record)
    facts = loss.party.facts(to_minor(amount, loss.party.iso)) | {"tran_date": f"{posted.day}"}
    to.links.save("cm", loss.id, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
    return ref


def credited(loss: Loss, to: To) -> Decimal:
    link = to.links.of_stripe(loss.id, "cm")
    return from_minor(link.facts["total"], loss.party.iso) if link else Decimal(0)


# parts ---------------------------------------------------------------------------------------------------------


def line(loss: Loss, amount: Decimal, to: To) -> InvoiceLine:
    return one_line(item(loss, to), amount, loss.memo)


def remember(
    role: str, ref: Ref, day: date | None, loss: Loss, lost: Decimal, to: To, *, content: str | None = None
) -> None:
    """The facts tell the reversal what there is to take back: `credited` is what was written off."""
    facts = loss.party.facts() | {
        "money": loss.account,
        "tran_date": f"{day}",
        "amount": f"{loss.amount:f}",
        "credited": f"{lost:f}",
    }
    to.links.save(role, loss.id, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
