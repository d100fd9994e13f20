"""The whole admin API under `/api/v1`; needs `app.state.parts`."""

from fastapi import APIRouter

from app.admin import alerts, audit, config, events, flows, issues, jobs, links, retries, runs
from app.admin.problems import refusals

router = APIRouter(prefix="/api/v1", responses=refusals(401, 403, 422, 503))
for part in (events, runs, retries, issues, alerts, flows, links, config, jobs, audit):
    router.include_router(part.router)
