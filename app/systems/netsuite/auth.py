"""How a request proves who sends it: OAuth 2.0 client credentials (M2M), or token-based authentication (TBA)."""

import base64
import hmac
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import parse_qsl, quote

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.errors import AuthFailed
from app.settings import NetSuiteAccount
from app.systems.netsuite import errors, wire

Now = Callable[[], datetime]
# Posts a form to the token endpoint; the caller records the exchange.
Fetch = Callable[[str, dict[str, str]], httpx.Response]

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Oracle's table says "separated by a comma"; Oracle's own sample token carries an array (section_162790605110).
SCOPE = ["restlets", "rest_webservices"]
ASSERTION_LIFE = timedelta(minutes=5)
RENEW_EARLY = timedelta(seconds=120)
# RS256 is refused; NetSuite takes RSA-PSS and ECDSA only (section_162755359851).
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def utc_now() -> datetime:
    return datetime.now(UTC)


class Signer(Protocol):
    """One per process, shared by its threads."""

    def prepare(self, fetch: Fetch) -> None:
        """Whatever has to be asked for before a request can be signed. May raise AuthFailed, Unavailable."""

    def sign(self, request: httpx.Request) -> None:
        """Sets the Authorization header; anew for each try."""

    def refused(self, request: httpx.Request) -> bool:
        """Tell that `request` came back with 401. True: worth signing it once more."""


@dataclass(frozen=True)
class Token:
    value: str
    renew_at: datetime


class OAuth2:
    """Client credentials with a signed assertion. There is no refresh token: the assertion is made again."""

    def __init__(self, token_url: str, client_id: str, certificate_id: str, pem: str, now: Now = utc_now) -> None:
        self.token_url = token_url
        self._client_id = client_id
        self._certificate_id = certificate_id
        self._key, self.algorithm = _loaded(pem)
        self._now = now
        self._token: Token | None = None
        self._lock = threading.Lock()

    def prepare(self, fetch: Fetch) -> None:
        """Single flight: of all threads that need a token, one fetches it and the others wait for it."""
        if self._fresh():
            return
        with self._lock:
            if not self._fresh():
                self._token = self._minted(fetch)

    def sign(self, request: httpx.Request) -> None:
        token = self._token
        if token is None:
            raise AuthFailed("NetSuite's access token was refused and no new one has been given yet.")
        request.headers["Authorization"] = f"Bearer {token.value}"

    def refused(self, request: httpx.Request) -> bool:
        """Drops the token that was used, unless another thread has already replaced it."""
        with self._lock:
            used = request.headers.get("Authorization")
            if self._token is not None and used == f"Bearer {self._token.value}":
                self._token = None
        return True

    def assertion(self) -> str:
        issued = self._now()
        claims = {
            "iss": self._client_id,
            "scope": SCOPE,
            "aud": self.token_url,
            "iat": int(issued.timestamp()),
            "exp": int((issued + ASSERTION_LIFE).timestamp()),
            "jti": uuid.uuid4().hex,
        }
        headers = {"typ": "JWT", "kid": self._certificate_id}
        return jwt.encode(claims, self._key, algorithm=self.algorithm, headers=headers)

    def _fresh(self) -> bool:
        return self._token is not None and self._now() < self._token.renew_at

    def _minted(self, fetch: Fetch) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        asked_at = self._now()
        answer = fetch(self.token_url, form)
        if answer.status_code != 200:
            raise _refusal(answer)
        return _token(answer, asked_at)


class TokenBased:
    """OAuth 1.0a with HMAC-SHA256 (section_1534941088). No new TBA integration can be made from NetSuite 2027.1."""

    def __init__(
        self,
        account_id: str,
        consumer: tuple[str, str],
        token: tuple[str, str],
        *,
        now: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._realm = account_id.upper().replace("-", "_")
        self._consumer_key, consumer_secret = consumer
        self._token_id, token_secret = token
        self._key = f"{_encoded(consumer_secret)}&{_encoded(token_secret)}".encode()
        self._now, self._nonce = now, nonce

    def prepare(self, fetch: Fetch) -> None:
        return None

    def sign(self, request: httpx.Request) -> None:
        fields = self._fields()
        fields["oauth_signature"] = self.signature(request.method, request.url, fields)
        shown = ", ".join(f'{name}="{_encoded(value)}"' for name, value in fields.items())
        request.headers["Authorization"] = f'OAuth realm="{_encoded(self._realm)}", {shown}'

    def refused(self, request: httpx.Request) -> bool:
        return False

    def signature(self, method: str, url: httpx.URL, fields: dict[str, str]) -> str:
        """Over method, address and parameters; a JSON body and the realm are not signed."""
        asked = parse_qsl(url.query.decode(), keep_blank_values=True)
        pairs = _normal([*asked, *fields.items()])
        base = "&".join((method.upper(), _encoded(_address(url)), _encoded(pairs)))
        return base64.b64encode(hmac.digest(self._key, base.encode(), "sha256")).decode()

    def _fields(self) -> dict[str, str]:
        return {
            "oauth_consumer_key": self._consumer_key,
            "oauth_token": self._token_id,
            "oauth_nonce": self._nonce(),
            "oauth_timestamp": str(int(self._now())),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        }


def signer(settings: NetSuiteAccount, now: Now = utc_now) -> Signer:
    """The one that the settings ask for. Raises ValueError for a key that cannot be used."""
    if settings.auth == "tba":
        return TokenBased(
            settings.account_id,
            (settings.consumer_key, settings.consumer_secret.get_secret_value()),
            (settings.token_id, settings.token_secret.get_secret_value()),
            now=lambda: now().timestamp(),
        )
    url = settings.api_base + TOKEN_PATH
    return OAuth2(url, settings.client_id, settings.certificate_id, settings.signing_key(), now)


def _loaded(pem: str) -> tuple[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, str]:
    key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key, "PS256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key, _CURVES[key.curve.name]
    raise ValueError("NetSuite takes RSA keys, and EC keys on P-256, P-384 or P-521")


def _token(answer: httpx.Response, asked_at: datetime) -> Token:
    try:
        body = wire.loads(answer.content)
        life = timedelta(seconds=int(body.get("expires_in") or 3600))
        return Token(str(body["access_token"]), asked_at + max(life - RENEW_EARLY, life / 2))
    except (ValueError, KeyError, AttributeError):
        sentence = "NetSuite's token endpoint gave an answer without a token."
        raise AuthFailed(sentence, code="token_unreadable") from None


def _refusal(answer: httpx.Response) -> Exception:
    """4xx at the token endpoint is about the credentials, whatever its code; the rest is sorted as any answer."""
    failure = errors.Answer.parse(answer.status_code, answer.headers, answer.content)
    if answer.status_code == 429 or answer.status_code >= 500:
        return errors.sort(failure, write=False)
    return AuthFailed(
        "NetSuite gave no access token. Check client id, certificate id and key; a sandbox refresh clears the"
        " certificate mapping, and a certificate lives two years at most.",
        code=failure.code or "invalid_grant",
        detail=failure.said,
    )


def _address(url: httpx.URL) -> str:
    """Scheme, host, a port that is not the default, and the path exactly as it is sent."""
    port = f":{url.port}" if url.port else ""
    path = url.raw_path.decode().partition("?")[0]
    return f"{url.scheme}://{url.host}{port}{path}"


def _normal(pairs: Iterable[tuple[str, str]]) -> str:
    encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(value: str) -> str:
    return quote(value, safe="~")
