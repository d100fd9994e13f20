"""The customer deposit (money before there is an invoice) and the deposit application that spends it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import invalid_value, user_error
from sandbox.netsuite.fields import Fields, flag, money, ref, text
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
from sandbox.netsuite.records.customer_payment import deposited_status, refuse_deposited, settle_money_account
from sandbox.netsuite.records.customer_refund import to_refund
from sandbox.netsuite.records.transactions import copied_header, in_base, settle_header, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class CustomerDeposit(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        settle_header(world, record, before, "customer")
        settle_money_account(world, record, before)
        payment = world.rounded(record.fields.money("payment"), record.fields.ref("currency"))
        if payment <= 0 or payment < world.taken(record.id):
            raise invalid_value("payment", payment)
        record.fields["payment"] = record.fields["total"] = payment

    def computed(self, world: NetSuiteWorld, record: Record) -> Fields:
        left = remaining(world, record)
        return Fields(unapplied=left, applied=record.fields.money("total") - left)

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        fields, paid = record.fields, record.fields.money("payment")
        base = in_base(world, paid, record)
        return [
            Posting(fields.ref("account"), paid, base, fields.ref("customer"), line=0, kind="money"),
            Posting(ids.CUSTOMER_DEPOSITS, -paid, -base, fields.ref("customer"), line=1, kind="deposit"),
        ]

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        if record.voided:
            return "R"
        return deposited_status(world, record) if remaining(world, record) > 0 else "D"

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Customer Deposit #{record.fields.text('tranId')}"

    def may_delete(self, world: NetSuiteWorld, record: Record) -> None:
        refuse_deposited(world, record)

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        refuse_deposited(world, record)
        if world.taken(record.id):
            raise user_error("This transaction cannot be voided because it is applied.")
        record.fields["payment"] = record.fields["total"] = Decimal(0)


class DepositApplication(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        deposit = world.find("customerDeposit", record.fields.ref("deposit"))
        if deposit is None:
            raise user_error("A deposit application is made from a customer deposit only.", "deposit")
        settle_header(world, record, before, "customer")
        record.fields["arAcct"] = receivable_of(record)
        asked = documents_asked(record)
        openings = open_documents(world, record, "customer", receivable_of(record), ("invoice",), asked)
        settle_apply(world, record, openings, limit=remaining(world, deposit, but=record.id), automatic=False)
        record.fields["total"] = sum(applied_amounts(record).values(), Decimal(0))
        if not record.fields.money("total"):
            raise user_error("You must apply the deposit to at least one invoice.", "apply")

    def listed(self, world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
        return shown_apply(world, record, "customer", ("invoice",))

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        fields, receivable, total = record.fields, receivable_of(record), record.fields.money("total")
        base = in_base(world, total, record)
        return [
            Posting(receivable, -total, -base, fields.ref("customer"), line=0, kind="receivable"),
            Posting(ids.CUSTOMER_DEPOSITS, total, base, fields.ref("customer"), line=1, kind="deposit"),
            *exchange_difference(world, record, receivable, "customer"),
        ]

    def applications(self, record: Record) -> dict[str, Decimal]:
        applied = applied_amounts(record)
        return {**applied, record.fields.ref("deposit"): sum(applied.values(), Decimal(0))} if applied else {}

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return "A"

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Deposit Application #{record.fields.text('tranId')}"


def to_application(world: NetSuiteWorld, deposit: Record) -> Record:
    draft = copied_header(world, deposit, DEPOSIT_APPLICATION, "customer", "exchangeRate")
    draft.fields["deposit"] = deposit.id
    return draft


DEPOSIT_APPLICATION = Definition(
    "depositApplication",
    TRANSACTION,
    transaction_fields(
        ref("customer", "customer"), ref("deposit", "customerDeposit", readonly=True), ref("arAcct", "account")
    ),
    (APPLY,),
    code="DepAppl",
    title="Deposit Application",
    prefix="DA",
    custom="body",
    statuses={"A": "Applied"},
    behaviour=DepositApplication(),
)

CUSTOMER_DEPOSIT = Definition(
    "customerDeposit",
    TRANSACTION,
    transaction_fields(
        ref("customer", "customer"),
        ref("account", "account"),
        flag("undepFunds"),
        money("payment"),
        ref("paymentOption", "paymentOption"),
        text("checkNum"),
        money("applied", readonly=True),
        money("unapplied", readonly=True),
    ),
    code="CustDep",
    title="Customer Deposit",
    prefix="DEP",
    custom="body",
    apply_line=0,
    statuses={"B": "Not Deposited", "C": "Deposited", "D": "Fully Applied", "R": "Voided"},
    transforms={"depositApplication": to_application, "customerRefund": to_refund},
    behaviour=CustomerDeposit(),
)
