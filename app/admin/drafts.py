"""A draft of the whole configuration: what it changes, and how it goes together with what somebody saved meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.admin.parts import Parts
from app.core import config as configuration
from app.core import plan
from app.core.config import Config
from app.core.plan import Change

SAMPLE = 20
"""So many of the last records are compared before a draft is saved."""
_GONE = object()


@dataclass(frozen=True)
class Draft:
    """`base`: the version that it was made from; `now`: the one in force; `wanted`: the draft."""

    base: Config
    now: Config
    wanted: Config

    @property
    def stale(self) -> bool:
        return self.base.version != self.now.version

    @property
    def changes(self) -> list[Change]:
        return plan.diff(self.base, self.wanted)

    @property
    def theirs(self) -> list[Change]:
        """What has been changed by others since the draft was begun."""
        return plan.diff(self.base, self.now)


@dataclass(frozen=True)
class Merged:
    """`clashes`: settings that both sides changed, each to something else; the draft's value stands in `wanted`."""

    based_on: int
    wanted: Config
    clashes: tuple[str, ...]


def read(parts: Parts, source: str, based_on: int | None = None) -> Draft:
    """Raises InvalidConfig, and LookupError when there is no version `based_on`; none: the one in force."""
    wanted = plan.parse(source, parts.catalogue)
    with parts.database.session_scope() as session:
        now = configuration.current(session)
        base = now if based_on in (None, now.version) else plan.version(session, based_on or 0)
    return Draft(base, now, wanted)


def save(parts: Parts, draft: Draft, *, actor: str, note: str) -> int:
    """The version in force afterwards. Raises Stale and InvalidConfig."""
    with parts.database.session_scope() as session:
        saved = plan.change(
            session,
            lambda _: draft.wanted,
            actor=actor,
            note=note,
            flows=parts.catalogue,
            based_on=draft.base.version,
        )
    return saved.version


def merged(parts: Parts, draft: Draft) -> Merged:
    """The draft's changes put onto what is in force now. Raises InvalidConfig when they do not go together."""
    base, now, wanted = (configuration.document(each) for each in (draft.base, draft.now, draft.wanted))
    clashes: list[str] = []
    together = _laid(base, now, wanted, "", clashes)
    return Merged(draft.now.version, plan.checked(together, parts.catalogue), tuple(clashes))


def _laid(base: Any, now: Any, wanted: Any, path: str, clashes: list[str]) -> Any:
    """Mappings entry by entry; anything else, lists too, as one value."""
    if isinstance(now, Mapping) and isinstance(wanted, Mapping):
        before = base if isinstance(base, Mapping) else {}
        names = [*now, *(name for name in wanted if name not in now)]
        laid = {name: _entry(before, now, wanted, name, path, clashes) for name in names}
        return {name: value for name, value in laid.items() if value is not _GONE}
    if wanted in (base, now):
        return now
    if now != base:
        clashes.append(path)
    return wanted


def _entry(base: Any, now: Any, wanted: Any, name: str, path: str, clashes: list[str]) -> Any:
    inner = f"{path}.{name}" if path else str(name)
    return _laid(base.get(name, _GONE), now.get(name, _GONE), wanted.get(name, _GONE), inner, clashes)
