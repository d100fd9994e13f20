"""`/users` and `/tokens`: who may use the dashboard, and which programs the API."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.admin import accounts
from app.admin.actions import Impossible
from app.admin.auth import Admin
from app.admin.models import HIGHEST, Invited, Page, TokenIn, TokenMade, TokenOut, UserChange, UserIn, UserOut
from app.admin.parts import parts_of
from app.admin.problems import AdminRoute, refusals

router = APIRouter(route_class=AdminRoute)
Id = Annotated[int, Path(ge=1, le=HIGHEST)]


@router.get("/users", tags=["users"], summary="List users")
def list_users(_: Admin, request: Request) -> Page[UserOut]:
    return Page(items=accounts.list_users(parts_of(request)), next=None)


@router.post("/users", tags=["users"], status_code=201, summary="Invite a user", responses=refusals(409))
def invite(who: Admin, wanted: UserIn, request: Request) -> Invited:
    return accounts.invite(parts_of(request), wanted.email, wanted.role, actor=who.name)


@router.patch("/users/{user_id}", tags=["users"], summary="Change role, or switch off", responses=refusals(404, 409))
def change_user(who: Admin, user_id: Id, wanted: UserChange, request: Request) -> UserOut:
    parts = parts_of(request)
    return accounts.change_user(parts, user_id, actor=who.name, role=wanted.role, active=wanted.active)


@router.post("/users/{user_id}/link", tags=["users"], summary="A link to set a password", responses=refusals(404, 409))
def relink(who: Admin, user_id: Id, request: Request) -> Invited:
    return accounts.relink(parts_of(request), user_id, actor=who.name)


@router.get("/tokens", tags=["tokens"], summary="List API tokens")
def list_tokens(_: Admin, request: Request) -> Page[TokenOut]:
    return Page(items=accounts.list_tokens(parts_of(request)), next=None)


@router.post("/tokens", tags=["tokens"], status_code=201, summary="Make an API token", responses=refusals(409))
def make_token(who: Admin, wanted: TokenIn, request: Request) -> TokenMade:
    return accounts.make_token(parts_of(request), wanted.name, wanted.scope, actor=who.name, days=wanted.days)


@router.delete("/tokens/{token_id}", tags=["tokens"], summary="Revoke an API token", responses=refusals(404, 409))
def revoke_token(who: Admin, token_id: Id, request: Request) -> TokenOut:
    parts = parts_of(request)
    in_force = {each.id: each.name for each in accounts.list_tokens(parts) if each.revoked_at is None}
    if in_force.get(token_id) == who.name:
        raise Impossible("This is the token that asks. Revoke it with another one, or by `tieout tokens revoke`.")
    return accounts.revoke_token(parts, token_id, actor=who.name)
