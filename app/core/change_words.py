"""A changed setting as a sentence."""

from collections.abc import Sequence
from typing import Any

from app.core.plan import Change

LONGEST = 60


def sentence(change: Change) -> str:
    """Names stand in backticks."""
    match change.path.split("."):
        case ["flows", flow, "enabled"]:
            return f"`{flow}` was switched {'on' if change.after else 'off'}."
        case ["flows", flow, "paused"]:
            return f"`{flow}` was {'paused' if change.after else 'resumed'}."
    before, after = _value(change.before), _value(change.after)
    if before is None:
        return f"`{change.path}` was set to {after}."
    if after is None:
        return f"`{change.path}` was taken out; it was {before}."
    return f"`{change.path}` was {before}, is {after} now."


def sentences(changes: Sequence[Change], at_most: int = 3) -> list[str]:
    told = [sentence(change) for change in changes[:at_most]]
    rest = len(changes) - at_most
    return [*told, f"{rest} more setting{'' if rest == 1 else 's'} changed."] if rest > 0 else told


def _value(value: Any) -> str | None:
    """None where there is nothing: unset, or empty."""
    if value in (None, "", [], {}, ()):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    # a backtick would end the name that a page makes of it
    words = words.replace("`", "'")
    return f"`{words if len(words) <= LONGEST else words[: LONGEST - 1] + '…'}`"
