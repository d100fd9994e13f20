"""One commit for those who arrive together: what each of them is told, and what becomes of a poisoned one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, text

from app.core.group_commit import GroupCommit, InboxAway, Limits, Unstorable
from app.core.inbox import Arrival, Event, receive
from app.db import Database
from tests.app.core.test_inbox import ARRIVAL, other


class Given:
    def __init__(self) -> None:
        self.ids: list[list[int]] = []

    def __call__(self, ids: Sequence[int]) -> None:
        self.ids.append(list(ids))


def with_inbox(
    url: str, work: Callable[[GroupCommit], Awaitable[Any]], given: Given | None = None, limits: Limits | None = None
) -> Any:
    async def run() -> Any:
        inbox = GroupCommit(url, given or Given(), limits)
        await inbox.start()
        try:
            return await work(inbox)
        finally:
            await inbox.stop()

    return asyncio.run(run())


def receive_all(url: str, arrivals: Sequence[Arrival], given: Given | None = None, limits: Limits | None = None) -> Any:
    """The answers, or the exceptions, in the order of `arrivals`, which come all at once."""

    async def work(inbox: GroupCommit) -> Any:
        return await asyncio.gather(*map(inbox.receive, arrivals), return_exceptions=True)

    return with_inbox(url, work, given, limits)


def count(database: Database) -> int:
    with database.session_scope() as session:
        return session.scalar(select(func.count(Event.id))) or 0


def test_what_arrived_is_what_is_stored(postgres_url: str, database: Database) -> None:
    receive_all(postgres_url, [ARRIVAL])
    with database.session_scope() as session:
        event = session.scalars(select(Event)).one()
        stored = {name: getattr(event, name) for name in ARRIVAL.__struct_fields__}
    assert stored == msgspec.structs.asdict(ARRIVAL) | {"headers": {"user-agent": "Stripe/1.0"}}


def test_absent_values_are_stored_as_null(postgres_url: str, database: Database) -> None:
    absent = dict.fromkeys(("object_id", "object_type", "api_version", "livemode", "occurred_at"))
    receive_all(postgres_url, [other(**absent)])
    with database.session_scope() as session:
        event = session.scalars(select(Event)).one()
        assert {name: getattr(event, name) for name in absent} == absent


def test_those_who_arrive_together_share_a_transaction(postgres_url: str, database: Database) -> None:
    receive_all(postgres_url, [other(external_id=f"evt_{number}") for number in range(50)])
    with database.session_scope() as session:
        assert session.scalar(text("SELECT count(DISTINCT xmin::text) FROM events")) == 1


def test_a_batch_is_bounded_by_rows(postgres_url: str, database: Database) -> None:
    arrivals = [other(external_id=f"evt_{number}") for number in range(50)]
    receive_all(postgres_url, arrivals, limits=Limits(rows=20))
    with database.session_scope() as session:
        assert session.scalar(text("SELECT count(DISTINCT xmin::text) FROM events")) == 3


def test_a_batch_is_bounded_by_bytes(postgres_url: str, database: Database) -> None:
    arrivals = [other(external_id=f"evt_{number}", body=b"x" * 600) for number in range(4)]
    receive_all(postgres_url, arrivals, limits=Limits(body_bytes=1000))
    with database.session_scope() as session:
        assert session.scalar(text("SELECT count(DISTINCT xmin::text) FROM events")) == 2


def test_a_batch_larger_than_the_sockets_buffer_is_stored(postgres_url: str, database: Database) -> None:
    arrivals = [other(external_id=f"evt_{number}", body=b"x" * 1_000_000) for number in range(8)]
    assert receive_all(postgres_url, arrivals) == [True] * 8


def test_a_duplicate_is_told_so(postgres_url: str, database: Database) -> None:
    receive_all(postgres_url, [ARRIVAL])
    assert receive_all(postgres_url, [ARRIVAL, other(external_id="evt_2")]) == [False, True]


def test_a_duplicate_within_one_batch_is_one_row(postgres_url: str, database: Database) -> None:
    assert sorted(receive_all(postgres_url, [ARRIVAL] * 10)) == [False] * 9 + [True]
    assert count(database) == 1


def test_only_new_ids_are_handed_on(postgres_url: str, database: Database) -> None:
    given = Given()
    receive_all(postgres_url, [ARRIVAL, ARRIVAL, other(external_id="evt_2")], given)
    with database.session_scope() as session:
        assert sorted(given.ids[0]) == sorted(session.scalars(select(Event.id)))


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param({"type": "invoice.\0paid"}, id="nul"),
        pytest.param({"type": "invoice.\ud800"}, id="surrogate"),
        pytest.param({"headers": b"no json"}, id="headers"),
        # random enough that PostgreSQL cannot compress it below an index entry's limit
        pytest.param({"object_id": "".join(chr(0x100 + n * 7919 % 0x5000) for n in range(6000))}, id="index"),
    ],
)
def test_a_poisoned_row_does_not_fail_its_neighbours(
    postgres_url: str, database: Database, poison: dict[str, Any]
) -> None:
    arrivals = [ARRIVAL, other(external_id="evt_2", **poison), other(external_id="evt_3")]
    first, second, third = receive_all(postgres_url, arrivals)
    assert (first, type(second), third) == (True, Unstorable, True)


def test_nobody_waits_longer_than_the_patience(database: Database) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    (answer,) = receive_all(nowhere, [ARRIVAL], limits=Limits(patience=timedelta(seconds=0.2)))
    assert isinstance(answer, InboxAway)


def test_too_many_waiting_are_turned_away_at_once(postgres_url: str, database: Database) -> None:
    async def work(inbox: GroupCommit) -> None:
        first = inbox.receive(ARRIVAL)
        with pytest.raises(InboxAway):
            inbox.receive(other(external_id="evt_2"))
        await first

    with_inbox(postgres_url, work, limits=Limits(waiting=1))


def test_too_many_bytes_waiting_are_turned_away_at_once(postgres_url: str, database: Database) -> None:
    async def work(inbox: GroupCommit) -> None:
        first = inbox.receive(ARRIVAL)
        with pytest.raises(InboxAway):
            inbox.receive(other(external_id="evt_2", body=b"x" * 1000))
        await first

    with_inbox(postgres_url, work, limits=Limits(waiting_bytes=1000))


def test_a_stop_commits_what_waits(postgres_url: str, database: Database) -> None:
    async def work(inbox: GroupCommit) -> bool:
        answer = inbox.receive(ARRIVAL)
        await inbox.stop()
        return await answer

    assert with_inbox(postgres_url, work) is True


def test_after_the_stop_nothing_is_taken(postgres_url: str, database: Database) -> None:
    async def work(inbox: GroupCommit) -> None:
        await inbox.stop()
        with pytest.raises(InboxAway):
            inbox.receive(ARRIVAL)

    with_inbox(postgres_url, work)


def test_two_committers_given_the_same_events_store_each_once(postgres_url: str, database: Database) -> None:
    arrivals = [other(external_id=f"evt_{number}") for number in range(200)]

    async def both() -> list[bool]:
        one, two = GroupCommit(postgres_url, Given()), GroupCommit(postgres_url, Given())
        await asyncio.gather(one.start(), two.start())
        answers = await asyncio.gather(*map(one.receive, arrivals), *map(two.receive, reversed(arrivals)))
        await asyncio.gather(one.stop(), two.stop())
        return answers

    assert sum(asyncio.run(both())) == 200


async def blocked(database: Database) -> None:
    """Until the database has an insert that waits for another one's outcome."""
    for _ in range(500):
        with database.session_scope() as session:
            if session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing waits")


def test_a_batch_that_waits_for_a_lock_does_not_keep_the_next_one_waiting(
    postgres_url: str, database: Database
) -> None:
    async def work(inbox: GroupCommit) -> bool:
        with database.session_scope() as session:
            receive(session, [ARRIVAL])
            session.flush()  # not committed: whoever inserts the same key has to wait for the outcome
            waiting = inbox.receive(ARRIVAL)
            await blocked(database)
            others = [inbox.receive(other(external_id=f"evt_next_{number}")) for number in range(Limits().gather)]
            answers = await asyncio.gather(*others)
            was_waiting = not waiting.done()
        return was_waiting and all(answers) and await waiting is False

    assert with_inbox(postgres_url, work)
