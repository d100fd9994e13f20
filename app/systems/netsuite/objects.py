"""What we read from NetSuite, as frozen dataclasses: parsed from REST JSON or from SuiteQL rows.

Ids are strings, amounts Decimal in the transaction's currency, days `date`. SuiteQL gives lower-case keys,
numbers as strings and leaves nulls out; REST gives references as `{"id", "refName"}` and sublists as
`{"items": [...]}`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.systems.netsuite.records import Address

Json = Mapping[str, Any]
Row = Mapping[str, str | None]

OPEN = "A"
PAID_IN_FULL = "B"
PENDING_APPROVAL = "D"
REJECTED = "E"
VOIDED = "V"
TYPES: Mapping[str, str] = {
    "CustInvc": "invoice",
    "CustPymt": "customerPayment",
    "CustCred": "creditMemo",
    "CustRfnd": "customerRefund",
    "CustDep": "customerDeposit",
    "DepAppl": "depositApplication",
    "CashSale": "cashSale",
    "CashRfnd": "cashRefund",
    "Deposit": "deposit",
    "Journal": "journalEntry",
}
"""SuiteQL's transaction types -> REST's record types."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """`currencies`: internal ids of all currencies the customer may transact in, the primary one included.

    `terms` and `receivables_account` are internal ids; `custom`: the `custentity_...` fields as they came.
    """

    id: str
    external_id: str | None = None
    entity_id: str | None = None
    is_person: bool = False
    company_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    subsidiary: str | None = None
    currency: str | None = None
    currencies: tuple[str, ...] = ()
    terms: str | None = None
    receivables_account: str | None = None
    billing: Address | None = None
    shipping: Address | None = None
    addresses: tuple[Address, ...] = ()
    is_inactive: bool = False
    taxable: bool | None = None
    comments: str | None = None
    last_modified: datetime | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As a person reads it. When `is_person`, NetSuite lets the name win over the company."""
        own = " ".join(part for part in (self.first_name, self.last_name) if part)
        name = (own or self.company_name) if self.is_person else (self.company_name or own)
        return name or self.entity_id or ""

    @classmethod
    def parse(cls, body: Json) -> "Customer":
        """From `GET customer/{id}?expandSubResources=true`."""
        addresses = tuple(_address(line) for line in items(body, "addressBook"))
        return cls(
            id=str(body["id"]),
            external_id=text(body.get("externalId")),
            entity_id=text(body.get("entityId")),
            is_person=boolean(body.get("isPerson")),
            company_name=text(body.get("companyName")),
            first_name=text(body.get("firstName")),
            last_name=text(body.get("lastName")),
            email=text(body.get("email")),
            phone=text(body.get("phone")),
            subsidiary=ref_id(body.get("subsidiary")),
            currency=ref_id(body.get("currency")),
            currencies=_currencies(body),
            terms=ref_id(body.get("terms")),
            receivables_account=ref_id(body.get("receivablesAccount")),
            billing=next((one for one in addresses if one.default_billing), None),
            shipping=next((one for one in addresses if one.default_shipping), None),
            addresses=addresses,
            is_inactive=boolean(body.get("isInactive")),
            taxable=None if body.get("taxable") is None else boolean(body["taxable"]),
            comments=text(body.get("comments")),
            last_modified=moment(body.get("lastModifiedDate")),
            custom=custom_fields(body, "custentity"),
        )

    @classmethod
    def from_row(cls, row: Row) -> "Customer":
        """From `CUSTOMER_COLUMNS` of `suiteql.py`: enough to choose among candidates, without addresses."""
        return cls(
            id=required(row, "id"),
            external_id=row.get("externalid"),
            entity_id=row.get("entityid"),
            is_person=boolean(row.get("isperson")),
            company_name=row.get("companyname"),
            first_name=row.get("firstname"),
            last_name=row.get("lastname"),
            email=row.get("email"),
            phone=row.get("phone"),
            subsidiary=row.get("subsidiary"),
            currency=row.get("currency"),
            currencies=(row["currency"],) if row.get("currency") else (),  # type: ignore[arg-type]
            is_inactive=boolean(row.get("isinactive")),
            last_modified=moment(row.get("lastmodified")),
            custom=custom_fields(row, "custentity"),
        )


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """`line` is the transaction line id; `custom` holds the `custcol_...` fields."""

    line: int | None = None
    item: str | None = None
    item_name: str | None = None
    item_type: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal = Decimal(0)
    tax_amount: Decimal | None = None
    tax_code: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: Json) -> "InvoiceLine":
        line = number(body.get("line"))
        return cls(
            line=None if line is None else int(line),
            item=ref_id(body.get("item")),
            item_name=ref_name(body.get("item")),
            item_type=ref_id(body.get("itemType")),
            description=text(body.get("description")),
            quantity=number(body.get("quantity")),
            rate=number(body.get("rate")),
            amount=amount(body.get("amount")),
            tax_amount=number(first(body, "tax1Amt", "taxAmount")),
            tax_code=ref_id(body.get("taxCode")),
            custom=custom_fields(body, "custcol"),
        )


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """`status` is NetSuite's letter (OPEN, PAID_IN_FULL, ...); `account` the receivables account.

    `total` includes tax, discount, shipping and handling. A direct void leaves the record, with zero amounts.
    """

    id: str
    external_id: str | None = None
    tran_id: str | None = None
    entity: str
    subsidiary: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    status: str = OPEN
    voided: bool = False
    tran_date: date | None = None
    due_date: date | None = None
    terms: str | None = None
    posting_period: str | None = None
    subtotal: Decimal = Decimal(0)
    discount_total: Decimal = Decimal(0)
    tax_total: Decimal = Decimal(0)
    shipping_cost: Decimal = Decimal(0)
    handling_cost: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    amount_paid: Decimal = Decimal(0)
    amount_remaining: Decimal = Decimal(0)
    memo: str | None = None
    message: str | None = None
    other_ref_num: str | None = None
    account: str | None = None
    created_from: str | None = None
    approval_status: str | None = None
    last_modified: datetime | None = None
    lines: tuple[InvoiceLine, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: Json) -> "Invoice":
        """From `GET invoice/{id}?expandSubResources=true`."""
        status = letter(ref_id(body.get("status")))
        return cls(
            id=str(body["id"]),
            external_id=text(body.get("externalId")),
            tran_id=text(body.get("tranId")),
            entity=ref_id(body.get("entity")) or "",
            subsidiary=ref_id(body.get("subsidiary")),
            currency=ref_id(body.get("currency")),
            exchange_rate=number(body.get("exchangeRate")),
            status=status,
            voided=status == VOIDED or boolean(first(body, "voided", "void")),
            tran_date=day(body.get("tranDate")),
            due_date=day(body.get("dueDate")),
            terms=ref_id(body.get("terms")),
            posting_period=ref_id(body.get("postingPeriod")),
            subtotal=amount(body.get("subtotal")),
            discount_total=amount(body.get("discountTotal")),
            tax_total=amount(first(body, "taxTotal", "taxTotalOverride")),
            shipping_cost=amount(first(body, "shippingCost", "altShippingCost")),
            handling_cost=amount(first(body, "handlingCost", "altHandlingCost")),
            total=amount(body.get("total")),
            amount_paid=amount(body.get("amountPaid")),
            amount_remaining=amount(body.get("amountRemaining")),
            memo=text(body.get("memo")),
            message=text(body.get("message")),
            other_ref_num=text(body.get("otherRefNum")),
            account=ref_id(body.get("account")),
            created_from=ref_id(body.get("createdFrom")),
            approval_status=ref_id(body.get("approvalStatus")),
            last_modified=moment(body.get("lastModifiedDate")),
            lines=tuple(InvoiceLine.parse(line) for line in items(body, "item")),
            custom=custom_fields(body, "custbody"),
        )


