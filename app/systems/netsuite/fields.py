"""What fields a NetSuite record has, custom ones included: read from the schemas of the metadata catalog.

The catalog's shape is documented by example only; a list of lines is taken in each form that it may have, and one that
cannot be read leaves its fields out, never the record's own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.errors import TieoutError

Schema = Mapping[str, Any]
Follow = Callable[[str], Schema]
_PASSED_ON = ("links", "totalResults", "count", "hasMore", "offset")


def fields_of(record_type: str, schema: Schema, follow: Follow) -> dict[str, str]:
    """Field -> its type; `item.<field>` for a line's. `follow` fetches the schema that a `$ref` names."""
    found: dict[str, str] = {}
    for name, shape in _properties(schema).items():
        if name in _PASSED_ON:
            continue
        found[name] = _type(shape)
        for inner, kind in _lines(record_type, shape, follow):
            found[f"{name}.{inner}"] = kind
    return found


def _lines(record_type: str, shape: Schema, follow: Follow) -> Iterator[tuple[str, str]]:
    line = _line(record_type, shape, follow)
    for name, inner in _properties(line).items():
        if name not in _PASSED_ON:
            yield name, _type(inner)


def _line(record_type: str, shape: Schema, follow: Follow) -> Schema:
    """The schema of one line; empty when this is no list of lines."""
    whole = _followed(record_type, shape, follow)
    items = _properties(whole).get("items")
    if not isinstance(items, Mapping):
        return {}
    return _followed(record_type, items.get("items") or {}, follow)


def _followed(record_type: str, shape: Schema, follow: Follow) -> Schema:
    """References to parts of this record (`invoice-itemElement`) are followed, those to other records are not."""
    name = str(shape.get("$ref", "")).rstrip("/").rpartition("/")[2]
    if not name.lower().startswith(f"{record_type.lower()}-"):
        return shape
    try:
        return follow(name)
    except TieoutError:
        return {}


def _properties(schema: Schema) -> Mapping[str, Schema]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _type(shape: Schema) -> str:
    inner = _properties(shape)
    if "items" in inner:
        return "sublist"
    if "$ref" in shape or "id" in inner:
        return "reference"
    return str(shape.get("format") or shape.get("type") or "object")
