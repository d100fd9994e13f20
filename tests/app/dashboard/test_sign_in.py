"""Through the door: passwords, throttling, first links, and out again."""

from datetime import timedelta

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.admin import accounts
from app.core import passwords, throttle, users
from app.core.tables import User, UserSession
from app.dashboard.access import cookie_name
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn
from tests.app.dashboard.visiting import Visitor

PASSWORD = "four quiet green ledgers"
WHO = "ada@example.com"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ada(parts: Installation) -> int:
    with parts.database.session_scope() as session:
        user, token = users.invite(session, WHO, "operator", actor="test", now=parts.clock.now())
        users.accept(session, token, PASSWORD, now=parts.clock.now())
        return user.id


def tried(visitor: Visitor, password: str = PASSWORD, email: str = WHO, where: str = "/") -> httpx.Response:
    return visitor.post("/sign-in", {"email": email, "password": password, "next": where}, of="/sign-in")


@pytest.mark.usefixtures("ada")
def test_the_right_password_opens(stranger: Visitor) -> None:
    answer = tried(stranger, where="/settings/profile?a=b")
    assert answer.headers["location"] == "/settings/profile?a=b"
    assert WHO in stranger.after(answer).text


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("email", "password"), [(WHO, "wrong"), ("eve@example.com", PASSWORD), (WHO, "")])
def test_anything_else_does_not_and_does_not_say_which(stranger: Visitor, email: str, password: str) -> None:
    answer = tried(stranger, password or "x", email)
    assert (answer.status_code, "do not go together" in answer.text) == (401, True)


