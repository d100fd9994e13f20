"""The door: sign in, sign out, and the links that let somebody in for the first time."""

import math
import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.admin.accounts import refusing
from app.admin.actions import Impossible
from app.admin.parts import Parts, parts_of
from app.core import sessions, throttle, users
from app.core.tables import User
from app.dashboard.access import DOOR, SignedOut, cookie_name, lifetime, set_cookie, signed_in, visiting
from app.dashboard.pages import go_to, local, pages, rendered

router = pages()
Text = Annotated[str, Form(max_length=500)]
Next = Annotated[str, Query(alias="next", max_length=2000)]


@router.get("/sign-in")
def door(request: Request, next_: Next = "/") -> Response:
    if _inside(request):
        return go_to(request, next_)
    return _door(request, next_)


@router.post("/sign-in")
def sign_in(request: Request, email: Text, password: Text, next_: Annotated[str, Form(alias="next")] = "/") -> Response:
    parts = parts_of(request)
    with parts.database.session_scope() as session:
        wait = throttle.take(session, email, address_of(request), parts.clock.now())
    if wait is not None:
        return _door(request, next_, _too_often(wait), email, 429)
    with parts.database.session_scope() as session:
        user = users.with_password(session, email, password)
        if user is not None:
            throttle.forget(session, email)
    if user is None:
        return _door(request, next_, "E-mail address and password do not go together.", email, 401)
    return come_in(request, user.id, next_)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    parts = parts_of(request)
    visit = visiting(request)
    with parts.database.session_scope() as session:
        sessions.end(session, visit.user.user_id, visit.user.session_id)
    response = go_to(request, "/sign-in", "You are signed out.")
    response.delete_cookie(cookie_name(parts.settings), path="/")
    return response


# links that let somebody in ----------------------------------------------------------------------------------------


@router.get("/join/{token}")
def invitation(request: Request, token: str) -> Response:
    return _invitation(request, token)


@router.post("/join/{token}")
def join(request: Request, token: str, password: Text, again: Text, email: Text = "") -> Response:
    parts = parts_of(request)
    if password != again:
        return _invitation(request, token, "The two passwords differ.", email, 422)
    try:
        with refusing(), parts.database.session_scope() as session:
            user_id = users.accept(session, token, password, email=email, now=parts.clock.now()).id
    except Impossible as reason:
        return _invitation(request, token, str(reason), email, 422)
    return come_in(request, user_id, "/")


def come_in(request: Request, user_id: int, where: str) -> Response:
    """A session of its own for this browser; an earlier one of its ends."""
    parts = parts_of(request)
    now, lasts = parts.clock.now(), lifetime(parts.settings)
    with parts.database.session_scope() as session:
        _end_earlier(request, session, parts)
        throttle.prune(session, now)
        sessions.prune(session, lasts, now)
        user = session.get_one(User, user_id)
        browser = request.headers.get("user-agent", "")
        token = sessions.start(session, user, lasts, now, browser=browser, address=address_of(request))
    response = go_to(request, where)
    signed_in(response, parts.settings, token)
    return response


def _end_earlier(request: Request, session: Session, parts: Parts) -> None:
    earlier = request.cookies.get(cookie_name(parts.settings), "")
    found = sessions.find(session, earlier, lifetime(parts.settings), parts.clock.now()) if earlier else None
    if found:
        sessions.end(session, found.user_id, found.session_id)


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _inside(request: Request) -> bool:
    try:
        return visiting(request) is not None
    except SignedOut:
        return False


def _door(request: Request, where: str, wrong: str = "", email: str = "", status: int = 200) -> Response:
    with parts_of(request).database.session_scope() as session:
        empty = not users.has_admin(session)
    facts = {"next": local(where), "wrong": wrong, "email": email, "nobody_yet": empty}
    return with_form(request, "sign_in.html", status, **facts)


def _invitation(request: Request, token: str, wrong: str = "", email: str = "", status: int = 200) -> Response:
    parts = parts_of(request)
    with parts.database.session_scope() as session:
        found = users.invited(session, token, parts.clock.now())
    if found is None:
        return with_form(request, "join_over.html", 404)
    facts = {"of": found[1].email if found[1] else "", "email": email, "wrong": wrong}
    return with_form(request, "join.html", status, **facts)


def with_form(request: Request, template: str, status: int, **facts: object) -> Response:
    """A page with a form for somebody who has no session that it could be bound to."""
    kept = request.cookies.get(DOOR, "")
    token = kept or secrets.token_urlsafe(32)
    response = rendered(request, template, status, form_token=sessions.form_token(token), **facts)
    if not kept:
        set_cookie(response, parts_of(request).settings, DOOR, token)
    return response


def _too_often(wait: timedelta) -> str:
    minutes = math.ceil(wait.total_seconds() / 60)
    return f"There were too many tries. Wait {minutes} min, or ask an administrator for a new link."
