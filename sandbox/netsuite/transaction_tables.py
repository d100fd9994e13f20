"""SuiteQL's tables of transactions: headers, lines, accounting lines and the links between documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite.cells import Cell, Row, Table, affinity, cell, from_fields, moment, numeric
from sandbox.netsuite.definitions import ENTITY, ITEM, TRANSACTION, Posting, Record
from sandbox.netsuite.fields import Field, Fields, Kind
from sandbox.netsuite.records.applying import remaining

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


TRANSACTION_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "id", "postingperiod", "entity", "currency", "createdby", "lastmodifiedby", "terms", "approvalstatus",
            "customform",
        ),
        "INTEGER",
    ),
    **dict.fromkeys(
        (
            "tranid", "transactionnumber", "trandisplayname", "externalid", "type", "recordtype", "abbrevtype",
            "status", "trandate", "duedate", "closedate", "createddate", "lastmodifieddate", "memo", "posting",
            "voided", "void",
            "otherrefnum", "email", "tobeemailed", "source", "isreversal",
        ),
        "TEXT",
    ),
    **dict.fromkeys(
        (
            "foreigntotal", "total", "exchangerate", "foreignamountpaid", "foreignamountunpaid",
            "foreignpaymentamountused", "foreignpaymentamountunused",
        ),
        "REAL",
    ),
}  # fmt: skip
TRANSACTION_SHOWS = {
    "entity": Field("entity", Kind.REF, to=ENTITY),
    "currency": Field("currency", Kind.REF, to="currency"),
    "postingperiod": Field("postingperiod", Kind.REF, to="accountingPeriod"),
    "terms": Field("terms", Kind.REF, to="term"),
    "createdby": Field("createdby", Kind.REF, to=ENTITY),
    "lastmodifiedby": Field("lastmodifiedby", Kind.REF, to=ENTITY),
}
LINE_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "uniquekey", "transaction", "id", "linesequencenumber", "item", "entity", "expenseaccount", "subsidiary",
            "department", "class", "location", "createdfrom",
        ),
        "INTEGER",
    ),
    **dict.fromkeys(
        ("mainline", "taxline", "itemtype", "memo", "accountinglinetype", "linelastmodifieddate", "posting"), "TEXT"
    ),
    **dict.fromkeys(
        ("quantity", "rate", "foreignamount", "netamount", "creditforeignamount", "debitforeignamount"), "REAL"
    ),
}  # fmt: skip
ACCOUNTING_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("transaction", "transactionline", "account", "accountingbook"), "INTEGER"),
    **dict.fromkeys(("debit", "credit", "amount", "exchangerate"), "REAL"),
    "posting": "TEXT",
}
LINK_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("previousdoc", "previousline", "nextdoc", "nextline"), "INTEGER"),
    **dict.fromkeys(("previoustype", "nexttype", "linktype", "lastmodifieddate", "nextdate", "previousdate"), "TEXT"),
    "foreignamount": "REAL",
}
HEADER_TEXTS = ("tranId", "transactionNumber", "memo", "otherRefNum", "email", "source")
HEADER_REFS = ("postingPeriod", "currency", "terms", "approvalStatus", "createdBy", "lastModifiedBy")
ACCOUNTING_TYPES = {"receivable": "ACCTREC", "item": "INCOME", "discount": "DISCOUNT", "tax": "TAX", "money": "ASSET"}


def transaction_tables(world: NetSuiteWorld) -> Iterator[Table]:
    sources = frozenset(one.name for one in world.definitions.values() if one.is_transaction)
    body = world.custom_fields["body"].values()
    columns = {**TRANSACTION_COLUMNS, **{field.name.lower(): affinity(field) for field in body}}
    shows = {**TRANSACTION_SHOWS, **{field.name.lower(): field for field in body}}
    yield Table("transaction", columns, lambda one: [_transaction(world, one)], sources, shows)
    column_fields = world.custom_fields["column"].values()
    lines = {**LINE_COLUMNS, **{field.name.lower(): affinity(field) for field in column_fields}}
    line_shows = {
        "item": Field("item", Kind.REF, to=ITEM),
        "entity": Field("entity", Kind.REF, to=ENTITY),
        "transaction": Field("transaction", Kind.REF, to=TRANSACTION),
        "createdfrom": Field("createdfrom", Kind.REF, to=TRANSACTION),
        "subsidiary": Field("subsidiary", Kind.REF, to="subsidiary"),
        "expenseaccount": Field("expenseaccount", Kind.REF, to="account"),
    }
    yield Table("transactionline", lines, lambda one: _lines(world, one), sources, line_shows)
    accounts = {"account": Field("account", Kind.REF, to="account")}
    yield Table("transactionaccountingline", ACCOUNTING_COLUMNS, lambda one: _accounting(world, one), sources, accounts)
    for name in ("previoustransactionlinelink", "nexttransactionlinelink"):
        yield Table(name, LINK_COLUMNS, lambda one: _links(world, one), sources, {})


def _transaction(world: NetSuiteWorld, record: Record) -> Row:
    definition, fields = world.definition(record.type), record.fields
    rate = fields.number("exchangeRate") or Decimal(1)
    # a credit's total is negative; what is left of it is not
    sign = -1 if record.type in ("creditMemo", "cashRefund") else 1
    base = world.base_currency(fields.ref("subsidiary"))
    row: dict[str, Cell] = {
        "id": int(record.id),
        "externalid": record.external_id,
        "trandisplayname": definition.behaviour.name(world, record),
        "type": definition.code,
        "recordtype": record.type.lower(),
        "abbrevtype": definition.prefix,
        "status": definition.behaviour.status(world, record),
        "createddate": moment(world, record.created),
        "lastmodifieddate": moment(world, record.modified),
        "posting": "T" if world.books.ledger.get(record.id) else "F",
        "voided": "T" if record.voided else "F",
        "void": "T" if record.voided else "F",
        "isreversal": "F",
        "exchangerate": float(rate),
        "foreigntotal": float(sign * fields.money("total")),
        "total": float(sign * world.rounded(fields.money("total") * rate, base)),
    }
    custom = from_fields(world, world.custom_fields["body"].values(), fields)
    return {**row, **_header(world, fields), **_open_amounts(world, record), **custom}


def _header(world: NetSuiteWorld, fields: Fields) -> Row:
    texts = {name.lower(): fields.text(name) or None for name in HEADER_TEXTS}
    refs = {name.lower(): numeric(fields.text(name)) for name in HEADER_REFS}
    own: dict[str, Cell] = {
        "trandate": cell(world, fields.day("tranDate")),
        "duedate": cell(world, fields.day("dueDate")),
        "entity": numeric(fields.ref("entity") or fields.ref("customer")),
        "tobeemailed": cell(world, fields.flag("toBeEmailed")),
    }
    return {**texts, **refs, **own}


def _open_amounts(world: NetSuiteWorld, record: Record) -> Row:
    left, total = remaining(world, record), record.fields.money("total")
    if record.type == "invoice":
        return {"foreignamountunpaid": float(left), "foreignamountpaid": float(total - left)}
    if record.type in ("customerPayment", "creditMemo", "customerDeposit"):
        return {"foreignpaymentamountunused": float(left), "foreignpaymentamountused": float(total - left)}
    return {}


def _lines(world: NetSuiteWorld, record: Record) -> Iterator[Row]:
    fields = record.fields
    for index, line in enumerate(line for line in world.books.ledger.get(record.id, []) if line.kind not in ("", "fx")):
        main = index == 0
        item = world.find("item", line.item)
        own: dict[str, Cell] = {
            "uniquekey": int(record.id) * 1000 + index,
            "transaction": int(record.id),
            "id": _line_id(index, line),
            "linesequencenumber": index,
            "mainline": "T" if main else "F",
            "taxline": "T" if line.kind == "tax" else "F",
            "item": numeric(line.item),
            "itemtype": world.definition(item.type).code if item else None,
            "memo": line.memo or None,
            "entity": numeric(line.entity),
            "expenseaccount": numeric(line.account),
            "accountinglinetype": ACCOUNTING_TYPES.get(line.kind),
            "subsidiary": numeric(fields.ref("subsidiary")),
            "department": numeric(line.custom.ref("department") or fields.ref("department")),
            "class": numeric(line.custom.ref("class") or fields.ref("class")),
            "location": numeric(line.custom.ref("location") or fields.ref("location")),
            "createdfrom": numeric(fields.ref("createdFrom")) if main else None,
            "linelastmodifieddate": moment(world, record.modified),
            "posting": "T",
            **_line_amounts(line),
        }
        yield {**own, **from_fields(world, world.custom_fields["column"].values(), line.custom)}


def _line_id(index: int, line: Posting) -> int:
    """By which accounting lines name it, too."""
    return 0 if index == 0 else line.line or index


def _line_amounts(line: Posting) -> Row:
    rate = line.custom.number("rate")
    return {
        "quantity": None if line.quantity is None else float(line.quantity),
        "rate": None if rate is None else float(rate),
        "foreignamount": float(line.amount),
        "netamount": float(line.base),
        "debitforeignamount": float(line.amount) if line.amount > 0 else None,
        "creditforeignamount": float(-line.amount) if line.amount < 0 else None,
    }


def _accounting(world: NetSuiteWorld, record: Record) -> Iterator[Row]:
    rate = float(record.fields.number("exchangeRate") or Decimal(1))
    for index, line in enumerate(world.books.ledger.get(record.id, [])):
        yield {
            "transaction": int(record.id),
            "transactionline": _line_id(index, line),
            "account": int(line.account),
            "accountingbook": 1,
            "amount": float(line.base),
            "debit": float(line.base) if line.base > 0 else None,
            "credit": float(-line.base) if line.base < 0 else None,
            "exchangerate": rate,
            "posting": "T",
        }


def _links(world: NetSuiteWorld, record: Record) -> Iterator[Row]:
    code = world.definition(record.type).code
    for target, amount in world.books.applies.get(record.id, {}).items():
        yield {**_link(world, record, target, "Payment", code), "foreignamount": float(amount)}
    created_from = record.fields.ref("createdFrom")
    if created_from:
        yield _link(world, record, created_from, "SaleRet" if code == "CustCred" else "OrdBill", code)


def _link(world: NetSuiteWorld, record: Record, target: str, kind: str, code: str) -> Row:
    previous = world.find(TRANSACTION, target)
    return {
        "previousdoc": int(target),
        "previousline": 0,
        "previoustype": world.definition(previous.type).code if previous else None,
        "previousdate": cell(world, previous.fields.day("tranDate")) if previous else None,
        "nextdoc": int(record.id),
        "nextline": 1 if kind == "Payment" else 0,
        "nexttype": code,
        "nextdate": cell(world, record.fields.day("tranDate")),
        "linktype": kind,
        "lastmodifieddate": moment(world, record.modified),
    }
