"""Field rules: what finance puts into the NetSuite records that flows map, and what no rule may touch."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.core import expressions
from app.core.links import ROLES

_FIELD = re.compile(r"(?:([A-Za-z][A-Za-z]*)\.)?([A-Za-z][A-Za-z0-9_]{0,62})")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
Kind = Literal["text", "id", "ids", "number", "integer", "boolean", "date", "datetime"]

IDENTITY = "it is how the record is found again; another one would make a second record"
AMOUNT = "amounts are Stripe's, and are proven to add up before anything is sent"
CURRENCY = "the currency and its rate come from Stripe's payment; flow exchange_rates_to_netsuite sets rates"
WHOSE = "whose record it is follows from matching; set `match.customers`"
WHERE = "the subsidiary follows from the customer and from `books`; dates and accounts depend on it"
WHEN = "posting days follow from the event and from `period_policy`"
ACCOUNT = "the accounts are in `books.<account>.accounts`, where the flows that settle the record look them up"
APPLIED = "what money is applied to is what Stripe says was paid"
LINES = "lines are made by the flow; a rule sets fields of its lines, such as `item.department`"
IN_STEP = "it is kept in step with Stripe, by the options of flow stripe_customer_to_netsuite"
MAILED = "Tieout never lets NetSuite e-mail a document that Stripe has sent"


def _each(reason: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, reason)


_TRANSACTION = {
    **_each(AMOUNT, "total", "subtotal", "amount", "payment", "taxTotal", "discountTotal", "discountItem"),
    **_each(AMOUNT, "discountRate", "shippingCost", "handlingCost", "taxRate", "taxDetails", "taxDetailsOverride"),
    **_each(CURRENCY, "currency", "exchangeRate"),
    **_each(WHOSE, "entity", "customer"),
    **_each(WHERE, "subsidiary"),
    **_each(WHEN, "tranDate", "postingPeriod"),
    **_each(ACCOUNT, "account", "arAcct", "undepFunds"),
    **_each(MAILED, "toBeEmailed"),
}
_APPLYING = _each(APPLIED, "apply", "credit", "deposit", "autoApply", "salesOrder", "createdFrom")
_SALE = {**_TRANSACTION, **_each(LINES, "item")}
_CUSTOMER = {
    **_each(WHERE, "subsidiary"),
    **_each("a customer is given the currencies it transacts in, and those of `books`", "currency", "currencyList"),
    **_each(IN_STEP, "companyName", "firstName", "lastName", "isPerson", "email", "phone", "addressBook", "isInactive"),
}

PROTECTED: Mapping[str, Mapping[str, str]] = {
    "customer": _CUSTOMER,
    "invoice": _SALE,
    "creditMemo": {**_SALE, **_APPLYING},
    "cashSale": _SALE,
    "cashRefund": _SALE,
    "customerPayment": {**_TRANSACTION, **_APPLYING},
    "customerRefund": {**_TRANSACTION, **_APPLYING},
    "customerDeposit": {**_TRANSACTION, **_APPLYING},
    "depositApplication": {**_TRANSACTION, **_APPLYING},
    "deposit": {**_TRANSACTION, **_each(LINES, "payment", "other", "cashBack")},
    "journalEntry": {**_TRANSACTION, **_each(LINES, "line")},
    "customrecord_tieout_invoice_link": {},
}
"""Record type -> field -> why no rule may set it. Of every record: its ids."""

_ANY = _each(IDENTITY, "id", "internalId", "externalId", "links")
_SALE_LINE = _each(
    AMOUNT, "line", "amount", "rate", "quantity", "price", "grossAmt", "tax1Amt", "taxRate1", "taxDetailsReference"
)
_MONEY_LINE = {**_each(AMOUNT, "line", "amount"), **_each(ACCOUNT, "account"), **_each(WHOSE, "entity")}
_JOURNAL_LINE = {**_MONEY_LINE, **_each(AMOUNT, "debit", "credit")}

PROTECTED_LINES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "invoice": {"item": _SALE_LINE},
    "creditMemo": {"item": _SALE_LINE},
    "cashSale": {"item": _SALE_LINE},
    "cashRefund": {"item": _SALE_LINE},
    "deposit": {"other": _MONEY_LINE, "cashBack": _MONEY_LINE},
    "journalEntry": {"line": _JOURNAL_LINE},
}
"""Record type -> sublist that rules may reach into -> field -> why no rule may set it."""


class RulePart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FromTable(RulePart):
    """One value for another."""

    of: str = Field(description="Expression whose value is looked up, such as `source.currency`.")
    values: dict[str, str] = Field(description="Value -> what is written.")
    default: str | None = Field(None, description="For a value that is not named; without one the record is held.")

    @field_validator("of")
    @classmethod
    def _readable(cls, text: str) -> str:
        return _read(text)


class FromNetSuite(RulePart):
    """The internal id of the one NetSuite record whose field has a value."""

    record_type: str = Field(description="As SuiteQL names it: `department`, `classification`, `customrecord_region`.")
    field: str = Field(description="Its field that is compared, such as `name` or `custrecord_code`.")
    equals: str = Field(description="Expression whose value it must have.")

    @field_validator("record_type", "field")
    @classmethod
    def _named(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name in SuiteQL: letters, digits and underscores")
        return name

    @field_validator("equals")
    @classmethod
    def _readable(cls, text: str) -> str:
        return _read(text)


class FieldRule(RulePart):
    """One field of the records that flows write into NetSuite, from an expression, a table, a look-up or a constant."""

    name: str = Field(min_length=1, max_length=80, description="What it is called in explanations and when it fails.")
    record_type: str = Field(description="NetSuite record type, such as `invoice` or `customerPayment`.")
    field: str = Field(description="NetSuite field: `memo`, `custbody_region`, or of its lines `item.department`.")
    do: Literal["set", "default", "override"] = Field(
        "set",
        description="set: a field that the flow leaves empty, held when it does not; default: only where it is empty; "
        "override: whatever the flow says.",
    )
    flow: str | None = Field(None, description="Only in this flow.")
    account: str | None = Field(None, description="Only for this Stripe account.")
    subsidiary: str | None = Field(None, description="Only for records of this subsidiary (internal id).")
    when: str | None = Field(None, description="Expression; the rule applies where it is true.")
    lines: str | None = Field(None, description="Expression over `line`: of a line's field, in which lines.")
    value: str | bool | int | None = Field(None, description="A constant.")
    expression: str | None = Field(None, description="Computed from `source` and `record`.")
    table: FromTable | None = None
    lookup: FromNetSuite | None = None
    type: Kind | None = Field(
        None, description="What the field takes; none: an id for a look-up, else what the expression gives."
    )
    if_empty: Literal["skip", "clear"] = Field("skip", description="An empty result: no rule, or an emptied field.")
    updates: bool = Field(
        False, description="Also when a flow writes single fields of a record that is there (customers, link fields)."
    )

    @field_validator("when", "lines", "expression")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        return text if text is None else _read(text)

    @model_validator(mode="after")
    def _possible(self) -> "FieldRule":
        given = [name for name in ("value", "expression", "table", "lookup") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of `value`, `expression`, `table` and `lookup`")
        reason = refusal(self.record_type, self.field)
        if reason:
            raise ValueError(reason)
        if self.lines is not None and self.sublist is None:
            raise ValueError("`lines` is for a line's field, such as `item.department`")
        if self.updates and self.sublist is not None:
            raise ValueError("`updates` is for a record's own fields, not for its lines")
        return self

    @property
    def sublist(self) -> str | None:
        return self.field.partition(".")[0] if "." in self.field else None

    @property
    def own_field(self) -> str:
        return self.field.rpartition(".")[2]

    def concerns(self, flow: str, account: str) -> bool:
        return self.flow in (None, flow) and self.account in (None, account)


def refusal(record_type: str, field: str) -> str | None:
    """Why there can be no rule for this field, as a sentence; None when there can."""
    if record_type not in PROTECTED:
        known = ", ".join(PROTECTED)
        return f"there is no record type {record_type!r}{near(record_type, PROTECTED)}; there are {known}"
    found = _FIELD.fullmatch(field)
    if found is None:
        return f"{field!r} is not a field's name, such as `memo`, `custbody_region` or `item.department`"
    sublist, own = found.groups()
    if sublist is None:
        reason = _named(_ANY | dict(PROTECTED[record_type]), own)
    else:
        reachable = PROTECTED_LINES.get(record_type, {})
        if sublist not in reachable:
            known = ", ".join(reachable) or "none"
            return f"rules do not reach into `{sublist}` of {record_type}; sublists that they do: {known}"
        reason = _named(_ANY | dict(reachable[sublist]), own)
    return reason and f"no rule may set `{field}` of {record_type}: {reason}"


def _named(reasons: Mapping[str, str], name: str) -> str | None:
    """NetSuite's names count in any case."""
    return next((reason for known, reason in reasons.items() if known.lower() == name.lower()), None)


def near(word: str, known: Mapping[str, Any]) -> str:
    alike = get_close_matches(word, list(known), n=3)
    return f", did you mean {' or '.join(map(repr, alike))}?" if alike else ""


def _read(text: str) -> str:
    try:
        expressions.check(text)
    except expressions.ExpressionError as error:
        raise ValueError(f"this expression cannot be used: {error}") from None
    return text


def unknown_fields(rules: "list[FieldRule] | tuple[FieldRule, ...]", fields: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each rule whose field is not among NetSuite's: record type -> its fields, any of them by name."""
    for number, rule in enumerate(rules):
        known = fields.get(rule.record_type)
        if known is None or rule.field.lower() in {name.lower() for name in known}:
            continue
        if rule.sublist and not any(name.startswith(f"{rule.sublist}.") for name in known):
            continue  # NetSuite has not told what its lines have
        yield (
            f"field_rules.{number}: rule “{rule.name}”: NetSuite has no field {rule.field!r} on "
            f"{rule.record_type}{near(rule.field, known)}"
        )


assert set(ROLES.values()) <= set(PROTECTED)
