"""What a bank withdrew, as NetSuite records: credit memo and customer refund, or cash refund.

Each withdrawal is booked once and never changed: its link, or the record itself by external id, says that it is there.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.config import by_currency
from app.core.interfaces import Ledger
from app.core.links import ROLES as LINK_ROLES
from app.core.links import Link, external_id
from app.errors import Held, LinkMissing
from app.money import from_minor, to_minor
from app.systems.netsuite.records import InvoiceLine, Ref
from app.systems.stripe import objects as st
from workers.records.charged import charged, require_charged
from workers.records.dates import Posting, local_day, posting, zone_of
from workers.records.items import item_for
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
    payment_option,
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
    return Loss(movement, source, paid, party, amount, money_out(paid, party.iso, to))


def money_of(movement: st.BalanceTransaction, source: Taken, to: To) -> Link | None:
    """What is withdrawn: the charge's own money, or what had come back before. Raises LinkMissing for the latter."""
    back = source.before(movement)
    if back is None:
        return charged(source.charge.id, to)
    found = charged(back.id, to)
    if found is None:
        raise LinkMissing("pay", source.id)
    return found


def left_out(charge: st.Charge, to: To) -> bool:
    """Whether its own flow left the charge out because it is from before the start, and finance posts its losses."""
    start = to.config.start_of("customerPayment")
    older = start is not None and charge.created.date() < start and to.config.older == "post"
    return older and charged(charge.id, to) is None and to.why_skipped("pay", charge.id) is not None


def payer(charge: st.Charge, to: To) -> Party:
    """Whose loss it is when no payment says so: the charge's customer, else the catch-all."""
    books, code = to.config.for_account(to.account), charge.currency.upper()
    link = to.links.require(charge.customer, "cust") if charge.customer else None
    customer = link.netsuite_id if link else books.catch_all_customer
    if customer is None:
        raise Held(
            f"Charge {charge.id} has no customer.",
            code="no_customer",
            action=f"Set `books.{to.account}.catch_all_customer` in the configuration, then replay.",
        )
    return Party(
        customer=customer,
        iso=code,
        currency=to.netsuite.currency(code).id,
        subsidiary=(link.facts.get("subsidiary") if link else None) or books.subsidiary,
        receivable=by_currency(books.accounts.receivable, code),
    )


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
    """A run that was cut off may have left the record without its link; what is open has changed by it since."""
    ref = to.netsuite.find(LINK_ROLES[role], external_id(role, loss.id))
    if ref is None:
        return False
    day = to.netsuite.transaction(ref.type, ref.id).tran_date
    remember(role, ref, day, loss, loss.amount if role == "cr" else credited(loss, to), to)
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
    item = item_for("dispute", to.config.for_account(to.account), to.account)
    return one_line(item, amount, loss.memo)


def custom(loss: Loss, posted: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    ids = {fields.transaction_stripe_id: loss.source.id, fields.payment_charge_id: loss.source.charge.id}
    return ids | posted.custom(fields.original_date)


def option(loss: Loss, to: To) -> str | None:
    return payment_option(to.config.for_account(to.account), loss.source.charge.payment_method_type)


def posted_on(loss: Loss, record_type: str, link: Link | None, to: To) -> Posting:
    """A record that is there keeps its day, though its period may be closed by now."""
    if link and "tran_date" in link.facts:
        return Posting(date.fromisoformat(link.facts["tran_date"]))
    zone = zone_of(to, loss.party.subsidiary)
    return posting(to, record_type, local_day(loss.movement.created, zone), zone)


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
