"""Stripe's form encoding: `a[b][0]=c` in bodies and queries becomes nested dictionaries and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import InvalidParams

_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str) -> dict[str, Any]:
    """Nested dictionaries of strings. Arrays stay dictionaries, keyed by index; `params` knows which is which."""
    return nest(parse_qsl(encoded, keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, _path(name), value, name)
    return tree


def as_list(value: Any) -> list[Any]:
    """The items of an array that arrived by index, or a single value as a list of one."""
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value if isinstance(value, list) else [value]


def _path(name: str) -> list[str]:
    head, bracket, _ = name.partition("[")
    return [head, *_PART.findall(name[len(head) :])] if bracket else [name]


def _put(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    at = tree
    for part in path[:-1]:
        step = at.setdefault(part or str(len(at)), {})
        if not isinstance(step, dict):
            raise InvalidParams(f"Invalid parameter encoding at {name}", param=path[0])
        at = step
    at[path[-1] or str(len(at))] = value
