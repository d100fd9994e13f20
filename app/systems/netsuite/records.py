"""What we write into NetSuite: typed bodies whose fields carry NetSuite's own names.

A field that is None is left out. References are internal ids, amounts Decimal in the transaction's currency.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

# Online Help, section_156334828635: the characters an external id may have in a URL.
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,150}")
CUSTOM_PRICE_LEVEL = "-1"


@dataclass(frozen=True)
class Ref:
    """One record in NetSuite: its type as in the REST URL (`invoice`, `customerPayment`), its internal id."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


@dataclass(frozen=True, kw_only=True)
class Address:
    """`country` is the ISO 3166 code in two letters, which NetSuite uses as the id."""

    addressee: str | None = None
    addr1: str | None = None
    addr2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    phone: str | None = None
    label: str | None = None
    default_billing: bool = False
    default_shipping: bool = False

    def body(self) -> dict[str, Any]:
        inner = {
            "addressee": self.addressee,
            "addr1": self.addr1,
            "addr2": self.addr2,
            "city": self.city,
            "state": self.state,
            "zip": self.zip,
            "country": ref(self.country),
            "addrPhone": self.phone,
        }
        outer = {
            "label": self.label,
            "defaultBilling": self.default_billing,
            "defaultShipping": self.default_shipping,
            "addressBookAddress": filled(inner),
        }
        return filled(outer)


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """A line of an invoice, a cash sale or a credit memo.

    `price` is the price level; the custom one keeps the item's price list from overwriting `rate`.
    """

    item: str
    quantity: Decimal | None = Decimal(1)
    rate: Decimal | None = None
    amount: Decimal | None = None
    description: str | None = None
    price: str | None = CUSTOM_PRICE_LEVEL
    tax_code: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        fields = {
            "item": ref(self.item),
            "quantity": self.quantity,
            "price": ref(self.price),
            "rate": self.rate,
            "amount": self.amount,
            "description": self.description,
            "taxCode": ref(self.tax_code),
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
        }
        return filled(fields) | dict(self.custom)


@dataclass(frozen=True, kw_only=True)
class Apply:
    """Money put against the document `doc`. `line` is that document's transaction line id, not a position."""

    doc: str
    amount: Decimal
    line: int | None = None
    apply_date: date | None = None

    def body(self) -> dict[str, Any]:
        fields = {
            "doc": ref(self.doc),
            "line": self.line,
            "apply": True,
            "amount": self.amount,
            "applyDate": self.apply_date,
        }
        return filled(fields)


@dataclass(frozen=True, kw_only=True)
class Record(ABC):
    """`replace`: the sublists an upsert sends whole. Without `?replace=` NetSuite appends the lines again."""

    record_type: ClassVar[str]
    replace: ClassVar[tuple[str, ...]] = ()

    external_id: str
    custom: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _EXTERNAL_ID.fullmatch(self.external_id):
            raise ValueError(f"{self.external_id!r} cannot be an external id in NetSuite")

    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """The body's own fields, in NetSuite's order; None is left out."""

    def body(self) -> dict[str, Any]:
        """What is sent. `custom` comes last, so that a field rule can fill any field by NetSuite's name."""
        return {"externalId": self.external_id} | filled(self.fields()) | dict(self.custom)

    def replaced(self) -> tuple[str, ...]:
        """The sublists of `replace` that this body carries; one that is not sent must not be emptied."""
        body = self.body()
        return tuple(name for name in self.replace if name in body)


