"""The account's concurrency limit, its base latency, and the count of every call."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from typing import Any

PATTERNS = (
    (re.compile(r"(/record/v1/[^/]+/)eid:[^/]+"), r"\1eid:{externalId}"),
    (re.compile(r"(/record/v1/(?!metadata-catalog)[^/]+/)(?!eid:|!)[^/{}]+"), r"\1{id}"),
    (re.compile(r"(/async/v1/job/)[^/]+"), r"\1{job}"),
    (re.compile(r"(/task/)[^/]+"), r"\1{task}"),
    (re.compile(r"(/\{id\}/[^/!@]+/)[^/]+"), r"\1{line}"),
)


def pattern(path: str) -> str:
    """A path without its ids, so that calls of a kind add up."""
    for found, put in PATTERNS:
        path = found.sub(put, path)
    return path


class Governance:
    """Admits up to `limit` requests at once over REST, SuiteQL and RESTlets together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.limit = 5
        self.latency_ms = 0
        self.record_ms = 0
        self.in_flight = 0
        self.forget()

    def reset(self) -> None:
        with self.lock:
            self.limit, self.latency_ms, self.record_ms = 5, 0, 0
        self.forget()

    def forget(self) -> None:
        """Start counting anew."""
        with self.lock:
            self.highest = self.in_flight
            self.busy_seconds, self.counted_at = 0.0, time.monotonic()
            self.refused = 0
            self.calls: Counter[tuple[str, str]] = Counter()
            self.answers: Counter[int] = Counter()

    def enter(self, method: str, path: str) -> bool:
        """Take one of the places; False when there is none."""
        with self.lock:
            self.calls[method, pattern(path)] += 1
            if self.in_flight >= self.limit:
                self.refused += 1
                return False
            self._pass_time()
            self.in_flight += 1
            self.highest = max(self.highest, self.in_flight)
            return True

    def leave(self) -> None:
        with self.lock:
            self._pass_time()
            self.in_flight -= 1

    def _pass_time(self) -> None:
        """`busy_seconds` adds up the places taken over time: over limit times elapsed, it is the utilisation."""
        now = time.monotonic()
        self.busy_seconds += self.in_flight * (now - self.counted_at)
        self.counted_at = now

    def answered(self, status: int) -> None:
        with self.lock:
            self.answers[status] += 1

    def stats(self) -> dict[str, Any]:
        with self.lock:
            self._pass_time()
            calls = [
                {"method": method, "path": path, "count": count} for (method, path), count in sorted(self.calls.items())
            ]
            return {
                "limit": self.limit,
                "in_flight": self.in_flight,
                "max_in_flight": self.highest,
                "busy_seconds": round(self.busy_seconds, 3),
                "refused": self.refused,
                "total": sum(self.calls.values()),
                "calls": calls,
                "answers": {str(status): count for status, count in sorted(self.answers.items())},
            }
