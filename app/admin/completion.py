"""What can be written in a field rule: NetSuite's fields by its own metadata, and what an expression can read."""

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.admin.parts import Parts
from app.core.expressions import FILTERS, VARIABLES
from app.core.flow import AnyFlow
from app.core.rules import PROTECTED, refusal
from app.errors import TieoutError
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st

DEEPEST = 4
MOST = 400
_TYPES = {str: "text", int: "whole number", bool: "yes or no", datetime: "time", Decimal: "amount"}
_FILTER_WORDS = {
    "money": "minor units as an amount: source.amount | money(source.currency)",
    "minor": "an amount in minor units",
    "date": "a moment as its day: source.created | date('%Y-%m', 'America/New_York')",
    "cut": "the first characters: source.name | cut(40)",
    "digits": "only the digits",
    "slug": "lower case, words joined by hyphens",
    "lookup": "the entry of a table: source.currency | lookup('region')",
    "replace": "source.name | replace('Inc.', '')",
    "join": "a list as one text",
    "pluck": "that field of each entry: source.lines | pluck('product')",
    "unique": "each entry once",
    "default": "for an empty value: source.name | default('none')",
}


@dataclass(frozen=True)
class Choice:
    """`word`: what is put in; `type`: what it is, for people; `refused`: why it cannot be used."""

    word: str
    type: str = ""
    refused: str = ""


def record_types() -> list[str]:
    """Those that rules can be made for."""
    return list(PROTECTED)


def netsuite_fields(parts: Parts, record_type: str) -> tuple[list[Choice], str]:
    """The fields of NetSuite's record, protected ones with the reason; and why there are none. Lines' as `item.x`."""
    if record_type not in PROTECTED:
        return [], f"There is no record type {record_type!r}."
    try:
        known = parts.systems.netsuite(lambda _: None).record_fields(record_type)
    except TieoutError as error:
        return [], error.sentence
    found = [Choice(name, kind, refusal(record_type, name) or "") for name, kind in known.items()]
    return sorted(found, key=lambda one: (bool(one.refused), not one.word.startswith("cust"), one.word.lower())), ""


def expression_words(parts: Parts, flow: str) -> list[Choice]:
    """Variables, what `source` has in this flow, and filters (each with its bar)."""
    found = [Choice(name) for name in VARIABLES if name != "source"]
    source = source_of(parts.catalogue[flow]) if flow in parts.catalogue else None
    paths = list(_paths(source, "source", 0))[:MOST] if source else []
    filters = [Choice(f"| {name}", _FILTER_WORDS.get(name, "")) for name in FILTERS]
    return [Choice("source", source.__name__ if source else "the flow's object"), *paths, *found, *filters]


def source_of(flow: AnyFlow) -> type[Any] | None:
    """The class of the flow's source object, by what its `reads` says it gives."""
    method = getattr(flow.reads, "__wrapped__", flow.reads)
    said = getattr(method, "__annotations__", {}).get("return")
    if isinstance(said, type) and is_dataclass(said):
        return said
    name = str(said or "").strip("'\"").rpartition(".")[2]
    home = ns if flow.source == "netsuite" else st
    found = getattr(home, name, None) or getattr(method, "__globals__", {}).get(name)
    return found if isinstance(found, type) and is_dataclass(found) else None


def _paths(kind: type[Any], path: str, depth: int) -> Iterator[Choice]:
    hints = typing.get_type_hints(kind)
    for one in fields(kind):
        inner, words = _plain(hints[one.name])
        yield Choice(f"{path}.{one.name}", words)
        if inner is not None and depth + 1 < DEEPEST:
            yield from _paths(inner, f"{path}.{one.name}", depth + 1)


def _plain(hint: Any) -> tuple[type[Any] | None, str]:
    """The class whose fields can be reached through it, if any; and what it is, in words."""
    options = [each for each in typing.get_args(hint) if each is not type(None)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType) and len(options) == 1:
        inner, words = _plain(options[0])
        return inner, f"{words}, or empty"
    origin = typing.get_origin(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return hint, hint.__name__
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return None, "by key: add a dot and the key"
    if origin in (tuple, list):
        entry = options[0] if options else None
        return None, f"list of {getattr(entry, '__name__', 'values')}"
    return None, _TYPES.get(hint, "text" if origin is typing.Literal else str(getattr(hint, "__name__", "")))