@dataclass(frozen=True, kw_only=True)
class Customer(Record):
    """`entity_id` must be unique among all entities; without one, `auto_name` has NetSuite number it."""

    record_type: ClassVar[str] = "customer"
    # currencyList is keyed by its currency: sent again it does not grow, replaced it would drop a used one
    replace: ClassVar[tuple[str, ...]] = ("addressBook",)

    is_person: bool | None = None
    company_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    entity_id: str | None = None
    auto_name: bool | None = None
    email: str | None = None
    phone: str | None = None
    subsidiary: str | None = None
    currency: str | None = None
    currencies: tuple[str, ...] = ()
    terms: str | None = None
    category: str | None = None
    entity_status: str | None = None
    receivables_account: str | None = None
    taxable: bool | None = None
    comments: str | None = None
    addresses: tuple[Address, ...] = ()
    is_inactive: bool | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "isPerson": self.is_person,
            "companyName": self.company_name,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "entityId": self.entity_id,
            "autoName": self.auto_name,
            "email": self.email,
            "phone": self.phone,
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "currencyList": currency_list(self.currencies),
            "terms": ref(self.terms),
            "category": ref(self.category),
            "entityStatus": ref(self.entity_status),
            "receivablesAccount": ref(self.receivables_account),
            "taxable": self.taxable,
            "comments": self.comments,
            "addressBook": sublist(address.body() for address in self.addresses),
            "isInactive": self.is_inactive,
        }


@dataclass(frozen=True, kw_only=True)
class Invoice(Record):
    """`account` is the receivables account. NetSuite names the customer `entity` here."""

    record_type: ClassVar[str] = "invoice"
    replace: ClassVar[tuple[str, ...]] = ("item", "taxDetails")

    entity: str
    lines: tuple[InvoiceLine, ...]
    subsidiary: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    tran_date: date | None = None
    due_date: date | None = None
    terms: str | None = None
    posting_period: str | None = None
    tran_id: str | None = None
    other_ref_num: str | None = None
    memo: str | None = None
    account: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None
    approval_status: str | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "entity": ref(self.entity),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "dueDate": self.due_date,
            "terms": ref(self.terms),
            "postingPeriod": ref(self.posting_period),
            "tranId": self.tran_id,
            "otherRefNum": self.other_ref_num,
            "memo": self.memo,
            "account": ref(self.account),
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
            "approvalStatus": ref(self.approval_status),
            "toBeEmailed": False,
            "item": sublist(line.body() for line in self.lines),
        }


@dataclass(frozen=True, kw_only=True)
class CustomerPayment(Record):
    """Money received. It goes into `account`, or with `undeposited` into undeposited funds.

    NetSuite names the customer `customer` here, and calls the amount `payment`.
    """

    record_type: ClassVar[str] = "customerPayment"
    replace: ClassVar[tuple[str, ...]] = ("apply",)

    customer: str
    payment: Decimal
    currency: str | None = None
    exchange_rate: Decimal | None = None
    subsidiary: str | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    memo: str | None = None
    check_num: str | None = None
    account: str | None = None
    undeposited: bool = False
    ar_account: str | None = None
    payment_option: str | None = None
    apply: tuple[Apply, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "customer": ref(self.customer),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "payment": self.payment,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "memo": self.memo,
            "checkNum": self.check_num,
            "undepFunds": ref("T") if self.undeposited else None,
            "account": None if self.undeposited else ref(self.account),
            "arAcct": ref(self.ar_account),
            "paymentOption": ref(self.payment_option),
            "autoApply": False,
            "toBeEmailed": False,
            "apply": sublist(one.body() for one in self.apply),
        }


@dataclass(frozen=True, kw_only=True)
class CreditMemo(Record):
    """Revenue given back. Alone it needs `entity`; made from an invoice it takes over what is left out."""

    record_type: ClassVar[str] = "creditMemo"
    replace: ClassVar[tuple[str, ...]] = ("item", "taxDetails", "apply")

    entity: str | None = None
    lines: tuple[InvoiceLine, ...] = ()
    subsidiary: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    tran_id: str | None = None
    other_ref_num: str | None = None
    memo: str | None = None
    account: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None
    apply: tuple[Apply, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "entity": ref(self.entity),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "tranId": self.tran_id,
            "otherRefNum": self.other_ref_num,
            "memo": self.memo,
            "account": ref(self.account),
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
            "autoApply": False,
            "toBeEmailed": False,
            "item": sublist(line.body() for line in self.lines),
            "apply": sublist(one.body() for one in self.apply),
        }


