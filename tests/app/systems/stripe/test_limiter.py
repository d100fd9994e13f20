import threading

from app.systems.stripe.limiter import Limiter
from tests.app.systems.stripe.conftest import Waiting


def limiter(rate: float, waiting: Waiting) -> Limiter:
    return Limiter(rate, monotonic=waiting.monotonic, sleep=waiting.sleep)


def test_a_burst_as_large_as_the_rate_does_not_wait() -> None:
    waiting = Waiting()
    limit = limiter(20, waiting)
    for _ in range(20):
        limit.acquire("invoice_retrieve")
    assert waiting.slept == []


def test_beyond_the_burst_calls_come_at_the_rate() -> None:
    waiting = Waiting()
    limit = limiter(20, waiting)
    for place in range(60):
        limit.acquire(f"operation_{place}")
    assert round(sum(waiting.slept), 3) == 2.0


def test_one_operation_stays_under_its_own_rate() -> None:
    waiting = Waiting()
    limit = limiter(100, waiting)
    for _ in range(75):
        limit.acquire("invoice_retrieve")
    assert round(sum(waiting.slept), 3) == 2.0


def test_searches_have_a_lower_rate() -> None:
    waiting = Waiting()
    limit = limiter(100, waiting)
    for _ in range(60):
        limit.acquire("customer_search")
    assert round(sum(waiting.slept), 3) == 2.0


def test_calm_does_not_save_up_more_than_one_burst() -> None:
    waiting = Waiting()
    limit = limiter(20, waiting)
    waiting.sleep(3600)
    for place in range(40):
        limit.acquire(f"operation_{place}")
    assert round(sum(waiting.slept) - 3600, 3) == 1.0


def test_threads_share_one_bucket() -> None:
    slept: list[float] = []
    limit = Limiter(10, monotonic=lambda: 0.0, sleep=slept.append)

    def ten_calls() -> None:
        for _ in range(10):
            limit.acquire("op")

    threads = [threading.Thread(target=ten_calls) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Time stands still: 30 calls beyond the burst of 10, the last of them owed in 3 seconds.
    assert (len(slept), round(max(slept), 3)) == (30, 3.0)
