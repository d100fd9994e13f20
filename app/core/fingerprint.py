"""One short name for one content: how a write by us is recognised when it comes back as an event."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content's canonical JSON; empty values (None, "", [], {}) count as absent."""
    text = json.dumps(_without_empty(content), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_without_empty(item) for item in value]
    return value
