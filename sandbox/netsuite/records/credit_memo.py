"""The credit memo: gives income back, and is applied to invoices or stays as the customer's credit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.fields import Fields, flag, money
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
from sandbox.netsuite.records.transactions import settle_header, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class CreditMemo(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        customer = settle_header(world, record, before, "entity")
        record.fields["account"] = record.fields.ref("account") or ids.ACCOUNT_RECEIVABLE
        forget_stale_amounts(record, before)
        settle_lines(world, record)
        settle_email_default(world, record, before, customer)
        self._settle_apply(world, record, before)

    def _settle_apply(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        asked = record.fields.get("autoApply")
        automatic = before is None and (world.settings.auto_apply if asked is None else asked is True)
        limit = record.fields.money("total") - world.taken(record.id)
        if limit < 0:
            raise user_error("The total cannot be less than what has been refunded of it.", "total")
        among = None if automatic else documents_asked(record)
        openings = open_documents(world, record, "entity", receivable_of(record), ("invoice",), among)
        if record.fields.ref("createdFrom") and before is None:
            _shorten(record, limit)
        settle_apply(world, record, openings, limit=limit, automatic=automatic)

    def computed(self, world: NetSuiteWorld, record: Record) -> Fields:
        left = remaining(world, record)
        return Fields(unapplied=left, amountRemaining=left, applied=record.fields.money("total") - left)

    def listed(self, world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
        return shown_apply(world, record, "entity", ("invoice",)) if sublist == "apply" else record.lines(sublist)

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        receivable = receivable_of(record)
        return [
            *sale_postings(world, record, receivable, -1),
            *exchange_difference(world, record, receivable, "entity"),
        ]

    def applications(self, record: Record) -> dict[str, Decimal]:
        return applied_amounts(record)

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        if record.voided:
            return "V"
        return "A" if remaining(world, record) > 0 else "B"

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Credit Memo #{record.fields.text('tranId')}"

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        if world.settings.void_with_reversing_journals:
            raise user_error("Direct voids are off: transactions are voided using reversing journals.")
        if world.taken(record.id):
            raise user_error("This transaction cannot be voided because a refund is applied to it.")
        zero_amounts(record)


def _shorten(record: Record, limit: Decimal) -> None:
    """A transform ticks its source for all that is due, which a smaller memo cannot cover."""
    for line in record.lines("apply"):
        if line.ref("doc") == record.fields.ref("createdFrom"):
            line["amount"] = min(line.money("amount"), limit)


CREDIT_MEMO = Definition(
    "creditMemo",
    TRANSACTION,
    transaction_fields(
        *SALE_FIELDS,
        flag("autoApply"),
        money("applied", readonly=True),
        money("unapplied", readonly=True),
        money("amountRemaining", readonly=True),
        money("amountPaid", readonly=True),
    ),
    (ITEM_LINES, TAX_LINES, APPLY),
    code="CustCred",
    title="Credit Memo",
    prefix="CM",
    custom="body",
    custom_lines="item",
    apply_line=1,
    statuses={"A": "Open", "B": "Fully Applied", "V": "Voided"},
    transforms={"customerRefund": to_refund},
    behaviour=CreditMemo(),
)