@dataclass(frozen=True, kw_only=True)
class InvoiceHead:
    """An invoice without its lines, from SuiteQL: enough to choose one, or to see that it is open."""

    id: str
    external_id: str | None = None
    tran_id: str | None = None
    entity: str
    currency: str | None = None
    status: str = OPEN
    tran_date: date | None = None
    due_date: date | None = None
    total: Decimal = Decimal(0)
    amount_remaining: Decimal = Decimal(0)
    memo: str | None = None
    other_ref_num: str | None = None
    last_modified: datetime | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Row) -> "InvoiceHead":
        """From `INVOICE_COLUMNS` of `suiteql.py`."""
        return cls(
            id=required(row, "id"),
            external_id=row.get("externalid"),
            tran_id=row.get("tranid"),
            entity=row.get("entity") or "",
            currency=row.get("currency"),
            status=letter(row.get("status")),
            tran_date=day(row.get("trandate")),
            due_date=day(row.get("duedate")),
            total=amount(row.get("foreigntotal")),
            amount_remaining=amount(row.get("foreignamountunpaid")),
            memo=row.get("memo"),
            other_ref_num=row.get("otherrefnum"),
            last_modified=moment(row.get("lastmodified")),
            custom=custom_fields(row, "custbody"),
        )


@dataclass(frozen=True, kw_only=True)
class PaymentHead:
    """A customer payment without its applications. `unapplied` and `payment` are in its currency."""

    id: str
    customer: str
    currency: str
    payment: Decimal
    external_id: str | None = None
    tran_id: str | None = None
    unapplied: Decimal = Decimal(0)
    tran_date: date | None = None
    memo: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Row) -> "PaymentHead":
        """From `PAYMENT_COLUMNS` of `suiteql.py`. Whether a payment's total has a sign there is not published [MEM]."""
        return cls(
            id=required(row, "id"),
            customer=row.get("entity") or "",
            currency=row.get("currency") or "",
            payment=abs(amount(row.get("foreigntotal"))),
            external_id=row.get("externalid"),
            tran_id=row.get("tranid"),
            unapplied=abs(amount(row.get("foreignpaymentamountunused"))),
            tran_date=day(row.get("trandate")),
            memo=row.get("memo"),
            custom=custom_fields(row, "custbody"),
        )


