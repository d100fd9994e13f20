"""The sandbox's time: runs with the machine's, from wherever it was set, and stands still when frozen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Thread-safe clock that both sandbox servers share. All times are aware and UTC."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._lock = threading.RLock()
        self._offset = timedelta(0)
        self._frozen_at: datetime | None = None
        self._listeners: list[Callable[[datetime], None]] = []
        if start is not None:
            self.set(start)
        if frozen:
            self.freeze()

    def now(self) -> datetime:
        with self._lock:
            return self._frozen_at or datetime.now(UTC) + self._offset

    def timestamp(self) -> int:
        """Whole seconds since 1970, as Stripe writes times."""
        return int(self.now().timestamp())

    @property
    def frozen(self) -> bool:
        with self._lock:
            return self._frozen_at is not None

    def set(self, to: datetime) -> datetime:
        """Make it `to` now; raises ValueError for a naive datetime."""
        if to.tzinfo is None:
            raise ValueError("the sandbox clock takes aware datetimes only")
        with self._lock:
            self._offset = to - datetime.now(UTC)
            if self._frozen_at is not None:
                self._frozen_at = to.astimezone(UTC)
        return self._tell()

    def advance(self, by: timedelta) -> datetime:
        return self.set(self.now() + by)

    def freeze(self) -> datetime:
        with self._lock:
            self._frozen_at = self.now()
        return self._frozen_at

    def unfreeze(self) -> datetime:
        with self._lock:
            stood_at, self._frozen_at = self.now(), None
        return self.set(stood_at)

    def on_change(self, listener: Callable[[datetime], None]) -> None:
        """Call `listener` with the new time after each set or advance."""
        with self._lock:
            self._listeners.append(listener)

    def _tell(self) -> datetime:
        with self._lock:
            listeners, now = list(self._listeners), self.now()
        for listener in listeners:
            listener(now)
        return now
