"""The SuiteQL we ask, and how it is paged. Values are always bound, never written into the text.

Quirks kept in mind: keys come back in lower case, numbers as strings, nulls are left out, and dates follow the
user's settings unless TO_CHAR prints them. `status` is a single letter over REST (`CustInvc:A` matches nothing).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

Row = Mapping[str, str | None]
# One page of at most PAGE rows, and whether there are more behind it.
Page = tuple[list[Row], bool]

PAGE = 1000
MOMENT = "YYYY-MM-DD HH24:MI:SS"
# lastmodifieddate is coarse and set before the commit is visible; repeats are cheaper than gaps
OVERLAP = timedelta(minutes=5)
# a measured offset may be from the other side of a change to or from summer time
SUMMER_TIME = timedelta(hours=1)
# with no offset known, the widest one is allowed for
ANY_ZONE = timedelta(hours=12)

CUSTOMER_COLUMNS = (
    "id, externalid, entityid, isperson, companyname, firstname, lastname, email, phone, subsidiary, currency,"
    f" isinactive, TO_CHAR(lastmodifieddate,'{MOMENT}') AS lastmodified"
)
INVOICE_COLUMNS = (
    "t.id, t.externalid, t.tranid, t.entity, t.currency, t.status, TO_CHAR(t.trandate,'YYYY-MM-DD') AS trandate,"
    " TO_CHAR(t.duedate,'YYYY-MM-DD') AS duedate, t.foreigntotal, t.foreignamountunpaid, t.memo, t.otherrefnum,"
    f" TO_CHAR(t.lastmodifieddate,'{MOMENT}') AS lastmodified"
)

PAYMENT_COLUMNS = (
    "t.id, t.externalid, t.tranid, t.entity, t.currency, TO_CHAR(t.trandate,'YYYY-MM-DD') AS trandate,"
    " t.foreigntotal, t.foreignpaymentamountunused, t.memo"
)

CUSTOMERS_WITH_EMAIL = (
    f"SELECT {CUSTOMER_COLUMNS} FROM customer"  # noqa: S608
    " WHERE LOWER(email) = LOWER(?) AND isinactive = 'F' ORDER BY id"
)
INVOICES_NUMBERED = (
    f"SELECT {INVOICE_COLUMNS} FROM transaction t"  # noqa: S608
    " WHERE t.type = 'CustInvc' AND t.tranid = ? ORDER BY t.id"
)
CUSTOMERS_SINCE = f"SELECT id FROM customer WHERE lastmodifieddate >= TO_TIMESTAMP(?,'{MOMENT}') AND id > ? ORDER BY id"  # noqa: S608
INVOICES_SINCE = (
    "SELECT t.id FROM transaction t WHERE t.type = 'CustInvc'"  # noqa: S608
    f" AND t.lastmodifieddate >= TO_TIMESTAMP(?,'{MOMENT}') AND t.id > ? ORDER BY t.id"
)
# what it pays or is put against, and what pays it or is put against it; the links of either table say both [MEM]
APPLICATIONS = (
    "SELECT t.id, t.type, l.foreignamount FROM PreviousTransactionLineLink l JOIN transaction t"
    " ON t.id = l.previousdoc WHERE l.nextdoc = ? AND l.linktype = 'Payment'"
    " UNION ALL SELECT t.id, t.type, l.foreignamount FROM NextTransactionLineLink l JOIN transaction t"
    " ON t.id = l.nextdoc WHERE l.previousdoc = ? AND l.linktype = 'Payment'"
)
CURRENCIES = "SELECT id, symbol FROM currency"
LAST_CUSTOMER = (
    f"SELECT id, TO_CHAR(lastmodifieddate,'{MOMENT}') AS lastmodified FROM customer"  # noqa: S608
    " ORDER BY lastmodifieddate DESC FETCH FIRST 1 ROWS ONLY"
)
# whether the time zone can be seen is not published [MEM]; an unknown column fails the whole query
SUBSIDIARIES = (
    "SELECT id, name, currency, country, isinactive, timezone FROM subsidiary",
    "SELECT id, name, currency, country, isinactive FROM subsidiary",
)
_PERIODS = (
    "SELECT id, periodname, TO_CHAR(startdate,'YYYY-MM-DD') AS startdate, TO_CHAR(enddate,'YYYY-MM-DD') AS enddate,"
    " closed{locks} FROM accountingperiod WHERE isquarter = 'F' AND isyear = 'F' ORDER BY startdate"
)
# the lock columns are not in every account's view [MEM]
PERIODS = (_PERIODS.format(locks=", arlocked, alllocked"), _PERIODS.format(locks=""))

_COLUMN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_CUSTOM_BODY_FIELD = re.compile(r"custbody_?[a-z0-9_]{1,60}")


def open_invoices(customer: str | None, stripe_id_field: str | None) -> tuple[str, list[str]]:
    """Query and parameters, the last of them being the id to start after. Raises ValueError for a field name that
    is not a custom body field's.
    """
    columns, conditions, params = INVOICE_COLUMNS, "", []
    if customer is not None:
        conditions += " AND t.entity = ?"
        params.append(customer)
    if stripe_id_field is not None:
        columns += f", t.{_column(stripe_id_field)}"
        conditions += f" AND t.{_column(stripe_id_field)} IS NOT NULL"
    sql = (
        f"SELECT {columns} FROM transaction t WHERE t.type = 'CustInvc' AND t.status = 'A'"  # noqa: S608
        f" AND t.foreignamountunpaid > 0{conditions} AND t.id > ? ORDER BY t.id"
    )
    return sql, params


def invoices_holding(field: str, values: Sequence[str]) -> tuple[str, list[str]]:
    """Query and parameters. Raises ValueError for a field name that is not a custom body field's."""
    column = _column(field)
    wanted = ", ".join("?" for _ in values)
    sql = (
        f"SELECT {INVOICE_COLUMNS}, t.{column} FROM transaction t WHERE t.type = 'CustInvc'"  # noqa: S608
        f" AND t.{column} IN ({wanted}) ORDER BY t.id"
    )
    return sql, list(values)


