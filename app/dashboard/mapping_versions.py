"""Mapping studio: versions of the configuration, what differs between two, going back; YAML and presets."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Form, Path
from fastapi import Query as QueryParams
from fastapi.responses import Response
from pydantic import Field
from starlette.datastructures import FormData

from app.admin import queries, sample
from app.admin.models import HIGHEST
from app.admin.problems import not_found
from app.admin.queries import Slice
from app.core import config as configuration
from app.core import plan, presets
from app.core.config import Config
from app.core.tables import ConfigVersion
from app.dashboard.access import Admin, Operator, Viewer, Visit
from app.dashboard.mapping_drafts import text
from app.dashboard.mapping_studio import AGAIN, MOST_CHANGES, Words, current, in_words, planned, studio, telling, told
from app.dashboard.pages import Asked, go_to, pages

router = pages(prefix="/mapping")
PAGE = 30
Number = Annotated[int, Path(ge=0, le=HIGHEST)]


class Listed(Asked):
    before: int | None = Field(None, ge=1, le=HIGHEST)


class Two(Asked):
    """`before` and `after`: version numbers, 0 is the built-in default; none: the one before, and the one in force."""

    before: int | None = Field(None, ge=0, le=HIGHEST)
    after: int | None = Field(None, ge=0, le=HIGHEST)


@router.get("/versions")
def versions(visit: Viewer, asked: Annotated[Listed, QueryParams()]) -> Response:
    with visit.parts.database.session_scope() as session:
        found = queries.versions(session, Slice(PAGE, asked.before))
        now = configuration.current(session).version
    return studio(visit, "versions.html", found=found, now=now)


@router.get("/versions/{number}")
def one(visit: Viewer, number: Number) -> Response:
    """What this version changed, and all of it as YAML."""
    with visit.parts.database.session_scope() as session:
        row = session.get(ConfigVersion, number)
        if row is None:
            raise not_found(f"There is no configuration version {number}.")
        earlier = queries.versions(session, Slice(1, number)).items
        before = earlier[0].id if earlier else 0
        was, chosen = plan.version(session, before), plan.version(session, number)
        now = configuration.current(session).version
    facts: dict[str, Any] = {"row": row, "before": before, "now": now, "yaml": plan.export(chosen)}
    return studio(visit, "version.html", **facts, **_changes(was, chosen))


@router.get("/compare")
def compare(visit: Viewer, asked: Annotated[Two, QueryParams()]) -> Response:
    with visit.parts.database.session_scope() as session:
        known = queries.versions(session, Slice(100)).items
        now = known[0].id if known else 0
        after = now if asked.after is None else asked.after
        older = [each.id for each in known if each.id < after]
        before = (older[0] if older else 0) if asked.before is None else asked.before
        was, chosen = plan.version(session, before), plan.version(session, after)
    facts: dict[str, Any] = {"known": known, "before": before, "after": after, "now": now}
    return studio(visit, "compare.html", **facts, **_changes(was, chosen))


def _changes(before: Config, after: Config) -> dict[str, Any]:
    changes = telling(before, after)
    return {"changes": changes[:MOST_CHANGES], "count": len(changes), "in_words": in_words}


@router.post("/versions/{number}/roll-back")
def roll_back(visit: Admin, number: Number, reason: Words = "") -> Response:
    """As a new version: nothing of what was in force since is lost."""
    parts = visit.parts
    with parts.database.session_scope() as session:
        before = configuration.current(session).version
        saved = plan.roll_back(session, number, actor=visit.caller.name, note=reason.strip(), flows=parts.catalogue)
    if saved.version == before:
        return go_to(visit, "/mapping/versions", f"Version {number} says what is in force already.", tone="plain")
    said = f"Version {number} is in force again, as version {saved.version}."
    return go_to(visit, "/mapping/versions", said)


# YAML --------------------------------------------------------------------------------------------------------------


@router.get("/yaml")
def yaml(visit: Viewer) -> Response:
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
        recent = sample.recent(session, visit.parts)
    facts: dict[str, Any] = {"yaml": plan.export(chosen), "base": chosen.version, "problems": [], "recent": recent}
    return studio(visit, "yaml.html", part="yaml", **facts)


@router.get("/tieout.yaml")
def download(visit: Viewer) -> Response:
    chosen = current(visit)
    names = {"Content-Disposition": f'attachment; filename="tieout-version-{chosen.version}.yaml"'}
    return Response(plan.export(chosen), media_type="application/yaml", headers=names)


def _yaml_again(visit: Visit, sent: FormData, problems: Mapping[str, str]) -> Response:
    given = sent.get("yaml", "")
    facts: dict[str, Any] = {"yaml": given if isinstance(given, str) else "", "base": sent.get("based_on", "0")}
    with visit.parts.database.session_scope() as session:
        facts |= {"recent": sample.recent(session, visit.parts), "picked": text(sent, "record")}
    return studio(visit, "yaml.html", status=422, part="yaml", problems=told(problems), **facts)


AGAIN["yaml"] = _yaml_again


# presets -----------------------------------------------------------------------------------------------------------


@router.get("/presets")
def list_presets(visit: Viewer) -> Response:
    chosen = current(visit)
    found = [
        (each, plan.leaves(each.settings), _differs(visit, chosen, each.name)) for each in presets.PRESETS.values()
    ]
    return studio(visit, "presets.html", found=found, in_words=in_words)


def _differs(visit: Visit, chosen: Config, name: str) -> bool:
    return bool(plan.diff(chosen, plan.with_preset(chosen, name, visit.parts.catalogue)))


@router.post("/presets")
def take_preset(visit: Operator, name: Annotated[str, Form(max_length=80)]) -> Response:
    chosen = current(visit)
    wanted = plan.with_preset(chosen, name, visit.parts.catalogue)
    return planned(visit, chosen, wanted, back="/mapping/presets", note=f"The preset {name}")
