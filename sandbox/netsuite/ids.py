"""The internal ids of everything in the default data set, so that settings can be written against them."""

from __future__ import annotations

from datetime import date
from typing import Final

SUBSIDIARY_US: Final = "1"
SUBSIDIARY_EU: Final = "2"

USD: Final = "1"
GBP: Final = "2"
CAD: Final = "3"
EUR: Final = "4"
JPY: Final = "5"
KWD: Final = "6"
AUD: Final = "7"
CHF: Final = "8"
CURRENCIES: Final = {"USD": USD, "GBP": GBP, "CAD": CAD, "EUR": EUR, "JPY": JPY, "KWD": KWD, "AUD": AUD, "CHF": CHF}

ACCOUNT_RECEIVABLE: Final = "119"
UNDEPOSITED_FUNDS: Final = "122"
BANK: Final = {
    "USD": "201",
    "GBP": "202",
    "CAD": "203",
    "EUR": "204",
    "JPY": "205",
    "KWD": "206",
    "AUD": "207",
    "CHF": "208",
}
STRIPE_CLEARING: Final = {
    "USD": "211", "GBP": "212", "CAD": "213", "EUR": "214", "JPY": "215", "KWD": "216", "AUD": "217", "CHF": "218"
}  # fmt: skip
SALES_INCOME: Final = "54"
SERVICE_INCOME: Final = "55"
SHIPPING_INCOME: Final = "56"
SALES_DISCOUNTS: Final = "57"
DEFERRED_REVENUE: Final = "58"
TAX_LIABILITY: Final = "59"
STRIPE_FEES: Final = "60"
BAD_DEBT: Final = "61"
CUSTOMER_DEPOSITS: Final = "62"
DISPUTE_LOSSES: Final = "63"
FX_GAIN_LOSS: Final = "64"
ROUNDING: Final = "65"
STRIPE_RESERVES: Final = "66"
REFUNDS_PAYABLE: Final = "67"
STRIPE_CLEARING_ABROAD: Final = "68"
CUSTOMER_BALANCES: Final = "69"

ITEM_STRIPE: Final = "10"
ITEM_SUBSCRIPTION: Final = "11"
ITEM_USAGE: Final = "12"
ITEM_CONSULTING: Final = "13"
ITEM_TAX: Final = "14"
ITEM_SHIPPING: Final = "15"
ITEM_DISCOUNT: Final = "16"
ITEM_BAD_DEBT: Final = "17"
ITEM_REFUND: Final = "18"
ITEM_DISPUTE: Final = "19"
ITEM_BALANCE: Final = "20"

TERM_DUE_ON_RECEIPT: Final = "4"
TERM_NET_15: Final = "1"
TERM_NET_30: Final = "2"
TERM_NET_60: Final = "3"

PAYMENT_METHOD_CASH: Final = "1"
PAYMENT_METHOD_CHECK: Final = "2"
PAYMENT_METHOD_STRIPE: Final = "7"
PAYMENT_METHOD_ACH: Final = "8"

TAX_TYPE_SALES: Final = "1"
TAX_CODE_STANDARD: Final = "21"
TAX_CODE_ZERO: Final = "22"

DEPARTMENT_SALES: Final = "1"
DEPARTMENT_SUPPORT: Final = "2"
CLASS_ONLINE: Final = "1"
LOCATION_HEADQUARTERS: Final = "1"

EMPLOYEE_INTEGRATION: Final = "5"
EMPLOYEE_CLERK: Final = "6"


def period(day: date) -> str:
    """The accounting period (month) that holds the day."""
    return str(100 + (day.year - 2000) * 12 + day.month)


def quarter(day: date) -> str:
    return str(2000 + (day.year - 2000) * 4 + (day.month - 1) // 3 + 1)


def year(day: date) -> str:
    return str(3000 + day.year - 2000)
