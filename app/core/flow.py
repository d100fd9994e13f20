"""Flow: the shape a room fills. Catalogue: all rooms, and which of them an event concerns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from app.core.interfaces import Ledger, Stripe

S = TypeVar("S")
O = TypeVar("O", bound="Options")  # noqa: E741


class Options(BaseModel):
    """What finance may choose for one flow; each field has a default and a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Sweep(Generic[O]):
    """A scheduled look for what was missed. `ids(ledger, since)` gives source ids; repeats are harmless."""

    every: timedelta
    ids: "Callable[[Ledger[O], datetime], Iterator[str]]"


class Flow(Generic[S, O]):
    """One rule: this object becomes those records.

    `reads`: a method of the Stripe or NetSuite Protocol, or a function (ledger, id) -> source object.
    `on`: event types; from Stripe as Stripe names them, from NetSuite `<recordType>.<create|edit|xedit|delete|void>`.
    `makes`: link roles this flow creates, so that another flow's LinkMissing finds it.
    """

    def __init__(
        self,
        key: str,
        *,
        title: str,
        source: str,
        reads: "Callable[[Ledger[O], str], S]",
        on: tuple[str, ...] = (),
        sweep: "Sweep[O] | None" = None,
        options: type[O],
        makes: tuple[str, ...] = (),
        enabled: bool = True,
    ) -> None:
        self.key = key
        self.title = title
        self.source = source
        self.reads = reads
        self.on = on
        self.sweep = sweep
        self.options = options
        self.makes = makes
        self.enabled = enabled
        self._when: list[Callable[[S, Ledger[O]], None]] = []
        self._push: Callable[[S, Ledger[O]], None] | None = None
        self._root: Callable[[S], str] | None = None

    @property
    def queue(self) -> str:
        return self.key

    def when(self, condition: "Callable[[S, Ledger[O]], None]") -> "Callable[[S, Ledger[O]], None]":
        """Decorator: raises Skipped, Held or NotReady with a sentence when the object is not to be posted (now)."""
        self._when.append(condition)
        return condition

    def push(self, function: "Callable[[S, Ledger[O]], None]") -> "Callable[[S, Ledger[O]], None]":
        """Decorator: writes to the other system; safe to repeat after a crash at any point."""
        self._push = function
        return function

    def root(self, function: Callable[[S], str]) -> Callable[[S], str]:
        """Decorator: the id of the object whose runs must not overlap, when it is not the subject itself."""
        self._root = function
        return function

    def root_of(self, source: S) -> str | None:
        return self._root(source) if self._root else None

    def carry(self, source: S, to: "Ledger[O]") -> None:
        """Check every condition, then push."""
        if self._push is None:
            raise TypeError(f"{self.key} has no push")
        for condition in self._when:
            condition(source, to)
        self._push(source, to)


AnyFlow = Flow[Any, Any]


class Catalogue(Mapping[str, AnyFlow]):
    """Flows by key, in the published order. `ignored`: event types we know and want nothing of -> why."""

    def __init__(self, flows: Iterable[AnyFlow], ignored: Mapping[str, str]) -> None:
        self._flows = {flow.key: flow for flow in flows}
        self.ignored = dict(ignored)

    def __getitem__(self, key: str) -> AnyFlow:
        return self._flows[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._flows)

    def __len__(self) -> int:
        return len(self._flows)

    def listening(self, source: str, event_type: str) -> list[AnyFlow]:
        return [flow for flow in self._flows.values() if flow.source == source and event_type in flow.on]

    def maker(self, source: str, role: str) -> AnyFlow | None:
        """The flow that brings an object of `source` over so that a link of `role` exists.

        Of several, one that listens to events: its run for the object may be on its way already.
        """
        makers = [flow for flow in self._flows.values() if flow.source == source and role in flow.makes]
        return min(makers, key=lambda flow: not flow.on, default=None)


def reads(method: Callable[..., S]) -> "Callable[[Ledger[Any], str], S]":
    """`reads(Stripe.customer)`: the Protocol's method as a Flow's `reads`."""
    system = "stripe" if getattr(Stripe, method.__name__, None) is method else "netsuite"

    def read(to: "Ledger[Any]", subject: str) -> S:
        found: S = getattr(getattr(to, system), method.__name__)(subject)
        return found

    return read
