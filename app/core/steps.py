"""What an exchange was for, told from its direction: fetching, matching, pushing, or writing back."""

from collections.abc import Mapping
from typing import Any, Literal

Step = Literal["sign_in", "fetch", "match", "push", "write_back"]
SUITEQL = "/query/v1/suiteql"
RESTLET = "/restlet.nl"
_ASKING = ("ping", "urls")
"""Actions of the RESTlet that change nothing."""


def step_of(exchange: Mapping[str, Any], source: str) -> Step:
    """`source`: the system whose object the run is about."""
    if path_of(exchange).endswith("/token"):
        return "sign_in"
    own = exchange.get("system") == source
    if writes(exchange):
        return "write_back" if own else "push"
    return "fetch" if own else "match"


def writes(exchange: Mapping[str, Any]) -> bool:
    path = path_of(exchange)
    if exchange.get("method") == "GET" or path.endswith(SUITEQL):
        return False
    if path.endswith(RESTLET):
        request = exchange.get("request")
        return not (isinstance(request, Mapping) and request.get("action") in _ASKING)
    return True


def path_of(exchange: Mapping[str, Any]) -> str:
    """Without its query."""
    return str(exchange.get("path") or "").partition("?")[0]
