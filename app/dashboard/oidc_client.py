"""OpenID Connect, authorization code flow with PKCE (openid.net/specs/openid-connect-core-1_0, RFC 7636)."""

import secrets
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from app.settings import IdentityProvider

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key of the provider's; never a shared secret, never none."""
TIMEOUT = 10.0


class NotProven(Exception):
    """The provider's word cannot be had or cannot be believed; the text is for the log."""


@dataclass(frozen=True)
class Request:
    """What has to be remembered between going to the provider and coming back."""

    state: str
    nonce: str
    verifier: str


class Provider:
    def __init__(self, settings: IdentityProvider, redirect_uri: str) -> None:
        self.settings = settings
        self._redirect_uri = redirect_uri
        self._found: dict[str, Any] | None = None

    def begin(self) -> tuple[str, Request]:
        """Where to send the browser. Raises NotProven."""
        client = self._client()
        verifier = client.create_code_verifier(64)
        made = Request(secrets.token_urlsafe(32), secrets.token_urlsafe(32), verifier)
        return self._address(client, made), made

    def _address(self, client: WebApplicationClient, made: Request) -> str:
        try:
            return str(
                client.prepare_request_uri(
                    self._metadata()["authorization_endpoint"],
                    redirect_uri=self._redirect_uri,
                    scope=self.settings.scopes,
                    state=made.state,
                    nonce=made.nonce,
                    code_challenge=client.create_code_challenge(made.verifier, "S256"),
                    code_challenge_method="S256",
                )
            )
        except (OAuth2Error, KeyError) as error:
            raise NotProven(f"{type(error).__name__}: {error}"[:300]) from None

    def claims(self, code: str, asked: Request) -> dict[str, Any]:
        """What the provider says of who came back with this code. Raises NotProven."""
        try:
            token = self._token(code, asked.verifier)
            return self._proven(str(token.get("id_token", "")), asked.nonce)
        except (httpx.HTTPError, OAuth2Error, jwt.PyJWTError, ValueError, KeyError) as error:
            raise NotProven(f"{type(error).__name__}: {error}"[:300]) from None

    def _token(self, code: str, verifier: str) -> dict[str, Any]:
        secret = self.settings.client_secret.get_secret_value()
        client = self._client()
        body = client.prepare_request_body(
            code=code, redirect_uri=self._redirect_uri, code_verifier=verifier, include_client_id=not secret
        )
        answer = httpx.post(
            self._metadata()["token_endpoint"],
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            auth=(self.settings.client_id, secret) if secret else None,
            timeout=TIMEOUT,
        )
        found: dict[str, Any] = client.parse_request_body_response(answer.text)
        return found

    def _proven(self, id_token: str, nonce: str) -> dict[str, Any]:
        key = self._key(jwt.get_unverified_header(id_token).get("kid"))
        required = {"require": ["exp", "iat", "iss", "aud", "sub"]}
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=ALGORITHMS,
            audience=self.settings.client_id,
            issuer=self._metadata()["issuer"],
            leeway=60,
            options=required,  # type: ignore[arg-type]
        )
        if claims.get("nonce") != nonce:
            raise NotProven("the nonce is another one")
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise NotProven("the token was made for another client")
        return claims

    def _key(self, kid: str | None) -> jwt.PyJWK:
        """Fetched anew each time: sign-ins are rare, and a provider changes its keys whenever it likes."""
        keys = jwt.PyJWKSet.from_dict(self._get(self._metadata()["jwks_uri"])).keys
        for key in keys:
            if key.key_id == kid or (kid is None and len(keys) == 1):
                return key
        raise NotProven("the token is signed with a key that the provider does not show")

    def _metadata(self) -> dict[str, Any]:
        if self._found is None:
            issuer = self.settings.issuer
            found = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
                raise NotProven("the provider calls itself by another name than OIDC__ISSUER")
            self._found = found
        return self._found

    def _get(self, url: str) -> dict[str, Any]:
        try:
            answer = httpx.get(url, timeout=TIMEOUT).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotProven(f"{type(error).__name__}: {url}") from None
        if not isinstance(answer, dict):
            raise NotProven(f"no JSON object: {url}")
        return answer

    def _client(self) -> WebApplicationClient:
        return WebApplicationClient(self.settings.client_id)
