"""The `q` of a collection: conditions over a record's properties."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Definition, Record
from sandbox.netsuite.errors import NetSuiteError
from sandbox.netsuite.fields import Fields, Kind, Value, find_field
from sandbox.netsuite.views import values_of

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

_PART = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\(|\)|[^\s()"]+)')
Test = Callable[[Fields], bool]


def matching(world: NetSuiteWorld, definition: Definition, q: str) -> list[Record]:
    """The type's records that meet the conditions, by id; raises NetSuiteError for a query it can't read."""
    test = _Parser(world, definition, _PART.findall(q)).parsed() if q.strip() else (lambda _: True)
    records = sorted(world.all(definition.name), key=lambda one: int(one.id))
    return [one for one in records if test(_facts(world, definition, one))]


def _facts(world: NetSuiteWorld, definition: Definition, record: Record) -> Fields:
    return Fields({**values_of(world, definition, record), "id": record.id, "externalId": record.external_id})


class _Parser:
    def __init__(self, world: NetSuiteWorld, definition: Definition, parts: list[str]) -> None:
        self.world, self.definition, self.parts = world, definition, parts

    def parsed(self) -> Test:
        test = self._either()
        if self.parts:
            raise self._wrong()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._took("OR"):
            tests.append(self._both())
        return lambda facts: any(test(facts) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._took("AND"):
            tests.append(self._one())
        return lambda facts: all(test(facts) for test in tests)

    def _one(self) -> Test:
        if self._took("("):
            test = self._either()
            if not self._took(")"):
                raise self._wrong()
            return test
        return self._condition()

    def _condition(self) -> Test:
        if len(self.parts) < 2:
            raise self._wrong()
        name, operator = self.parts.pop(0), self.parts.pop(0).upper()
        real = self._name(name)
        if operator in ("EMPTY", "EMPTY_NOT"):
            return lambda facts: (facts.get(real) in (None, "")) is (operator == "EMPTY")
        if not self.parts or operator.removesuffix("_NOT") not in _OPERATORS:
            raise self._wrong()
        wanted = _unquoted(self.parts.pop(0))
        compare, turned = _OPERATORS[operator.removesuffix("_NOT")], operator.endswith("_NOT")
        return lambda facts: compare(facts.get(real), wanted) is not turned

    def _name(self, name: str) -> str:
        if name.lower() in ("id", "externalid"):
            return "id" if name.lower() == "id" else "externalId"
        found = find_field(self.world.fields_of(self.definition), name)
        if found is None or found.kind in (Kind.SUBRECORD, Kind.MULTI):
            raise NetSuiteError(f"Invalid query parameter q: the field {name} is not known.", "INVALID_PARAMETER")
        return found.name

    def _took(self, word: str) -> bool:
        if self.parts and self.parts[0].upper() == word:
            self.parts.pop(0)
            return True
        return False

    def _wrong(self) -> NetSuiteError:
        return NetSuiteError("Invalid search query in the query parameter q.", "INVALID_PARAMETER")


def _unquoted(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part[1:-1]) if part.startswith('"') else part


def _text(value: Value) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _is(value: Value, wanted: str) -> bool:
    return _text(value).lower() == wanted.lower()


def _number(value: Value, wanted: str) -> tuple[Decimal, Decimal] | None:
    try:
        return Decimal(_text(value)), Decimal(wanted)
    except InvalidOperation:
        return None


def _compared(test: Callable[[Decimal, Decimal], bool]) -> Callable[[Value, str], bool]:
    def compare(value: Value, wanted: str) -> bool:
        pair = _number(value, wanted)
        return pair is not None and test(*pair)

    return compare


def _dated(test: Callable[[date, date], bool]) -> Callable[[Value, str], bool]:
    def compare(value: Value, wanted: str) -> bool:
        day = value.date() if isinstance(value, datetime) else value
        return isinstance(day, date) and test(day, _account_date(wanted))

    return compare


def _account_date(text: str) -> date:
    # filters take the account's date format, unlike bodies
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if found is None:
        raise NetSuiteError(f"Invalid date in the query parameter q: {text}.", "INVALID_PARAMETER")
    return date(int(found[3]), int(found[1]), int(found[2]))


def _any_of(value: Value, wanted: str) -> bool:
    return _text(value) in [one.strip().strip('"') for one in wanted.strip("[]").split(",")]


_OPERATORS: dict[str, Callable[[Value, str], bool]] = {
    "IS": _is,
    "CONTAIN": lambda value, wanted: wanted.lower() in _text(value).lower(),
    "START_WITH": lambda value, wanted: _text(value).lower().startswith(wanted.lower()),
    "END_WITH": lambda value, wanted: _text(value).lower().endswith(wanted.lower()),
    "EQUAL": _compared(lambda left, right: left == right),
    "GREATER": _compared(lambda left, right: left > right),
    "GREATER_OR_EQUAL": _compared(lambda left, right: left >= right),
    "LESS": _compared(lambda left, right: left < right),
    "LESS_OR_EQUAL": _compared(lambda left, right: left <= right),
    "ANY_OF": _any_of,
    "ON": _dated(lambda left, right: left == right),
    "BEFORE": _dated(lambda left, right: left < right),
    "AFTER": _dated(lambda left, right: left > right),
    "ON_OR_BEFORE": _dated(lambda left, right: left <= right),
    "ON_OR_AFTER": _dated(lambda left, right: left >= right),
}
