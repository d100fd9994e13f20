"""Oracle's functions, as SQLite calls them from a translated query."""

from __future__ import annotations

import re
import sqlite3
from calendar import monthrange
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.netsuite.cells import DATE_MARK, Cell, moment
from sandbox.netsuite.fields import Kind

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

TO_CHAR_FORMATS = {
    "YYYY": "%Y", "HH24": "%H", "MI": "%M", "SS": "%S", "MM": "%m", "DD": "%d", "HH12": "%I", "HH": "%I", "AM": "%p",
    "PM": "%p", "MONTH": "%B", "MON": "%b", "DAY": "%A", "DY": "%a", "DDD": "%j", "YY": "%y", "Q": "Q", "D": "%w",
}  # fmt: skip
_FORMAT = re.compile("|".join(sorted(TO_CHAR_FORMATS, key=len, reverse=True)), re.IGNORECASE)


def register(world: NetSuiteWorld, connection: sqlite3.Connection) -> None:
    if world.tables.registered is connection:
        return
    world.tables.registered = connection
    connection.create_function("ns_sysdate", 0, lambda: moment(world, world.clock.now()))
    connection.create_function("ns_df", 4, lambda table, column, value, kind: _df(world, table, column, value, kind))
    for name, count, function in (
        ("ns_to_char", -1, _to_char),
        ("ns_to_date", -1, _to_date),
        ("ns_trunc", -1, _trunc),
        ("ns_add_months", 2, _add_months),
        ("ns_add", 2, lambda left, right: _plus(left, right, 1)),
        ("ns_sub", 2, lambda left, right: _plus(left, right, -1)),
        ("ns_concat", 2, _concat),
        ("ns_to_number", 1, lambda value: None if value is None else float(value)),
    ):
        connection.create_function(name, count, function, deterministic=True)


def _df(world: NetSuiteWorld, table: str, column: str, value: Cell, kind: Cell) -> Cell:
    if value is None:
        return None
    if table == "transaction" and column in ("status", "type"):
        code = kind if column == "status" else value
        definition = next((one for one in world.definitions.values() if one.code == code), None)
        if definition is None:
            return value
        if column == "type":
            return definition.title
        return f"{definition.title} : {definition.statuses.get(str(value), value)}"
    found = world.tables.tables.get(table)
    field = found.shows.get(column) if found else None
    if field is not None and field.kind is Kind.REF:
        return world.name_of(field.to, str(value)) or None
    if field is not None and field.kind is Kind.BOOL:
        return "Yes" if value == "T" else "No"
    return field.choices.get(str(value), value) if field is not None else value


def plain_number(value: float) -> str:
    """What a sum of doubles was meant to be, without a trailing .0."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _is_date(value: Cell) -> bool:
    return isinstance(value, str) and value.startswith(DATE_MARK)


def _parsed(value: Cell) -> datetime:
    return datetime.fromisoformat(str(value)[1:])


def _marked(at: datetime) -> str:
    return DATE_MARK + at.strftime("%Y-%m-%d %H:%M:%S")


def _to_char(value: Cell, format: str | None = None) -> Cell:
    if value is None:
        return None
    if not _is_date(value):
        return plain_number(value) if isinstance(value, float) else str(value)
    at = _parsed(value)
    if format is None:
        return f"{at.month}/{at.day}/{at.year}"
    if "%" in format:
        return at.strftime(format)
    turned = _FORMAT.sub(lambda found: TO_CHAR_FORMATS[found.group().upper()], format)
    return at.strftime(turned).replace("Q", str((at.month - 1) // 3 + 1)) if "Q" in turned else at.strftime(turned)


def _to_date(value: Cell, format: str = "%m/%d/%Y") -> Cell:
    if value is None or _is_date(value):
        return value
    return _marked(datetime.strptime(str(value), format))  # noqa: DTZ007


def _trunc(value: Cell, unit: Cell = None) -> Cell:
    if value is None:
        return None
    if not _is_date(value):
        digits = int(unit) if isinstance(unit, int) else 0
        scale = 10**digits
        whole = int(float(value) * scale)
        return whole / scale if digits else whole
    at = _parsed(value).replace(hour=0, minute=0, second=0)
    name = str(unit or "DD").upper()
    if name in ("MM", "MONTH", "MON"):
        at = at.replace(day=1)
    elif name in ("Y", "YY", "YYYY", "YEAR"):
        at = at.replace(month=1, day=1)
    elif name in ("Q", "QUARTER"):
        at = at.replace(month=(at.month - 1) // 3 * 3 + 1, day=1)
    return _marked(at)


def _add_months(value: Cell, months: Cell) -> Cell:
    if value is None or months is None:
        return None
    at = _parsed(value)
    month = at.year * 12 + at.month - 1 + int(float(months))
    year, number = month // 12, month % 12 + 1
    return _marked(at.replace(year=year, month=number, day=min(at.day, monthrange(year, number)[1])))


def _plus(left: Cell, right: Cell, sign: int) -> Cell:
    if left is None or right is None:
        return None
    if _is_date(left) and _is_date(right):
        return (_parsed(left) - _parsed(right)) / timedelta(days=1)
    if _is_date(left):
        return _marked(_parsed(left) + sign * timedelta(days=float(right)))
    if _is_date(right):
        return _marked(_parsed(right) + timedelta(days=float(left)))
    if isinstance(left, int) and isinstance(right, int):
        return left + sign * right
    return float(left) + sign * float(right)


def _concat(left: Cell, right: Cell) -> Cell:
    return f"{_to_char(left) or ''}{_to_char(right) or ''}" or None
