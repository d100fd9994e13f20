"""The cash sale and the cash refund: income and its money in one document, without a receivable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.fields import flag, ref, text
from sandbox.netsuite.records.customer_payment import deposited_status, refuse_deposited, settle_money_account
from sandbox.netsuite.records.sales import (
    ITEM_LINES,
    SALE_FIELDS,
    TAX_LINES,
    forget_stale_amounts,
    sale_postings,
    settle_email_default,
    settle_lines,
    zero_amounts,
)
from sandbox.netsuite.records.transactions import copied_header, settle_header, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class Cash(Behaviour):
    """`sign` is 1 for money that comes in, -1 for money that goes out."""

    def __init__(self, sign: int) -> None:
        self.sign = sign

    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        customer = settle_header(world, record, before, "entity")
        settle_money_account(world, record, before)
        forget_stale_amounts(record, before)
        settle_lines(world, record)
        settle_email_default(world, record, before, customer)
        if before is not None and before.fields.money("total") != record.fields.money("total"):
            refuse_deposited(world, record)

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        account = record.fields.ref("account") or ids.UNDEPOSITED_FUNDS
        return sale_postings(world, record, account, self.sign, "money")

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return "V" if record.voided else deposited_status(world, record)

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"{world.definition(record.type).title} #{record.fields.text('tranId')}"

    def may_delete(self, world: NetSuiteWorld, record: Record) -> None:
        refuse_deposited(world, record)

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        if world.settings.void_with_reversing_journals:
            raise user_error("Direct voids are off: transactions are voided using reversing journals.")
        refuse_deposited(world, record)
        zero_amounts(record)


def to_cash_refund(world: NetSuiteWorld, sale: Record) -> Record:
    draft = copied_header(world, sale, CASH_REFUND, "entity", "discountItem", "discountRate", "shippingCost", "account")
    for name in ("taxDetailsOverride", "exchangeRate", "taxItem", "taxRate", "undepFunds"):
        draft.fields[name] = sale.fields.get(name)
    for sublist in ("item", "taxDetails"):
        draft.lists[sublist] = [line.copy() for line in sale.lines(sublist)]
    return draft


_FIELDS = transaction_fields(
    *SALE_FIELDS, flag("undepFunds"), ref("paymentOption", "paymentOption"), text("checkNumber")
)
_STATUSES = {"A": "Unapproved", "B": "Not Deposited", "C": "Deposited", "V": "Voided"}

CASH_REFUND = Definition(
    "cashRefund",
    TRANSACTION,
    _FIELDS,
    (ITEM_LINES, TAX_LINES),
    code="CashRfnd",
    title="Cash Refund",
    prefix="CR",
    custom="body",
    custom_lines="item",
    statuses=_STATUSES,
    behaviour=Cash(-1),
)

CASH_SALE = Definition(
    "cashSale",
    TRANSACTION,
    _FIELDS,
    (ITEM_LINES, TAX_LINES),
    code="CashSale",
    title="Cash Sale",
    prefix="CS",
    custom="body",
    custom_lines="item",
    statuses=_STATUSES,
    transforms={"cashRefund": to_cash_refund},
    behaviour=Cash(1),
)
