"""Webhook delivery: signs, posts, retries with backoff, and misbehaves as told."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from sandbox.clock import Clock

Signature = Callable[[bytes], str]


@dataclass
class Chaos:
    """How deliveries go wrong. Rates are 0 to 1 and drawn from one seeded source; times are real."""

    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    delay_ms: int = 1000
    drop: float = 0.0
    wrong_signature: float = 0.0
    seed: int = 0
    retry_ms: int = 1000
    retry_most_ms: int = 60_000
    max_attempts: int = 16
    timeout_ms: int = 20_000
    paused: bool = False

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311

    def strikes(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate

    def overtaking(self) -> float:
        """Seconds by which a reordered delivery is late."""
        return self._random.uniform(0.05, 0.5)

    def backoff(self, attempt: int) -> float:
        return min(self.retry_ms * 2.0 ** (attempt - 1), self.retry_most_ms) / 1000

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


@dataclass
class Delivery:
    """One event on its way to one endpoint, with every answer so far. `secrets` has several while one is rolled."""

    event_id: str
    event_type: str
    endpoint_id: str
    url: str
    secrets: Callable[[], list[str]]
    body: bytes
    alive: Callable[[], bool]
    delivered: Callable[[], None]
    id: str = ""
    attempt: int = 0
    outcome: str = "pending"
    answers: list[dict[str, Any]] = field(default_factory=list)

    def again(self) -> Delivery:
        """The same event to the same endpoint once more."""
        return replace(self, attempt=0, outcome="pending", answers=[])

    def as_json(self) -> dict[str, Any]:
        names = ("id", "event_id", "event_type", "endpoint_id", "url", "attempt", "outcome", "answers")
        return {name: getattr(self, name) for name in names}


def signature_header(secrets: list[str], body: bytes, timestamp: int) -> str:
    """The Stripe-Signature header: one v1 for each secret that is valid."""
    signed = f"{timestamp}.".encode() + body
    macs = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return f"t={timestamp}," + ",".join(f"v1={mac}" for mac in macs)


class Deliveries:
    """The delivery queue with its threads, which start with the first delivery."""

    def __init__(self, *, clock: Clock, threads: int = 4) -> None:
        self.chaos = Chaos()
        self._clock = clock
        self._threads = threads
        self._changed = threading.Condition()
        self._queue: list[tuple[float, int, Delivery]] = []
        self._log: list[Delivery] = []
        self._in_flight = 0
        self._numbers = itertools.count(1)
        self._running: list[threading.Thread] = []
        self._closed = False

    def send(self, delivery: Delivery) -> None:
        """Queue it, once, twice or never, now or later, as the chaos has it."""
        with self._changed:
            delivery.id = f"wd_{next(self._numbers)}"
            self._log.append(delivery)
            if self.chaos.strikes(self.chaos.drop):
                delivery.outcome = "dropped"
                return
            wait = self.chaos.overtaking() if self.chaos.strikes(self.chaos.reorder) else 0.0
            wait += self.chaos.delay_ms / 1000 if self.chaos.strikes(self.chaos.delay) else 0.0
            self._push(delivery, wait)
            if self.chaos.strikes(self.chaos.duplicate):
                self._push(delivery, wait)
            self._start()

    def configure(self, **chaos: Any) -> Chaos:
        """Replace the chaos by one of these fields; raises TypeError for a name that doesn't exist."""
        with self._changed:
            self.chaos = Chaos(**chaos)
            self._changed.notify_all()
            return self.chaos

    def log(self) -> list[Delivery]:
        with self._changed:
            return list(self._log)

    def pending(self) -> int:
        with self._changed:
            return len(self._queue) + self._in_flight

    def wait_idle(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._in_flight, timeout)

    def retry_now(self) -> None:
        """Make every booked retry due at once."""
        with self._changed:
            self._queue = [(0.0, number, delivery) for _, number, delivery in self._queue]
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._queue.clear()
            self._log.clear()
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()
        for thread in self._running:
            thread.join(5)

    def _push(self, delivery: Delivery, wait: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + wait, next(self._numbers), delivery))
        self._changed.notify_all()

    def _start(self) -> None:
        if self._running or self._closed:
            return
        for number in range(self._threads):
            thread = threading.Thread(target=self._run, name=f"stripe-webhooks-{number}", daemon=True)
            self._running.append(thread)
            thread.start()

    def _run(self) -> None:
        # shorter than receivers keep connections, so that none is used just as it is closed
        with httpx.Client(trust_env=False, limits=httpx.Limits(keepalive_expiry=2)) as client:
            while (delivery := self._next()) is not None:
                try:
                    self._attempt(client, delivery)
                finally:
                    with self._changed:
                        self._in_flight -= 1
                        self._changed.notify_all()

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._closed:
                wait = self._until_due()
                if wait == 0:
                    self._in_flight += 1
                    return heapq.heappop(self._queue)[2]
                self._changed.wait(wait)
            return None

    def _until_due(self) -> float | None:
        """Seconds until the first one is due; None when there is none."""
        if not self._queue or self.chaos.paused:
            return None
        return max(0.0, self._queue[0][0] - time.monotonic())

    def _attempt(self, client: httpx.Client, delivery: Delivery) -> None:
        if not delivery.alive():
            delivery.outcome = "abandoned"
            return
        delivery.attempt += 1
        answer = self._post(client, delivery)
        delivery.answers.append(answer)
        if 200 <= answer.get("status", 0) < 300:
            delivery.outcome = "delivered"
            delivery.delivered()
        elif delivery.outcome != "delivered":
            self._book_retry(delivery)

    def _book_retry(self, delivery: Delivery) -> None:
        with self._changed:
            if self._closed or delivery.attempt >= self.chaos.max_attempts:
                delivery.outcome = "failed"
            else:
                self._push(delivery, self.chaos.backoff(delivery.attempt))

    def _post(self, client: httpx.Client, delivery: Delivery) -> dict[str, Any]:
        asked = {"at": self._clock.now().isoformat(), "attempt": delivery.attempt}
        try:
            response = client.post(
                delivery.url,
                content=delivery.body,
                headers=self._headers(delivery),
                timeout=self.chaos.timeout_ms / 1000,
            )
        except httpx.HTTPError as error:
            return asked | {"error": f"{type(error).__name__}: {error}"}
        return asked | {"status": response.status_code, "body": response.text[:500]}

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        # receivers refuse signatures more than 300 s away from their own clock, so the time is the real one
        secrets = delivery.secrets()
        if self.chaos.strikes(self.chaos.wrong_signature):
            secrets = ["whsec_wrong"]
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature_header(secrets, delivery.body, int(time.time())),
        }
