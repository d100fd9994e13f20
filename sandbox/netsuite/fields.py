"""The properties of NetSuite records: their kinds, how JSON becomes a value and a value becomes JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeAlias, cast

from sandbox.netsuite.errors import NetSuiteError, invalid_content, invalid_value

Value: TypeAlias = "str | bool | int | Decimal | date | datetime | tuple[str, ...] | Fields | None"
Json = Any


class Kind(StrEnum):
    TEXT = "text"
    BOOL = "bool"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    REF = "ref"
    MULTI = "multi"
    ENUM = "enum"
    SUBRECORD = "subrecord"


@dataclass(frozen=True)
class Field:
    """One property. `to` is the record type (or group) a reference leads to; `choices` an enumeration's names."""

    name: str
    kind: Kind = Kind.TEXT
    to: str = ""
    label: str = ""
    required: bool = False
    readonly: bool = False
    default: Value = None
    choices: Mapping[str, str] = field(default_factory=dict)
    of: tuple[Field, ...] = ()
    max_length: int = 0
    column: str = ""

    @property
    def shown(self) -> str:
        return self.label or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name).title()


@dataclass(frozen=True)
class Sublist:
    """Lines of a record. Lines are matched by `key`; one without a key can only be appended to or replaced."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    readonly: bool = False

    def field_named(self, name: str) -> Field | None:
        return find_field(self.fields, name)


class Fields(dict[str, Value]):
    """Values by property name, read by the type the reader expects."""

    def text(self, name: str) -> str:
        value = self.get(name)
        return value if isinstance(value, str) else ""

    ref = text

    def flag(self, name: str) -> bool:
        return self.get(name) is True

    def money(self, name: str) -> Decimal:
        value = self.get(name)
        return value if isinstance(value, Decimal) else Decimal(value) if isinstance(value, int) else Decimal(0)

    def number(self, name: str) -> Decimal | None:
        return self.money(name) if self.get(name) is not None else None

    def whole(self, name: str) -> int | None:
        value = self.get(name)
        return value if isinstance(value, int) else None

    def day(self, name: str) -> date | None:
        value = self.get(name)
        return value if isinstance(value, date) else None

    def sub(self, name: str) -> Fields:
        value = self.get(name)
        return value if isinstance(value, Fields) else Fields()

    def many(self, name: str) -> tuple[str, ...]:
        value = self.get(name)
        return value if isinstance(value, tuple) else ()

    def copy(self) -> Fields:
        return Fields(self)


Resolve = Callable[[str, str, str], str]
"""(record type or group, id or `eid:...`, property path) -> internal id; raises for an unknown one."""


def find_field(fields: tuple[Field, ...], name: str) -> Field | None:
    lowered = name.lower()
    return next((known for known in fields if known.name.lower() == lowered), None)


def parse(spec: Field, raw: Json, path: str, resolve: Resolve) -> Value:
    """The value of a JSON property; raises NetSuiteError naming `path`."""
    if raw is None or raw == "":
        return None
    return _PARSERS[spec.kind](spec, raw, path, resolve)


def _wrong(spec: Field, raw: Json, path: str) -> NetSuiteError:
    return invalid_content(f"Invalid value for the property {spec.name}: {raw!r} is not of type {spec.kind}.", path)


def _text(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    if not isinstance(raw, str):
        raise _wrong(spec, raw, path)
    if spec.max_length and len(raw) > spec.max_length:
        sentence = (
            f"The field {spec.name} contained more than the maximum number ( {spec.max_length} ) of characters allowed."
        )
        raise invalid_content(sentence, path)
    return raw


def _bool(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    if not isinstance(raw, bool):
        raise _wrong(spec, raw, path)
    return raw


def _integer(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    value = _decimal(spec, raw, path)
    if value != value.to_integral_value():
        raise _wrong(spec, raw, path)
    return int(value)


def _number(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    return _decimal(spec, raw, path)


def _percent(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    """A rate is an amount, or a text such as "-10.0%"."""
    if isinstance(raw, str) and raw.endswith("%"):
        _decimal(spec, raw[:-1], path)
        return raw
    return _decimal(spec, raw, path)


def _decimal(spec: Field, raw: Json, path: str) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
        raise _wrong(spec, raw, path)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise _wrong(spec, raw, path) from None
    if not value.is_finite():
        raise _wrong(spec, raw, path)
    return value


def _date(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
        raise _wrong(spec, raw, path)
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise _wrong(spec, raw, path) from None


def _datetime(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    try:
        value = datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise _wrong(spec, raw, path) from None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


def _ref(spec: Field, raw: Json, path: str, resolve: Resolve) -> Value:
    # a deposit's payment lines have the payment's bare internal id as their own
    if spec.name == "id" and isinstance(raw, str | int) and not isinstance(raw, bool):
        return resolve(spec.to, str(raw), path)
    if not isinstance(raw, Mapping) or not ({"id", "externalId"} & set(raw)):
        raise _wrong(spec, raw, path)
    if raw.get("id") is not None:
        return resolve(spec.to, str(raw["id"]), path)
    return resolve(spec.to, f"eid:{raw['externalId']}", path)


def _multi(spec: Field, raw: Json, path: str, resolve: Resolve) -> Value:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("items"), list):
        raise _wrong(spec, raw, path)
    return tuple(str(_ref(spec, item, path, resolve)) for item in raw["items"])


def _enum(spec: Field, raw: Json, path: str, _: Resolve) -> Value:
    chosen = str(raw.get("id")) if isinstance(raw, Mapping) else raw
    if not isinstance(chosen, str):
        raise _wrong(spec, raw, path)
    if spec.choices and chosen not in spec.choices:
        raise invalid_value(spec.name, chosen, path)
    return chosen


def _subrecord(spec: Field, raw: Json, path: str, resolve: Resolve) -> Value:
    if not isinstance(raw, Mapping):
        raise _wrong(spec, raw, path)
    inside = ((find_field(spec.of, name), value, name) for name, value in raw.items())
    return Fields(
        {known.name: parse(known, value, f"{path}.{name}", resolve) for known, value, name in inside if known}
    )


_PARSERS: Mapping[Kind, Callable[[Field, Json, str, Resolve], Value]] = {
    Kind.TEXT: _text,
    Kind.BOOL: _bool,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.PERCENT: _percent,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.REF: _ref,
    Kind.MULTI: _multi,
    Kind.ENUM: _enum,
    Kind.SUBRECORD: _subrecord,
}


@dataclass(frozen=True)
class Look:
    """How values are shown: the name of a reference, its address, and whether enumerations are bare ids."""

    name_of: Callable[[str, str], str]
    href: Callable[[str, str], str]
    simple_enums: bool = False


def render(spec: Field, value: Value, look: Look) -> Json:
    match spec.kind:
        case Kind.REF if spec.name == "id":
            return int(str(value))
        case Kind.REF:
            return reference(spec.to, str(value), look)
        case Kind.MULTI:
            return {"items": [reference(spec.to, one, look) for one in cast(tuple[str, ...], value)]}
        case Kind.ENUM:
            text = str(value)
            return text if look.simple_enums else {"id": text, "refName": spec.choices.get(text, text)}
        case Kind.DATE | Kind.DATETIME:
            return stamp(value)
        case Kind.SUBRECORD:
            inside = cast(Fields, value)
            return {
                one.name: render(one, inside[one.name], look) for one in spec.of if inside.get(one.name) is not None
            }
    return value


def reference(to: str, id: str, look: Look) -> Json:
    links = [{"rel": "self", "href": look.href(to, id)}]
    return {"links": links, "id": id, "refName": look.name_of(to, id)}


def stamp(value: Value) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def text(name: str, **more: Any) -> Field:
    return Field(name, Kind.TEXT, **more)


def flag(name: str, **more: Any) -> Field:
    return Field(name, Kind.BOOL, **more)


def money(name: str, **more: Any) -> Field:
    return Field(name, Kind.MONEY, **more)


def number(name: str, **more: Any) -> Field:
    return Field(name, Kind.NUMBER, **more)


def integer(name: str, **more: Any) -> Field:
    return Field(name, Kind.INTEGER, **more)


def day(name: str, **more: Any) -> Field:
    return Field(name, Kind.DATE, **more)


def moment(name: str, **more: Any) -> Field:
    return Field(name, Kind.DATETIME, **more)


def ref(name: str, to: str, **more: Any) -> Field:
    return Field(name, Kind.REF, to=to, **more)


def enum(name: str, choices: Mapping[str, str] | None = None, **more: Any) -> Field:
    return Field(name, Kind.ENUM, choices=choices or {}, **more)
