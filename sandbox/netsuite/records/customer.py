"""The customer: an entity with currencies, a subsidiary, addresses and a balance."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import ENTITY, Behaviour, Definition, Record
from sandbox.netsuite.errors import please_enter, user_error
from sandbox.netsuite.fields import Field, Fields, Kind, Sublist, enum, flag, integer, moment, money, number, ref, text

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

ADDRESS = Field(
    "addressBookAddress",
    Kind.SUBRECORD,
    of=(
        text("addressee"),
        text("attention"),
        text("addr1", max_length=150),
        text("addr2", max_length=150),
        text("addr3", max_length=150),
        text("city"),
        text("state"),
        text("zip"),
        enum("country"),
        text("addrPhone"),
        flag("override"),
    ),
)
NAME_TAKEN = (
    "A customer record with this ID already exists. You must enter a unique customer ID for each record you create."
)


class Customer(Behaviour):
    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        _settle_name(world, record, before)
        _settle_email(record)
        _settle_currencies(world, record, before)
        _settle_addresses(record)
        moved = before is not None and before.fields.ref("subsidiary") != record.fields.ref("subsidiary")
        if moved and world.owned_by(record.id):
            raise user_error("The subsidiary cannot be changed because the customer has transactions.", "subsidiary")

    def computed(self, world: NetSuiteWorld, record: Record) -> Fields:
        balance = sum((base for _, base in world.owed(record.id).values()), Decimal(0))
        base = world.base_currency(record.fields.ref("subsidiary"))
        return Fields(balance=world.rounded(balance, base), altName=display_name(record))

    def listed(self, world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
        lines = record.lines(sublist)
        if sublist != "currencyList":
            return lines
        balances = {line.ref("currency"): currency_balance(world, record, line.ref("currency")) for line in lines}
        return [Fields({**line, "balance": balances[line.ref("currency")]}) for line in lines]

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        shown = display_name(record)
        entity_id = record.fields.text("entityId")
        return entity_id if shown in ("", entity_id) else f"{entity_id} {shown}"

    def may_delete(self, world: NetSuiteWorld, record: Record) -> None:
        if world.owned_by(record.id):
            raise user_error("This customer cannot be deleted because it has transactions associated with it.")


def display_name(record: Record) -> str:
    fields = record.fields
    if fields.flag("isPerson"):
        return " ".join(part for part in (fields.text("firstName"), fields.text("lastName")) if part)
    return fields.text("companyName")


def currency_balance(world: NetSuiteWorld, record: Record, currency: str) -> Decimal:
    return world.owed(record.id).get(currency, (Decimal(0), Decimal(0)))[0]


def currencies_of(record: Record) -> set[str]:
    return {line.ref("currency") for line in record.lines("currencyList")}


def _settle_name(world: NetSuiteWorld, record: Record, before: Record | None) -> None:
    fields = record.fields
    if fields.flag("isPerson"):
        if not fields.text("firstName") or not fields.text("lastName"):
            raise please_enter("First Name, Last Name")
    elif not fields.text("companyName"):
        raise please_enter("Company Name")
    if not fields.text("entityId"):
        fields["entityId"] = _automatic_name(world, record)
    if before is None or before.fields.text("entityId") != fields.text("entityId"):
        _refuse_taken(world, record)


def _automatic_name(world: NetSuiteWorld, record: Record) -> str:
    asked = record.fields.get("autoName")
    automatic = world.settings.auto_number_entities if asked is None else asked
    return f"CUS{world.next_number('customer')}" if automatic else display_name(record)


def _refuse_taken(world: NetSuiteWorld, record: Record) -> None:
    wanted = record.fields.text("entityId").lower()
    for other in world.space(ENTITY).values():
        if other.id != record.id and other.fields.text("entityId").lower() == wanted:
            raise user_error(NAME_TAKEN, "entityId")


def _settle_email(record: Record) -> None:
    email = record.fields.text("email")
    if email and not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+", email):
        raise user_error(f"Invalid email address {email}.", "email")


def _settle_currencies(world: NetSuiteWorld, record: Record, before: Record | None) -> None:
    fields = record.fields
    if not fields.ref("currency"):
        fields["currency"] = world.base_currency(fields.ref("subsidiary"))
    listed = {line.ref("currency"): line for line in record.lines("currencyList")}
    listed.setdefault(fields.ref("currency"), Fields(currency=fields.ref("currency")))
    record.lists["currencyList"] = list(listed.values())
    if before is not None:
        used = {one.fields.ref("currency") for one in world.owned_by(record.id)}
        if used - set(listed):
            raise user_error(
                "A currency cannot be removed because the customer has transactions in it.", "currencyList"
            )


def _settle_addresses(record: Record) -> None:
    lines = record.lines("addressBook")
    taken = [line.whole("internalId") or 0 for line in lines]
    for line in lines:
        if line.whole("internalId") is None:
            line["internalId"] = max([*taken, 0]) + 1
            taken.append(line.whole("internalId") or 0)
    for name in ("defaultBilling", "defaultShipping"):
        chosen = [line for line in lines if line.flag(name)]
        for line in chosen[:-1]:
            line[name] = False


CUSTOMER = Definition(
    "customer",
    ENTITY,
    (
        text("entityId", max_length=83),
        text("altName", readonly=True),
        flag("isPerson", default=False),
        text("companyName", max_length=83),
        text("firstName", max_length=32),
        text("lastName", max_length=32),
        text("salutation"),
        text("email", max_length=254),
        text("phone", max_length=32),
        text("altPhone", max_length=32),
        text("url"),
        ref("subsidiary", "subsidiary", label="Primary Subsidiary", required=True),
        ref("currency", "currency", label="Primary Currency"),
        ref("terms", "term"),
        ref("receivablesAccount", "account"),
        ref("category", "customerCategory"),
        ref("entityStatus", "entityStatus"),
        ref("parent", "customer"),
        enum("language"),
        enum("emailPreference"),
        text("comments"),
        text("vatRegNumber"),
        text("resaleNumber"),
        text("accountNumber"),
        flag("taxable"),
        flag("autoName"),
        flag("isInactive", default=False),
        money("creditLimit"),
        money("balance", readonly=True),
        money("depositBalance", readonly=True),
        moment("dateCreated", readonly=True),
        moment("lastModifiedDate", readonly=True),
    ),
    (
        Sublist("currencyList", (ref("currency", "currency"), money("balance", readonly=True)), ("currency",)),
        Sublist(
            "addressBook",
            (integer("internalId"), text("label"), flag("defaultBilling"), flag("defaultShipping"), ADDRESS),
            ("internalId",),
        ),
        Sublist("taxRegistration", (text("taxRegistrationNumber"), enum("nexusCountry"), number("id"))),
    ),
    title="Customer",
    custom="entity",
    behaviour=Customer(),
)
