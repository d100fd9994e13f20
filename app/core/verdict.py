"""Is everything in? One sentence, from what was counted; what was not counted is not taken for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Tone = Literal["good", "busy", "warn", "bad", "plain"]


class TiedOut(Protocol):
    @property
    def currency(self) -> str: ...
    @property
    def agrees(self) -> bool: ...


@dataclass(frozen=True)
class Known:
    """What is known. `waiting`: runs by state; `counted_at`: of the account counted longest ago, None if never."""

    connected: bool
    waiting: Mapping[str, int]
    days_off: int
    missing: int
    lost: int
    counted_at: datetime | None
    stale: bool
    tie_outs: Sequence[TiedOut]


@dataclass(frozen=True)
class Verdict:
    """`state` is for programs, `sentence` the answer, `because` the rest of it in further sentences."""

    state: Literal["not_connected", "incomplete", "waiting", "differs", "unproven", "working", "all_in"]
    tone: Tone
    sentence: str
    because: tuple[str, ...] = ()


def verdict(known: Known) -> Verdict:
    """The worst that is known comes first."""
    if not known.connected:
        return Verdict("not_connected", "plain", "Nothing is connected yet.")
    people = known.waiting.get("held", 0) + known.waiting.get("dead", 0)
    working = sum(known.waiting.get(state, 0) for state in ("queued", "running", "retrying"))
    rest = _sentences(known, people, working)
    if known.missing or known.lost or known.days_off:
        return Verdict("incomplete", "bad", _gap(known), rest[1:])
    if people:
        return Verdict("waiting", "warn", f"{_records(people)} {'waits' if people == 1 else 'wait'} for you.", rest[1:])
    if off := _off(known):
        return Verdict("differs", "bad", off, rest[1:])
    if known.counted_at is None or known.stale:
        return Verdict("unproven", "warn", _unproven(known), rest[1:])
    if working:
        return Verdict(
            "working", "busy", f"{_records(working)} {'is' if working == 1 else 'are'} on the way.", rest[1:]
        )
    return Verdict("all_in", "good", "All in.", (_proof(known),))


def _sentences(known: Known, people: int, working: int) -> tuple[str, ...]:
    """All that is to be said, in the order of `verdict`."""
    found = []
    if known.missing or known.lost or known.days_off:
        found.append(_gap(known))
    if people:
        found.append(f"{_records(people)} {'waits' if people == 1 else 'wait'} for a person.")
    if off := _off(known):
        found.append(off)
    if known.counted_at is None or known.stale:
        found.append(_unproven(known))
    if working:
        found.append(f"{_records(working)} {'is' if working == 1 else 'are'} on the way.")
    return tuple(found)


def _gap(known: Known) -> str:
    if known.missing:
        return f"{known.missing:,} of Stripe's events {'has' if known.missing == 1 else 'have'} not arrived."
    if known.lost:
        return f"{known.lost:,} {'event has' if known.lost == 1 else 'events have'} no run."
    return f"{known.days_off} {'day does' if known.days_off == 1 else 'days do'} not add up."


def _off(known: Known) -> str:
    currencies = sorted({one.currency for one in known.tie_outs if not one.agrees})
    return f"Stripe and NetSuite do not tie out in {', '.join(currencies)}." if currencies else ""


def _proof(known: Known) -> str:
    done = "Every event of this month is done, or skipped with a reason"
    return (
        f"{done}, and Stripe and NetSuite tie out." if known.tie_outs else f"{done}. The ledgers were not compared yet."
    )


def _unproven(known: Known) -> str:
    if known.counted_at is None:
        return "Completeness is not proven yet: nothing was counted."
    return f"Completeness is not proven since {known.counted_at:%Y-%m-%d %H:%M} UTC."


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number:,}{'+' if number >= 1000 else ''} records"