def payments_of(customer: str, day: date, charge_id_field: str | None) -> tuple[str, list[str]]:
    """Query and parameters. Raises ValueError for a field name that is not a custom body field's."""
    columns = PAYMENT_COLUMNS if charge_id_field is None else f"{PAYMENT_COLUMNS}, t.{_column(charge_id_field)}"
    sql = (
        f"SELECT {columns} FROM transaction t WHERE t.type = 'CustPymt' AND t.voided = 'F'"  # noqa: S608
        " AND t.entity = ? AND t.trandate >= TO_DATE(?,'YYYY-MM-DD') ORDER BY t.id DESC"
    )
    return sql, [customer, day.isoformat()]


def customers_with(field: str, value: str, *, ending: bool) -> tuple[str, str]:
    """Query and its parameter. Raises ValueError for what is no column's name."""
    if not _COLUMN_NAME.fullmatch(field):
        raise ValueError(f"{field!r} is not a column")
    condition = f"{field} LIKE ?" if ending else f"LOWER({field}) = LOWER(?)"
    sql = f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE {condition} AND isinactive = 'F' ORDER BY id"  # noqa: S608
    return sql, f"%{value}" if ending else value


def since(moment: datetime, zone: tzinfo | None, slack: timedelta = timedelta(0)) -> str:
    """The bound value for `lastmodifieddate >= ...`: earlier than `moment` by the overlap and the slack, in `zone`.

    NetSuite prints and compares lastmodifieddate in the account's time zone [MEM]; None stands for UTC.
    """
    return (moment - OVERLAP - slack).astimezone(zone or UTC).strftime("%Y-%m-%d %H:%M:%S")


def offset(printed: str, exact: datetime) -> timedelta | None:
    """How far the printed local time is from UTC, by quarters of an hour; None when the two are not of one save."""
    apart = datetime.fromisoformat(printed).replace(tzinfo=UTC) - exact.replace(microsecond=0)
    quarters = round(apart / timedelta(minutes=15)) * timedelta(minutes=15)
    return quarters if abs(apart - quarters) <= timedelta(minutes=1) and abs(quarters) <= 1.2 * ANY_ZONE else None


def keyset(page: Callable[[Sequence[str]], Page], params: Sequence[str]) -> Iterator[Row]:
    """All rows of a query that ends in `id > ? ORDER BY id`, page after page by the last id seen.

    Offsets stop at 100,000 rows and slip when rows are added meanwhile (Online Help section_156414087576).
    """
    last = "0"
    while True:
        rows, more = page([*params, last])
        yield from rows
        if not rows or not more:
            return
        last = str(rows[-1]["id"])


def rows_of(items: Sequence[Mapping[str, object]]) -> list[Row]:
    """Every value as a string or None, keys in lower case, the empty `links` of each row dropped."""
    return [{key.lower(): _value(value) for key, value in item.items() if key != "links"} for item in items]


def _value(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)


def _column(field: str) -> str:
    if not _CUSTOM_BODY_FIELD.fullmatch(field.lower()):
        raise ValueError(f"{field!r} is not a custom body field")
    return field.lower()
