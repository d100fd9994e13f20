"""The search query language, as far as `field:"value"`, `metadata["key"]:"value"`, AND, OR and negation go."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.stripe.call import Call
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.render import render
from sandbox.stripe.world import Obj

_QUOTED = r"""(?:"(?P<{0}d>(?:[^"\\]|\\.)*)"|'(?P<{0}s>(?:[^'\\]|\\.)*)')"""
_CLAUSE = re.compile(
    rf"""(?P<negated>-)?(?P<field>[a-z_.]+)(?:\[{_QUOTED.format("k")}\])?(?P<op>[:~<>]=?)"""
    rf"""(?:{_QUOTED.format("v")}|(?P<bare>[\w.\-]+))"""
)


def found(call: Call, objs: Iterable[Obj], url: str) -> Obj:
    """A page of search results, newest first. Raises InvalidRequest for a query that can't be read."""
    params = call.params
    clauses, any_will_do = parsed(params["query"])
    one_or_all = any if any_will_do else all
    wanted = [obj for obj in objs if not obj.get("deleted") and one_or_all(_holds(obj, each) for each in clauses)]
    wanted.reverse()
    start, limit = int(params.get("page") or 0), params.get("limit", 10)
    shown = [render(call.account, obj) for obj in wanted[start : start + limit]]
    more = len(wanted) > start + limit
    next_page = str(start + limit) if more else None
    return {"object": "search_result", "data": shown, "has_more": more, "next_page": next_page, "url": url}


def parsed(query: str) -> tuple[list[re.Match[str]], bool]:
    """The clauses, and whether one of them is enough (OR)."""
    clauses = list(_CLAUSE.finditer(query))
    between = _CLAUSE.sub("#", query)
    words = set(between.replace("#", " ").split())
    if not clauses or len(words) > 1 or words - {"AND", "OR"} or between.count("#") != len(clauses):
        raise InvalidRequest("We were unable to parse your search query.", param="query")
    return clauses, words == {"OR"}


def _holds(obj: Obj, clause: re.Match[str]) -> bool:
    value = _value(obj, clause)
    wanted = clause["vd"] or clause["vs"] or clause["bare"] or ""
    wanted = wanted.replace('\\"', '"').replace("\\'", "'")
    return _compared(value, clause["op"], wanted) != bool(clause["negated"])


def _value(obj: Obj, clause: re.Match[str]) -> object:
    key = clause["kd"] or clause["ks"]
    if key is not None:
        return (obj.get(clause["field"]) or {}).get(key)
    return obj.get(clause["field"])


def _compared(value: object, op: str, wanted: str) -> bool:
    if value is None:
        return wanted == "null"
    if op == "~":
        return wanted.lower() in str(value).lower()
    if op == ":":
        return str(value).lower() == wanted.lower()
    left, right = float(str(value)), float(wanted)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]
