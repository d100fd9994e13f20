"""Who sees which page, and which forms are believed."""

from datetime import timedelta

import httpx
import pytest

from app.core import users
from app.core.tables import User
from app.dashboard.access import cookie_name
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn, Statements
from tests.app.dashboard.visiting import Visitor, enter


def test_a_stranger_is_sent_to_the_door_and_back(stranger: Visitor) -> None:
    answer = stranger.get("/settings/profile?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fsettings%2Fprofile%3Fx%3D1")


def test_a_fragment_takes_the_whole_page_to_the_door(stranger: Visitor) -> None:
    answer = stranger.get("/", **{"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("viewer", "/", 200),
        ("viewer", "/settings/profile", 200),
        ("viewer", "/settings/users", 403),
        ("operator", "/settings/tokens", 403),
        ("admin", "/settings/users", 200),
        ("admin", "/settings/tokens", 200),
    ],
)
def test_pages_are_for_their_roles(sign_in: SignIn, role: str, path: str, status: int) -> None:
    assert sign_in(role).get(path).status_code == status


def test_who_may_not_is_told_which_role_it_takes(sign_in: SignIn) -> None:
    assert "This needs the role admin; you have the role viewer." in sign_in("viewer").see("/settings/users", 403).text


def test_a_session_ends_when_it_is_idle(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    parts.clock.at += timedelta(minutes=parts.settings.session_idle_minutes)
    assert visitor.get("/").status_code == 303


def test_a_session_that_is_used_stays(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    for _ in range(2):
        parts.clock.at += timedelta(minutes=parts.settings.session_idle_minutes - 1)
        assert visitor.get("/").status_code == 200


def test_what_the_page_fetches_by_itself_keeps_nobody_signed_in(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    parts.clock.at += timedelta(minutes=parts.settings.session_idle_minutes - 1)
    assert visitor.get("/", **{"x-live": "1"}).status_code == 200
    parts.clock.at += timedelta(minutes=2)
    assert visitor.get("/").status_code == 303


def test_every_session_ends_some_day(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    for _ in range(parts.settings.session_hours):
        parts.clock.at += timedelta(hours=1)
        last = visitor.get("/").status_code
    assert last == 303


def test_a_user_who_is_switched_off_is_out_at_once(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    with parts.database.session_scope() as session:
        session.query(User).filter_by(email="viewer@example.com").one().active = False
    assert visitor.get("/").status_code == 303


def test_a_changed_role_holds_at_once(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    with parts.database.session_scope() as session:
        user = users.called(session, "viewer@example.com")
        assert user is not None
        users.change(session, user.id, actor="test", role="admin")
    assert visitor.get("/settings/users").status_code == 200


# forms -------------------------------------------------------------------------------------------------------------


def sent(visitor: Visitor, token: str, **headers: str) -> httpx.Response:
    return visitor.http.post("/preferences", data={"form_token": token, "theme": "dark"}, headers=headers)


def test_a_form_of_ours_is_believed(sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    token = visitor.see("/").form_token
    assert sent(visitor, token, origin=visitor.origin).status_code == 303


def test_the_token_may_come_as_a_header(sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    token = visitor.see("/").form_token
    answer = sent(visitor, "", origin=visitor.origin, **{"x-form-token": token})
    assert answer.status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_from_elsewhere_is_refused(sign_in: SignIn, origin: str) -> None:
    visitor = sign_in("viewer")
    answer = sent(visitor, visitor.see("/").form_token, origin=origin)
    assert (answer.status_code, "from somewhere else" in answer.text) == (403, True)


def test_a_form_without_its_token_is_refused(sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    assert sent(visitor, "", origin=visitor.origin).status_code == 403


def test_the_token_of_another_session_is_refused(sign_in: SignIn) -> None:
    token = sign_in("admin").see("/").form_token
    visitor = sign_in("viewer")
    assert sent(visitor, token, origin=visitor.origin).status_code == 403


# what every answer says --------------------------------------------------------------------------------------------


def test_the_policy_allows_this_host_and_nothing_inline(sign_in: SignIn) -> None:
    policy = sign_in("viewer").get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")


def test_pages_are_kept_nowhere(sign_in: SignIn) -> None:
    assert sign_in("viewer").get("/").headers["cache-control"] == "no-store"


def test_a_page_that_is_not_there_says_so(sign_in: SignIn) -> None:
    assert "There is no such page." in sign_in("viewer").see("/nowhere", 404).text


def test_programs_get_json(base_url: str) -> None:
    assert httpx.get(f"{base_url}/nowhere").json() == {"detail": "Not Found"}


def test_the_frame_asks_twice(sign_in: SignIn, statements: Statements) -> None:
    visitor = sign_in("admin")
    with statements() as counted:
        visitor.see("/settings/tokens")
    assert counted.number == 3, counted.statements


# the demo ----------------------------------------------------------------------------------------------------------


def test_the_demo_signs_in_who_sits_at_its_machine(parts: Installation, stranger: Visitor) -> None:
    parts.settings.demo = True
    assert "Demo: both systems are sandboxes" in stranger.see("/").answer.text
    assert cookie_name(parts.settings) in stranger.http.cookies


def test_the_demo_stays_closed_under_a_foreign_name(parts: Installation, stranger: Visitor) -> None:
    parts.settings.demo = True
    assert stranger.get("/", host="tieout.example").status_code == 303


def test_a_session_of_the_demo_is_worth_nothing_elsewhere(parts: Installation, base_url: str) -> None:
    _, token = enter(parts, "admin", "demo@localhost")
    visitor = Visitor(base_url, {cookie_name(parts.settings): token})
    assert visitor.get("/").status_code == 303
    visitor.close()
