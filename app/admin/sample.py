"""A real record under a draft of the configuration: what would be written, field by field, beside what is now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.admin import actions
from app.admin.parts import Parts
from app.core import config as configuration
from app.core.bodies import flattened, plainly
from app.core.config import Config
from app.core.preview import Preview, Written
from app.core.runs import Run

RECENT = 25
LOOKED_THROUGH = 400
UNMAPPED = 200


@dataclass(frozen=True)
class Recent:
    """A record that a flow has seen lately. `key`: how a form names it."""

    flow: str
    account: str
    subject: str
    title: str
    state: str

    @property
    def key(self) -> str:
        return f"{self.flow}/{self.account}/{self.subject}"


@dataclass(frozen=True)
class Side:
    """How the record comes out under one configuration."""

    state: str
    summary: str
    action: str | None
    notes: tuple[str, ...]
    considered: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Place:
    """One field of what is written. `origin`: where it comes from under the draft, in words."""

    target: str
    path: str
    before: Any
    after: Any
    origin: str
    changed: bool


@dataclass(frozen=True)
class Sample:
    flow: str
    account: str
    subject: str
    before: Side
    after: Side
    fields: tuple[Place, ...]

    @property
    def written(self) -> bool:
        """Whether the draft lets anything be written."""
        return any(each.after is not None for each in self.fields)

    @property
    def changed(self) -> int:
        return sum(each.changed for each in self.fields)


def recent(session: Session, parts: Parts, *, held_first: bool = False) -> list[Recent]:
    """The last different records that something was made of, or that wait for a choice."""
    made = or_(Run.state.in_(("succeeded", "held")), func.jsonb_array_length(Run.records) > 0)
    columns = (Run.flow, Run.account, Run.subject, Run.title, Run.state)
    wanted = select(*columns).where(made).order_by(Run.id.desc()).limit(LOOKED_THROUGH)
    found: dict[str, Recent] = {}
    for row in session.execute(wanted):
        each = Recent(row.flow, row.account, row.subject, row.title, row.state)
        if each.flow in parts.catalogue and each.key not in found:
            found[each.key] = each
    ordered = sorted(found.values(), key=lambda one: one.state != "held") if held_first else list(found.values())
    return ordered[:RECENT]


def sample(parts: Parts, wanted: Config, flow: str, account: str, subject: str, *, anew: bool = True) -> Sample:
    """Asks both systems, writes nothing. `anew`: as it would be written today, though it is there already.

    Raises LookupError for an unknown flow, Impossible for an account, WrongId for an id that is none of the flow's.
    """
    chosen = actions.flow_called(parts, flow)
    chosen.require([subject])
    name = actions.account_for(parts, chosen, account or None)
    with parts.database.session_scope() as session:
        now = configuration.current(session)
    with_now = parts.previewer.preview(chosen.key, name, subject, draft=now, anew=anew)
    with_draft = parts.previewer.preview(chosen.key, name, subject, draft=wanted, anew=anew, explain=True)
    fields = tuple(_fields(with_now.written, with_draft.written))
    return Sample(chosen.key, name, subject, _side(with_now), _side(with_draft), fields)


def _side(found: Preview) -> Side:
    told = found.outcome
    return Side(told.state, told.summary, told.action, tuple(found.notes), _considered(found))


def _considered(found: Preview) -> tuple[Mapping[str, Any], ...]:
    """Of a record that is held for a choice, the candidates among which one has to choose."""
    known = {one["id"] for one in found.considered}
    return (*found.considered, *(one for one in found.outcome.candidates if one["id"] not in known))


def _fields(before: list[Written], after: list[Written]) -> Iterator[Place]:
    old, new = _by_target(before), _by_target(after)
    for target in dict.fromkeys([*new, *old]):
        was, becomes = _values(old.get(target)), _values(new.get(target))
        origins = new[target].origins if target in new else {}
        for path in dict.fromkeys([*becomes, *was]):
            found = origins.get(path)
            words = found.words if found else ""
            changed = was.get(path) != becomes.get(path) or (path in was) != (path in becomes)
            yield Place(target, path, was.get(path), becomes.get(path), words, changed)


def _by_target(written: list[Written]) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for each in written:
        name = _named(each)
        while name in found:
            name += " again"
        found[name] = each
    return found


def _named(one: Written) -> str:
    return f"{one.target} in {'NetSuite' if one.system == 'netsuite' else 'Stripe'}"


def _values(one: Written | None) -> dict[str, Any]:
    return {path: _readable(plainly(value)) for path, value in flattened(one.body).items()} if one else {}


def _readable(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


# what waits for a setting ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Missing:
    """A setting that records wait for. `words`: what one of them says; `runs`: how many of the last ones say it."""

    setting: str
    words: str
    runs: int
    last_run: int


def missing(session: Session, prefixes: Sequence[str]) -> list[Missing]:
    """The settings below one of `prefixes`, such as `books.main.items`, that held runs name, the most wanted first."""
    held = select(Run.id, Run.summary, Run.action).where(Run.error_code == "unmapped", Run.state == "held")
    found: dict[str, Missing] = {}
    for row in session.execute(held.order_by(Run.id.desc()).limit(UNMAPPED)):
        setting = (row.action or "").partition("`")[2].partition("`")[0]
        if any(f"{setting}.".startswith(f"{prefix}.") for prefix in prefixes):
            known = found.get(setting)
            count = known.runs + 1 if known else 1
            found[setting] = Missing(setting, row.summary, count, known.last_run if known else row.id)
    return sorted(found.values(), key=lambda one: -one.runs)
