import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.types import Options

from app.errors import AuthFailed, Throttled, Unavailable
from app.settings import NetSuiteAccount
from app.systems.netsuite.auth import OAuth2, TokenBased, signer
from tests.app.systems.netsuite.conftest import NOW, pem

URL = "https://1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
# Oracle's published example credentials (Online Help section_1534941088), nobody's real ones.
CONSUMER = (
    "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
)
TOKEN = (
    "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class TokenEndpoint:
    def __init__(self, status: int = 200, body: object = None) -> None:
        self.forms: list[dict[str, str]] = []
        self.status, self.body = status, body

    def __call__(self, url: str, form: dict[str, str]) -> httpx.Response:
        self.forms.append(form)
        body = self.body or {"access_token": f"token-{len(self.forms)}", "expires_in": "3600", "token_type": "Bearer"}
        return httpx.Response(self.status, json=body)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def oauth2(ec_key: ec.EllipticCurvePrivateKey, time: Time) -> OAuth2:
    return OAuth2(URL, "client", "certificate", pem(ec_key), time)


def sent_with(signing: OAuth2 | TokenBased, url: str = "https://x.test/a", method: str = "GET") -> httpx.Request:
    request = httpx.Request(method, url)
    signing.sign(request)
    return request


def oracle_example(method: str, url: str) -> str:
    tba = TokenBased("123456", CONSUMER, TOKEN, now=lambda: 1508242306, nonce=lambda: "fjaLirsIcCGVZWzBX0pg")
    return sent_with(tba, url, method).headers["Authorization"]


# token-based -------------------------------------------------------------------------------------------------------


def test_tba_signs_oracle_s_rest_example() -> None:
    header = oracle_example("GET", "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40")
    assert 'oauth_signature="B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"' in header


def test_tba_signs_oracle_s_restlet_example() -> None:
    header = oracle_example(
        "POST",
        "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
        "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
    )
    assert 'oauth_signature="%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D"' in header


def test_tba_names_the_account_in_the_realm_as_netsuite_shows_it() -> None:
    tba = TokenBased("1234567-sb1", CONSUMER, TOKEN)
    assert sent_with(tba).headers["Authorization"].startswith('OAuth realm="1234567_SB1", ')


def test_tba_signs_the_port_of_a_server_that_is_not_on_the_default_one() -> None:
    tba = TokenBased("1", CONSUMER, TOKEN)
    fields = {"oauth_nonce": "n"}
    plain = tba.signature("GET", httpx.URL("http://127.0.0.1/a"), fields)
    assert tba.signature("GET", httpx.URL("http://127.0.0.1:4343/a"), fields) != plain


def test_tba_leaves_the_default_port_out() -> None:
    tba = TokenBased("1", CONSUMER, TOKEN)
    fields = {"oauth_nonce": "n"}
    plain = tba.signature("GET", httpx.URL("https://x.test/a"), fields)
    assert tba.signature("GET", httpx.URL("https://x.test:443/a"), fields) == plain


def test_tba_gives_each_try_a_nonce_of_its_own() -> None:
    tba = TokenBased("1", CONSUMER, TOKEN)
    assert sent_with(tba).headers["Authorization"] != sent_with(tba).headers["Authorization"]


def test_tba_has_nothing_to_renew_after_a_401() -> None:
    tba = TokenBased("1", CONSUMER, TOKEN)
    assert tba.refused(sent_with(tba)) is False


# OAuth 2.0 -----------------------------------------------------------------------------------------------------------


def test_an_rsa_key_signs_with_pss(rsa_key: rsa.RSAPrivateKey) -> None:
    assertion = OAuth2(URL, "client", "certificate", pem(rsa_key)).assertion()
    jwt.decode(assertion, rsa_key.public_key(), algorithms=["PS256"], audience=URL)


def test_an_elliptic_key_signs_with_es256(ec_key: ec.EllipticCurvePrivateKey) -> None:
    assertion = OAuth2(URL, "client", "certificate", pem(ec_key)).assertion()
    jwt.decode(assertion, ec_key.public_key(), algorithms=["ES256"], audience=URL)


def test_a_curve_netsuite_does_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="P-256"):
        OAuth2(URL, "client", "certificate", pem(ec.generate_private_key(ec.SECP256K1())))