@dataclass(frozen=True, kw_only=True)
class Application:
    """Money or credit put against another transaction: `doc`, of type `doc_type` (`invoice`, `creditMemo` ...)."""

    doc: str
    doc_type: str
    amount: Decimal

    @classmethod
    def from_row(cls, row: Row) -> "Application":
        """From `APPLICATIONS` of `suiteql.py`; the sign of a link's amount is not to be relied on."""
        kind = row.get("type") or ""
        return cls(
            doc=required(row, "id"), doc_type=TYPES.get(kind, kind), amount=abs(amount(row.get("foreignamount")))
        )


@dataclass(frozen=True, kw_only=True)
class TransactionHead:
    """Any transaction. `total` is in its currency; `unapplied` is what is left of a payment or credit memo."""

    type: str
    id: str
    status: str = ""
    external_id: str | None = None
    tran_id: str | None = None
    tran_date: date | None = None
    entity: str | None = None
    currency: str | None = None
    subsidiary: str | None = None
    account: str | None = None
    total: Decimal = Decimal(0)
    unapplied: Decimal = Decimal(0)
    exchange_rate: Decimal | None = None
    voided: bool = False
    deposited: bool = False
    memo: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, record_type: str, body: Json) -> "TransactionHead":
        """From `GET {record_type}/{id}`. A voided payment or deposit is `R`, all others are `V`."""
        status = ref_id(body.get("status")) or ""
        gone = ("R",) if record_type in ("customerPayment", "customerDeposit") else (VOIDED,)
        cleared = record_type in ("customerPayment", "cashSale", "cashRefund", "customerDeposit")
        return cls(
            type=record_type,
            id=str(body["id"]),
            status=status,
            external_id=text(body.get("externalId")),
            tran_id=text(body.get("tranId")),
            tran_date=day(body.get("tranDate")),
            entity=ref_id(first(body, "entity", "customer")),
            currency=ref_id(body.get("currency")),
            subsidiary=ref_id(body.get("subsidiary")),
            account=ref_id(body.get("account")),
            total=amount(first(body, "total", "payment")),
            unapplied=amount(first(body, "unapplied", "amountRemaining")),
            exchange_rate=number(body.get("exchangeRate")),
            voided=status in gone or boolean(first(body, "voided", "void")),
            deposited=cleared and status == "C",
            memo=text(body.get("memo")),
            custom=custom_fields(body, "custbody"),
        )


@dataclass(frozen=True, kw_only=True)
class Subsidiary:
    """`time_zone` is an IANA name; transaction dates are days in it."""

    id: str
    name: str = ""
    currency: str | None = None
    time_zone: str | None = None
    country: str | None = None
    is_inactive: bool = False

    @classmethod
    def from_row(cls, row: Row) -> "Subsidiary":
        return cls(
            id=required(row, "id"),
            name=row.get("name") or "",
            currency=row.get("currency"),
            time_zone=_iana(row.get("timezone")),
            country=row.get("country"),
            is_inactive=boolean(row.get("isinactive")),
        )


