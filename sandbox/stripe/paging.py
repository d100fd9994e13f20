"""Lists: newest first, a page at a time, by the ids at its edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.stripe.call import Call
from sandbox.stripe.errors import InvalidRequest, Missing
from sandbox.stripe.render import render
from sandbox.stripe.world import Obj

Wanted = Callable[[Obj], bool]


def listed(call: Call, objs: Iterable[Obj], url: str, *, newest_first: bool = True) -> Obj:
    """A page of `objs` (given oldest first) as `limit`, `starting_after` and `ending_before` ask."""
    ordered = [obj for obj in objs if not obj.get("deleted")]
    if newest_first:
        ordered.reverse()
    rows, has_more = _page(ordered, call.params)
    shown = [render(call.account, obj) for obj in rows]
    return {"object": "list", "data": shown, "has_more": has_more, "url": url}


def _page(ordered: list[Obj], params: Obj) -> tuple[list[Obj], bool]:
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise InvalidRequest("This value must be between 1 and 100", code="parameter_invalid_integer", param="limit")
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise InvalidRequest("You cannot parameterize both starting_after and ending_before.")
    if before:
        rest = ordered[: _position(ordered, before, "ending_before")]
        return rest[-limit:], len(rest) > limit
    rest = ordered[_position(ordered, after, "starting_after") + 1 :] if after else ordered
    return rest[:limit], len(rest) > limit


def _position(ordered: list[Obj], object_id: str, param: str) -> int:
    for position, obj in enumerate(ordered):
        if obj["id"] == object_id:
            return position
    raise Missing(ordered[0]["object"] if ordered else "object", object_id, param)


def matching(call: Call, objs: Iterable[Obj], *names: str) -> list[Obj]:
    """Those whose plain fields equal the parameters of the same name; `created` takes a range."""
    params = call.params
    return [
        obj
        for obj in objs
        if all(obj.get(name) == params[name] for name in names if name in params)
        and within(obj.get("created", 0), params.get("created"))
    ]


def within(value: int, asked: Any) -> bool:
    """Whether a time is in a range given as a number or as gt, gte, lt, lte."""
    if asked is None:
        return True
    if not isinstance(asked, dict):
        return value == int(asked)
    checks = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__, "lte": value.__le__}
    return all(checks[name](int(limit)) for name, limit in asked.items())
