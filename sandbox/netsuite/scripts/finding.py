"""N/search and N/query over the sandbox's own records and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sandbox.netsuite import suiteql, views
from sandbox.netsuite.definitions import TRANSACTION, Definition, Record
from sandbox.netsuite.fields import Field, Kind, find_field, ref, text
from sandbox.netsuite.scripts import execution as units
from sandbox.netsuite.scripts import shapes
from sandbox.netsuite.scripts.execution import Execution
from sandbox.netsuite.scripts.refusals import ScriptError

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

ROWS = 5000
Test = Callable[[Record], bool]
OWN = (ref("internalId", TRANSACTION), text("recordType"), text("mainLine"), text("externalIdString"))
OPERATORS = (
    "ANYOF", "NONEOF", "IS", "ISNOT", "CONTAINS", "DOESNOTCONTAIN", "STARTSWITH", "ISEMPTY", "ISNOTEMPTY", "EQUALTO",
    "NOTEQUALTO", "GREATERTHAN", "LESSTHAN", "ON", "ONORAFTER", "ONORBEFORE", "AFTER", "BEFORE",
)  # fmt: skip


def query(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    """A SuiteQL query's first 5,000 rows, numbers as numbers."""
    one.pay(units.SEARCH)
    names, rows = suiteql.table(world, args["query"], args["params"])
    return {"names": names, "rows": rows[:ROWS]}


def search(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    one.pay(units.SEARCH)
    definitions = _searched(world, args["type"])
    test = _test(world, args["filters"])
    found = [record for record in _among(world, definitions, args["filters"]) if test(record)]
    page = sorted(found, key=lambda each: int(each.id))[int(args["start"]) : int(args["end"])]
    return [_row(world, record, args["columns"]) for record in page]


def lookup(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    one.pay(units.LOOKUP)
    record = world.get(_searched(world, args["type"])[0].name, args["id"])
    found = {name: (_field(world, record, name), *_value(world, record, name)) for name in args["columns"]}
    return {
        name: [{"value": value, "text": shown}] if field.kind in (Kind.REF, Kind.ENUM) and value != "" else value
        for name, (field, value, shown) in found.items()
    }


def _searched(world: NetSuiteWorld, type: str) -> list[Definition]:
    if type.lower() == TRANSACTION:
        return [one for one in world.definitions.values() if one.is_transaction]
    return [world.definition(type)]


def _among(world: NetSuiteWorld, definitions: Sequence[Definition], filters: Any) -> Iterable[Record]:
    """The records to look at: those an id names where the filters name ids, else all."""
    names = {one.name for one in definitions}
    space = definitions[0].namespace
    for each in filters if isinstance(filters, list) else ():
        if "OR" in [str(part).upper() for part in filters if isinstance(part, str)]:
            break
        if isinstance(each, list) and each and str(each[0]).lower() in ("externalid", "externalidstring"):
            found = [world.by_external_id(space, str(value)) for value in _flat(each[2:])]
            return [one for one in found if one and one.type in names]
    return [record for name in names for record in world.all(name)]


def _test(world: NetSuiteWorld, filters: Any) -> Test:
    if not filters:
        return lambda record: True
    if isinstance(filters[0], str) and filters[0].upper() != "NOT":
        return _condition(world, filters)
    if isinstance(filters[0], str):
        inner = _test(world, filters[1])
        return lambda record: not inner(record)
    return _joined(world, filters)


def _joined(world: NetSuiteWorld, parts: list[Any]) -> Test:
    words = {part.upper() for part in parts if isinstance(part, str)}
    if not words <= {"AND", "OR"} or len(words) > 1:
        raise ScriptError("SSS_INVALID_SRCH_FILTER_EXPR", "A filter expression joins its parts with and, or with or.")
    tests = [_test(world, part) for part in parts if not isinstance(part, str)]
    combined = any if words == {"OR"} else all
    return lambda record: combined(test(record) for test in tests)


def _condition(world: NetSuiteWorld, parts: list[Any]) -> Test:
    name, operator, *values = parts
    wanted = [str(one) for one in _flat(values)]
    compare = _COMPARISONS.get(str(operator).upper())
    if compare is None:
        raise ScriptError("SSS_INVALID_SRCH_OPERATOR", f"The search operator {operator} is not known.")
    return lambda record: compare(_plain(_value(world, record, str(name))[0]), wanted)


def _flat(values: Iterable[Any]) -> list[Any]:
    return [one for value in values for one in (value if isinstance(value, list) else [value])]


def _plain(value: Any) -> str:
    return {True: "T", False: "F"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[str, list[str]], bool]:
    def compare(value: str, wanted: list[str]) -> bool:
        if value == "":
            return False
        try:
            return test(Decimal(value), Decimal(wanted[0]))
        except InvalidOperation:
            return test(value, wanted[0])

    return compare


_COMPARISONS: dict[str, Callable[[str, list[str]], bool]] = {
    "ANYOF": lambda value, wanted: value in wanted or (value == "" and "@NONE@" in wanted),
    "NONEOF": lambda value, wanted: value not in wanted and not (value == "" and "@NONE@" in wanted),
    "IS": lambda value, wanted: value.lower() == wanted[0].lower(),
    "ISNOT": lambda value, wanted: value.lower() != wanted[0].lower(),
    "CONTAINS": lambda value, wanted: wanted[0].lower() in value.lower(),
    "DOESNOTCONTAIN": lambda value, wanted: wanted[0].lower() not in value.lower(),
    "STARTSWITH": lambda value, wanted: value.lower().startswith(wanted[0].lower()),
    "ISEMPTY": lambda value, wanted: value == "",
    "ISNOTEMPTY": lambda value, wanted: value != "",
    "EQUALTO": _ordered(lambda a, b: bool(a == b)),
    "NOTEQUALTO": _ordered(lambda a, b: bool(a != b)),
    "GREATERTHAN": _ordered(lambda a, b: bool(a > b)),
    "LESSTHAN": _ordered(lambda a, b: bool(a < b)),
    "ON": _ordered(lambda a, b: bool(a == b)),
    "ONORAFTER": _ordered(lambda a, b: bool(a >= b)),
    "ONORBEFORE": _ordered(lambda a, b: bool(a <= b)),
    "AFTER": _ordered(lambda a, b: bool(a > b)),
    "BEFORE": _ordered(lambda a, b: bool(a < b)),
}


def _field(world: NetSuiteWorld, record: Record, name: str) -> Field:
    known = shapes.body_fields(world, world.definition(record.type)).by_id
    found = known.get(name.lower()) or find_field(OWN, name)
    if found is None:
        raise ScriptError("SSS_INVALID_SRCH_COL", f"An nlobjSearchColumn contains an invalid column: {name}.")
    return found


def _value(world: NetSuiteWorld, record: Record, name: str) -> tuple[Any, str]:
    """A column's value and its text."""
    field = _field(world, record, name)
    values = views.values_of(world, world.definition(record.type), record)
    own: dict[str, Any] = {
        "internalid": record.id,
        "recordtype": record.type.lower(),
        "mainline": "*",
        "voided": record.voided,
    }
    own |= dict.fromkeys(("externalid", "externalidstring"), record.external_id or "")
    value = own.get(name.lower(), values.get(field.name))
    if value is None:
        return "", ""
    shown = world.name_of(field.to, str(value)) if field.kind is Kind.REF else _plain(value)
    return shapes.raw(field, value), shown


def _row(world: NetSuiteWorld, record: Record, columns: list[str]) -> dict[str, Any]:
    values = {name: list(_value(world, record, name)) for name in columns}
    return {"type": record.type.lower(), "id": record.id, "values": values}
