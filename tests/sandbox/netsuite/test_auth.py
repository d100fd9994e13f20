"""Who gets in: client assertions, bearer tokens, TBA signatures."""

from __future__ import annotations

from typing import Any

import httpx
import oauthlib.oauth1  # type: ignore[import-untyped]
import pytest

from sandbox.credentials import Credentials
from sandbox.netsuite.auth import TOKEN_PATH, signature
from tests.sandbox.netsuite.conftest import RECORDS, SUITEQL, Client, Server, assertion, token_answer

ORACLE = {
    "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
    "oauth_timestamp": "1508242306",
    "oauth_signature_method": "HMAC-SHA256",
    "oauth_version": "1.0",
}
ORACLE_SECRETS = (
    "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)
RESTLET = "/app/site/hosting/restlet.nl?script=customscript_tieout_restlet&deploy=customdeploy_tieout_restlet"


def signed(
    credentials: Credentials, url: str, method: str = "GET", body: str | None = None, **more: Any
) -> dict[str, str]:
    """Headers by an independent OAuth 1.0 library."""
    options = {"realm": credentials.netsuite_account_id, "signature_method": oauthlib.oauth1.SIGNATURE_HMAC_SHA256}
    client = oauthlib.oauth1.Client(
        credentials.netsuite_consumer_key,
        client_secret=more.pop("consumer_secret", credentials.netsuite_consumer_secret),
        resource_owner_key=credentials.netsuite_token_id,
        resource_owner_secret=credentials.netsuite_token_secret,
        **{**options, **more},
    )
    _, headers, _ = client.sign(url, method, headers={"Content-Type": "application/json"}, body=body)
    return {str(name): str(value) for name, value in headers.items()}


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "PS384"])
def test_an_assertion_becomes_a_token_for_an_hour(server: Server, credentials: Credentials, algorithm: str) -> None:
    answer = token_answer(server.url, assertion(credentials, server.url, algorithm=algorithm))
    assert answer.status_code == 200
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3600, "Bearer")


@pytest.mark.parametrize(
    ("why", "options", "error"),
    [
        ("RS256", {"algorithm": "RS256"}, "invalid_grant"),
        ("an unknown certificate", {"kid": "nope"}, "invalid_grant"),
        ("the other key's certificate", {"algorithm": "PS256", "kid": "EC"}, "invalid_grant"),
        ("another client", {"iss": "someone"}, "invalid_grant"),
        ("another audience", {"aud": "https://example.com/token"}, "invalid_grant"),
        ("expired", {"iat": 1, "exp": 60}, "invalid_grant"),
        ("an expiry of 60 minutes", {"lasts": 3700}, "invalid_grant"),
        ("scopes in a text", {"scope": "restlets,rest_webservices"}, "invalid_scope"),
        ("an unknown scope", {"scope": ["everything"]}, "invalid_scope"),
    ],
)
def test_an_assertion_is_refused_for(
    server: Server, credentials: Credentials, why: str, options: dict[str, Any], error: str
) -> None:
    options = {**options, **({"kid": credentials.netsuite_certificate_id} if options.get("kid") == "EC" else {})}
    answer = token_answer(server.url, assertion(credentials, server.url, **options))
    assert (answer.status_code, answer.json()["error"]) == (400, error), why


def test_the_token_endpoint_takes_forms_only(server: Server, credentials: Credentials) -> None:
    answer = httpx.post(f"{server.url}{TOKEN_PATH}", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_request_without_credentials_is_a_400_with_a_challenge(server: Server) -> None:
    answer = httpx.get(f"{server.url}{RECORDS}/customer")
    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_an_unknown_token_is_a_401_with_a_challenge(server: Server) -> None:
    answer = httpx.get(f"{server.url}{RECORDS}/customer", headers={"Authorization": "Bearer nope"})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"


def test_tokens_can_be_expired(server: Server, credentials: Credentials) -> None:
    token = token_answer(server.url, assertion(credentials, server.url)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.url}{RECORDS}/customer", headers=headers).status_code == 200
    httpx.post(f"{server.url}/_sandbox/tokens/expire")
    assert httpx.get(f"{server.url}{RECORDS}/customer", headers=headers).status_code == 401


def test_a_token_without_the_scope_does_not_reach_the_restlet(server: Server, credentials: Credentials) -> None:
    made = assertion(credentials, server.url, scope=["rest_webservices"])
    headers = {"Authorization": f"Bearer {token_answer(server.url, made).json()['access_token']}"}
    assert httpx.post(f"{server.url}{RESTLET}", json={"action": "ping"}, headers=headers).status_code == 401


def test_the_signature_equals_oracles_published_example() -> None:
    url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
    assert signature("GET", url, ORACLE.items(), *ORACLE_SECRETS) == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="


def test_a_signed_request_with_a_query_passes(server: Server, credentials: Credentials) -> None:
    url = f"{server.url}{RECORDS}/customer?limit=10&q=email%20IS%20%22a%2Bb%40c.example%22"
    assert httpx.get(url, headers=signed(credentials, url)).status_code == 200


def test_a_signed_suiteql_query_passes(server: Server, credentials: Credentials) -> None:
    url, body = f"{server.url}{SUITEQL}?limit=5", '{"q":"SELECT id FROM currency"}'
    headers = {**signed(credentials, url, "POST", body), "Prefer": "transient"}
    assert httpx.post(url, content=body, headers=headers).json()["count"] == 5


def test_a_signed_restlet_call_passes(server: Server, credentials: Credentials) -> None:
    url, body = f"{server.url}{RESTLET}", '{"action":"ping"}'
    answer = httpx.post(url, content=body, headers=signed(credentials, url, "POST", body))
    assert answer.json()["ok"] is True


def test_a_nonce_is_good_for_one_request(server: Server, credentials: Credentials) -> None:
    url = f"{server.url}{RECORDS}/customer"
    headers = signed(credentials, url)
    assert [httpx.get(url, headers=headers).status_code for _ in range(2)] == [200, 401]


@pytest.mark.parametrize(
    "wrong",
    [
        {"consumer_secret": "wrong"},
        {"realm": "SOMEONE"},
        {"timestamp": "1508242306"},
        {"signature_method": oauthlib.oauth1.SIGNATURE_HMAC_SHA1},
    ],
)
def test_a_signature_is_refused_for(server: Server, credentials: Credentials, wrong: dict[str, Any]) -> None:
    url = f"{server.url}{RECORDS}/customer"
    assert httpx.get(url, headers=signed(credentials, url, **wrong)).status_code == 401


def test_a_signature_is_for_one_url(server: Server, credentials: Credentials) -> None:
    headers = signed(credentials, f"{server.url}{RECORDS}/customer")
    assert httpx.get(f"{server.url}{RECORDS}/invoice", headers=headers).status_code == 401


def test_the_bearer_client_of_these_tests_passes(client: Client) -> None:
    assert client.get(f"{RECORDS}/customer").status_code == 200


def test_a_signed_upsert_passes_with_its_colon_as_sent(server: Server, credentials: Credentials) -> None:
    url = f"{server.url}{RECORDS}/customer/eid:stripe-cus-1?replace=addressBook,currencyList"
    body = '{"companyName":"A","subsidiary":{"id":"1"}}'
    answer = httpx.put(url, content=body, headers=signed(credentials, url, "PUT", body))
    assert answer.status_code == 204, answer.text
