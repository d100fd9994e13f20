"""The default data set: a OneWorld account with two subsidiaries and what a company that sells through Stripe has."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import Record
from sandbox.netsuite.fields import Field, Fields, Value, text

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

CURRENCIES = {
    # symbol: name, decimals, worth in USD
    "USD": ("US Dollar", 2, "1"),
    "GBP": ("British pound", 2, "1.30"),
    "CAD": ("Canadian Dollar", 2, "0.73"),
    "EUR": ("Euro", 2, "1.10"),
    "JPY": ("Japanese Yen", 0, "0.0067"),
    "KWD": ("Kuwaiti Dinar", 3, "3.25"),
    "AUD": ("Australian Dollar", 2, "0.66"),
    "CHF": ("Swiss Franc", 2, "1.13"),
}
ACCOUNTS = (
    (ids.ACCOUNT_RECEIVABLE, "1100", "Accounts Receivable", "AcctRec"),
    (ids.UNDEPOSITED_FUNDS, "1150", "Undeposited Funds", "UnDepFund"),
    (ids.STRIPE_RESERVES, "1170", "Stripe Reserves", "OthCurrAsset"),
    (ids.SALES_INCOME, "4000", "Sales", "Income"),
    (ids.SERVICE_INCOME, "4100", "Services", "Income"),
    (ids.SHIPPING_INCOME, "4200", "Shipping", "Income"),
    (ids.SALES_DISCOUNTS, "4900", "Sales Discounts", "Income"),
    (ids.DEFERRED_REVENUE, "2400", "Deferred Revenue", "DeferRevenue"),
    (ids.TAX_LIABILITY, "2200", "Sales Tax Payable", "OthCurrLiab"),
    (ids.CUSTOMER_DEPOSITS, "2300", "Customer Deposits", "OthCurrLiab"),
    (ids.REFUNDS_PAYABLE, "2350", "Refunds Payable", "OthCurrLiab"),
    (ids.CUSTOMER_BALANCES, "2360", "Customer Balances", "OthCurrLiab"),
    (ids.STRIPE_CLEARING_ABROAD, "1180", "Stripe Clearing, other currencies", "OthCurrAsset"),
    (ids.STRIPE_FEES, "6100", "Stripe Fees", "Expense"),
    (ids.BAD_DEBT, "6200", "Bad Debt", "Expense"),
    (ids.DISPUTE_LOSSES, "6300", "Dispute Losses", "Expense"),
    (ids.FX_GAIN_LOSS, "7000", "Realized Gain/Loss", "OthIncome"),
    (ids.ROUNDING, "7010", "Rounding Gain/Loss", "OthIncome"),
)
ITEMS = (
    (ids.ITEM_STRIPE, "serviceSaleItem", "Stripe item", ids.SALES_INCOME),
    (ids.ITEM_SUBSCRIPTION, "serviceSaleItem", "Subscription", ids.SERVICE_INCOME),
    (ids.ITEM_USAGE, "nonInventorySaleItem", "Usage", ids.SERVICE_INCOME),
    (ids.ITEM_CONSULTING, "serviceSaleItem", "Consulting", ids.SERVICE_INCOME),
    (ids.ITEM_TAX, "otherChargeSaleItem", "Stripe tax", ids.TAX_LIABILITY),
    (ids.ITEM_SHIPPING, "otherChargeSaleItem", "Shipping", ids.SHIPPING_INCOME),
    (ids.ITEM_BAD_DEBT, "otherChargeSaleItem", "Bad debt", ids.BAD_DEBT),
    (ids.ITEM_REFUND, "otherChargeSaleItem", "Stripe refund", ids.SALES_INCOME),
    (ids.ITEM_DISPUTE, "otherChargeSaleItem", "Stripe dispute", ids.DISPUTE_LOSSES),
    (ids.ITEM_BALANCE, "otherChargeSaleItem", "Stripe customer balance", ids.CUSTOMER_BALANCES),
)
CUSTOM_BODY = (
    "stripe_id",
    "stripe_number",
    "stripe_status",
    "payment_link",
    "pdf_url",
    "hosted_url",
    "charge_id",
    "due_date",
    "amount_due",
    "amount_paid",
    "amount_remaining",
    "last_error",
    "next_attempt",
    "original_date",
)
CUSTOM_ENTITY = ("stripe_id", "portal_url", "hosted_url", "sync")
CUSTOM_COLUMN = ("stripe_line", "stripe_price")


def fill(world: NetSuiteWorld) -> None:
    """Everything of the default data set, under the ids of `ids`."""
    _currencies(world)
    _subsidiaries(world)
    _accounts(world)
    _items(world)
    _lists(world)
    _people(world)
    _custom_fields(world)
    add_periods(world)


def add(world: NetSuiteWorld, type: str, id: str, **values: Value) -> Record:
    """One record of a list, under an id of one's own choosing."""
    definition = world.definition(type)
    now = world.clock.now()
    fields = Fields({one.name: one.default for one in definition.fields if one.default is not None})
    fields.update(values)
    record = Record(definition.name, id, fields, {}, now, now)
    world.put(record)
    return record


def add_custom_field(world: NetSuiteWorld, field: Field) -> None:
    """The script id's prefix says where the field belongs."""
    prefixes = {"custbody": "body", "custentity": "entity", "custcol": "column", "custitem": "item"}
    kind = prefixes.get(field.name.split("_", 1)[0])
    if kind is None:
        raise ValueError(f"{field.name} is not a custom field's script id")
    world.custom_fields[kind][field.name] = field
    world.tables.forget()