@dataclass(frozen=True, kw_only=True)
class CustomerRefund(Record):
    """Money given back out of `account`, against open credit (`apply`) or a customer deposit (`deposits`).

    At least one of the two is needed. NetSuite names the customer `customer` here.
    """

    record_type: ClassVar[str] = "customerRefund"
    replace: ClassVar[tuple[str, ...]] = ("apply",)

    customer: str
    account: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    subsidiary: str | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    memo: str | None = None
    ar_account: str | None = None
    payment_option: str | None = None
    apply: tuple[Apply, ...] = ()
    deposits: tuple[Apply, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "customer": ref(self.customer),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "memo": self.memo,
            "account": ref(self.account),
            "arAcct": ref(self.ar_account),
            "paymentOption": ref(self.payment_option),
            "apply": sublist(one.body() for one in self.apply),
            "deposit": sublist(one.body() for one in self.deposits),
        }


@dataclass(frozen=True, kw_only=True)
class CashSale(Record):
    """Income and its money in one document, without a receivable. `undepFunds` is a plain box here [MEM]."""

    record_type: ClassVar[str] = "cashSale"
    replace: ClassVar[tuple[str, ...]] = ("item", "taxDetails")

    entity: str
    lines: tuple[InvoiceLine, ...]
    subsidiary: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    tran_id: str | None = None
    memo: str | None = None
    account: str | None = None
    undeposited: bool = False
    payment_option: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "entity": ref(self.entity),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "tranId": self.tran_id,
            "memo": self.memo,
            "undepFunds": True if self.undeposited else None,
            "account": None if self.undeposited else ref(self.account),
            "paymentOption": ref(self.payment_option),
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
            "toBeEmailed": False,
            "item": sublist(line.body() for line in self.lines),
        }


@dataclass(frozen=True, kw_only=True)
class CashRefund(Record):
    """A cash sale given back, out of `account`. Made from a cash sale it takes over what is left out."""

    record_type: ClassVar[str] = "cashRefund"
    replace: ClassVar[tuple[str, ...]] = ("item", "taxDetails")

    entity: str | None = None
    lines: tuple[InvoiceLine, ...] = ()
    subsidiary: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    tran_id: str | None = None
    memo: str | None = None
    account: str | None = None
    payment_option: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "entity": ref(self.entity),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "tranId": self.tran_id,
            "memo": self.memo,
            "account": ref(self.account),
            "paymentOption": ref(self.payment_option),
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
            "toBeEmailed": False,
            "item": sublist(line.body() for line in self.lines),
        }


@dataclass(frozen=True, kw_only=True)
class CustomerDeposit(Record):
    """Money received before there is an invoice; a liability until it is applied. `undepFunds` is a plain box [MEM]."""

    record_type: ClassVar[str] = "customerDeposit"

    customer: str
    payment: Decimal
    currency: str | None = None
    exchange_rate: Decimal | None = None
    subsidiary: str | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    memo: str | None = None
    account: str | None = None
    undeposited: bool = False
    payment_option: str | None = None
    sales_order: str | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "customer": ref(self.customer),
            "subsidiary": ref(self.subsidiary),
            "salesOrder": ref(self.sales_order),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "payment": self.payment,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "memo": self.memo,
            "undepFunds": True if self.undeposited else None,
            "account": None if self.undeposited else ref(self.account),
            "paymentOption": ref(self.payment_option),
        }


@dataclass(frozen=True, kw_only=True)
class DepositApplication(Record):
    """A customer deposit put against invoices; made from the deposit only (transform)."""

    record_type: ClassVar[str] = "depositApplication"
    replace: ClassVar[tuple[str, ...]] = ("apply",)

    tran_date: date | None = None
    memo: str | None = None
    apply: tuple[Apply, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "tranDate": self.tran_date,
            "memo": self.memo,
            "apply": sublist(one.body() for one in self.apply),
        }


@dataclass(frozen=True, kw_only=True)
class Deposited:
    """A payment, sale or refund that lies in undeposited funds, taken into the deposit by its internal id."""

    id: str

    def body(self) -> dict[str, Any]:
        return {"id": int(self.id), "deposit": True}


