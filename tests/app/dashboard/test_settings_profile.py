import pytest
from argon2 import PasswordHasher

from app.core import passwords, users
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn
from tests.app.dashboard.visiting import Visitor

OLD, NEW = "four quiet green ledgers", "nine loud amber journals"


@pytest.fixture
def visitor(parts: Installation, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Has a password."""
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    entered = sign_in("viewer")
    with parts.database.session_scope() as session:
        user = users.called(session, "viewer@example.com")
        assert user is not None
        user.password_hash = passwords.hashed(OLD, email=user.email)
    return entered


def changed(visitor: Visitor, now: str, password: str, again: str = "") -> tuple[int, str]:
    form = {"now": now, "password": password, "again": again or password}
    answer = visitor.post("/settings/profile/password", form)
    return answer.status_code, visitor.after(answer).toast if answer.status_code == 303 else answer.text


def test_a_password_is_changed(parts: Installation, visitor: Visitor) -> None:
    assert changed(visitor, OLD, NEW) == (303, "The password is changed. Other browsers of yours are signed out.")
    with parts.database.session_scope() as session:
        assert users.with_password(session, "viewer@example.com", NEW) is not None
        assert users.with_password(session, "viewer@example.com", OLD) is None


def test_it_ends_the_other_sessions(visitor: Visitor, sign_in: SignIn) -> None:
    other = sign_in("viewer")
    changed(visitor, OLD, NEW)
    assert (visitor.get("/").status_code, other.get("/").status_code) == (200, 303)


@pytest.mark.parametrize(
    ("now", "password", "again", "told"),
    [
        ("wrong", NEW, "", "not your password of now"),
        (OLD, "short", "", "12 to 200 characters"),
        (OLD, NEW, "other", "two new passwords differ"),
    ],
)
def test_what_is_wrong_is_said(visitor: Visitor, now: str, password: str, again: str, told: str) -> None:
    status, text = changed(visitor, now, password, again)
    assert (status, told in text) == (422, True)


def test_who_has_no_password_is_offered_none(sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    assert "Password of now" not in visitor.see("/settings/profile").text
    assert changed(visitor, "x", NEW)[0] == 422


def test_another_browser_is_signed_out(sign_in: SignIn) -> None:
    visitor, other = sign_in("viewer"), sign_in("viewer")
    action = visitor.see("/settings/profile").answer.text.partition('action="/settings/profile/sessions/')[2]
    page = visitor.after(visitor.post(f"/settings/profile/sessions/{action.partition('/')[0]}/end"))
    assert (page.toast, other.get("/").status_code) == ("That browser is signed out.", 303)


def test_nobody_ends_the_session_of_somebody_else(sign_in: SignIn) -> None:
    admin, viewer = sign_in("admin"), sign_in("viewer")
    for session_id in range(1, 4):
        viewer.post(f"/settings/profile/sessions/{session_id}/end", of="/settings/profile")
        if viewer.get("/").status_code != 200:
            break
    assert admin.get("/").status_code == 200


def test_all_others_are_signed_out(sign_in: SignIn) -> None:
    visitor, other, third = sign_in("viewer"), sign_in("viewer"), sign_in("viewer")
    visitor.post("/settings/profile/sessions/end")
    assert [one.get("/").status_code for one in (visitor, other, third)] == [200, 303, 303]
