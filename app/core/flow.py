"""Flow: the shape a room fills. Catalogue: all rooms, and which of them an event concerns."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from app.core.interfaces import Ledger, Stripe

S = TypeVar("S")
O = TypeVar("O", bound="Options")  # noqa: E741
NUMBER = re.compile("[0-9]{1,18}")


class WrongId(ValueError):
    """None of a flow's source objects can have this id; the sentence names those that it takes."""


class Options(BaseModel):
    """What finance may choose for one flow; each field has a default and a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def problems(self, flows: Collection[str]) -> dict[str, str]:
        """What the model alone cannot tell: option -> what is wrong with it. `flows` are the keys that there are."""
        return {}


@dataclass(frozen=True)
class Sweep(Generic[O]):
    """A scheduled look for what was missed. `ids(ledger, since)` gives source ids; repeats are harmless.

    `windows`: it lists what Stripe dates, so that it can be asked for one day of the past.
    """

    every: timedelta
    ids: "Callable[[Ledger[O], datetime], Iterator[str]]"
    windows: bool = False


class Flow(Generic[S, O]):
    """One rule: this object becomes those records.

    `reads`: a method of the Stripe or NetSuite Protocol, or a function (ledger, id) -> source object.
    `on`: event types; from Stripe as Stripe names them, from NetSuite `<recordType>.<create|edit|xedit|delete|void>`.
    `makes`: link roles this flow creates, so that another flow's LinkMissing finds it. `subjects`: how the ids of its
    source objects begin (`in_`); none for NetSuite's, which are numbers.
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
        subjects: tuple[str, ...] = (),
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
        self.subjects = subjects
        self.enabled = enabled
        self._when: list[Callable[[S, Ledger[O]], None]] = []
        self._push: Callable[[S, Ledger[O]], None] | None = None
        self._root: Callable[[S], str] | None = None

    @property
    def queue(self) -> str:
        return self.key

    @property
    def every(self) -> timedelta | None:
        """How often it looks by itself; none: only when an event or a person says so."""
        return self.sweep.every if self.sweep else None

    def when(self, condition: "Callable[[S, Ledger[O]], None]") -> "Callable[[S, Ledger[O]], None]":
        """Decorator: raises Skipped, Held or NotReady with a sentence when the object is not to be posted (now)."""
        self._when.append(condition)
        return condition

    def push(self, function: "Callable[[S, Ledger[O]], None]") -> "Callable[[S, Ledger[O]], None]":
        """Decorator: writes to the other system; safe to repeat after a crash at any point."""
        self._push = function
        return function

    def takes(self, subject: str) -> bool:
        """Whether an id may be one of its source objects."""
        if self.source == "stripe":
            return not self.subjects or subject.startswith(self.subjects)
        return NUMBER.fullmatch(subject) is not None

    def require(self, subjects: Iterable[str]) -> None:
        """Raises WrongId for the first that it does not take: a slip of whoever gave the ids, told before any work."""
        for subject in subjects:
            if not self.takes(subject):
                raise WrongId(f"{self.key} takes {self.taken}, not {subject!r}.")

    @property
    def taken(self) -> str:
        """What its ids look like, in words."""
        if self.source != "stripe":
            return "internal ids of NetSuite, which are numbers"
        if not self.subjects:
            return "ids of Stripe's objects"
        *others, last = (f"{prefix}…" for prefix in self.subjects)
        return f"ids such as {', '.join(others)} or {last}" if others else f"ids such as {last}"

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
        to.about(source)
        for condition in self._when:
            condition(source, to)
        self._push(source, to)


class CoreFlow(Flow[str, O]):
    """A flow that the core itself carries out, for the runs of other flows: it reads no object of either system.

    It is switched, paused, scheduled and given options like any other, but has no runs of its own: the ids it is given
    on demand are those of the runs it is to replay.
    """

    def __init__(self, key: str, *, title: str, every: timedelta, options: type[O]) -> None:
        super().__init__(key, title=title, source="tieout", reads=lambda _, subject: subject, options=options)
        self._every = every

    @property
    def every(self) -> timedelta:
        return self._every

    @property
    def taken(self) -> str:
        return "ids of runs, which are numbers (`tieout retries` lists them)"


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

    def maker(self, source: str, role: str, subject: str) -> AnyFlow | None:
        """The flow that brings this object of `source` over so that a link of `role` exists.

        Of several, one that listens to events: its run for the object may be on its way already.
        """
        makers = [
            flow
            for flow in self._flows.values()
            if flow.source == source and role in flow.makes and flow.takes(subject)
        ]
        return min(makers, key=lambda flow: not flow.on, default=None)


def reads(method: Callable[..., S]) -> "Callable[[Ledger[Any], str], S]":
    """`reads(Stripe.customer)`: the Protocol's method as a Flow's `reads`."""
    system = "stripe" if getattr(Stripe, method.__name__, None) is method else "netsuite"

    @wraps(method)
    def read(to: "Ledger[Any]", subject: str) -> S:
        found: S = getattr(getattr(to, system), method.__name__)(subject)
        return found

    return read
