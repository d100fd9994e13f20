"""JSON as it goes to NetSuite and comes back: amounts are Decimal on both sides, never float."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def dumps(value: object) -> str:
    """JSON text. A Decimal is written digit for digit; a float is refused (TypeError), whatever it means."""
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{dumps(str(key))}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return dumps(_text(value))


def loads(text: str | bytes) -> Any:
    """Numbers with a fraction come as Decimal. Raises ValueError when it is not JSON."""
    return json.loads(text, parse_float=Decimal)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount")
    return format(value, "f")


def _text(value: object) -> str:
    """NetSuite: dates `YYYY-MM-DD`, times RFC 3339 in UTC (Online Help, section_157305090645)."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent to NetSuite")
