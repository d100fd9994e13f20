"""The whole admin API under `/api/v1`; needs `app.state.parts`."""

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException

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
from app.admin.problems import not_found, refusals

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


def add_admin_api(app: FastAPI) -> None:
    app.include_router(router)
    app.add_exception_handler(404, _no_such_address)


async def _no_such_address(request: Request, error: Exception) -> Response:
    """Below the API in the one shape of its refusals, elsewhere as the framework has it."""
    if request.url.path.startswith(router.prefix):
        return not_found("There is nothing at this address; /api/v1/openapi.json lists what there is.").response()
    return await http_exception_handler(request, error if isinstance(error, HTTPException) else HTTPException(404))
