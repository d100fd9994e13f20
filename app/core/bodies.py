"""A record's body as a flat table: `item.0.amount` -> 12.50, however deep it stands."""

from collections.abc import Iterator, Mapping
from typing import Any

LINES = "items"
"""NetSuite's sublists are `{"items": [...]}`."""


def flattened(body: Mapping[str, Any]) -> dict[str, Any]:
    """A reference counts as its id, a sublist as its lines, by their number."""
    return {path: one for name, value in body.items() for path, one in _leaves(value, str(name))}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    inner = _inside(value)
    if inner is None:
        yield path, value
        return
    for name, one in inner:
        yield from _leaves(one, f"{path}.{name}")


def _inside(value: Any) -> list[tuple[str, Any]] | None:
    """The parts of a value that has any; None for a single one."""
    if isinstance(value, Mapping):
        if "id" in value and value.keys() <= {"id", "refName", "links"}:
            return None
        if value.keys() >= {LINES} and isinstance(value[LINES], list):
            return _inside(value[LINES])
        return [(str(name), one) for name, one in value.items()] or None
    if isinstance(value, list | tuple) and value:
        return [(str(number), one) for number, one in enumerate(value)]
    return None


def plainly(value: Any) -> Any:
    """A leaf as a person reads it: a reference by its id."""
    return value["id"] if isinstance(value, Mapping) and "id" in value else value
