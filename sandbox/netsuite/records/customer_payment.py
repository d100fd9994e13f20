"""The customer payment: debits undeposited funds or a bank, credits the receivable, is applied by document."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import invalid_value, user_error
from sandbox.netsuite.fields import Fields, enum, flag, money, ref, text
from sandbox.netsuite.records.applying import (
    APPLY,
    applied_amounts,
    documents_asked,
    exchange_difference,
    open_documents,
    receivable_of,
    remaining,
    settle_apply,
    shown_apply,
)
from sandbox.netsuite.records.customer_refund import to_refund
from sandbox.netsuite.records.transactions import in_base, settle_header, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class CustomerPayment(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        settle_header(world, record, before, "customer")
        record.fields["arAcct"] = receivable_of(record)
        settle_money_account(world, record, before)
        if before is not None and before.fields.money("payment") != record.fields.money("payment"):
            refuse_deposited(world, record)
        self._settle_amount(world, record, before)

    def _settle_amount(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        fields = record.fields
        asked = fields.get("autoApply")
        automatic = before is None and (world.settings.auto_apply if asked is None else asked is True)
        among = None if automatic else documents_asked(record)
        openings = open_documents(world, record, "customer", receivable_of(record), ("invoice",), among)
        payment = fields.number("payment")
        if payment is None:
            settle_apply(world, record, openings, limit=None, automatic=False)
            payment = sum(applied_amounts(record).values(), Decimal(0))
        payment = world.rounded(payment, fields.ref("currency"))
        if payment <= 0 and before is None:
            raise user_error("The payment amount must be greater than zero.", "payment")
        fields["payment"] = fields["total"] = payment
        limit = payment - world.taken(record.id)
        settle_apply(world, record, openings, limit=limit, automatic=automatic)

    def computed(self, world: NetSuiteWorld, record: Record) -> Fields:
        left = remaining(world, record)
        return Fields(unapplied=left, applied=record.fields.money("total") - left)

    def listed(self, world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
        return shown_apply(world, record, "customer", ("invoice",)) if sublist == "apply" else record.lines(sublist)

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        fields, receivable = record.fields, receivable_of(record)
        paid, customer, memo = fields.money("payment"), fields.ref("customer"), fields.text("memo")
        base = in_base(world, paid, record)
        return [
            Posting(fields.ref("account"), paid, base, customer, memo, line=0, kind="money"),
            Posting(receivable, -paid, -base, customer, memo, line=1, kind="receivable"),
            *exchange_difference(world, record, receivable, "customer"),
        ]

    def applications(self, record: Record) -> dict[str, Decimal]:
        return applied_amounts(record)

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return "R" if record.voided else deposited_status(world, record)

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Payment #{record.fields.text('tranId')}"

    def may_delete(self, world: NetSuiteWorld, record: Record) -> None:
        refuse_deposited(world, record)

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        if world.settings.void_with_reversing_journals:
            raise user_error("Direct voids are off: transactions are voided using reversing journals.")
        refuse_deposited(world, record)
        if world.taken(record.id):
            raise user_error("This transaction cannot be voided because a refund uses it.")
        record.lists["apply"] = []
        record.fields["payment"] = record.fields["total"] = Decimal(0)


def deposited_status(world: NetSuiteWorld, record: Record) -> str:
    """Money in undeposited funds is Not Deposited until a deposit takes it."""
    waits = record.fields.ref("account") == ids.UNDEPOSITED_FUNDS and record.id not in world.books.deposited
    return "B" if waits else "C"


def refuse_deposited(world: NetSuiteWorld, record: Record) -> None:
    if record.id in world.books.deposited:
        raise user_error("This transaction cannot be changed because it is part of a deposit.")


def settle_money_account(world: NetSuiteWorld, record: Record, before: Record | None) -> None:
    """Undeposited funds unless a bank account is named; a bank account takes its own currency only."""
    fields = record.fields
    changed = before is None or before.fields.ref("account") != fields.ref("account")
    # a choice on the payment, a plain box on the others
    yes, no = ("T", "F") if record.type == "customerPayment" else (True, False)
    if changed and fields.ref("account"):
        fields["undepFunds"] = yes if fields.ref("account") == ids.UNDEPOSITED_FUNDS else no
    if not fields.ref("account") or fields.get("undepFunds") == yes:
        fields["account"], fields["undepFunds"] = ids.UNDEPOSITED_FUNDS, yes
    account = world.get("account", fields.ref("account"))
    if account.fields.text("acctType") not in ("Bank", "OthCurrAsset", "UnDepFund", "Equity"):
        raise invalid_value("account", account.id)
    own = account.fields.ref("currency")
    if own and own != fields.ref("currency"):
        raise invalid_value("account", account.id)


CUSTOMER_PAYMENT = Definition(
    "customerPayment",
    TRANSACTION,
    transaction_fields(
        ref("customer", "customer"),
        ref("account", "account"),
        enum("undepFunds", {"T": "Undeposited Funds", "F": "Account"}),
        ref("arAcct", "account"),
        money("payment"),
        text("checkNum"),
        text("checkNumber"),
        ref("paymentOption", "paymentOption"),
        flag("autoApply"),
        flag("toBeEmailed", default=False),
        money("applied", readonly=True),
        money("unapplied", readonly=True),
        money("pending", readonly=True),
        money("balance", readonly=True),
    ),
    (APPLY,),
    code="CustPymt",
    title="Payment",
    prefix="PYMT",
    custom="body",
    apply_line=1,
    statuses={"A": "Unapproved", "R": "Voided", "B": "Not Deposited", "C": "Deposited"},
    transforms={"customerRefund": to_refund},
    behaviour=CustomerPayment(),
)
