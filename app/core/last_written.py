"""What was last written into a NetSuite record, put together from the exchanges of the runs that wrote it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.steps import RESTLET, path_of, writes

RECORDS = "/services/rest/record/v1/"
Exchange = Mapping[str, Any]


@dataclass(frozen=True)
class Named:
    """A record by both of its names."""

    type: str
    id: str
    external_id: str = ""


@dataclass
class LastWritten:
    """`body` with the fields of later, smaller writes laid over it; `at`: of the last of them."""

    at: datetime | None = None
    body: dict[str, Any] = field(default_factory=dict)


def last_written(record: Named, exchanges: Iterable[tuple[datetime, Exchange]]) -> LastWritten:
    """`exchanges`: with their times, oldest first."""
    found = LastWritten()
    for at, exchange in exchanges:
        body = body_for(record, exchange)
        if body is None:
            continue
        found.body = {**found.body, **body} if _in_part(exchange) else dict(body)
        found.at = at
    return found


def body_for(record: Named, exchange: Exchange) -> Mapping[str, Any] | None:
    """What this exchange wrote into the record, if it did and NetSuite took it."""
    if exchange.get("system") != "netsuite" or not writes(exchange) or not _taken(exchange):
        return None
    request = exchange.get("request")
    if not isinstance(request, Mapping):
        return None
    if path_of(exchange).endswith(RESTLET):
        return _of_batch(record, request)
    return request if _concerns(record, path_of(exchange), request) else None


def _taken(exchange: Exchange) -> bool:
    status, response = exchange.get("status"), exchange.get("response")
    refused = isinstance(response, Mapping) and response.get("ok") is False
    return isinstance(status, int) and 200 <= status < 300 and not refused


def _concerns(record: Named, path: str, request: Mapping[str, Any]) -> bool:
    place = path.partition(RECORDS)[2]
    kind = place.rpartition("/!transform/")[2] or place
    names = {record.id, f"eid:{record.external_id}"}
    by_name = place.count("/") == 1 and place.split("/")[0] == record.type and place.split("/")[1] in names
    made = kind == record.type and bool(record.external_id) and request.get("externalId") == record.external_id
    return by_name or made


def _of_batch(record: Named, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    named = request.get("id") == record.id or (
        bool(record.external_id) and request.get("externalId") == record.external_id
    )
    body = request.get("body")
    return body if request.get("type") == record.type and named and isinstance(body, Mapping) else None


def _in_part(exchange: Exchange) -> bool:
    request = exchange.get("request")
    by_restlet = isinstance(request, Mapping) and request.get("op") == "patch"
    return exchange.get("method") == "PATCH" or by_restlet
