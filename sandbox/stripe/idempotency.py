"""Idempotency keys of one account: the first answer to a key is the answer to that key for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sandbox.stripe.errors import IdempotencyError, InvalidRequest

KEPT_FOR = timedelta(hours=24)


@dataclass
class Answer:
    status: int
    body: bytes


@dataclass
class _Entry:
    endpoint: str
    params: str
    at: float
    answer: Answer | None = None


class Kept:
    """Keys and their answers; `at` is the sandbox clock's timestamp."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def claim(self, key: str, endpoint: str, params: str, at: float) -> Answer | None:
        """The answer given before, or None: the key is the caller's until `save` or `release`.

        Raises IdempotencyError for other parameters, and 409 while the first request still runs.
        """
        if len(key) > 255:
            raise InvalidRequest("Idempotency keys must be at most 255 characters")
        self._prune(at)
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = _Entry(endpoint, params, at)
            return None
        _check_same(key, entry, endpoint, params)
        if entry.answer is None:
            raise IdempotencyError(
                f"There is currently another in-progress request using this Idempotent Key: {key}",
                code="idempotency_key_in_use",
                status=409,
            )
        return entry.answer

    def save(self, key: str, answer: Answer) -> None:
        self._entries[key].answer = answer

    def release(self, key: str) -> None:
        self._entries.pop(key, None)

    def _prune(self, at: float) -> None:
        # entries are in the order they were claimed, so the old ones come first
        for key, entry in list(self._entries.items()):
            if at - entry.at < KEPT_FOR.total_seconds():
                return
            del self._entries[key]


def _check_same(key: str, entry: _Entry, endpoint: str, params: str) -> None:
    if entry.endpoint != endpoint:
        raise IdempotencyError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{entry.endpoint}' vs '{endpoint}'). Try using a key other than '{key}' if you meant to execute a "
            "different request."
        )
    if entry.params != params:
        raise IdempotencyError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
