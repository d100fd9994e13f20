"""The customer refund: pays open credit, an unapplied payment or a deposit back out of an account."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import please_enter, user_error
from sandbox.netsuite.fields import Fields, Sublist, flag, money, ref, text
from sandbox.netsuite.records.applying import (
    APPLY,
    NO_LINE,
    applied_amounts,
    documents_asked,
    exchange_difference,
    open_documents,
    receivable_of,
    remaining,
    settle_apply,
    shown_apply,
)
from sandbox.netsuite.records.transactions import copied_header, in_base, settle_header, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

CREDITS = ("creditMemo", "customerPayment")
DEPOSITS = Sublist("deposit", (ref("doc", "customerDeposit"), flag("apply"), money("amount")), ("doc",))


class CustomerRefund(Behaviour):
    voids_by_journal = True

    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        settle_header(world, record, before, "customer")
        record.fields["arAcct"] = receivable_of(record)
        _settle_account(world, record)
        asked = documents_asked(record)
        openings = open_documents(world, record, "customer", receivable_of(record), CREDITS, asked)
        settle_apply(world, record, openings, limit=None, automatic=False)
        _settle_deposits(world, record)
        if record.fields.ref("voidJournal"):
            raise user_error("This transaction has been voided and cannot be changed.")
        record.fields["total"] = sum(self.applications(record).values(), Decimal(0))
        if not record.fields.money("total"):
            raise user_error("You must apply the refund to at least one credit, payment or deposit.", "apply")

    def listed(self, world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
        # the deposit sublist is always empty on a read
        return shown_apply(world, record, "customer", CREDITS) if sublist == "apply" else []

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        fields, receivable = record.fields, receivable_of(record)
        applied = sum(applied_amounts(record).values(), Decimal(0))
        returned = fields.money("total") - applied
        parts = [(fields.ref("account"), -fields.money("total"), "money"), (receivable, applied, "receivable")]
        parts += [(ids.CUSTOMER_DEPOSITS, returned, "deposit")] if returned else []
        lines = [
            Posting(account, amount, in_base(world, amount, record), fields.ref("customer"), line=index, kind=kind)
            for index, (account, amount, kind) in enumerate(parts)
        ]
        return [*lines, *exchange_difference(world, record, receivable, "customer", -1)]

    def applications(self, record: Record) -> dict[str, Decimal]:
        deposits = {line.ref("doc"): line.money("amount") for line in record.lines("deposit")}
        return {} if record.voided or record.fields.ref("voidJournal") else {**applied_amounts(record), **deposits}

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return "V" if record.voided or record.fields.ref("voidJournal") else "R"

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Customer Refund #{record.fields.text('tranId')}"

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        record.lists["apply"], record.lists["deposit"] = [], []
        record.fields["total"] = Decimal(0)


def _settle_account(world: NetSuiteWorld, record: Record) -> None:
    if not record.fields.ref("account"):
        raise please_enter("Account")
    account = world.get("account", record.fields.ref("account"))
    own = account.fields.ref("currency")
    if own and own != record.fields.ref("currency"):
        raise user_error("The account's currency is not the refund's.", "account")


def _settle_deposits(world: NetSuiteWorld, record: Record) -> None:
    kept = []
    for line in record.lines("deposit"):
        if line.get("apply") is False:
            continue
        deposit = world.find("customerDeposit", line.ref("doc"))
        due = remaining(world, deposit, but=record.id) if deposit else Decimal(0)
        if deposit is None or due <= 0 or deposit.fields.ref("customer") != record.fields.ref("customer"):
            raise user_error(NO_LINE.format(sublist="deposit", keys="doc", values=line.ref("doc")), "deposit")
        amount = world.rounded(line.number("amount") or due, record.fields.ref("currency"))
        if not 0 < amount <= due:
            raise user_error(f"The amount cannot be greater than what is left of the deposit, {due}.", "deposit")
        kept.append(Fields({**line, "apply": True, "amount": amount}))
    record.lists["deposit"] = kept


def to_refund(world: NetSuiteWorld, source: Record) -> Record:
    """The credit or payment ticked for what is left of it."""
    draft = copied_header(world, source, CUSTOMER_REFUND)
    draft.fields["customer"] = source.fields.ref("entity") or source.fields.ref("customer")
    draft.fields["arAcct"] = receivable_of(source)
    draft.fields["createdFrom"] = None
    left = remaining(world, source)
    if left > 0 and world.settings.transform_applies_source:
        line = Fields(doc=source.id, apply=True, amount=left)
        draft.lists["deposit" if source.type == "customerDeposit" else "apply"] = [line]
    return draft


CUSTOMER_REFUND = Definition(
    "customerRefund",
    TRANSACTION,
    transaction_fields(
        ref("customer", "customer"),
        ref("account", "account"),
        ref("arAcct", "account"),
        ref("paymentOption", "paymentOption"),
        ref("transactionToRefund", "transaction"),
        ref("voidJournal", "journalEntry", readonly=True),
        text("checkNumber"),
        flag("toBePrinted"),
        money("balance", readonly=True),
    ),
    (APPLY, DEPOSITS),
    code="CustRfnd",
    title="Customer Refund",
    prefix="REF",
    custom="body",
    apply_line=1,
    statuses={"R": "Issued", "V": "Voided"},
    behaviour=CustomerRefund(),
)
