"""The whole admin API under `/api/v1`; needs `app.state.parts`."""

from fastapi import APIRouter

from app.admin import (
    alerts,
    audit,
    completeness,
    config,
    connections,
    events,
    flows,
    issues,
    jobs,
    links,
    mapping,
    overview,
    payouts,
    retries,
    runs,
    users,
    views,
)
from app.admin.problems import refusals

router = APIRouter(prefix="/api/v1", responses=refusals(401, 403, 422, 503))
for part in (
    events,
    runs,
    retries,
    issues,
    alerts,
    flows,
    links,
    config,
    mapping,
    jobs,
    audit,
    users,
    connections,
    views,
    payouts,
    completeness,
    overview,
):
    router.include_router(part.router)
router.include_router(jobs.counting)
