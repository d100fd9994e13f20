"""`/config`: what finance chose, as versions; plan a change before applying it."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.admin import checks, queries
from app.admin.auth import Admin, Operator, Reader
from app.admin.models import (
    HIGHEST,
    ApplyIn,
    ChangeOut,
    ConfigOut,
    DifferenceOut,
    In,
    Page,
    PlanIn,
    PlanOut,
    PresetOut,
    RollBackIn,
    VersionDetail,
    VersionOut,
)
from app.admin.paging import Paged
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, not_found, refusals
from app.core import config as configuration
from app.core import plan, presets
from app.core.config import Config
from app.core.tables import ConfigVersion

router = APIRouter(prefix="/config", tags=["config"], route_class=AdminRoute)
Reading = Annotated[Session, Depends(reading)]
Number = Annotated[int, Path(ge=1, le=HIGHEST)]
YAML = "application/yaml"


class DiffQuery(In):
    before: Annotated[int, Query(ge=0, le=HIGHEST, description="0 is the built-in default.")]
    after: Annotated[int, Query(ge=0, le=HIGHEST)]


@router.get("", summary="The configuration in force")
def current(_: Reader, session: Reading) -> ConfigOut:
    return _shown(configuration.current(session))


@router.get("/versions", summary="List the versions, newest first")
def versions(_: Reader, query: Annotated[Paged, Query()], session: Reading) -> Page[VersionOut]:
    return queries.versions(session, query.part())


@router.get("/versions/{number}", summary="One version", responses=refusals(404))
def version(_: Reader, number: Number, session: Reading) -> VersionDetail:
    row = session.get(ConfigVersion, number)
    if row is None:
        raise not_found(f"There is no configuration version {number}.")
    return VersionDetail.model_validate(row)


@router.get("/diff", summary="What differs between two versions", responses=refusals(404))
def diff(_: Reader, query: Annotated[DiffQuery, Query()], session: Reading) -> list[ChangeOut]:
    before, after = plan.version(session, query.before), plan.version(session, query.after)
    return [ChangeOut.model_validate(change) for change in plan.diff(before, after)]


@router.get(
    "/export",
    summary="The configuration in force as YAML",
    response_class=Response,
    responses={200: {"content": {YAML: {}}, "description": "Only what differs from the defaults."}},
)
def export(_: Reader, session: Reading) -> Response:
    return Response(plan.export(configuration.current(session)), media_type=YAML)


@router.get("/presets", summary="Settings for what an earlier integration left behind")
def list_presets(_: Reader) -> list[PresetOut]:
    return [PresetOut.model_validate(preset) for preset in presets.PRESETS.values()]


@router.post("/plan", summary="What a draft would change")
def make_plan(_: Operator, draft: PlanIn, request: Request) -> PlanOut:
    """The settings that differ, and which of the last records would come out otherwise. Nothing is written."""
    parts = parts_of(request)
    with parts.database.session_scope() as session:
        now = configuration.current(session)
    wanted = plan.parse(draft.yaml, parts.catalogue)
    unchecked = checks.fields_exist(parts, wanted, offline=draft.offline)
    looked_at, found = plan.differences(parts.database, parts.previewer, now, wanted, sample=draft.sample)
    return PlanOut(
        based_on=now.version,
        changes=[ChangeOut.model_validate(change) for change in plan.diff(now, wanted)],
        looked_at=looked_at,
        differences=[DifferenceOut(**asdict(each)) for each in found],
        unchecked=unchecked,
    )


@router.post("/apply", summary="Put a configuration in force", responses=refusals(409))
def apply(who: Admin, draft: ApplyIn, request: Request) -> ConfigOut:
    parts = parts_of(request)
    wanted = plan.parse(draft.yaml, parts.catalogue)
    checks.fields_exist(parts, wanted, offline=draft.offline)
    with parts.database.session_scope() as session:
        saved = plan.change(
            session,
            lambda _: wanted,
            actor=who.name,
            note=draft.note,
            flows=parts.catalogue,
            based_on=draft.based_on,
        )
    return _shown(saved)


@router.post("/rollback", summary="Put an earlier version in force again", responses=refusals(404))
def roll_back(who: Admin, wanted: RollBackIn, request: Request) -> ConfigOut:
    """As a new version: nothing of what was in force since is lost."""
    parts = parts_of(request)
    with parts.database.session_scope() as session:
        saved = plan.roll_back(session, wanted.version, actor=who.name, note=wanted.note, flows=parts.catalogue)
    return _shown(saved)


def _shown(chosen: Config) -> ConfigOut:
    return ConfigOut(version=chosen.version, document=chosen.model_dump(mode="json", exclude={"version"}))