@dataclass(frozen=True, kw_only=True)
class DepositLine:
    """Money of a deposit that no record stands for (`other`, may be negative), or that is kept back (`cashBack`)."""

    account: str
    amount: Decimal
    memo: str | None = None
    entity: str | None = None
    ref_num: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        fields = {
            "account": ref(self.account),
            "amount": self.amount,
            "memo": self.memo,
            "entity": ref(self.entity),
            "refNum": self.ref_num,
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
        }
        return filled(fields) | dict(self.custom)


@dataclass(frozen=True, kw_only=True)
class Deposit(Record):
    """What reached the bank. Its total: payments + others - cash back."""

    record_type: ClassVar[str] = "deposit"
    replace: ClassVar[tuple[str, ...]] = ("payment", "other", "cashBack")

    account: str
    currency: str | None = None
    exchange_rate: Decimal | None = None
    subsidiary: str | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    memo: str | None = None
    payments: tuple[Deposited, ...] = ()
    others: tuple[DepositLine, ...] = ()
    cash_back: tuple[DepositLine, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "account": ref(self.account),
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "memo": self.memo,
            "payment": sublist(one.body() for one in self.payments),
            "other": sublist(one.body() for one in self.others),
            "cashBack": sublist(one.body() for one in self.cash_back),
        }


@dataclass(frozen=True, kw_only=True)
class JournalLine:
    """One of `debit` and `credit`. A line on a receivable needs its `entity`."""

    account: str
    debit: Decimal | None = None
    credit: Decimal | None = None
    memo: str | None = None
    entity: str | None = None
    department: str | None = None
    class_: str | None = None
    location: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        fields = {
            "account": ref(self.account),
            "debit": self.debit,
            "credit": self.credit,
            "memo": self.memo,
            "entity": ref(self.entity),
            "department": ref(self.department),
            "class": ref(self.class_),
            "location": ref(self.location),
        }
        return filled(fields) | dict(self.custom)


@dataclass(frozen=True, kw_only=True)
class JournalEntry(Record):
    """`approval_status` 2 is approved. NetSuite refuses one whose debits and credits differ."""

    record_type: ClassVar[str] = "journalEntry"
    replace: ClassVar[tuple[str, ...]] = ("line",)

    lines: tuple[JournalLine, ...]
    subsidiary: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    tran_date: date | None = None
    posting_period: str | None = None
    memo: str | None = None
    approval_status: str | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "subsidiary": ref(self.subsidiary),
            "currency": ref(self.currency),
            "exchangeRate": self.exchange_rate,
            "tranDate": self.tran_date,
            "postingPeriod": ref(self.posting_period),
            "memo": self.memo,
            "approvalStatus": ref(self.approval_status),
            "line": sublist(line.body() for line in self.lines),
        }


@dataclass(frozen=True, kw_only=True)
class InvoiceLink(Record):
    """The custom record that leads to an invoice's page at Stripe. Without a `url` what was there is emptied."""

    record_type: ClassVar[str] = "customrecord_tieout_invoice_link"

    name: str
    invoice: str
    stripe_id: str
    customer: str | None = None
    url: str | None = None
    pdf: str | None = None
    status: str | None = None
    expires: date | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "custrecord_tieout_invoice": ref(self.invoice),
            "custrecord_tieout_customer": ref(self.customer),
            "custrecord_tieout_stripe_id": self.stripe_id,
            "custrecord_tieout_status": self.status,
        }

    def body(self) -> dict[str, Any]:
        shown = {
            "custrecord_tieout_url": self.url,
            "custrecord_tieout_pdf": self.pdf,
            "custrecord_tieout_expires": self.expires,
        }
        return {"externalId": self.external_id} | filled(self.fields()) | shown | dict(self.custom)


def ref(internal_id: str | None) -> dict[str, str] | None:
    """NetSuite's reference to a record, list value or enumeration."""
    return None if internal_id is None else {"id": internal_id}


def currency_list(currencies: Iterable[str]) -> dict[str, Any] | None:
    """The sublist that gives a customer its currencies, by internal id; also the body field of a patch."""
    return sublist({"currency": ref(currency)} for currency in currencies)


def sublist(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """`{"items": [...]}`, or None for no lines: an absent sublist is left alone."""
    items = [dict(line) for line in lines]
    return {"items": items} if items else None


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
