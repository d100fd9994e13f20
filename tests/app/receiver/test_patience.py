"""The one clock tick that watches all bodies."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from app.receiver.patience import Patience


async def _impatient(reading: Awaitable[int]) -> int:
    patience = Patience(timedelta(seconds=0.05))
    patience.start()
    try:
        return await _within(patience, reading)
    finally:
        await patience.stop()


async def _within(patience: Patience, reading: Awaitable[int]) -> int:
    with patience:
        return await reading


async def _never() -> int:
    await asyncio.Event().wait()
    return 0


def test_what_never_ends_times_out() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(_impatient(_never()))


def test_what_ends_gives_its_result() -> None:
    async def seven() -> int:
        return 7

    assert asyncio.run(_impatient(seven())) == 7


def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def cancelled() -> None:
        patience = Patience(timedelta(hours=1))
        patience.start()
        reading = asyncio.create_task(_within(patience, _never()))
        await asyncio.sleep(0)
        reading.cancel()
        try:
            await reading
        finally:
            await patience.stop()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_task_goes_on_after_its_timeout() -> None:
    async def goes_on() -> str:
        patience = Patience(timedelta(seconds=0.05))
        patience.start()
        try:
            await _within(patience, _never())
        except TimeoutError:
            await asyncio.sleep(0)
            return "answered"
        finally:
            await patience.stop()
        return "not timed out"

    assert asyncio.run(goes_on()) == "answered"
