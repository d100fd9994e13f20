from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.tables import User
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn, Statements


def user_id(parts: Installation, email: str) -> int:
    with parts.database.session_scope() as session:
        return session.scalars(select(User.id).where(User.email == email)).one()


def test_an_invitation_shows_its_link_once(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    made = admin.post("/settings/users", {"email": "new@example.com", "role": "operator"})
    assert "/join/" in made.text
    page = admin.see("/settings/users")
    assert ("new@example.com" in page.text, "/join/" in page.answer.text) == (True, False)


def test_nobody_is_invited_twice(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    answer = admin.post("/settings/users", {"email": "Admin@example.com", "role": "viewer"})
    assert (answer.status_code, "admin@example.com is a user already." in answer.text) == (409, True)


def test_a_role_is_changed(parts: Installation, sign_in: SignIn) -> None:
    sign_in("viewer")
    admin = sign_in("admin")
    answer = admin.post(f"/settings/users/{user_id(parts, 'viewer@example.com')}", {"role": "operator"})
    assert admin.after(answer).toast == "viewer@example.com is on, as operator."


def test_a_change_is_in_the_audit_log(parts: Installation, sign_in: SignIn) -> None:
    sign_in("viewer")
    sign_in("admin").post(f"/settings/users/{user_id(parts, 'viewer@example.com')}", {"role": "operator"})
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.changed")).one()
    assert (entry.actor, entry.details["was"]["role"], entry.details["now"]["role"]) == (
        "admin@example.com",
        "viewer",
        "operator",
    )


def test_who_is_switched_off_is_out(parts: Installation, sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    sign_in("admin").post(f"/settings/users/{user_id(parts, 'viewer@example.com')}", {"active": "off"})
    assert viewer.get("/").status_code == 303


def test_the_last_administrator_stays(parts: Installation, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    answer = admin.post(f"/settings/users/{user_id(parts, 'admin@example.com')}", {"active": "off"})
    assert "is the only administrator" in admin.after(answer).toast


def test_only_administrators_invite(sign_in: SignIn) -> None:
    answer = sign_in("operator").post("/settings/users", {"email": "new@example.com", "role": "admin"})
    assert answer.status_code == 403


def test_the_page_asks_little(sign_in: SignIn, statements: Statements) -> None:
    for role in ("viewer", "operator"):
        sign_in(role)
    admin = sign_in("admin")
    with statements() as counted:
        admin.see("/settings/users")
    assert counted.number == 3, counted.statements