def test_the_assertion_names_the_certificate(oauth2: OAuth2) -> None:
    assert jwt.get_unverified_header(oauth2.assertion()) == {"alg": "ES256", "typ": "JWT", "kid": "certificate"}


def test_the_assertion_carries_an_array_of_scopes_and_lives_five_minutes(
    oauth2: OAuth2, ec_key: ec.EllipticCurvePrivateKey
) -> None:
    options: Options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(oauth2.assertion(), ec_key.public_key(), ["ES256"], audience=URL, options=options)
    claims.pop("jti")
    issued = int(NOW.timestamp())
    assert claims == {
        "iss": "client",
        "scope": ["restlets", "rest_webservices"],
        "aud": URL,
        "iat": issued,
        "exp": issued + 300,
    }


def test_no_two_assertions_are_the_same(oauth2: OAuth2) -> None:
    first, second = (jwt.decode(oauth2.assertion(), options={"verify_signature": False})["jti"] for _ in range(2))
    assert first != second


def test_the_token_signs_requests(oauth2: OAuth2) -> None:
    oauth2.prepare(TokenEndpoint())
    assert sent_with(oauth2).headers["Authorization"] == "Bearer token-1"


def test_the_token_is_kept_until_two_minutes_before_its_end(oauth2: OAuth2, time: Time) -> None:
    endpoint = TokenEndpoint()
    oauth2.prepare(endpoint)
    time.now += timedelta(seconds=3600 - 121)
    oauth2.prepare(endpoint)
    assert len(endpoint.forms) == 1


def test_the_token_is_renewed_two_minutes_before_its_end(oauth2: OAuth2, time: Time) -> None:
    endpoint = TokenEndpoint()
    oauth2.prepare(endpoint)
    time.now += timedelta(seconds=3600 - 120)
    oauth2.prepare(endpoint)
    assert len(endpoint.forms) == 2


def test_threads_that_need_a_token_at_once_fetch_one(oauth2: OAuth2) -> None:
    endpoint, together, another = TokenEndpoint(), threading.Barrier(8), threading.Event()

    def slow(url: str, form: dict[str, str]) -> httpx.Response:
        answer = endpoint(url, form)
        if len(endpoint.forms) > 1:
            another.set()
        another.wait(0.3)
        return answer

    def ask() -> None:
        together.wait(5)
        oauth2.prepare(slow)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(endpoint.forms) == 1


def test_a_refused_token_is_dropped(oauth2: OAuth2) -> None:
    endpoint = TokenEndpoint()
    oauth2.prepare(endpoint)
    assert oauth2.refused(sent_with(oauth2)) is True
    oauth2.prepare(endpoint)
    assert sent_with(oauth2).headers["Authorization"] == "Bearer token-2"


def test_a_refusal_of_an_older_token_leaves_the_new_one(oauth2: OAuth2) -> None:
    endpoint = TokenEndpoint()
    oauth2.prepare(endpoint)
    old = sent_with(oauth2)
    oauth2.refused(old)
    oauth2.prepare(endpoint)
    oauth2.refused(old)
    assert sent_with(oauth2).headers["Authorization"] == "Bearer token-2"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_grant"}, AuthFailed),
        (401, {"error": "invalid_client"}, AuthFailed),
        (429, {"error": "slow_down"}, Throttled),
        (503, {"error": "server_error"}, Unavailable),
    ],
)
def test_a_refusal_of_the_token_endpoint_is_sorted(
    oauth2: OAuth2, status: int, body: object, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        oauth2.prepare(TokenEndpoint(status, body))


def test_an_answer_without_a_token_is_no_login(oauth2: OAuth2) -> None:
    with pytest.raises(AuthFailed, match="without a token"):
        oauth2.prepare(TokenEndpoint(200, {"expires_in": 3600}))


@pytest.mark.parametrize(("auth", "kind"), [("oauth2", OAuth2), ("tba", TokenBased)])
def test_the_setting_chooses_the_signer(
    auth: str, kind: type, ec_key: ec.EllipticCurvePrivateKey, request: pytest.FixtureRequest
) -> None:
    made: Callable[..., NetSuiteAccount] = NetSuiteAccount
    account = made(account_id="1234567", auth=auth, private_key=pem(ec_key), consumer_key="k", token_id="t")
    assert isinstance(signer(account, lambda: datetime.now(UTC)), kind)
