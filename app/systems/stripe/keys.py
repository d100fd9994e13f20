"""Idempotency keys: the same work gets the same key, and an event that our own request caused shows it.

Stripe keeps the answer to a key for at least a day, errors and 500s included, and gives it again to whoever asks
(docs.stripe.com/api/idempotent_requests). So a key that met a recorded failure, or made an object that is gone by
now, is spent; `generation` makes the next one.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

PREFIX = "tieout:"
LONGEST = 255


def key(account: str, operation: str, subject: str, params: Mapping[str, Any], *, generation: int = 1) -> str:
    """The key for doing `operation` to or for `subject` with exactly these params."""
    text = json.dumps(params, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    suffix = f":{digest}" + (f":r{generation}" if generation > 1 else "")
    named = f"{PREFIX}{account}:{operation}:{subject}"
    if len(named) + len(suffix) > LONGEST:
        named = f"{PREFIX}{account}:{operation}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    return named + suffix


def key_for_state(account: str, operation: str, subject: str, params: Mapping[str, Any]) -> str:
    """For a call that sets a state: one key for its own repeats, another for the next call.

    A lasting key would be wrong here: of the updates A, B, A within a day Stripe would answer the third from memory
    and leave the object at B.
    """
    return f"{key(account, operation, subject, params)}:{uuid4().hex[:12]}"


def ours(idempotency_key: str | None) -> bool:
    """Whether a request of this product caused the event."""
    return idempotency_key is not None and idempotency_key.startswith(PREFIX)
