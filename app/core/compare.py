"""Two bodies of one record, field by field: what we wrote, and what NetSuite says now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from app.core.bodies import LINES, flattened, plainly
from app.core.exchanges import REDACTED

Verdict = Literal["same", "differs", "not_told", "hidden"]
_NAMES = ("doc", "id", "line", "item")
"""Fields that name a line of a sublist, the best first."""


@dataclass(frozen=True)
class Compared:
    """`not_told`: NetSuite does not show this field. `hidden`: its value is not kept here."""

    path: str
    wrote: Any
    now: Any
    verdict: Verdict


def compared(wrote: Mapping[str, Any], now: Mapping[str, Any]) -> list[Compared]:
    """Of the fields that were written; differences first."""
    ours, theirs = flattened(_named(wrote, now)), flattened(_named(now, wrote))
    known = {path.lower(): value for path, value in theirs.items()}
    told = {path.split(".")[0] for path in known}
    found = [_field(path, value, known, told) for path, value in ours.items()]
    return sorted(found, key=lambda one: one.verdict != "differs")


def _field(path: str, wrote: Any, known: Mapping[str, Any], told: set[str]) -> Compared:
    ours, now = plainly(wrote), plainly(known.get(path.lower()))
    if ours == REDACTED:
        return Compared(path, None, None, "hidden")
    top = path.split(".")[0].lower()
    if path.lower() not in known and (top not in told or top == path.lower()):
        return Compared(path, ours, None, "same" if ours in (None, "", {}) else "not_told")
    return Compared(path, ours, now, "same" if alike(ours, now) else "differs")


def alike(ours: Any, now: Any) -> bool:
    """NetSuite says amounts with other decimals, and truth in several ways."""
    if ours == now or (ours in (None, "") and now in (None, "")):
        return True
    if isinstance(ours, bool) or isinstance(now, bool):
        return _truth(ours) == _truth(now)
    one, other = _number(ours), _number(now)
    return one is not None and one == other


def _truth(value: Any) -> str:
    return {"true": "T", "false": "F"}.get(str(value).lower(), str(value))


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _named(body: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Lines under the names that both sides give them, else by their number."""
    spelled = {name.lower(): value for name, value in other.items()}
    return {name: _lines(value, spelled.get(name.lower())) for name, value in body.items()}


def _lines(value: Any, other: Any) -> Any:
    lines, others = _items(value), _items(other)
    if lines is None:
        return value
    name = next((one for one in _NAMES if _tells(lines, one) and _tells(others or [], one)), None)
    if name is None:
        return dict(enumerate(lines))
    return {f"{name} {plainly(line[name])}": line for line in lines}


def _items(value: Any) -> Sequence[Mapping[str, Any]] | None:
    items = value.get(LINES) if isinstance(value, Mapping) else None
    return items if isinstance(items, list) else None


def _tells(lines: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether every line has it, each another."""
    found = [str(plainly(line.get(name))) for line in lines if isinstance(line, Mapping)]
    return bool(found) and "None" not in found and len(set(found)) == len(lines)
