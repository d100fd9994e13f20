"""A value that knows where it was read. Only previews make such values; everything else takes them as what they are."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Kind = Literal["stripe", "netsuite", "link", "setting", "option", "default", "rule", "mapping"]


@dataclass(frozen=True)
class Origin:
    """`words`: the field it was read from, the setting's path, the rule's name."""

    kind: Kind
    words: str = ""


MAPPED = Origin("mapping")
"""Worked out by the flow, or the same for each record."""


class _Text(str):
    origin: Origin


class _Whole(int):
    origin: Origin


class _Amount(Decimal):
    origin: Origin


def told(value: Any, origin: Origin) -> Any:
    """The same value, that knows its origin; one that cannot is given back as it is."""
    kind = {str: _Text, int: _Whole, Decimal: _Amount}.get(type(value))
    if kind is None:
        return value
    remembered = kind(value)
    remembered.origin = origin
    return remembered


def forgotten(value: Any) -> Any:
    """The same without the memory, however deep it stands."""
    if isinstance(value, dict):
        return {name: forgotten(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(forgotten(one) for one in value)
    kind = {_Text: str, _Whole: int, _Amount: Decimal}.get(type(value))
    return kind(value) if kind else value


def origin_of(value: object) -> Origin | None:
    found = getattr(value, "origin", None)
    return found if isinstance(found, Origin) else None


def carried(source: object, result: Decimal) -> Decimal:
    """For what says the same in another unit: the result has the source's origin."""
    origin = origin_of(source)
    return told(result, origin) if origin else result
