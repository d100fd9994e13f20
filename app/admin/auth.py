"""Bearer tokens at the door: who asks, and whether the scope suffices."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.admin.parts import parts_of
from app.admin.problems import Refusal
from app.core.tokens import Caller, authenticate

_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="Made with `tieout tokens create NAME --scope read`."
)


def caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None) -> Caller:
    if given is None:
        raise _unknown("Send a token: `Authorization: Bearer tieout_…`. `tieout tokens create` makes one.")
    parts = parts_of(request)
    with parts.database.session_scope() as session:
        found = authenticate(session, given.credentials, parts.clock.now())
    if found is None:
        raise _unknown("This token is unknown, revoked or expired. `tieout tokens create` makes another.")
    return found


def _unknown(message: str) -> Refusal:
    return Refusal(401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer realm="tieout"'})


def _scope(needed: str, found: Caller) -> Caller:
    if not found.may(needed):
        message = f"This needs a token with scope `{needed}`; {found.name!r} has `{found.scope}`."
        challenge = f'Bearer realm="tieout", error="insufficient_scope", scope="{needed}"'
        raise Refusal(403, "insufficient_scope", message, headers={"WWW-Authenticate": challenge})
    return found


def may_read(found: Annotated[Caller, Depends(caller)]) -> Caller:
    return _scope("read", found)


def may_operate(found: Annotated[Caller, Depends(caller)]) -> Caller:
    return _scope("operate", found)


def may_administer(found: Annotated[Caller, Depends(caller)]) -> Caller:
    return _scope("admin", found)


Reader = Annotated[Caller, Depends(may_read)]
Operator = Annotated[Caller, Depends(may_operate)]
Admin = Annotated[Caller, Depends(may_administer)]
