import re
from datetime import timedelta

import httpx

from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn
from tests.app.dashboard.visiting import Visitor


def made(admin: Visitor, name: str = "a script", days: str = "365") -> str:
    answer = admin.post("/settings/tokens", {"name": name, "scope": "read", "days": days})
    found = re.search(r"<code>(tieout_\d+_[\w-]{43})</code>", answer.text)
    assert found, answer.text
    return found[1]


def asks(url: str, token: str) -> int:
    return httpx.get(f"{url}/api/v1/runs", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_works(base_url: str, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    token = made(admin)
    assert asks(base_url, token) == 200
    assert token not in admin.get("/settings/tokens").text


def test_a_revoked_token_is_refused(base_url: str, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    token = made(admin)
    page = admin.after(admin.post(f"/settings/tokens/{token.split('_')[1]}/revoke"))
    assert page.toast == "Token a script is revoked: it is refused from now on."
    assert asks(base_url, token) == 401


def test_a_token_ends_when_it_was_said_to(parts: Installation, base_url: str, sign_in: SignIn) -> None:
    token = made(sign_in("admin"), days="30")
    parts.clock.at += timedelta(days=30)
    assert asks(base_url, token) == 401


def test_a_name_is_used_once(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    made(admin)
    answer = admin.post("/settings/tokens", {"name": "a script", "scope": "read"})
    assert (answer.status_code, "choose another name" in answer.text) == (409, True)


def test_a_token_needs_a_name(sign_in: SignIn) -> None:
    assert sign_in("admin").post("/settings/tokens", {"name": " ", "scope": "read"}).status_code == 422


def test_operators_make_none(sign_in: SignIn) -> None:
    assert sign_in("operator").post("/settings/tokens", {"name": "x", "scope": "admin"}).status_code == 403
