"""Which runs are meant: the one filter of every list, count and bulk action."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_

from app.core import search
from app.core.runs import AGAIN, HOLDABLE, REPLAYABLE, Run

FIT: Mapping[str, tuple[str, ...]] = {
    "replay": REPLAYABLE,
    "dismiss": REPLAYABLE,
    "hold": HOLDABLE,
    "run": (*REPLAYABLE, *AGAIN),
}
"""Bulk action -> the states of the runs it can be done to."""
_PAST = {"replay": "replayed", "dismiss": "dismissed", "hold": "held back", "run": "run again"}


@dataclass(frozen=True)
class RunFilter:
    """What is not given restricts nothing. `since` and `until` are about the last change.

    `search`: words each of which is something the record is known by. `job`: the bulk job that saw to it last.
    """

    flow: str | None = None
    states: tuple[str, ...] = ()
    account: str | None = None
    subject: str | None = None
    error_code: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    issue: int | None = None
    causes: tuple[str, ...] = ()
    currency: str | None = None
    search: str | None = None
    job: int | None = None
    ids: tuple[int, ...] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        return [*self.plain(), *(search.conditions(self.search) if self.search else [])]

    def plain(self) -> list[ColumnElement[bool]]:
        """All but the search."""
        exact = {
            Run.flow: self.flow,
            Run.account: self.account,
            Run.subject: self.subject,
            Run.error_code: self.error_code,
            Run.issue_id: self.issue,
            Run.currency: self.currency.lower() if self.currency else None,
            Run.job_id: self.job,
        }
        found: list[ColumnElement[bool]] = [column == value for column, value in exact.items() if value is not None]
        among = {Run.state: self.states, Run.cause: self.causes, Run.id: self.ids}
        found += [column.in_(values) for column, values in among.items() if values]
        if self.text:
            found.append(or_(*(column.icontains(self.text, autoescape=True) for column in (Run.summary, Run.subject))))
        if self.since:
            found.append(Run.updated_at >= self.since)
        if self.until:
            found.append(Run.updated_at < self.until)
        return found

    def as_json(self) -> dict[str, Any]:
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: _plain(value) for name, value in given.items() if value not in (None, ())}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RunFilter":
        values = dict(stored)
        for name in ("since", "until"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        several = {name: tuple(values.get(name, ())) for name in ("states", "causes", "ids")}
        return cls(**{**values, **several})

    def fit_for(self, kind: str) -> "RunFilter":
        """The same, but only what this action can be done to. Raises ValueError when it can be done to none of it."""
        states = tuple(state for state in (self.states or FIT[kind]) if state in FIT[kind])
        if not states:
            raise ValueError(f"only runs that are {', '.join(FIT[kind])} can be {_PAST[kind]}")
        return replace(self, states=states)

    def replayable(self) -> "RunFilter":
        """`fit_for` a replay."""
        return self.fit_for("replay")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
