"""The dashboard as a whole: its pages, assets and templates, put onto the application."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from app.admin.parts import Parts
from app.admin.problems import Refusal
from app.dashboard import (
    assets,
    audit,
    completeness,
    counts,
    flow_deeds,
    flow_options,
    flows,
    formats,
    help,
    home,
    issue,
    issues,
    jobs,
    live,
    mapping,
    mapping_match,
    mapping_rules,
    mapping_studio,
    mapping_versions,
    navigation,
    oidc,
    payouts,
    preferences,
    record,
    records,
    search,
    settings_about,
    settings_alerts,
    settings_connections,
    settings_profile,
    settings_tokens,
    settings_users,
    sign_in,
)
from app.dashboard.assets import Assets
from app.dashboard.examination import Examination
from app.dashboard.pages import refused

PAGES = (
    home,
    completeness,
    record,
    records,
    issues,
    issue,
    audit,
    jobs,
    payouts,
    flows,
    flow_deeds,
    flow_options,
    mapping,
    mapping_match,
    mapping_rules,
    mapping_versions,
    mapping_studio,
    help,
    settings_connections,
    settings_alerts,
    settings_about,
    settings_profile,
    settings_users,
    settings_tokens,
    sign_in,
    oidc,
    preferences,
    search,
    live,
)
"""Each has a `router` made by `pages()`. A new page is one more line here."""


def add_to(app: FastAPI) -> None:
    """Its `state.parts` is looked at when a page is asked for."""

    def parts() -> Parts:
        found: Parts = app.state.parts
        return found

    app.state.assets = Assets()
    app.state.examination = Examination()
    app.state.templates = templates(parts, app.state.assets)
    app.state.live = live.Live(lambda: counts.read(parts().database))
    app.state.served = {getattr(route, "path", "") for module in PAGES for route in module.router.routes}
    for module in PAGES:
        app.include_router(module.router)
    app.include_router(assets.router)
    app.add_exception_handler(404, _not_found)


def templates(parts: Callable[[], Parts], files: Assets) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formats.filters(lambda: parts().clock.now()))
    environment.globals.update(
        asset=files.url,
        with_query=formats.with_query,
        sparkline=formats.sparkline,
        state_of=formats.state_of,
        mode=navigation.mode,
        shown=navigation.shown,
        settings_tabs=navigation.settings_tabs,
        single_sign_on=lambda: found.label if (found := parts().settings.oidc) else "",
    )
    return environment


async def _not_found(request: Request, error: Exception) -> Response:
    """People get a page, programs get JSON."""
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/"):
        return refused(request, Refusal(404, "not_found", "There is no such page."))
    detail = error.detail if isinstance(error, HTTPException) else "Not Found"
    return JSONResponse({"detail": detail}, 404)
