"""Reads the few fields of a webhook body that the inbox needs, from both of Stripe's event shapes.

Snapshot events (`event`) carry the object as it was, thin ones (`v2.core.event`) only name it. Either way the
object is fetched again when it is acted on, so nothing else of the body is parsed here.
"""

from datetime import UTC, datetime

import msgspec

from app.systems.stripe.objects import EventHead

_THIN_PREFIX = "v1."
_LONGEST_ID = 255  # docs.stripe.com/upgrades: ids may grow to 255 characters


class _Request(msgspec.Struct, gc=False):
    id: str | None = None
    idempotency_key: str | None = None


class _Object(msgspec.Struct, gc=False):
    id: str | None = None
    object: str | None = None


class _Data(msgspec.Struct, gc=False):
    object: _Object | None = None


class _Related(msgspec.Struct, gc=False):
    id: str | None = None
    type: str | None = None


class _Reason(msgspec.Struct, gc=False):
    request: _Request | None = None


class _Body(msgspec.Struct, gc=False):
    object: str
    id: str
    type: str
    created: int | datetime
    livemode: bool
    api_version: str | None = None
    account: str | None = None
    context: str | None = None
    data: _Data | None = None
    # Before API version 2017-05-25 `request` was the bare request id.
    request: _Request | str | None = None
    related_object: _Related | None = None
    reason: _Reason | None = None


_decode = msgspec.json.Decoder(_Body).decode


def head(body: bytes) -> EventHead:
    """The event's identity. Raises ValueError, with what is wrong, for a body that is no Stripe event."""
    try:
        event = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The body is not a Stripe event: {error}") from None
    _check_names(event)
    if event.object == "event":
        return _snapshot(event)
    if event.object == "v2.core.event":
        return _thin(event)
    raise ValueError(f"The body is not a Stripe event: its object is {event.object[:60]!r}.")


def _check_names(event: _Body) -> None:
    for name, value in (("id", event.id), ("type", event.type)):
        if not value or len(value) > _LONGEST_ID or not value.isprintable():
            raise ValueError(f"The body is not a Stripe event: its {name} is empty, too long or unprintable.")


def _snapshot(event: _Body) -> EventHead:
    concerned = (event.data.object if event.data else None) or _Object()
    request = event.request if isinstance(event.request, _Request) else _Request()
    return EventHead(
        id=event.id,
        type=event.type,
        kind="snapshot",
        object_id=concerned.id,
        object_type=concerned.object,
        created=_time(event.created),
        livemode=event.livemode,
        api_version=event.api_version,
        context=event.account or event.context,
        idempotency_key=request.idempotency_key,
    )


def _thin(event: _Body) -> EventHead:
    concerned = event.related_object or _Related()
    request = (event.reason.request if event.reason else None) or _Request()
    return EventHead(
        id=event.id,
        type=event.type.removeprefix(_THIN_PREFIX),
        kind="thin",
        object_id=concerned.id,
        object_type=concerned.type,
        created=_time(event.created),
        livemode=event.livemode,
        context=event.context,
        idempotency_key=request.idempotency_key,
    )


def _time(created: int | datetime) -> datetime:
    try:
        return datetime.fromtimestamp(created, UTC) if isinstance(created, int) else created.astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError("The body is not a Stripe event: its time of creation is out of range.") from None
