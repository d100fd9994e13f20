"""Who looks at a page, and whether a form was sent by this dashboard."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.admin.parts import Parts, parts_of
from app.admin.problems import Refusal
from app.core import sessions, users
from app.core.sessions import Lifetime, SignedIn
from app.core.tokens import Caller
from app.settings import Settings

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
DEMO_USER = "demo@localhost"
SAFE = ("GET", "HEAD", "OPTIONS")
DOOR = "tieout_door"
"""The cookie of who is not signed in yet; only the sign-in forms are bound to it."""


class SignedOut(Exception):
    """Nobody is signed in here."""


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is signed in. `caller` is what the functions of `app.admin` ask for."""

    request: Request
    parts: Parts
    user: SignedIn
    caller: Caller
    form_token: str

    def may(self, scope: str) -> bool:
        return self.caller.may(scope)

    @property
    def now(self) -> datetime:
        return self.parts.clock.now()


# cookies -----------------------------------------------------------------------------------------------------------


def cookie_name(settings: Settings) -> str:
    """With its prefix a browser takes the cookie only over TLS and for this very host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-tieout" if secure(settings) else "tieout_session"


def secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


def lifetime(settings: Settings) -> Lifetime:
    return Lifetime(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))


def set_cookie(response: Response, settings: Settings, name: str, value: str, *, seconds: int | None = None) -> None:
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure(settings), path="/")


def signed_in(response: Response, settings: Settings, token: str) -> None:
    set_cookie(response, settings, cookie_name(settings), token, seconds=settings.session_hours * 3600)
    response.delete_cookie(DOOR, path="/")


# who is it ---------------------------------------------------------------------------------------------------------


def visiting(request: Request) -> Visit:
    """Raises SignedOut. The demo signs in whoever sits at the machine it runs on."""
    parts = parts_of(request)
    token = request.cookies.get(cookie_name(parts.settings), "")
    with parts.database.session_scope() as session:
        user = _user(request, session, parts, token)
        if user is None and parts.settings.demo and on_this_machine(request):
            token = _demo(request, session, parts)
            request.state.new_session = token
            user = sessions.find(session, token, lifetime(parts.settings), parts.clock.now())
    if user is None:
        raise SignedOut
    return Visit(request, parts, user, Caller(user.email, users.ROLES[user.role]), sessions.form_token(token))


def _user(request: Request, session: Session, parts: Parts, token: str) -> SignedIn | None:
    """What a page fetches by itself does not count as activity."""
    if not token:
        return None
    own = request.headers.get("x-live") is None and request.url.path != "/live"
    found = sessions.find(session, token, lifetime(parts.settings), parts.clock.now(), touch=own)
    if found is not None and found.email == DEMO_USER and not (parts.settings.demo and on_this_machine(request)):
        return None
    return found


def _demo(request: Request, session: Session, parts: Parts) -> str:
    user = users.called(session, DEMO_USER) or users.add(session, DEMO_USER, "admin", actor="demo")
    session.flush()
    browser = request.headers.get("user-agent", "")
    return sessions.start(session, user, lifetime(parts.settings), parts.clock.now(), browser=browser)


def on_this_machine(request: Request) -> bool:
    """Both the caller's address and the name it asked for: a foreign name that resolves to us is refused."""
    client = request.client.host if request.client else ""
    return client in LOOPBACK and (request.url.hostname or "") in LOOPBACK


def _allowed(scope: str, visit: Visit) -> Visit:
    if not visit.may(scope):
        role = next(name for name, one in users.ROLES.items() if one == scope)
        message = f"This needs the role {role}; you have the role {visit.user.role}. An administrator can change it."
        raise Refusal(403, "insufficient_scope", message)
    return visit


def may_read(visit: Annotated[Visit, Depends(visiting)]) -> Visit:
    return _allowed("read", visit)


def may_operate(visit: Annotated[Visit, Depends(visiting)]) -> Visit:
    return _allowed("operate", visit)


def may_administer(visit: Annotated[Visit, Depends(visiting)]) -> Visit:
    return _allowed("admin", visit)


Viewer = Annotated[Visit, Depends(may_read)]
Operator = Annotated[Visit, Depends(may_operate)]
Admin = Annotated[Visit, Depends(may_administer)]


# was it this dashboard ---------------------------------------------------------------------------------------------


async def guarded(request: Request) -> None:
    """Every request that changes something names this host as its origin and carries its session's form token."""
    if request.method in SAFE:
        return
    if not _same_origin(request):
        raise Refusal(403, "forged", "This form was sent from somewhere else. Open the dashboard and try again.")
    sent = request.headers.get("x-form-token") or str((await request.form()).get("form_token", ""))
    if not hmac.compare_digest(sent.encode(), _expected(request).encode()):
        raise Refusal(403, "forged", "This form is too old. Go back, load the page again and repeat what you did.")


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin", "")
    own = {request.headers.get("host", ""), urlsplit(parts_of(request).settings.public_url).netloc}
    return urlsplit(origin).netloc in own - {""}


def _expected(request: Request) -> str:
    cookies = request.cookies
    session = cookies.get(cookie_name(parts_of(request).settings))
    # the sign-in forms are sent without a session, or with one that is over
    token = cookies.get(DOOR) if request.url.path.startswith(("/sign-in", "/join/")) else session
    return sessions.form_token(token) if token else secrets.token_hex(32)
