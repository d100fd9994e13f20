"""Settings, Users: who may use the dashboard, and how much."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import Response

from app.admin import accounts
from app.admin.actions import Impossible
from app.core import users
from app.dashboard.access import Admin
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/settings/users")
Text = Annotated[str, Form(max_length=500)]


@router.get("")
def listed(visit: Admin) -> Response:
    return _list(visit)


@router.post("")
def invite(visit: Admin, email: Text, role: Text = "viewer") -> Response:
    """The link is shown on the answer itself and nowhere else."""
    try:
        made = accounts.invite(visit.parts, email, role, actor=visit.caller.name)
    except Impossible as reason:
        return _list(visit, wrong=str(reason), email=email, role=role, status=409)
    return _list(visit, made=made)


@router.post("/{user_id}/link")
def relink(visit: Admin, user_id: int) -> Response:
    return _list(visit, made=accounts.relink(visit.parts, user_id, actor=visit.caller.name))


@router.post("/{user_id}")
def change(visit: Admin, user_id: int, role: Text = "", active: Text = "") -> Response:
    wanted = {"on": True, "off": False}.get(active)
    try:
        user = accounts.change_user(visit.parts, user_id, actor=visit.caller.name, role=role or None, active=wanted)
    except Impossible as reason:
        return go_to(visit, "/settings/users", str(reason), tone="bad")
    told = f"{user.email} is {'on, as ' + user.role if user.active else 'switched off and signed out'}."
    return go_to(visit, "/settings/users", told)


def _list(
    visit: Admin,
    *,
    made: object = None,
    wrong: str = "",
    email: str = "",
    role: str = "viewer",
    status: int = 200,
) -> Response:
    found = accounts.list_users(visit.parts)
    facts = {"users": found, "roles": list(users.ROLES), "made": made, "wrong": wrong, "email": email, "role": role}
    return page(visit, "settings/users.html", status=status, **facts)
