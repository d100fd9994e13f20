"""Who may call: client assertions become access tokens, bearer tokens and TBA signatures are verified."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

import jwt
from cryptography import x509

from sandbox.credentials import Credentials
from sandbox.netsuite.errors import NetSuiteError

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SCOPES = frozenset({"restlets", "rest_webservices", "suite_analytics"})
LONGEST_ASSERTION = 3600
TOKEN_LIFE = 3600
WINDOW = 300


@dataclass(frozen=True)
class Token:
    scopes: frozenset[str]
    expires: float


@dataclass
class TokenRefused(Exception):
    """The token endpoint's own shape of an error."""

    error: str
    description: str
    status: int = 400


@dataclass
class Gatekeeper:
    """The integration's certificates and tokens. All times here are the machine's, as on both real ends."""

    account_id: str
    client_id: str
    certificates: Mapping[str, bytes]
    consumer: tuple[str, str]
    token: tuple[str, str]
    bearer: dict[str, Token] = field(default_factory=dict)
    nonces: dict[str, float] = field(default_factory=dict)
    minted: int = 0
    mapped: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_credentials(cls, credentials: Credentials) -> Gatekeeper:
        certificates = {
            credentials.netsuite_certificate_id: credentials.netsuite_certificate_file.read_bytes(),
            credentials.netsuite_rsa_certificate_id: credentials.netsuite_rsa_certificate_file.read_bytes(),
        }
        return cls(
            account_id=credentials.netsuite_account_id,
            client_id=credentials.netsuite_client_id,
            certificates=certificates,
            consumer=(credentials.netsuite_consumer_key, credentials.netsuite_consumer_secret),
            token=(credentials.netsuite_token_id, credentials.netsuite_token_secret),
        )

    def mint(self, form: Mapping[str, str], endpoint: str) -> dict[str, object]:
        """An access token for a client assertion; raises TokenRefused."""
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "The grant type is not supported.")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise TokenRefused("invalid_request", "The client assertion type is missing or wrong.")
        if not self.mapped:
            raise TokenRefused("invalid_grant", "No certificate is mapped to the client.")
        scopes = self._asserted(form.get("client_assertion", ""), endpoint)
        token = f"eyJ{secrets.token_urlsafe(48)}"
        with self.lock:
            self.minted += 1
            self.bearer[token] = Token(scopes, time.time() + TOKEN_LIFE)
        return {"access_token": token, "expires_in": TOKEN_LIFE, "token_type": "Bearer"}

    def _asserted(self, assertion: str, endpoint: str) -> frozenset[str]:
        try:
            kid = jwt.get_unverified_header(assertion).get("kid", "")
            key = x509.load_pem_x509_certificate(self.certificates[kid]).public_key()
            claims = jwt.decode(
                assertion,
                key,  # type: ignore[arg-type]
                algorithms=list(ALGORITHMS),
                audience=endpoint,
                issuer=self.client_id,
                options={"require": ["iss", "aud", "iat", "exp"]},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise TokenRefused("invalid_grant", f"The client assertion is not valid: {error}") from None
        if claims["exp"] - claims["iat"] >= LONGEST_ASSERTION:
            raise TokenRefused("invalid_grant", "The client assertion expires 60 minutes or more after it was issued.")
        return _scopes(claims.get("scope"))

    def expire_tokens(self) -> int:
        with self.lock:
            count = len(self.bearer)
            self.bearer.clear()
        return count

    def admit(self, method: str, url: str, query: str, header: str | None, scope: str) -> None:
        """Let the request pass or raise the 400 or 401 that NetSuite answers."""
        if header is None:
            raise unauthorized("invalid_request", 400, "The request has no Authorization header.")
        kind, _, rest = header.partition(" ")
        if kind.lower() == "bearer":
            self._bearer(rest.strip(), scope)
        elif kind.lower() == "oauth":
            self._signed(method, url, query, rest)
        else:
            raise unauthorized("invalid_request", 400, f"The authorization scheme {kind} is not supported.")

    def _bearer(self, token: str, scope: str) -> None:
        with self.lock:
            known = self.bearer.get(token)
        if known is None or known.expires < time.time():
            raise unauthorized("invalid_token", 401, "Invalid login attempt. The access token is unknown or expired.")
        if scope not in known.scopes:
            raise unauthorized("insufficient_scope", 401, f"Invalid login attempt. The token lacks the scope {scope}.")

    def _signed(self, method: str, url: str, query: str, header: str) -> None:
        given = oauth_parameters(header)
        consumer, token = self.consumer, self.token
        wanted = {"oauth_consumer_key": consumer[0], "oauth_token": token[0], "oauth_signature_method": "HMAC-SHA256"}
        if any(given.get(name) != value for name, value in wanted.items()):
            raise login_failed("unknown consumer, token or signature method")
        if given.get("realm") != self.account_id or given.get("oauth_version", "1.0") != "1.0":
            raise login_failed("wrong realm")
        self._refuse_stale(given)
        parameters = [*parse_qsl(query, keep_blank_values=True), *_signed_parameters(given)]
        expected = signature(method, url, parameters, consumer[1], token[1])
        if not hmac.compare_digest(expected, given.get("oauth_signature", "")):
            raise login_failed("wrong signature")
        self._use_nonce(given)

    def _refuse_stale(self, given: Mapping[str, str]) -> None:
        stamp = given.get("oauth_timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > WINDOW:
            raise login_failed("timestamp out of range")

    def _use_nonce(self, given: Mapping[str, str]) -> None:
        nonce, now = given.get("oauth_nonce", ""), time.time()
        with self.lock:
            self._forget_old_nonces(now)
            if not nonce or nonce in self.nonces:
                raise login_failed("nonce used before")
            self.nonces[nonce] = now

    def _forget_old_nonces(self, now: float) -> None:
        while self.nonces:
            oldest = next(iter(self.nonces))
            if now - self.nonces[oldest] <= 2 * WINDOW:
                return
            del self.nonces[oldest]


def _scopes(asked: object) -> frozenset[str]:
    # Oracle's own sample token carries a JSON array, whatever the table beside it says
    if not isinstance(asked, list) or not asked or not set(asked) <= SCOPES:
        raise TokenRefused(
            "invalid_scope", "The scope must be an array of restlets, rest_webservices, suite_analytics."
        )
    return frozenset(asked)


def unauthorized(error: str, status: int, sentence: str) -> NetSuiteError:
    challenge = f'Bearer realm="netsuite", error="{error}", error_description="{sentence}"'
    return NetSuiteError(sentence, "INVALID_LOGIN", status, headers={"WWW-Authenticate": challenge})


def login_failed(reason: str) -> NetSuiteError:
    sentence = f"Invalid login attempt. For more details, see the Login Audit Trail. ({reason})"
    return NetSuiteError(sentence, "INVALID_LOGIN", 401, headers={"WWW-Authenticate": 'OAuth realm="netsuite"'})


def oauth_parameters(header: str) -> dict[str, str]:
    """The parameters of an OAuth 1.0 Authorization header, decoded."""
    return {name: unquote(value) for name, value in re.findall(r'(\w+)\s*=\s*"([^"]*)"', header)}


def _signed_parameters(given: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in given.items() if name not in ("realm", "oauth_signature")]


def signature(
    method: str, url: str, parameters: Iterable[tuple[str, str]], consumer_secret: str, token_secret: str
) -> str:
    """OAuth 1.0a HMAC-SHA256 (RFC 5849, 3.4) over method, URL without query, and all parameters; base64."""
    encoded = sorted((_encode(name), _encode(value)) for name, value in parameters)
    normalised = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join((method.upper(), _encode(url), _encode(normalised)))
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
