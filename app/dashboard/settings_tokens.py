"""Settings, API tokens: which programs may use the API, and how much."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import Response

from app.admin import accounts
from app.admin.actions import Impossible
from app.core.tokens import SCOPES
from app.dashboard.access import Admin
from app.dashboard.pages import go_to, page, pages

router = pages(prefix="/settings/tokens")
Text = Annotated[str, Form(max_length=100)]
LIVES = {"30": "30 days", "90": "90 days", "365": "a year", "": "until it is revoked"}


@router.get("")
def listed(visit: Admin) -> Response:
    return _list(visit)


@router.post("")
def make(visit: Admin, name: Text = "", scope: Text = "read", days: Text = "365") -> Response:
    """The token is shown on the answer itself and nowhere else."""
    wanted = name.strip()
    if not wanted or scope not in SCOPES or days not in LIVES:
        return _list(visit, wrong="Give the token a name: who or what will use it.", status=422)
    lasts = int(days) if days else None
    try:
        made = accounts.make_token(visit.parts, wanted, scope, actor=visit.caller.name, days=lasts)
    except Impossible as reason:
        return _list(visit, wrong=str(reason), name=wanted, status=409)
    return _list(visit, made=made)


@router.post("/{token_id}/revoke")
def revoke(visit: Admin, token_id: int) -> Response:
    row = accounts.revoke_token(visit.parts, token_id, actor=visit.caller.name)
    return go_to(visit, "/settings/tokens", f"Token {row.name} is revoked: it is refused from now on.")


def _list(visit: Admin, *, made: object = None, wrong: str = "", name: str = "", status: int = 200) -> Response:
    found = sorted(accounts.list_tokens(visit.parts), key=lambda one: (one.revoked_at is not None, -one.id))
    facts = {"tokens": found, "scopes": SCOPES, "lives": LIVES, "made": made, "wrong": wrong, "name": name}
    return page(visit, "settings/tokens.html", status=status, now=visit.now, **facts)
