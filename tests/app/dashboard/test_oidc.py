"""Single sign-on against a provider of this test's own."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from app.core import users
from app.settings import IdentityProvider
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn
from tests.app.dashboard.provider import Provider, running
from tests.app.dashboard.visiting import Visitor

ADA = {"sub": "u-1", "email": "Ada@example.com", "email_verified": True}


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(_provider: Provider, parts: Installation, base_url: str, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # this provider is on this machine
    _provider.person, _provider.spoil, _provider.forged = dict(ADA), {}, False
    _provider.asked.clear()
    parts.settings.public_url = base_url
    configure(parts, _provider)
    return _provider


def configure(parts: Installation, provider: Provider, **more: Any) -> None:
    secret = SecretStr(provider.client_secret)
    known = {"issuer": provider.url, "client_id": provider.client_id, "client_secret": secret}
    parts.settings.oidc = IdentityProvider(**{**known, **more})


def invited(parts: Installation, role: str = "operator", email: str = "ada@example.com") -> None:
    with parts.database.session_scope() as session:
        users.add(session, email, role, actor="test")


def through(visitor: Visitor, where: str = "/settings/profile") -> httpx.Response:
    """To the provider and back, as a browser goes."""
    out = visitor.get(f"/sign-in/oidc?next={where}")
    assert out.status_code == 303, out.text
    back = httpx.get(out.headers["location"], trust_env=False).headers["location"]
    return visitor.get(back.removeprefix(visitor.origin))


def test_who_is_invited_comes_in(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    invited(parts)
    page = stranger.after(through(stranger))
    assert "ada@example.com" in page.text
    assert "Your role is operator" in page.text


def test_the_door_offers_it(provider: Provider, stranger: Visitor) -> None:
    assert "Single sign-on" in stranger.see("/sign-in").text


def test_the_request_is_bound_by_state_nonce_and_challenge(provider: Provider, stranger: Visitor) -> None:
    through(stranger)
    asked = provider.asked[0]
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert all(len(asked[name]) >= 43 for name in ("state", "nonce", "code_challenge"))


def test_later_it_is_the_subject_that_counts(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    invited(parts)
    through(stranger)
    provider.person["email"] = "married@example.com"
    assert "ada@example.com" in stranger.after(through(stranger)).text


def test_another_subject_with_the_same_address_stays_out(
    parts: Installation, provider: Provider, stranger: Visitor
) -> None:
    invited(parts)
    through(stranger)
    provider.person["sub"] = "u-2"
    assert through(stranger).status_code == 401


@pytest.mark.parametrize("verified", [False, None, "no"])
def test_an_address_that_is_not_verified_opens_nothing(
    parts: Installation, provider: Provider, stranger: Visitor, verified: object
) -> None:
    invited(parts)
    provider.person["email_verified"] = verified
    assert through(stranger).status_code == 401


def test_a_stranger_of_no_allowed_domain_stays_out(provider: Provider, stranger: Visitor) -> None:
    answer = through(stranger)
    assert (answer.status_code, "Ask an administrator to invite you." in answer.text) == (401, True)


def test_an_allowed_domain_comes_in(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    configure(parts, provider, allowed_domains=("example.com",), default_role="viewer")
    assert "Your role is viewer" in stranger.after(through(stranger)).text


def test_a_domain_that_only_ends_like_it_does_not(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    configure(parts, provider, allowed_domains=("example.com",), default_role="viewer")
    provider.person["email"] = "ada@notexample.com"
    assert through(stranger).status_code == 401


def test_a_claim_decides_the_role_each_time(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    invited(parts, "viewer")
    configure(parts, provider, role_claim="groups", role_values=("finance=operator", "it=admin"))
    provider.person["groups"] = ["everybody", "finance", "it"]
    assert "Your role is admin" in stranger.after(through(stranger)).text


def test_who_is_switched_off_stays_out(
    parts: Installation, provider: Provider, stranger: Visitor, sign_in: SignIn
) -> None:
    invited(parts)
    with parts.database.session_scope() as session:
        user = users.called(session, "ada@example.com")
        assert user is not None
        user.active = False
    assert through(stranger).status_code == 401


@pytest.mark.parametrize(
    "spoil", [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "x"}, {"azp": "another"}]
)
def test_a_token_that_is_not_for_us_is_not_believed(
    parts: Installation, provider: Provider, stranger: Visitor, spoil: dict[str, Any]
) -> None:
    invited(parts)
    provider.spoil = spoil
    answer = through(stranger)
    assert (answer.status_code, "could not be believed" in answer.text) == (401, True)


def test_a_forged_token_is_not_believed(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    invited(parts)
    provider.forged = True
    assert through(stranger).status_code == 401


def test_an_answer_to_somebody_else_is_refused(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    invited(parts)
    stranger.get("/sign-in/oidc")
    answer = stranger.get("/sign-in/oidc/back?code=one-code&state=another")
    assert (answer.status_code, "begun somewhere else" in answer.text) == (401, True)


def test_a_provider_that_is_away_is_told(parts: Installation, provider: Provider, stranger: Visitor) -> None:
    configure(parts, provider, issuer="http://127.0.0.1:9")
    assert "does not answer" in stranger.get("/sign-in/oidc").text


def test_without_a_provider_there_is_no_such_page(parts: Installation, stranger: Visitor) -> None:
    assert stranger.get("/sign-in/oidc").status_code == 404


@pytest.mark.parametrize("wrong", [{"issuer": "http://idp.example"}, {"role_values": "finance=owner"}])
def test_wrong_settings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        IdentityProvider(**{"issuer": "https://idp.example", "client_id": "x", **wrong})
