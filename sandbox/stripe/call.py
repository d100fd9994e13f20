"""One call on the API, and the table of routes that resources fill."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.stripe import events
from sandbox.stripe.render import copy
from sandbox.stripe.world import API_VERSION, Account, Obj


@dataclass
class Call:
    """Who asks what of which account. An automatic call is Stripe's own doing and has no request id."""

    account: Account
    params: Obj = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    version: str = API_VERSION
    request_id: str | None = None
    idempotency_key: str | None = None

    @classmethod
    def automatic(cls, account: Account) -> Call:
        return cls(account)

    @property
    def now(self) -> int:
        return self.account.world.clock.timestamp()

    @property
    def base_url(self) -> str:
        return self.account.world.base_url

    @property
    def is_endive(self) -> bool:
        """Whether the version is of the train that removed `payment_method_types` from payment intents."""
        return self.version >= "2026-09-30"

    def new_id(self, prefix: str) -> str:
        return self.account.world.new_id(prefix)

    def add(self, obj: Obj, event: str | None = None) -> Obj:
        self.account.add(obj)
        if event:
            self.emit(event, obj)
        return obj

    def get(self, kind: str, name: str = "id") -> Obj:
        """The object that the path names."""
        return self.account.get(kind, self.ids[name])

    def named(self, kind: str, param: str) -> Obj | None:
        """The object that a parameter names, if it is given; raises Missing."""
        value = self.params.get(param)
        return self.account.get(kind, value, param) if value else None

    def emit(self, event: str, obj: Obj, previous: Obj | None = None) -> None:
        events.emit(self, event, obj, previous)

    @contextlib.contextmanager
    def updating(self, obj: Obj, *emitted: str) -> Iterator[Obj]:
        """Emit these events at the end if anything changed, the first with what it was before."""
        before = copy(obj)
        yield obj
        previous = changes(before, obj)
        if previous:
            for event in emitted:
                self.emit(event, obj, previous if event.endswith("updated") else None)


def changes(before: Obj, after: Obj) -> Obj:
    """`previous_attributes`: the old values of what differs, None for what was not there."""
    previous: Obj = {}
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        if old == new or name[:1] == "_":
            continue
        nested = isinstance(old, dict) and isinstance(new, dict)
        previous[name] = changes(old, new) if nested else old  # type: ignore[arg-type]
    return previous


Answering = Callable[[Call], Obj]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    params: str | None
    answer: Answering
    before_endive: tuple[str, ...]


class Routes:
    """The routes of one resource. `params` names the class of `stripe.params` that says what may be sent."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def get(self, path: str, params: str | None = None) -> Callable[[Answering], Answering]:
        return self._route("GET", path, params)

    def post(
        self,
        path: str,
        params: str | None = None,
        *,
        before_endive: tuple[str, ...] = (),
    ) -> Callable[[Answering], Answering]:
        return self._route("POST", path, params, before_endive)

    def delete(self, path: str, params: str | None = None) -> Callable[[Answering], Answering]:
        return self._route("DELETE", path, params)

    def _route(
        self,
        method: str,
        path: str,
        params: str | None,
        before_endive: tuple[str, ...] = (),
    ) -> Callable[[Answering], Answering]:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "/?")

        def note(answer: Answering) -> Answering:
            self.all.append(Route(method, pattern, params, answer, before_endive))
            return answer

        return note


def update_fields(obj: Obj, given: Obj, names: tuple[str, ...]) -> None:
    """Set the plain fields that were given; metadata is merged, and '' takes a key out."""
    for name in names:
        if name in given:
            obj[name] = given[name]
    if "metadata" in given:
        obj["metadata"] = merged_metadata(obj.get("metadata") or {}, given["metadata"])


def merged_metadata(old: Obj, given: Any) -> Obj:
    if given is None:
        return {}
    merged = old | given
    return {key: value for key, value in merged.items() if value != ""}
