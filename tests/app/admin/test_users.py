"""Users and tokens over the API."""

import httpx
import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.tables import Invitation
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation


def test_an_invited_user_gets_a_link(parts: Installation, client: Client) -> None:
    made = client("admin").post("/users", json={"email": "Ada@Example.com", "role": "operator"})
    assert made.status_code == 201
    told = made.json()
    assert (told["user"]["email"], told["user"]["role"], told["user"]["active"]) == (
        "ada@example.com",
        "operator",
        True,
    )
    assert told["link"].startswith("http://127.0.0.1:8000/join/")


def test_only_a_digest_of_the_link_is_stored(parts: Installation, client: Client) -> None:
    link = client("admin").post("/users", json={"email": "ada@example.com"}).json()["link"]
    with parts.database.session_scope() as session:
        stored = session.scalars(select(Invitation.digest)).one()
        noted = session.scalars(select(AuditEntry)).all()
    secret = link.rpartition("/")[2]
    assert secret not in stored
    assert all(secret not in str(entry.details) for entry in noted)


def test_a_user_is_changed(client: Client) -> None:
    admin = client("admin")
    user = admin.post("/users", json={"email": "ada@example.com"}).json()["user"]
    changed = admin.patch(f"/users/{user['id']}", json={"role": "admin", "active": False}).json()
    assert (changed["role"], changed["active"]) == ("admin", False)
    assert admin.get("/users").json()["items"] == [changed]


def test_a_user_who_is_off_gets_no_link(client: Client) -> None:
    admin = client("admin")
    user = admin.post("/users", json={"email": "ada@example.com"}).json()["user"]
    admin.patch(f"/users/{user['id']}", json={"active": False})
    assert admin.post(f"/users/{user['id']}/link").status_code == 409


@pytest.mark.parametrize("email", ["nobody", "a b@example.com", "@example.com", ""])
def test_an_address_that_is_none_is_refused(client: Client, email: str) -> None:
    assert client("admin").post("/users", json={"email": email}).status_code == 422


def test_a_second_invitation_is_refused(client: Client) -> None:
    admin = client("admin")
    admin.post("/users", json={"email": "ada@example.com"})
    again = admin.post("/users", json={"email": "ADA@example.com"})
    assert (again.status_code, again.json()["error"]["message"]) == (409, "ada@example.com is a user already.")


@pytest.mark.parametrize("path", ["/users", "/tokens"])
def test_operators_do_not_see_who_may_come_in(client: Client, path: str) -> None:
    assert client("operate").get(path).status_code == 403


def test_a_token_is_made_shown_once_and_revoked(client: Client, base_url: str) -> None:
    admin = client("admin")
    made = admin.post("/tokens", json={"name": "a script", "scope": "read", "days": 30}).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert httpx.get(f"{base_url}/api/v1/runs", headers=headers).status_code == 200
    assert all("token" not in each for each in admin.get("/tokens").json()["items"])
    assert admin.delete(f"/tokens/{made['id']}").json()["revoked_at"] is not None
    assert httpx.get(f"{base_url}/api/v1/runs", headers=headers).status_code == 401


def test_a_token_that_is_not_there_is_named(client: Client) -> None:
    assert client("admin").delete("/tokens/999").status_code == 404


def test_a_token_does_not_revoke_itself(client: Client) -> None:
    admin = client("admin")
    [own] = admin.get("/tokens").json()["items"]
    assert admin.delete(f"/tokens/{own['id']}").status_code == 409
