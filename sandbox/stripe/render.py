"""Objects as they go out: private fields dropped, short lists included, ids expanded on request."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from stripe._object_classes import OBJECT_CLASSES, get_object_class

from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.world import Account, Obj

MAX_DEPTH = 4

_DEEP = (dict, list)

Included = Callable[[Account, Obj], Any]

# fields computed whenever an object of this kind goes out, and those that only go out when expanded
ALWAYS: dict[str, dict[str, Included]] = {}
ON_EXPAND: dict[tuple[str, str], Included] = {}


def always(kind: str, name: str) -> Callable[[Included], Included]:
    return lambda make: ALWAYS.setdefault(kind, {}).setdefault(name, make)


def on_expand(kind: str, name: str) -> Callable[[Included], Included]:
    return lambda make: ON_EXPAND.setdefault((kind, name), make)


def render(account: Account, obj: Obj) -> Obj:
    """A copy of a stored object in its public shape, nothing expanded."""
    shown: Obj = copy(obj)
    if obj.get("deleted"):
        return shown
    for name, make in ALWAYS.get(obj["object"], {}).items():
        shown[name] = make(account, obj)
    return shown


def copy(value: Any) -> Any:
    if type(value) is dict:
        return {name: copy(item) if type(item) in _DEEP else item for name, item in value.items() if name[:1] != "_"}
    return [copy(item) for item in value] if type(value) is list else value


def encoded(value: Any) -> bytes:
    """JSON as Stripe writes it: rates and percentages are the only numbers with decimals."""
    return json.dumps(value, default=_number, ensure_ascii=False).encode()


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} has no JSON form")


def short_list(account: Account, objs: list[Obj], url: str, limit: int = 10) -> Obj:
    """The list an object carries inside it: its first ones, and where the rest is."""
    first = [render(account, obj) for obj in objs[:limit]]
    return {"object": "list", "data": first, "has_more": len(objs) > limit, "url": url}


def expanded(account: Account, shown: Obj, paths: list[str]) -> Obj:
    """`shown` with the ids at `paths` replaced by what they stand for; raises InvalidRequest where there are none."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > MAX_DEPTH:
            raise InvalidRequest(f"You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}")
        _expand(account, shown, steps, path)
    return shown


def _expand(account: Account, at: Any, steps: list[str], path: str) -> None:
    if not steps or not isinstance(at, dict) or at.get("deleted"):
        return
    if at.get("object") == "list" and steps[0] == "data":
        for item in at["data"]:
            _expand(account, item, steps[1:], path)
        return
    name = steps[0]
    at[name] = _filled(account, at, name, path)
    for item in at[name] if isinstance(at[name], list) else [at[name]]:
        _expand(account, item, steps[1:], path)


def _filled(account: Account, at: Obj, name: str, path: str) -> Any:
    make = ON_EXPAND.get((at.get("object", ""), name))
    if make is not None:
        return at[name] if name in at else copy(make(account, _stored(account, at)))
    if name not in at or not _expandable(at.get("object"), name):
        raise InvalidRequest(
            f"This property cannot be expanded ({name}). You may want to try expanding one of its parents or "
            f"siblings. Property: {path}",
            param="expand[]",
        )
    value = at[name]
    return [_resolved(account, item) for item in value] if isinstance(value, list) else _resolved(account, value)


def _stored(account: Account, shown: Obj) -> Obj:
    return account.find(shown["id"]) or shown


def _resolved(account: Account, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = account.find(value)
    return render(account, found) if found is not None else value


@cache
def _expandable(kind: str | None, name: str) -> bool:
    """Whether the `stripe` package types the field as an id or an object; nested hashes aren't looked up."""
    if kind not in OBJECT_CLASSES:
        return True
    annotations = get_object_class("V1", kind).__annotations__
    if name not in annotations:
        return True
    hint = str(annotations[name])
    return "ForwardRef" in hint or "stripe." in hint
