"""The bank deposit, which takes payments out of undeposited funds, and the journal entry."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import TRANSACTION, Behaviour, Definition, Posting, Record
from sandbox.netsuite.errors import invalid_value, please_enter, user_error
from sandbox.netsuite.fields import Fields, Sublist, day, enum, flag, integer, money, ref, text
from sandbox.netsuite.records.applying import posts
from sandbox.netsuite.records.transactions import APPROVALS, in_base, settle_date, settle_number, transaction_fields

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

OUT = ("customerRefund", "cashRefund")
IN = ("customerPayment", "cashSale", "customerDeposit")


class Deposit(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        account = world.find("account", record.fields.ref("account"))
        if account is None:
            raise please_enter("Account")
        _settle_currency(world, record, account.fields.ref("currency"))
        settle_date(world, record, before)
        if before is None:
            settle_number(world, record)
        _settle_payments(world, record)
        for name in ("other", "cashBack"):
            _settle_amounts(world, record, name)
        total = sum((amount for _, amount, _ in _parts(world, record)), Decimal(0))
        if total < 0:
            raise user_error("The deposit total cannot be negative.", "total")
        record.fields["total"] = total

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        total = record.fields.money("total")
        lines = [Posting(record.fields.ref("account"), total, in_base(world, total, record), kind="money")]
        for index, (account, amount, line) in enumerate(_parts(world, record), 1):
            base = in_base(world, -amount, record)
            entity, memo = line.ref("entity"), line.text("memo")
            lines.append(Posting(account, -amount, base, entity, memo, line=index, kind="deposit", custom=line))
        return lines

    def deposits(self, record: Record) -> set[str]:
        return {line.ref("id") for line in record.lines("payment")}

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return ""

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Deposit #{record.fields.text('tranId')}"


class JournalEntry(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        _settle_currency(world, record, "")
        settle_date(world, record, before)
        if before is None:
            settle_number(world, record)
        _settle_journal_lines(world, record)
        if not record.fields.text("approvalStatus"):
            record.fields["approvalStatus"] = "1" if record.type in world.settings.approval_routing else "2"

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        lines = record.lines("line") if posts(record) else []
        return [
            Posting(
                line.ref("account"), _signed(line), in_base(world, _signed(line), record), line.ref("entity"),
                line.text("memo"), line=line.whole("line") or 0,
                kind="receivable" if _is_receivable(world, line) else "journal", custom=line,
            )
            for line in lines
        ]  # fmt: skip

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return "B" if posts(record) else "A"

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"Journal #{record.fields.text('tranId')}"

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        for line in record.lines("line"):
            line.update(debit=Decimal(0), credit=Decimal(0))


def _settle_currency(world: NetSuiteWorld, record: Record, own: str) -> None:
    fields = record.fields
    fields["subsidiary"] = fields.ref("subsidiary") or ids.SUBSIDIARY_US
    currency = fields.ref("currency") or own or world.base_currency(fields.ref("subsidiary"))
    if own and currency != own:
        raise invalid_value("currency", currency)
    fields["currency"] = currency
    if fields.number("exchangeRate") is None:
        fields["exchangeRate"] = world.rate(currency, fields.ref("subsidiary"))


def _settle_payments(world: NetSuiteWorld, record: Record) -> None:
    kept = []
    for line in record.lines("payment"):
        if line.get("deposit") is False:
            continue
        payment = world.find(TRANSACTION, line.ref("id"))
        if payment is None or not _can_deposit(world, record, payment):
            raise invalid_value("payment", line.ref("id"), "payment")
        sign = -1 if payment.type in OUT else 1
        kept.append(Fields({**line, "deposit": True, "paymentAmount": sign * payment.fields.money("total")}))
    record.lists["payment"] = kept


def _can_deposit(world: NetSuiteWorld, record: Record, payment: Record) -> bool:
    holder = world.books.deposited.get(payment.id)
    same = payment.fields.ref("currency") == record.fields.ref("currency")
    own = payment.fields.ref("subsidiary") == record.fields.ref("subsidiary")
    waits = payment.type in (*IN, *OUT) and payment.fields.ref("account") == ids.UNDEPOSITED_FUNDS
    return waits and same and own and not payment.voided and holder in (None, record.id)


def _settle_amounts(world: NetSuiteWorld, record: Record, name: str) -> None:
    for line in record.lines(name):
        if not line.ref("account"):
            raise please_enter("Account")
        line["amount"] = world.rounded(line.money("amount"), record.fields.ref("currency"))


def _parts(world: NetSuiteWorld, record: Record) -> list[tuple[str, Decimal, Fields]]:
    """What makes up the deposit: account, what it adds to the bank, and the line."""
    parts = [(ids.UNDEPOSITED_FUNDS, line.money("paymentAmount"), line) for line in record.lines("payment")]
    parts += [(line.ref("account"), line.money("amount"), line) for line in record.lines("other")]
    return parts + [(line.ref("account"), -line.money("amount"), line) for line in record.lines("cashBack")]


def _signed(line: Fields) -> Decimal:
    return line.money("debit") - line.money("credit")


def _is_receivable(world: NetSuiteWorld, line: Fields) -> bool:
    account = world.find("account", line.ref("account"))
    return account is not None and account.fields.text("acctType") == "AcctRec"


def _settle_journal_lines(world: NetSuiteWorld, record: Record) -> None:
    lines = record.lines("line")
    for number, line in enumerate(lines, 1):
        line["line"] = number
        _check_journal_line(world, line)
        for name in ("debit", "credit"):
            amount = line.number(name)
            line[name] = None if amount is None else world.rounded(amount, record.fields.ref("currency"))
    if not lines or sum((_signed(line) for line in lines), Decimal(0)):
        raise user_error("The journal entry is out of balance: debits must equal credits.", "line")
    record.fields["total"] = sum((line.money("debit") for line in lines), Decimal(0))


def _check_journal_line(world: NetSuiteWorld, line: Fields) -> None:
    if not line.ref("account"):
        raise please_enter("Account")
    if (line.money("debit") != 0) == (line.money("credit") != 0):
        raise user_error("A journal line has a debit or a credit.", "line")
    if _is_receivable(world, line) and not line.ref("entity"):
        raise please_enter("Name")


_ACCOUNT_LINE = (
    integer("line"),
    ref("account", "account"),
    money("amount"),
    ref("entity", "entity"),
    text("memo"),
    text("refNum"),
    ref("paymentMethod", "paymentMethod"),
    ref("department", "department"),
    ref("class", "classification"),
    ref("location", "location"),
)

DEPOSIT = Definition(
    "deposit",
    TRANSACTION,
    transaction_fields(ref("account", "account")),
    (
        Sublist("payment", (ref("id", TRANSACTION), flag("deposit"), money("paymentAmount", readonly=True)), ("id",)),
        Sublist("other", _ACCOUNT_LINE, ("line",)),
        Sublist("cashBack", _ACCOUNT_LINE, ("line",)),
    ),
    code="Deposit",
    title="Deposit",
    prefix="BD",
    custom="body",
    behaviour=Deposit(),
)

JOURNAL_ENTRY = Definition(
    "journalEntry",
    TRANSACTION,
    transaction_fields(
        enum("approvalStatus", APPROVALS), flag("approved"), day("reversalDate"), flag("isReversal", readonly=True)
    ),
    (
        Sublist(
            "line",
            (
                *(field for field in _ACCOUNT_LINE if field.name != "amount"),
                money("debit"),
                money("credit"),
                flag("cleared"),
            ),
            ("line",),
        ),
    ),
    code="Journal",
    title="Journal",
    prefix="JE",
    custom="body",
    custom_lines="line",
    statuses={"A": "Pending Approval", "B": "Approved for Posting", "V": "Voided"},
    behaviour=JournalEntry(),
)
