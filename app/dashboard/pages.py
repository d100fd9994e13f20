"""What every page is made with: `pages()` is its router, `page()` its answer, `go_to()` the answer to a form."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Coroutine
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment
from pydantic import BaseModel, ConfigDict, model_validator

from app.admin.parts import parts_of
from app.admin.problems import Refusal, refusal_of
from app.dashboard import access, counts, navigation
from app.dashboard.access import SignedOut, Visit

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # not `no-referrer`: with that a browser sends its own forms with the origin `null`
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
TOAST = "tieout_toast"
Tone = Literal["good", "bad", "plain"]


class Asked(BaseModel):
    """The query of a page. An empty field of a filter form is one that was not given."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        kept = {name: _filled(value) for name, value in given.items()}
        return {name: value for name, value in kept.items() if value not in ("", [])}


def _filled(value: Any) -> Any:
    return [one for one in value if one != ""] if isinstance(value, list) else value


class PageRoute(APIRoute):
    """Refusals become pages, who is not signed in is sent to the door, and every answer gets its headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                response = await answer(request)
            except SignedOut:
                response = _to_the_door(request)
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is None:
                    raise
                response = refused(request, refusal)
            return _completed(request, response)

        return answered


def pages(**settings: Any) -> APIRouter:
    """A router for pages: forms are guarded, errors are told in words."""
    return APIRouter(include_in_schema=False, route_class=PageRoute, dependencies=[Depends(access.guarded)], **settings)


def page(visit: Visit, template: str, *, status: int = 200, **facts: Any) -> Response:
    """The template with `facts`, and what every page knows: `visit`, `here`, `entries`, `counts`, `toast`."""
    request = visit.request
    shell = {"visit": visit, "entries": navigation.entries(visit), "counts": counts.read(visit.parts.database)}
    response = rendered(request, template, status, **shell, **facts)
    if TOAST in request.cookies and "hx-request" not in request.headers:
        response.delete_cookie(TOAST, path="/")
    return response


def rendered(request: Request, template: str, code: int = 200, /, **facts: Any) -> Response:
    """For pages that need nobody signed in."""
    environment: Environment = request.app.state.templates
    known = {
        "here": _here(request),
        "path": request.url.path,
        "theme": _cookie(request, "theme", ("auto", "light", "dark")),
        "times": _cookie(request, "times", ("relative", "absolute")),
        "toast": unsealed(request, "toast", TOAST),
        "visit": None,
    }
    return Response(environment.get_template(template).render(known | facts), code, media_type="text/html")


def go_to(visit_or_request: Visit | Request, where: str, toast: str = "", *, tone: Tone = "good") -> Response:
    """The answer to a form: the page to show next, and one sentence to show on it."""
    request = visit_or_request.request if isinstance(visit_or_request, Visit) else visit_or_request
    response = RedirectResponse(local(where), 303)
    if toast:
        said = sealed(request, "toast", [tone, toast])
        access.set_cookie(response, parts_of(request).settings, TOAST, said, seconds=60)
    return response


def local(where: str) -> str:
    """A path on this host; `/` for anything that would lead elsewhere."""
    parsed = urlsplit(where)
    elsewhere = parsed.scheme or parsed.netloc or not where.startswith("/") or where.startswith(("//", "/\\"))
    return "/" if elsewhere or not where.isprintable() else where


def refused(request: Request, refusal: Refusal) -> Response:
    if "hx-request" in request.headers:
        return Response(refusal.message, refusal.status, media_type="text/plain")
    response = rendered(request, "error.html", refusal.status, status=refusal.status, message=refusal.message)
    response.headers.update(HEADERS)
    return response


def _to_the_door(request: Request) -> Response:
    """A fragment cannot show the sign-in page, so the whole page is told to go there."""
    door = f"/sign-in?next={quote(_here(request) if request.method == 'GET' else '/', safe='')}"
    if request.url.path == "/live":
        return Response(status_code=204)  # with that a browser does not come again by itself
    if "hx-request" in request.headers:
        return Response("", 401, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(door, 303)


def _completed(request: Request, response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    token = getattr(request.state, "new_session", None)
    if token:
        access.signed_in(response, parts_of(request).settings, token)
    return response


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _cookie(request: Request, name: str, known: tuple[str, ...]) -> str:
    value = request.cookies.get(name, "")
    return value if value in known else known[0]


# what a cookie holds that only we may write -------------------------------------------------------------------------


def sealed(request: Request, purpose: str, value: object) -> str:
    body = urlsafe_b64encode(json.dumps(value).encode()).decode()
    return f"{body}.{_mac(request, purpose, body)}"


def unsealed(request: Request, purpose: str, cookie: str) -> Any:
    """What was sealed for this purpose; None for anything else."""
    body, _, mac = request.cookies.get(cookie, "").partition(".")
    if not body or not hmac.compare_digest(mac.encode(), _mac(request, purpose, body).encode()):
        return None
    return json.loads(urlsafe_b64decode(body))


def _mac(request: Request, purpose: str, body: str) -> str:
    return hmac.new(parts_of(request).settings.secret().encode(), f"{purpose} {body}".encode(), "sha256").hexdigest()
