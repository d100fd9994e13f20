"""One Exchange for each HTTP request to Stripe, redacted, with the form fields named as Stripe's documents do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app.core.exchanges import Exchange, redacted, redacted_headers


def exchange(
    method: str,
    url: str,
    form: str | None,
    headers: Mapping[str, str],
    milliseconds: int,
    *,
    status: int | None = None,
    body: bytes | None = None,
    error: str | None = None,
) -> Exchange:
    """`headers`: those sent and those that came back, together; only the allow-listed ones are kept."""
    place = urlsplit(url)
    params = nested(parse_qsl(form or place.query, keep_blank_values=True))
    return Exchange(
        system="stripe",
        method=method.upper(),
        path=place.path,
        status=status,
        milliseconds=milliseconds,
        request=redacted(params) or None,
        response=_readable(body),
        headers=redacted_headers(headers),
        error=error,
    )


def nested(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """`[("lines[0][amount]", "5")]` -> `{"lines": {"0": {"amount": "5"}}}`: each field under its own name."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = name.replace("]", "").split("[")
        place = tree
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def _readable(body: bytes | None) -> Any:
    if not body:
        return None
    try:
        return redacted(json.loads(body))
    except ValueError:
        return f"{len(body)} bytes that are not JSON"
