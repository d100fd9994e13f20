"""Who is called when, and how many go along."""

import pytest

from app.systems.netsuite import line
from app.systems.netsuite.line import Line, Turn
from app.systems.netsuite.records import Ref
from app.systems.netsuite.writes import Write


def write(number: int) -> Write:
    return Write.patch(Ref("customer", str(number)), {"memo": "x"}, ())


def queued(waiting: Line, many: int) -> list[Turn]:
    return [waiting.queued(write(number)) for number in range(many)]


def sizes(turns: list[Turn]) -> list[int]:
    return [len(turn.batch) for turn in turns]


def end(waiting: Line) -> None:
    with waiting.lane():
        pass


def test_the_first_go_alone_while_lanes_are_free() -> None:
    assert sizes(queued(Line(2), 4)) == [1, 1, 0, 0]


def test_whoever_is_first_takes_the_others_along() -> None:
    waiting = Line(1)
    turns = queued(waiting, 5)
    end(waiting)
    assert (sizes(turns), turns[1].called.is_set(), turns[2].called.is_set()) == ([1, 4, 0, 0, 0], True, False)


def test_what_waits_is_spread_over_the_lanes_that_are_free() -> None:
    waiting = Line(3)
    first = queued(waiting, 3)
    waiting._lanes = 0
    end(waiting)
    end(waiting)
    turns = queued(waiting, 6)
    waiting._lanes = 3
    waiting.queued(write(9))
    assert (sizes(first), sizes(turns)) == ([1, 1, 1], [4, 0, 0, 0, 3, 0])


def test_nobody_is_called_twice() -> None:
    waiting = Line(1)
    turns = queued(waiting, 3)
    for _ in range(3):
        end(waiting)
    assert sizes(turns) == [1, 2, 0]


def after(waiting: Line, many: int) -> int:
    """How many of so many go along."""
    turns = queued(waiting, many + 1)
    end(waiting)
    return len(turns[1].batch)


def test_at_first_few_go_along() -> None:
    assert after(Line(1), 150) == line.AT_FIRST


def test_at_a_quick_pace_as_many_as_a_call_takes_go_along() -> None:
    waiting = Line(1)
    for _ in range(9):
        waiting.took(0.3, 100)
    assert after(waiting, 150) == line.MOST


def test_at_a_slow_pace_few_go_along() -> None:
    waiting = Line(1)
    for _ in range(9):
        waiting.took(10, 20)
    assert after(waiting, 50) == 7


def test_after_a_call_that_took_too_long_half_as_many_go_along() -> None:
    waiting = Line(1)
    waiting.took_too_long(12)
    assert after(waiting, 50) == 6


def test_two_go_along_at_any_pace() -> None:
    waiting = Line(1)
    waiting.took_too_long(1)
    assert after(waiting, 50) == 2


def test_what_is_to_go_again_is_first_in_line() -> None:
    waiting = Line(1)
    first, *others = queued(waiting, 4)
    waiting.again([first], most=2)
    end(waiting)
    assert (first.batch, sizes(others)) == ([first, others[0]], [0, 0, 0])


def test_no_more_go_along_than_a_call_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_BYTES", 3 * Turn(write(1)).size)
    assert after(Line(1), 9) == 2