def add_currency(world: NetSuiteWorld, id: str, symbol: str, name: str, decimals: int, worth: str) -> None:
    world.books.rates[id] = Decimal(worth)
    add(
        world, "currency", id, name=name, symbol=symbol, displaySymbol=symbol, currencyPrecision=decimals,
        exchangeRate=Decimal(worth), isBaseCurrency=id == ids.USD,
    )  # fmt: skip


def _currencies(world: NetSuiteWorld) -> None:
    for symbol, (name, decimals, worth) in CURRENCIES.items():
        add_currency(world, ids.CURRENCIES[symbol], symbol, name, decimals, worth)


def _subsidiaries(world: NetSuiteWorld) -> None:
    add(world, "subsidiary", ids.SUBSIDIARY_US, name="Parent Company", currency=ids.USD, country="US",
        timeZone="America/New_York")  # fmt: skip
    add(world, "subsidiary", ids.SUBSIDIARY_EU, name="Europe", currency=ids.EUR, country="DE",
        timeZone="Europe/Berlin", parent=ids.SUBSIDIARY_US)  # fmt: skip


def _accounts(world: NetSuiteWorld) -> None:
    for id, number, name, kind in ACCOUNTS:
        add(world, "account", id, acctNumber=number, acctName=name, acctType=kind)
    for index, (symbol, currency) in enumerate(ids.CURRENCIES.items()):
        own = {"acctType": "Bank", "currency": currency}
        add(world, "account", ids.BANK[symbol], acctNumber=f"10{index:02}", acctName=f"Bank {symbol}", **own)
        number = f"10{index + 50}"
        add(
            world,
            "account",
            ids.STRIPE_CLEARING[symbol],
            acctNumber=number,
            acctName=f"Stripe Clearing {symbol}",
            **own,
        )


def _items(world: NetSuiteWorld) -> None:
    for id, type, name, account in ITEMS:
        add(world, type, id, itemId=name, displayName=name, incomeAccount=account)
    add(
        world, "discountItem", ids.ITEM_DISCOUNT, itemId="Discount", displayName="Discount", account=ids.SALES_DISCOUNTS
    )
    for id, name, rate in ((ids.TAX_CODE_STANDARD, "Standard", 10), (ids.TAX_CODE_ZERO, "Zero", 0)):
        add(world, "salesTaxItem", id, itemId=name, displayName=name, rate=Decimal(rate))


def _lists(world: NetSuiteWorld) -> None:
    terms = ((ids.TERM_DUE_ON_RECEIPT, 0), (ids.TERM_NET_15, 15), (ids.TERM_NET_30, 30), (ids.TERM_NET_60, 60))
    for id, days in terms:
        add(world, "term", id, name=f"Net {days}" if days else "Due on receipt", daysUntilNetDue=days)
    methods = ((ids.PAYMENT_METHOD_CASH, "Cash"), (ids.PAYMENT_METHOD_CHECK, "Check"))
    for id, name in (*methods, (ids.PAYMENT_METHOD_STRIPE, "Stripe"), (ids.PAYMENT_METHOD_ACH, "ACH")):
        add(world, "paymentMethod", id, name=name)
        add(world, "paymentOption", id, name=name)
    named = (
        ("department", ids.DEPARTMENT_SALES, "Sales"),
        ("department", ids.DEPARTMENT_SUPPORT, "Support"),
        ("classification", ids.CLASS_ONLINE, "Online"),
        ("location", ids.LOCATION_HEADQUARTERS, "Headquarters"),
        ("customerCategory", "1", "Corporate"),
        ("customerCategory", "2", "Individual"),
        ("entityStatus", "13", "Closed Won"),
        ("taxType", ids.TAX_TYPE_SALES, "Sales Tax"),
        ("priceLevel", "-1", "Custom"),
        ("priceLevel", "1", "Base Price"),
    )
    for type, id, name in named:
        add(world, type, id, name=name)


def _people(world: NetSuiteWorld) -> None:
    add(world, "employee", ids.EMPLOYEE_INTEGRATION, entityId="Tieout Integration")
    add(world, "employee", ids.EMPLOYEE_CLERK, entityId="Accounts Clerk")


def _custom_fields(world: NetSuiteWorld) -> None:
    for name in CUSTOM_BODY:
        add_custom_field(world, text(f"custbody_tieout_{name}", max_length=1000))
    for name in CUSTOM_ENTITY:
        add_custom_field(world, text(f"custentity_tieout_{name}", max_length=1000))
    for name in CUSTOM_COLUMN:
        add_custom_field(world, text(f"custcol_tieout_{name}", max_length=300))


def add_periods(world: NetSuiteWorld) -> None:
    """The months from twelve before the clock's to eleven after it, with their quarters and years; all open."""
    now = world.today()
    for ahead in range(-12, 12):
        month = now.year * 12 + now.month - 1 + ahead
        _period(world, date(month // 12, month % 12 + 1, 1))


def _period(world: NetSuiteWorld, first: date) -> None:
    quarter = date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
    year = date(first.year, 1, 1)
    wanted: tuple[tuple[str, str, date, int, str | None, dict[str, bool]], ...] = (
        (ids.year(first), f"FY {first.year}", year, 12, None, {"isYear": True}),
        (
            ids.quarter(first),
            f"Q{quarter.month // 3 + 1} {first.year}",
            quarter,
            3,
            ids.year(first),
            {"isQuarter": True},
        ),
        (ids.period(first), first.strftime("%b %Y"), first, 1, ids.quarter(first), {}),
    )
    for id, name, start, months, parent, kind in wanted:
        if world.find("accountingPeriod", id) is None:
            end = _month_after(start, months) - timedelta(days=1)
            add(world, "accountingPeriod", id, periodName=name, startDate=start, endDate=end, parent=parent, **kind)


def _month_after(first: date, months: int) -> date:
    month = first.year * 12 + first.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)