@dataclass(frozen=True, kw_only=True)
class Period:
    """An accounting month. `closed` for everybody, or `locked` for receivables: neither takes postings."""

    id: str
    name: str
    start: date
    end: date
    closed: bool = False
    locked: bool = False

    @property
    def open(self) -> bool:
        return not (self.closed or self.locked)

    @classmethod
    def from_row(cls, row: Row) -> "Period":
        start, end = day(row.get("startdate")), day(row.get("enddate"))
        if start is None or end is None:
            raise ValueError(f"accounting period {row.get('id')} has no dates")
        closed, locked = boolean(row.get("closed")), boolean(first(row, "arlocked", "alllocked"))
        name = row.get("periodname") or ""
        return cls(id=required(row, "id"), name=name, start=start, end=end, closed=closed, locked=locked)


@dataclass(frozen=True, kw_only=True)
class GovernanceLimits:
    """How many requests NetSuite runs at once for the account, and for this integration if it has a share."""

    account: int | None = None
    unallocated: int | None = None
    integration: int | None = None
    kind: str | None = None

    @classmethod
    def parse(cls, body: Json) -> "GovernanceLimits":
        return cls(
            account=_integer(body.get("accountConcurrencyLimit")),
            unallocated=_integer(body.get("accountUnallocatedConcurrencyLimit")),
            integration=_integer(body.get("integrationConcurrencyLimit")),
            kind=text(body.get("integrationLimitType")),
        )


def items(body: Json, sublist: str) -> Iterator[Json]:
    """The lines of a sublist; none when it was not expanded (a bare link) or is missing."""
    held = body.get(sublist)
    if isinstance(held, Mapping):
        held = held.get("items")
    return iter(held) if isinstance(held, list) else iter(())


def first(body: Json, *names: str) -> Any:
    return next((body[name] for name in names if body.get(name) is not None), None)


def ref_id(value: object) -> str | None:
    """The id of `{"id": ..}`, or of a bare id (`simpleEnumFormat`, SuiteQL)."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return None if value is None or value == "" else str(value)


def ref_name(value: object) -> str | None:
    return text(value.get("refName")) if isinstance(value, Mapping) else None


def text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def number(value: object) -> Decimal | None:
    """A JSON number or SuiteQL's string. Raises ValueError for what is neither."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise ValueError(f"{value!r} is not an exact number")
    try:
        return Decimal(value.replace(",", "") if isinstance(value, str) else value)
    except ArithmeticError:
        raise ValueError(f"{value!r} is not a number") from None


def amount(value: object) -> Decimal:
    return number(value) or Decimal(0)


def boolean(value: object) -> bool:
    """REST says true, SuiteQL says 'T'."""
    return value is True or (isinstance(value, str) and value.upper() in ("T", "TRUE", "YES"))


def day(value: object) -> date | None:
    """From `YYYY-MM-DD`, with or without a time after it."""
    return date.fromisoformat(str(value)[:10]) if value else None


def moment(value: object) -> datetime | None:
    """Aware, UTC. A time without an offset is taken as UTC; the queries convert before they print."""
    if not value:
        return None
    read = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def letter(status: str | None) -> str:
    """SuiteQL gives `A` over REST and `CustInvc:A` elsewhere."""
    return (status or OPEN).rpartition(":")[2]


def custom_fields(body: Json, prefix: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name.startswith(prefix) and value is not None}


def required(row: Row, name: str) -> str:
    value = row.get(name)
    if value is None:
        raise ValueError(f"NetSuite's answer has no {name}")
    return str(value)


def _iana(name: str | None) -> str | None:
    """None for a display text such as `(GMT-05:00) Eastern Time`, which is no name to count days by."""
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _currencies(body: Json) -> tuple[str, ...]:
    listed = [ref_id(line.get("currency")) for line in items(body, "currencyList")]
    primary = ref_id(body.get("currency"))
    return tuple(dict.fromkeys(one for one in (primary, *listed) if one))


def _address(line: Json) -> Address:
    found = line.get("addressBookAddress")
    inner: Json = found if isinstance(found, Mapping) else {}
    return Address(
        addressee=text(inner.get("addressee")),
        addr1=text(inner.get("addr1")),
        addr2=text(inner.get("addr2")),
        city=text(inner.get("city")),
        state=text(ref_id(inner.get("state"))),
        zip=text(inner.get("zip")),
        country=ref_id(inner.get("country")),
        phone=text(inner.get("addrPhone")),
        label=text(line.get("label")),
        default_billing=boolean(line.get("defaultBilling")),
        default_shipping=boolean(line.get("defaultShipping")),
    )


def _integer(value: object) -> int | None:
    read = number(value)
    return None if read is None else int(read)
