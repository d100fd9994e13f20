"""Audit: who changed what, when and why; configuration changes as what was and what is."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import Response
from pydantic import Field

from app.admin import audit, queries
from app.admin.models import HIGHEST, AuditOut
from app.admin.queries import AuditFilter, Slice
from app.dashboard.access import Viewer
from app.dashboard.formats import with_query
from app.dashboard.pages import Asked, page, pages

router = pages(prefix="/audit")
LIMIT = 50
PLACES = {"run": "/records/{}", "issue": "/issues/{}", "job": "/jobs/{}", "flow": "/flows/{}", "payout": "/payouts/{}"}
"""Kind of target -> where it is looked at."""
NOUNS = {"run": "record", "retry": "record", "config": "configuration", "stripe_endpoint": "Stripe endpoint"}
SAID = ("reason", "note")


class AuditAsked(Asked):
    actor: str = Field("", max_length=255)
    action: str = Field("", max_length=100)
    target: str = Field("", max_length=255)
    since: date | None = None
    until: date | None = None
    before: int | None = Field(None, ge=1, le=HIGHEST)

    def filter(self) -> AuditFilter:
        until = self.until + timedelta(days=1) if self.until else None
        target = self.target.strip() or None
        return AuditFilter(self.actor or None, self.action or None, target, _start(self.since), _start(until))


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None


@router.get("")
def find(visit: Viewer, asked: Annotated[AuditAsked, Query()]) -> Response:
    with visit.parts.database.session_scope() as session:
        found = queries.audit_log(session, asked.filter(), Slice(LIMIT, asked.before))
        actors, actions = queries.audit_names(session)
    nouns = sorted({action.partition(".")[0] for action in actions})
    deeds = [(one, in_words(one)) for one in actions]
    choices = [(noun, f"{_first(_noun(noun))}: anything") for noun in nouns] + deeds
    facts: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "rows": [row(each) for each in found.items],
        "people": [(name, name) for name in actors],
        "choices": choices,
        "file": with_query("/audit/export", **asked.model_dump(exclude={"before"}, mode="json", exclude_defaults=True)),
    }
    return page(visit, "audit/list.html", **facts)


@router.get("/export")
def export(visit: Viewer, asked: Annotated[AuditAsked, Query()]) -> Response:
    return audit.as_file(visit.parts, asked.filter())


def row(entry: AuditOut) -> dict[str, Any]:
    """As it is shown: what was done, to what and where that is, why, what was and is, and the rest."""
    kind, _, name = entry.target.partition(":")
    told = {key: value for key, value in entry.details.items() if key not in (*SAID, "changes")}
    pairs = {key: value for key, value in told.items() if _is_change(value)}
    changes = [(each["path"], each["before"], each["after"]) for each in entry.details.get("changes", [])]
    return {
        "entry": entry,
        "deed": in_words(entry.action),
        "target": _target(kind, name),
        "href": PLACES[kind].format(name) if kind in PLACES and name else "",
        "why": next((str(entry.details[key]) for key in SAID if entry.details.get(key)), ""),
        "changes": changes + [(key, value[0], value[1]) for key, value in pairs.items()],
        "rest": [(key, value) for key, value in told.items() if key not in pairs],
    }


def _target(kind: str, name: str) -> str:
    return f"version {name}" if kind == "config" else f"{_noun(kind)} {name}".strip()


def _is_change(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(one is None or isinstance(one, str) for one in value)


def in_words(action: str) -> str:
    """`retry.replayed` -> `Record replayed`."""
    noun, _, deed = action.partition(".")
    return f"{_first(_noun(noun))} {deed.replace('_', ' ')}".rstrip()


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _noun(name: str) -> str:
    return NOUNS.get(name, name.replace("_", " "))
