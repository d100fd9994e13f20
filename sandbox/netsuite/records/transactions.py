"""What all transactions share: party, subsidiary, currency, rate, date, period, number, and A/R applications."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.engine import blank
from sandbox.netsuite.errors import invalid_value, please_enter, user_error
from sandbox.netsuite.fields import (
    Field,
    day,
    enum,
    moment,
    money,
    number,
    ref,
    text,
)
from sandbox.netsuite.periods import period_shut
from sandbox.netsuite.records.customer import currencies_of

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

OUTSIDE_PERIOD = "The transaction date you specified is not within the date range of your accounting period."
APPROVALS = {"1": "Pending Approval", "2": "Approved", "3": "Rejected", "11": "Open"}

HEADER: tuple[Field, ...] = (
    text("tranId", max_length=45),
    text("transactionNumber", readonly=True),
    day("tranDate"),
    ref("postingPeriod", "accountingPeriod"),
    ref("currency", "currency"),
    number("exchangeRate"),
    ref("subsidiary", "subsidiary"),
    text("memo", max_length=999),
    enum("status", readonly=True),
    ref("createdFrom", "transaction", readonly=True),
    enum("source", readonly=True),
    ref("createdBy", "employee", readonly=True),
    ref("lastModifiedBy", "employee", readonly=True),
    moment("createdDate", readonly=True),
    moment("lastModifiedDate", readonly=True),
    ref("department", "department"),
    ref("class", "classification"),
    ref("location", "location"),
    text("customForm"),
    money("total", readonly=True),
)


def settle_header(world: NetSuiteWorld, record: Record, before: Record | None, party: str) -> Record:
    """Fill in the header from the customer and the date; gives the customer."""
    customer = _customer(world, record, before, party)
    _settle_subsidiary(record, customer)
    _settle_currency(world, record, before, customer)
    settle_date(world, record, before)
    if before is None:
        settle_number(world, record)
    return customer


def _customer(world: NetSuiteWorld, record: Record, before: Record | None, party: str) -> Record:
    id = record.fields.ref(party)
    if not id:
        raise please_enter("Customer")
    customer = world.find("customer", id)
    if customer is None or (customer.fields.flag("isInactive") and before is None):
        raise invalid_value(party, id)
    if before is not None and before.fields.ref(party) != id and world.books.applied.get(record.id):
        raise user_error("The customer cannot be changed because other transactions are applied to this one.", party)
    return customer


def _settle_subsidiary(record: Record, customer: Record) -> None:
    own = customer.fields.ref("subsidiary")
    asked = record.fields.ref("subsidiary") or own
    if asked != own:
        raise invalid_value("subsidiary", asked)
    record.fields["subsidiary"] = own


def _settle_currency(world: NetSuiteWorld, record: Record, before: Record | None, customer: Record) -> None:
    fields = record.fields
    currency = fields.ref("currency") or customer.fields.ref("currency")
    if currency not in currencies_of(customer):
        raise invalid_value("currency", currency)
    fields["currency"] = currency
    if before is not None and before.fields.ref("currency") != currency:
        if world.books.applied.get(record.id):
            raise user_error("The currency cannot be changed because other transactions are applied.", "currency")
        fields["exchangeRate"] = None
    rate = fields.number("exchangeRate")
    if rate is not None and rate <= 0:
        raise invalid_value("exchangeRate", rate)
    if rate is None or currency == world.base_currency(fields.ref("subsidiary")):
        fields["exchangeRate"] = world.rate(currency, fields.ref("subsidiary"))


def settle_date(world: NetSuiteWorld, record: Record, before: Record | None) -> None:
    fields = record.fields
    fields["tranDate"] = fields.day("tranDate") or world.today()
    moved = before is not None and before.fields.day("tranDate") != fields.day("tranDate")
    asked = fields.ref("postingPeriod")
    if moved and before is not None and asked == before.fields.ref("postingPeriod"):
        asked = ""
    if asked:
        if before is None or before.fields.ref("postingPeriod") != asked:
            _refuse_period(world, asked)
        return
    fields["postingPeriod"] = _period_by_date(world, record)


def _refuse_period(world: NetSuiteWorld, asked: str) -> None:
    # a shut period is missing from the form's list, hence this sentence and no better one
    if period_shut(world, world.find("accountingPeriod", asked)):
        raise invalid_value("postingPeriod", asked)


def _period_by_date(world: NetSuiteWorld, record: Record) -> str:
    day = record.fields.day("tranDate") or world.today()
    period = world.period_of(day)
    if period is not None and not period_shut(world, period):
        return period.id
    if period is not None and world.settings.closed_date_policy == "first_open":
        later = (one for one in _months(world) if (one.fields.day("startDate") or day) > day)
        found = next((one for one in later if not period_shut(world, one)), None)
        if found is not None:
            return found.id
    raise user_error(OUTSIDE_PERIOD, "tranDate")


def _months(world: NetSuiteWorld) -> list[Record]:
    months = (one for one in world.all("accountingPeriod") if not one.fields.flag("isQuarter"))
    return sorted(
        (one for one in months if not one.fields.flag("isYear")), key=lambda one: str(one.fields["startDate"])
    )


def settle_number(world: NetSuiteWorld, record: Record) -> None:
    prefix = world.definition(record.type).prefix
    number = f"{prefix}{world.next_number(record.type)}"
    record.fields["transactionNumber"] = number
    record.fields["tranId"] = record.fields.text("tranId") or number


def in_base(world: NetSuiteWorld, amount: Decimal, record: Record) -> Decimal:
    rate = record.fields.number("exchangeRate") or Decimal(1)
    return world.rounded(amount * rate, world.base_currency(record.fields.ref("subsidiary")))


def transaction_fields(*more: Field) -> tuple[Field, ...]:
    return (*HEADER, *more)


def copied_header(world: NetSuiteWorld, source: Record, target: Definition, *names: str) -> Record:
    """A draft of the target that starts from the source, as a transform does."""
    draft = blank(world, target)
    for name in ("currency", "subsidiary", "department", "class", "location", *names):
        if source.fields.get(name) is not None:
            draft.fields[name] = source.fields[name]
    draft.fields["createdFrom"] = source.id
    return draft
