"""What the pages are told while they are looked at."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from app.core.tables import Issue
from app.dashboard.counts import Counts, read
from app.dashboard.live import Live
from tests.app.admin.installation import Installation, held
from tests.app.dashboard.conftest import SignIn, Statements
from tests.app.dashboard.visiting import Visitor

FLOW = "stripe_customer_to_netsuite"


def counts(mark: str) -> Counts:
    return Counts(issues=0, queued=0, running=0, retrying=0, held=0, dead=0, mark=mark)


class Heard:
    """A Live over made-up counts; `marks` are read one after the other, the last again and again."""

    def __init__(self, *marks: str) -> None:
        self._marks = iter(marks)
        self._last = ""
        self.reads = 0
        self.live = Live(self._read, every=0.001)

    def _read(self) -> Counts:
        self.reads += 1
        self._last = next(self._marks, self._last)
        return counts(self._last)

    async def first(self, number: int) -> list[str]:
        heard: list[str] = []
        stream: AsyncIterator[Counts | None] = self.live.listen()
        async for one in stream:
            heard += [one.mark] if one else []
            if len(heard) == number:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return heard


def test_a_change_is_told_once() -> None:
    assert asyncio.run(Heard("a", "a", "b", "b", "c").first(3)) == ["a", "b", "c"]


def test_all_listeners_share_one_reader() -> None:
    heard = Heard("a", "b")

    async def many() -> list[list[str]]:
        return await asyncio.gather(*(heard.first(2) for _ in range(20)))

    assert asyncio.run(many()) == [["a", "b"]] * 20
    assert heard.reads < 20


def test_nobody_reads_when_nobody_listens() -> None:
    heard = Heard("a")

    async def leave() -> int:
        await heard.first(1)
        assert heard.live._reader is not None
        await heard.live._reader
        return heard.live._listeners

    assert asyncio.run(leave()) == 0


def test_stopping_ends_every_stream() -> None:
    heard = Heard("a")

    async def stopped() -> list[str]:
        listening = asyncio.create_task(heard.first(99))
        await asyncio.sleep(0)
        heard.live.stop()
        return await listening

    assert asyncio.run(asyncio.wait_for(stopped(), 5)) in ([], ["a"])


# over HTTP ---------------------------------------------------------------------------------------------------------


def told(visitor: Visitor) -> Iterator[dict[str, int]]:
    with visitor.http.stream("GET", "/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_the_counts_are_those_of_now(parts: Installation, sign_in: SignIn) -> None:
    parts.systems.objects["cus_1"] = held()
    parts.carried_out(FLOW, ["cus_1"])
    first = next(told(sign_in("viewer")))
    assert (first["held"], first["issues"], first["queued"]) == (1, 1, 0)


def test_a_stranger_hears_nothing(stranger: Visitor) -> None:
    assert (stranger.get("/live").status_code, stranger.get("/live").content) == (204, b"")


@pytest.mark.parametrize("change", ["run", "issue"])
def test_the_counts_differ_after_a_new(parts: Installation, change: str) -> None:
    before = read(parts.database)
    if change == "run":
        parts.carried_out(FLOW, ["cus_1"])
    else:
        with parts.database.session_scope() as session:
            now = parts.clock.now()
            row = Issue(flow="f", error_code="e", title="t", opened_at=now, first_seen=now, last_seen=now)
            session.add(row)
    assert read(parts.database) != before


def test_reading_is_one_statement(parts: Installation, statements: Statements) -> None:
    with statements() as counted:
        read(parts.database)
    assert counted.number == 1


def test_a_wrong_answer_is_not_kept(stranger: Visitor) -> None:
    assert httpx.Headers(stranger.get("/live").headers)["cache-control"] == "no-store"
