"""Settings, Profile: the visitor's own password, sessions and preferences."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from app.core import passwords, sessions, throttle, users
from app.core.passwords import Unfit
from app.core.tables import User
from app.dashboard.access import Viewer, lifetime
from app.dashboard.pages import go_to, page, pages
from app.dashboard.sign_in import address_of

router = pages(prefix="/settings")
Text = Annotated[str, Form(max_length=500)]
HERE = "/settings/profile"


@router.get("")
def settings(_: Viewer) -> Response:
    return RedirectResponse(HERE, 303)


@router.get("/profile")
def profile(visit: Viewer) -> Response:
    return _profile(visit)


@router.post("/profile/password")
def change_password(visit: Viewer, now: Text, password: Text, again: Text) -> Response:
    """The password of now is asked for, and throttled as at the door: the browser may be somebody else's hands."""
    wrong = _refused(visit, now, password, again)
    if wrong:
        return _profile(visit, wrong=wrong, status=422)
    return go_to(visit, HERE, "The password is changed. Other browsers of yours are signed out.")


@router.post("/profile/sessions/{session_id}/end")
def end_session(visit: Viewer, session_id: int) -> Response:
    with visit.parts.database.session_scope() as session:
        sessions.end(session, visit.user.user_id, session_id)
    return go_to(visit, HERE, "That browser is signed out.")


@router.post("/profile/sessions/end")
def end_others(visit: Viewer) -> Response:
    with visit.parts.database.session_scope() as session:
        sessions.end_all(session, visit.user.user_id, but=visit.user.session_id)
    return go_to(visit, HERE, "Every other browser of yours is signed out.")


def _refused(visit: Viewer, now: str, password: str, again: str) -> str:
    if password != again:
        return "The two new passwords differ."
    with visit.parts.database.session_scope() as session:
        if throttle.take(session, visit.user.email, address_of(visit.request), visit.now):
            return "There were too many tries. Wait a quarter of an hour."
    try:
        with visit.parts.database.session_scope() as session:
            user = session.get_one(User, visit.user.user_id)
            if user.password_hash is None:
                return "You sign in without a password, so there is none to change."
            if not passwords.matches(user.password_hash, now):
                return "That is not your password of now."
            users.set_password(session, user, password, actor=visit.caller.name, keep=visit.user.session_id)
            throttle.forget(session, user.email)
    except Unfit as reason:
        return str(reason)
    return ""


def _profile(visit: Viewer, *, wrong: str = "", status: int = 200) -> Response:
    with visit.parts.database.session_scope() as session:
        found = sessions.of_user(session, visit.user.user_id, lifetime(visit.parts.settings), visit.now)
        has_password = session.get_one(User, visit.user.user_id).password_hash is not None
    facts = {"sessions": found, "has_password": has_password, "wrong": wrong}
    return page(visit, "settings/profile.html", status=status, **facts)
