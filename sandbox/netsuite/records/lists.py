"""The reference lists: what transactions point at. They hold values and post nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import ENTITY, ITEM, Behaviour, Definition, Record
from sandbox.netsuite.fields import Field, day, enum, flag, integer, money, number, ref, text

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class Named(Behaviour):
    """A record shown by one of its properties."""

    def __init__(self, by: str) -> None:
        self.by = by

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return record.fields.text(self.by) or record.id


class Numbered(Behaviour):
    """An account is shown by its number and its name."""

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return f"{record.fields.text('acctNumber')} {record.fields.text('acctName')}".strip()


CURRENCY = Definition(
    "currency",
    "currency",
    (
        text("name", required=True),
        text("symbol", required=True),
        text("displaySymbol"),
        number("exchangeRate"),
        integer("currencyPrecision", default=2),
        flag("isBaseCurrency", default=False),
        flag("isInactive", default=False),
    ),
)

SUBSIDIARY = Definition(
    "subsidiary",
    "subsidiary",
    (
        text("name", required=True),
        ref("currency", "currency", required=True),
        ref("parent", "subsidiary"),
        text("country"),
        text("timeZone"),
        flag("isElimination", default=False),
        flag("isInactive", default=False),
    ),
)

ACCOUNT = Definition(
    "account",
    "account",
    (
        text("acctNumber"),
        text("acctName", required=True),
        enum("acctType", required=True),
        ref("currency", "currency"),
        text("description"),
        flag("isInactive", default=False),
    ),
    behaviour=Numbered(),
)

PERIOD = Definition(
    "accountingPeriod",
    "accountingPeriod",
    (
        text("periodName", required=True),
        day("startDate", required=True),
        day("endDate", required=True),
        flag("closed", default=False),
        flag("allLocked", default=False),
        flag("arLocked", default=False),
        flag("apLocked", default=False),
        flag("allowNonGLChanges", default=False),
        flag("isQuarter", default=False),
        flag("isYear", default=False),
        flag("isAdjust", default=False),
        ref("parent", "accountingPeriod"),
    ),
    behaviour=Named("periodName"),
)

TERM = Definition(
    "term",
    "term",
    (text("name", required=True), integer("daysUntilNetDue", default=0), flag("isInactive", default=False)),
)


def _list(name: str, *more: Field) -> Definition:
    fields = (text("name", required=True), flag("isInactive", default=False), *more)
    return Definition(name, name, fields)


EMPLOYEE = Definition(
    "employee", ENTITY, (text("entityId", required=True), text("email"), flag("isInactive", default=False)),
    behaviour=Named("entityId"),
)  # fmt: skip


def _item(name: str, code: str) -> Definition:
    fields = (
        text("itemId", required=True),
        text("displayName"),
        text("description"),
        ref("incomeAccount", "account"),
        ref("account", "account"),
        money("basePrice"),
        number("rate"),
        flag("isInactive", default=False),
        ref("department", "department"),
        ref("class", "classification"),
    )
    return Definition(name, ITEM, fields, code=code, custom="item", behaviour=Named("itemId"))


ITEMS = (
    _item("serviceSaleItem", "Service"),
    _item("nonInventorySaleItem", "NonInvtPart"),
    _item("otherChargeSaleItem", "OthCharge"),
    _item("discountItem", "Discount"),
    _item("shipItem", "ShipItem"),
    _item("salesTaxItem", "TaxItem"),
)

LISTS = (
    CURRENCY,
    SUBSIDIARY,
    ACCOUNT,
    PERIOD,
    TERM,
    EMPLOYEE,
    _list("paymentMethod"),
    _list("paymentOption"),
    _list("department"),
    _list("classification"),
    _list("location"),
    _list("customerCategory"),
    _list("entityStatus"),
    _list("taxType"),
    _list("priceLevel"),
    *ITEMS,
)
