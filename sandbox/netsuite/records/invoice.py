"""The invoice: posts the receivable and its income, is open until it is applied to, can wait for approval."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.fields import Fields, day, enum, money, ref
from sandbox.netsuite.records.applying import posts, receivable_of, remaining
from sandbox.netsuite.records.credit_memo import CREDIT_MEMO
from sandbox.netsuite.records.customer_payment import CUSTOMER_PAYMENT
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
from sandbox.netsuite.records.transactions import APPROVALS, copied_header, settle_header, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class Invoice(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        customer = settle_header(world, record, before, "entity")
        fields = record.fields
        default = customer.fields.ref("receivablesAccount") or ids.ACCOUNT_RECEIVABLE
        fields["account"] = fields.ref("account") or default
        forget_stale_amounts(record, before)
        settle_lines(world, record)
        _settle_due(world, record, before, customer)
        _settle_approval(world, record)
        settle_email_default(world, record, before, customer)
        if before is not None and fields.money("total") < world.taken(record.id):
            raise user_error("The total cannot be less than what has been applied to the invoice.", "total")

    def computed(self, world: NetSuiteWorld, record: Record) -> Fields:
        left = remaining(world, record)
        return Fields(amountRemaining=left, amountPaid=record.fields.money("total") - left)

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        return sale_postings(world, record, receivable_of(record), 1) if posts(record) else []

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        if record.voided:
            return "V"
        waiting = {"1": "D", "3": "E"}.get(record.fields.text("approvalStatus"))
        return waiting or ("A" if remaining(world, record) > 0 else "B")

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Invoice #{record.fields.text('tranId')}"

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        if world.settings.void_with_reversing_journals:
            raise user_error("Direct voids are off: transactions are voided using reversing journals.")
        if world.taken(record.id):
            raise user_error("This transaction cannot be voided because payments or credits are applied to it.")
        zero_amounts(record)


def _settle_due(world: NetSuiteWorld, record: Record, before: Record | None, customer: Record) -> None:
    fields = record.fields
    if before is None:
        fields["terms"] = fields.ref("terms") or customer.fields.ref("terms") or None
    if fields.day("dueDate") is None:
        term = world.find("term", fields.ref("terms"))
        days = term.fields.whole("daysUntilNetDue") if term else 0
        fields["dueDate"] = (fields.day("tranDate") or world.today()) + timedelta(days=days or 0)


def _settle_approval(world: NetSuiteWorld, record: Record) -> None:
    if not record.fields.text("approvalStatus"):
        routed = record.type in world.settings.approval_routing
        record.fields["approvalStatus"] = "1" if routed else "2"


def to_credit_memo(world: NetSuiteWorld, invoice: Record) -> Record:
    """All the invoice's lines and, as NetSuite's form has it, the invoice ticked for what is still due."""
    draft = copied_header(
        world, invoice, CREDIT_MEMO, "entity", "discountItem", "discountRate", "shippingCost", "account"
    )
    for name in ("taxDetailsOverride", "exchangeRate", "taxItem", "taxRate"):
        draft.fields[name] = invoice.fields.get(name)
    for sublist in ("item", "taxDetails"):
        draft.lists[sublist] = [line.copy() for line in invoice.lines(sublist)]
    draft.lists["apply"] = _ticked(world, invoice)
    return draft


def to_payment(world: NetSuiteWorld, invoice: Record) -> Record:
    draft = copied_header(world, invoice, CUSTOMER_PAYMENT)
    draft.fields["customer"] = invoice.fields.ref("entity")
    draft.fields["arAcct"] = receivable_of(invoice)
    draft.fields["createdFrom"] = None
    draft.lists["apply"] = _ticked(world, invoice)
    return draft


def _ticked(world: NetSuiteWorld, invoice: Record) -> list[Fields]:
    due = remaining(world, invoice)
    if not world.settings.transform_applies_source or due <= 0:
        return []
    return [Fields(doc=invoice.id, line=0, apply=True, amount=due)]


INVOICE = Definition(
    "invoice",
    TRANSACTION,
    transaction_fields(
        *SALE_FIELDS,
        day("dueDate"),
        ref("terms", "term"),
        enum("approvalStatus", APPROVALS),
        money("amountPaid", readonly=True),
        money("amountRemaining", readonly=True),
    ),
    (ITEM_LINES, TAX_LINES),
    code="CustInvc",
    title="Invoice",
    prefix="INV",
    custom="body",
    custom_lines="item",
    apply_line=0,
    statuses={"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"},
    transforms={"creditMemo": to_credit_memo, "customerPayment": to_payment},
    behaviour=Invoice(),
)