@pytest.mark.usefixtures("ada")
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(parts: Installation, stranger: Visitor) -> None:
    cookies = [one for one in tried(stranger).headers.get_list("set-cookie") if one.startswith("tieout_session=")]
    assert len(cookies) == 1
    assert all(word in cookies[0] for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"))


@pytest.mark.usefixtures("ada")
def test_behind_tls_the_cookie_is_bound_to_host_and_tls(parts: Installation, stranger: Visitor) -> None:
    parts.settings.public_url = "https://tieout.example"
    page = stranger.get("/sign-in")
    door = page.headers["set-cookie"].split("tieout_door=")[1].partition(";")[0]
    form = {"form_token": page.text.split('name="form_token" value="')[1][:64], "email": WHO, "password": PASSWORD}
    headers = {"origin": "https://tieout.example", "cookie": f"tieout_door={door}"}
    answer = stranger.http.post("/sign-in", data=form, headers=headers)
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-")]
    assert "Secure" in cookie


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(stranger: Visitor, where: str) -> None:
    assert tried(stranger, where=where).headers["location"] == "/"


def test_a_sign_in_form_from_elsewhere_is_refused(stranger: Visitor) -> None:
    token = stranger.see("/sign-in").form_token
    form = {"form_token": token, "email": WHO, "password": PASSWORD}
    answer = stranger.http.post("/sign-in", data=form, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.usefixtures("ada")
def test_each_sign_in_is_a_session_of_its_own(parts: Installation, stranger: Visitor) -> None:
    tried(stranger)
    first = stranger.http.cookies[cookie_name(parts.settings)]
    stranger.http.cookies.delete(cookie_name(parts.settings))
    tried(stranger)
    assert stranger.http.cookies[cookie_name(parts.settings)] != first


@pytest.mark.usefixtures("ada")
def test_only_a_digest_of_the_cookie_is_stored(parts: Installation, stranger: Visitor) -> None:
    tried(stranger)
    with parts.database.session_scope() as session:
        stored = session.scalars(select(UserSession.digest)).one()
    assert len(stored) == 64
    assert stored != stranger.http.cookies[cookie_name(parts.settings)]


@pytest.mark.usefixtures("ada")
def test_signing_out_ends_the_session(parts: Installation, stranger: Visitor) -> None:
    tried(stranger)
    kept = dict(stranger.http.cookies)
    page = stranger.after(stranger.post("/sign-out"))
    assert "You are signed out." in page.text
    stranger.http.cookies.update(kept)
    assert stranger.get("/").status_code == 303


# throttled -----------------------------------------------------------------------------------------------------------


def exhausted(
    parts: Installation, email: str = WHO, address: str = "192.0.2.1", times: int = throttle.PER_ACCOUNT
) -> None:
    for _ in range(times):
        with parts.database.session_scope() as session:
            throttle.take(session, email, address, parts.clock.now())


@pytest.mark.usefixtures("ada")
def test_after_many_tries_the_right_password_waits_too(parts: Installation, stranger: Visitor) -> None:
    exhausted(parts)
    answer = tried(stranger)
    assert (answer.status_code, "Wait 15 min" in answer.text) == (429, True)


@pytest.mark.usefixtures("ada")
def test_the_wait_ends(parts: Installation, stranger: Visitor) -> None:
    exhausted(parts)
    parts.clock.at += throttle.WINDOW
    assert tried(stranger).status_code == 303


@pytest.mark.usefixtures("ada")
def test_an_address_that_tries_many_accounts_waits(parts: Installation, stranger: Visitor) -> None:
    for number in range(throttle.PER_ADDRESS):
        exhausted(parts, f"{number}@example.com", "127.0.0.1", 1)
    assert tried(stranger).status_code == 429


@pytest.mark.usefixtures("ada")
def test_a_sign_in_forgets_the_tries_of_the_account(parts: Installation, stranger: Visitor) -> None:
    for _ in range(2):
        exhausted(parts, times=throttle.PER_ACCOUNT - 1)
        assert tried(stranger).status_code == 303
        stranger.post("/sign-out")


# the first administrator, and those invited --------------------------------------------------------------------------


def joined(visitor: Visitor, link: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    path = link.removeprefix("http://127.0.0.1:8000")
    return visitor.post(path, {"password": password, "again": password, **more}, of=path)


def test_the_first_link_makes_an_administrator(parts: Installation, stranger: Visitor) -> None:
    link = accounts.first_link(parts)
    assert link is not None
    stranger.after(joined(stranger, link, email="First@Example.com "))
    with parts.database.session_scope() as session:
        user = session.scalars(select(User)).one()
    assert (user.email, user.role) == ("first@example.com", "admin")


def test_it_works_once(parts: Installation, stranger: Visitor) -> None:
    link = accounts.first_link(parts)
    assert link is not None
    joined(stranger, link, email="first@example.com")
    assert stranger.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 404


def test_it_is_over_after_a_day(parts: Installation, stranger: Visitor) -> None:
    link = accounts.first_link(parts)
    assert link is not None
    parts.clock.at += timedelta(hours=24)
    page = stranger.see(link.removeprefix("http://127.0.0.1:8000"), 404)
    assert "This link is over" in page.text


def test_it_is_over_once_there_is_an_administrator(parts: Installation, stranger: Visitor, sign_in: SignIn) -> None:
    link = accounts.first_link(parts)
    assert link is not None
    sign_in("admin")
    assert stranger.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 404
    assert accounts.first_link(parts) is None


def test_the_door_says_how_to_begin(stranger: Visitor) -> None:
    assert "There is no administrator yet." in stranger.see("/sign-in").text


def test_who_is_invited_sets_a_password_and_is_in(parts: Installation, stranger: Visitor) -> None:
    made = accounts.invite(parts, WHO, "viewer", actor="test")
    assert WHO in stranger.after(joined(stranger, made.link)).text
    assert stranger.get("/settings/users").status_code == 403


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("short", "short", "12 to 200 characters"),
        (PASSWORD, PASSWORD + "x", "The two passwords differ."),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "too easy to guess"),
        (WHO, WHO, "may not be the e-mail address"),
    ],
)
def test_a_bad_password_is_told_in_words(
    parts: Installation, stranger: Visitor, password: str, again: str, told: str
) -> None:
    path = accounts.invite(parts, WHO, "viewer", actor="test").link.removeprefix("http://127.0.0.1:8000")
    answer = stranger.post(path, {"password": password, "again": again}, of=path)
    assert (answer.status_code, told in answer.text) == (422, True)


def test_a_new_link_ends_the_one_before(parts: Installation, stranger: Visitor) -> None:
    first = accounts.invite(parts, WHO, "viewer", actor="test")
    accounts.relink(parts, first.user.id, actor="test")
    assert stranger.get(first.link.removeprefix("http://127.0.0.1:8000")).status_code == 404
