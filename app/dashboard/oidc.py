"""Single sign-on: out to the identity provider and back, and whom its word lets in."""

import hmac
import time
from dataclasses import astuple
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.parts import parts_of
from app.admin.problems import not_found
from app.core import users
from app.core.tables import User
from app.dashboard import oidc_client
from app.dashboard.access import set_cookie
from app.dashboard.oidc_client import NotProven, Provider
from app.dashboard.pages import local, pages, sealed, unsealed
from app.dashboard.sign_in import come_in, with_form
from app.settings import IdentityProvider

router = pages(prefix="/sign-in/oidc")
COOKIE = "tieout_oidc"
MINUTES = 10
log = structlog.get_logger()


@router.get("")
def out(request: Request, next: str = "/") -> Response:
    settings = parts_of(request).settings
    try:
        url, made = _provider(request).begin()
    except NotProven as reason:
        return _failed(request, "The identity provider does not answer: try again in a minute.", reason)
    response = RedirectResponse(url, 303)
    kept = [*astuple(made), local(next), time.time() + MINUTES * 60]
    set_cookie(response, settings, COOKIE, sealed(request, "oidc", kept), seconds=MINUTES * 60)
    return response


@router.get("/back")
def back(request: Request, state: str = "", code: str = "", error: str = "") -> Response:
    kept = unsealed(request, "oidc", COOKIE)
    if kept is None or kept[4] < time.time() or not hmac.compare_digest(state.encode(), kept[0].encode()):
        return _failed(request, "This sign-in was begun somewhere else, or too long ago. Begin again.", None)
    if error or not code:
        return _failed(request, "The identity provider did not let you in.", NotProven(error[:100]))
    provider = _provider(request)
    try:
        claims = provider.claims(code, oidc_client.Request(*kept[:3]))
    except NotProven as reason:
        return _failed(request, "The identity provider's answer could not be believed. Begin again.", reason)
    return _welcome(request, claims, kept[3])


def _welcome(request: Request, claims: dict[str, Any], where: str) -> Response:
    parts = parts_of(request)
    settings = parts.settings.oidc
    assert settings is not None
    with parts.database.session_scope() as session:
        user = admitted(session, settings, claims)
        user_id = user.id if user else None
    if user_id is None:
        words = "You are known to the identity provider, but not a user here. Ask an administrator to invite you."
        return _failed(request, words, None)
    response = come_in(request, user_id, where)
    response.delete_cookie(COOKIE, path="/")
    return response


def admitted(session: Session, settings: IdentityProvider, claims: dict[str, Any]) -> User | None:
    """Whoever came with this subject before, was invited under this address, or is of an allowed domain.

    An address counts only when the provider says that it has verified it.
    """
    subject = f"{claims['iss']} {claims['sub']}"
    email = str(claims.get("email", "")) if claims.get("email_verified") in (True, "true") else ""
    role = _role(settings, claims)
    user = session.scalars(select(User).where(User.subject == subject)).first()
    if user is None and email:
        user = users.called(session, email)
        if user is not None and user.subject is not None:
            return None
    if user is None:
        wanted = role or settings.default_role
        if not wanted or not _allowed(settings, email):
            return None
        user = users.add(session, email, wanted, actor="single sign-on")
    user.subject = subject
    session.flush()
    if role and role != user.role:
        users.change(session, user.id, actor="single sign-on", role=role)
    return user if user.active else None


def _role(settings: IdentityProvider, claims: dict[str, Any]) -> str | None:
    """The highest role that a value of the claim stands for."""
    given = claims.get(settings.role_claim) if settings.role_claim else None
    values = given if isinstance(given, list) else [given]
    found = {settings.role_of(str(value)) for value in values if value is not None}
    return next((role for role in reversed(users.ROLES) if role in found), None)


def _allowed(settings: IdentityProvider, email: str) -> bool:
    domain = email.rpartition("@")[2].casefold()
    return bool(domain) and domain in {one.casefold() for one in settings.allowed_domains}


def _provider(request: Request) -> Provider:
    parts = parts_of(request)
    if parts.settings.oidc is None:
        raise not_found("Single sign-on is not set up: set OIDC__ISSUER and OIDC__CLIENT_ID.")
    known: Provider | None = getattr(request.app.state, "identity_provider", None)
    if known is None or known.settings is not parts.settings.oidc:
        redirect = f"{parts.settings.public_url.rstrip('/')}/sign-in/oidc/back"
        known = request.app.state.identity_provider = Provider(parts.settings.oidc, redirect)
    return known


def _failed(request: Request, words: str, reason: NotProven | None) -> Response:
    if reason is not None:
        log.warning("oidc.failed", error=str(reason))
    facts = {"next": "/", "wrong": words, "email": "", "nobody_yet": False}
    return with_form(request, "sign_in.html", 401, **facts)
