import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.synchronize import Event

import psycopg
import pytest

from app.db import Database
from app.errors import Throttled, Unavailable
from app.systems.netsuite.slots import LocalSlots, PostgresSlots

ACCOUNT = "1234567_SB1"
AT_ONCE = timedelta(0)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "the condition did not come true in time"
        threading.Event().wait(0.005)


@pytest.fixture
def make(postgres_url: str, database: Database) -> Iterator[Callable[..., PostgresSlots]]:
    made: list[PostgresSlots] = []

    def one(ceiling: int = 2, **options: object) -> PostgresSlots:
        defaults = {"burst": AT_ONCE, "size_read_every": 0.0, "patience": timedelta(seconds=20)}
        slots = PostgresSlots(postgres_url, ACCOUNT, ceiling, **(defaults | options))  # type: ignore[arg-type]
        made.append(slots)
        return slots

    yield one
    for slots in made:
        slots.close()


class Load:
    """Threads that hold slots; the highest number of them at once is the result."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = 0
        self.highest = 0
        self.done = 0

    def run(self, sources: list[PostgresSlots], times: int) -> None:
        threads = [threading.Thread(target=self._hold, args=(slots, times)) for slots in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    def _hold(self, slots: PostgresSlots, times: int) -> None:
        for _ in range(times):
            with slots.slot():
                with self._lock:
                    self._held += 1
                    self.highest = max(self.highest, self._held)
                threading.Event().wait(0.002)
                with self._lock:
                    self._held -= 1
                    self.done += 1


def test_many_threads_of_two_clients_share_the_slots(make: Callable[..., PostgresSlots]) -> None:
    load = Load()
    load.run([make(3)] * 6 + [make(3)] * 6, times=5)
    assert (load.highest, load.done) == (3, 60)


def test_a_slot_that_comes_free_is_handed_to_a_waiting_thread(
    make: Callable[..., PostgresSlots], monkeypatch: pytest.MonkeyPatch
) -> None:
    slots, load = make(1), Load()
    sought: list[int] = []
    number = slots._number

    def counted(connection: psycopg.Connection[object]) -> int:
        sought.append(1)
        return number(connection)

    monkeypatch.setattr(slots, "_number", counted)
    load.run([slots] * 4, times=20)
    assert (load.highest, load.done) == (1, 80)
    assert len(sought) < 40


def test_other_processes_get_their_turn_at_a_busy_slot(make: Callable[..., PostgresSlots]) -> None:
    busy, other = make(1), make(1, patience=timedelta(seconds=15))
    stop = threading.Event()

    def hold() -> None:
        while not stop.is_set():
            with busy.slot():
                stop.wait(0.005)

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with other.slot():
            got = True
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert got


def test_a_slot_is_free_again_after_an_error_inside(make: Callable[..., PostgresSlots]) -> None:
    slots = make(1)
    with pytest.raises(KeyError), slots.slot():
        raise KeyError("inside")
    with slots.slot():
        assert slots.size == 1


def test_waiting_too_long_is_said(make: Callable[..., PostgresSlots]) -> None:
    held, impatient = make(1), make(1, patience=timedelta(milliseconds=50))
    with held.slot(), pytest.raises(Throttled) as caught, impatient.slot():
        pass
    assert caught.value.code == "no_slot"


def test_the_queue_behind_the_first_waiter_is_given_up_too(make: Callable[..., PostgresSlots]) -> None:
    held, first, second = make(1), make(1), make(1, patience=timedelta(milliseconds=100))
    with held.slot():
        waiter = threading.Thread(target=lambda: first.slot().__enter__())
        waiter.start()
        until(lambda: _locks(held) == 2)
        with pytest.raises(Throttled), second.slot():
            pass
    waiter.join(10)


def test_only_one_waiter_polls(make: Callable[..., PostgresSlots]) -> None:
    polls: list[str] = []

    def noting(seconds: float) -> None:
        polls.append(threading.current_thread().name)
        threading.Event().wait(seconds)

    held = make(1)
    waiting = make(1, wait=noting)
    with held.slot():
        threads = [threading.Thread(target=_once, args=(waiting,), name=f"waiter-{n}") for n in range(5)]
        for thread in threads:
            thread.start()
        until(lambda: len(polls) >= 10)
        assert len(set(polls[:10])) == 1
    for thread in threads:
        thread.join(10)


def test_a_killed_process_gives_its_slot_back(make: Callable[..., PostgresSlots], postgres_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    holding = context.Event()
    process = context.Process(target=_hold_for_ever, args=(postgres_url, holding))
    process.start()
    assert holding.wait(30)
    slots = make(1, patience=timedelta(seconds=15))
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join(10)
    with slots.slot():
        assert process.exitcode == -signal.SIGKILL


def test_a_slot_whose_connection_dies_is_given_up_quietly(make: Callable[..., PostgresSlots]) -> None:
    slots = make(1)
    with slots.slot():
        _kill_sessions(slots)
    with slots.slot():
        assert slots.size == 1


def test_a_429_leaves_one_slot_less(make: Callable[..., PostgresSlots]) -> None:
    slots = make(4)
    slots.throttled()
    assert slots.size == 3


def test_a_429_is_known_to_other_processes(make: Callable[..., PostgresSlots]) -> None:
    one, other = make(4), make(4)
    one.throttled()
    assert other.size == 3


def test_fewer_slots_are_really_given(make: Callable[..., PostgresSlots]) -> None:
    slots = make(2, patience=timedelta(milliseconds=50))
    slots.throttled()
    with slots.slot(), pytest.raises(Throttled), slots.slot():
        pass


def test_one_slot_always_remains(make: Callable[..., PostgresSlots]) -> None:
    slots = make(2)
    for _ in range(4):
        slots.throttled()
    assert slots.size == 1


def test_a_burst_of_429_counts_once(make: Callable[..., PostgresSlots]) -> None:
    slots = make(4, burst=timedelta(minutes=1))
    for _ in range(4):
        slots.throttled()
    assert slots.size == 3


def test_calm_brings_a_slot_back(make: Callable[..., PostgresSlots]) -> None:
    slots = make(4, calm_after=AT_ONCE)
    slots.throttled()
    slots.throttled()
    slots.calm()
    assert slots.size == 3


def test_calm_never_exceeds_the_ceiling(make: Callable[..., PostgresSlots]) -> None:
    slots = make(2, calm_after=AT_ONCE)
    slots.throttled()
    for _ in range(3):
        slots.calm()
    assert slots.size == 2


def test_calm_that_has_not_lasted_changes_nothing(make: Callable[..., PostgresSlots]) -> None:
    slots = make(4, calm_after=timedelta(minutes=5))
    slots.throttled()
    slots.calm()
    assert slots.size == 3


def test_calm_without_a_429_asks_the_database_nothing(make: Callable[..., PostgresSlots]) -> None:
    slots = make(4)
    slots.calm()
    assert slots._idle == []


def test_a_lower_setting_is_in_force_at_once(make: Callable[..., PostgresSlots]) -> None:
    make(8).throttled()
    assert make(3).size == 3


def test_a_database_that_is_away_is_named() -> None:
    slots = PostgresSlots("postgresql://nobody@127.0.0.1:1/none", ACCOUNT, 2)
    with pytest.raises(Unavailable) as caught, slots.slot():
        pass
    assert caught.value.code == "slots_unavailable"


def test_local_slots_hold_back_the_one_too_many() -> None:
    slots, entered = LocalSlots(1), threading.Event()

    def enter() -> None:
        with slots.slot():
            entered.set()

    thread = threading.Thread(target=enter)
    with slots.slot():
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(5)
    thread.join(5)


def _once(slots: PostgresSlots) -> None:
    with slots.slot():
        pass


def _hold_for_ever(url: str, holding: Event) -> None:
    with PostgresSlots(url, ACCOUNT, 1).slot():
        holding.set()
        signal.pause()


def _locks(slots: PostgresSlots) -> int:
    with psycopg.connect(slots._dsn, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s", (slots._key,)
        ).fetchone()
    return int(row[0]) if row else 0


def _kill_sessions(slots: PostgresSlots) -> None:
    with psycopg.connect(slots._dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tieout-slots'"
        )
