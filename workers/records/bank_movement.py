"""What the records of a withdrawal and of a reinstatement have in common: their day, their item, the ids they carry."""

from datetime import date
from typing import Any, Protocol

from app.core.interfaces import Ledger
from app.core.links import ROLES, Link, external_id
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records import dates
from workers.records.dates import Posting
from workers.records.items import item_for
from workers.records.reversal import Party, payment_option
from workers.records.taken import Taken

To = Ledger[Any]


class BankMovement(Protocol):
    """A withdrawal (`Loss`) or a reinstatement (`Gain`)."""

    @property
    def movement(self) -> st.BalanceTransaction: ...
    @property
    def source(self) -> Taken: ...
    @property
    def party(self) -> Party: ...


def left_behind(role: str, one: BankMovement, to: To) -> tuple[Ref, date | None] | None:
    """The record, and its day, of a run that was cut off before it saved the link: what is open has changed by it."""
    ref = to.netsuite.find(ROLES[role], external_id(role, one.movement.id))
    return (ref, to.netsuite.transaction(ref.type, ref.id).tran_date) if ref else None


def posted_on(one: BankMovement, record_type: str, there: Link | None, to: To) -> Posting:
    return dates.posted_on(one.movement.created, record_type, there, one.party.subsidiary, to)


def item(one: BankMovement, to: To) -> str:
    whose = one.party.subsidiary
    return item_for("dispute", to.config.for_account(to.account, whose), to.config.place_of(to.account, whose))


def option(one: BankMovement, to: To) -> str | None:
    books = to.config.for_account(to.account, one.party.subsidiary)
    return payment_option(books, one.source.charge.payment_method_type)


def custom(one: BankMovement, posted: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    ids = {fields.transaction_stripe_id: one.source.id, fields.payment_charge_id: one.source.charge.id}
    return ids | posted.custom(fields.original_date)
