"""What a SuiteQL cell holds for a record's value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Record
from sandbox.netsuite.fields import Field, Fields, Kind, Value

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

Cell = str | int | float | None
Row = Mapping[str, Cell]

# Dates are marked, so that a date is told from a text that looks like one; marked dates compare as texts do
DATE_MARK = "\x01"
AFFINITY = {Kind.REF: "INTEGER", Kind.INTEGER: "INTEGER", Kind.MONEY: "REAL", Kind.NUMBER: "REAL"}


@dataclass(frozen=True)
class Table:
    """One SuiteQL table: its columns with SQLite affinity, and its rows for one record."""

    name: str
    columns: Mapping[str, str]
    rows: Callable[[Record], Iterable[Row]]
    sources: frozenset[str]
    shows: Mapping[str, Field]


def moment(world: NetSuiteWorld, at: datetime) -> str:
    """A time in the account's zone, to the second."""
    return DATE_MARK + at.astimezone(world.zone).strftime("%Y-%m-%d %H:%M:%S")


def cell(world: NetSuiteWorld, value: Value) -> Cell:
    match value:
        case None:
            return None
        case bool():
            return "T" if value else "F"
        case int():
            return value
        case Decimal():
            # a REST answer carries doubles too; sums are rounded again when they are shown
            return float(value)
        case datetime():
            return moment(world, value.astimezone(UTC))
        case date():
            return f"{DATE_MARK}{value.isoformat()} 00:00:00"
        case tuple():
            return ", ".join(value) or None
        case str():
            return value or None
    return None


def affinity(field: Field) -> str:
    return AFFINITY.get(field.kind, "TEXT")


def numeric(id: str) -> Cell:
    return int(id) if id.lstrip("-").isdigit() else id or None


def from_fields(world: NetSuiteWorld, fields: Iterable[Field], values: Fields) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for field in fields:
        value = values.get(field.name)
        is_ref = field.kind is Kind.REF and isinstance(value, str)
        row[field.name.lower()] = numeric(str(value)) if is_ref else cell(world, value)
    return row
