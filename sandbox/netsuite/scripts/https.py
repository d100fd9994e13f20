"""N/https: the only way for a script to speak to the outside, with what may befall a callback on the way."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from sandbox.netsuite.callbacks import Callbacks
from sandbox.netsuite.scripts.refusals import ScriptError

HERE = ("127.0.0.1", "localhost", "::1")
# five seconds to connect, forty-five for the answer
TIMEOUT = httpx.Timeout(45, connect=5)


class Https:
    def __init__(self, callbacks: Callbacks) -> None:
        self.callbacks = callbacks
        self.client: httpx.Client | None = None

    def request(self, method: str, url: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
        """What N/https.request gives back, after what the rules have in store for it; raises ScriptError."""
        _assert_reachable(url)
        struck = [rule for rule in self.callbacks.rules if rule.strikes()]
        kinds = {rule.kind for rule in struck}
        if "drop" in kinds:
            self.callbacks.counts["dropped"] += 1
            raise ScriptError("SSS_REQUEST_TIME_EXCEEDED", "The host you are trying to connect to is not responding.")
        time.sleep(max((rule.ms / 1000 for rule in struck if rule.kind == "delay"), default=0))
        sent = _spoilt(headers) if "wrong_signature" in kinds else headers
        answers = [self._asked(method, url, body, sent) for _ in range(2 if "duplicate" in kinds else 1)]
        return {"code": answers[-1].status_code, "headers": dict(answers[-1].headers), "body": answers[-1].text}

    def _asked(self, method: str, url: str, body: str, headers: dict[str, str]) -> httpx.Response:
        noted: dict[str, Any] = {"body": _read(body), "status": None, "error": None}
        try:
            answer = self._client().request(method, url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            noted["error"] = repr(error)
            self.callbacks.counts["failed"] += 1
            raise _unanswered(error) from None
        finally:
            self.callbacks.sent.append(noted)
        noted["status"] = answer.status_code
        self.callbacks.counts["delivered" if answer.is_success else "refused"] += 1
        return answer

    def _client(self) -> httpx.Client:
        if self.client is None:
            # a kept connection may be gone by the next save
            limits = httpx.Limits(max_keepalive_connections=0)
            self.client = httpx.Client(timeout=TIMEOUT, trust_env=False, verify=False, limits=limits)  # noqa: S501
        return self.client

    def close(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            client.close()


def _assert_reachable(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ScriptError("SSS_INVALID_URL", "The URL must be a fully qualified HTTPS URL.")
    if parts.hostname not in HERE:
        raise ScriptError("SSS_UNKNOWN_HOST", f"The host you requested {parts.hostname} is unknown or cannot be found.")
    # NetSuite has HTTPS alone; on this machine plain HTTP is let through, for nobody has a certificate here


def _unanswered(error: Exception) -> ScriptError:
    if isinstance(error, httpx.TimeoutException):
        return ScriptError("SSS_REQUEST_TIME_EXCEEDED", "The host you are trying to connect to is not responding.")
    return ScriptError("SSS_CONNECTION_CLOSED", "The connection you attempted was closed.")


def _spoilt(headers: dict[str, str]) -> dict[str, str]:
    return {name: f"{value[:-4]}dead" if "signature" in name.lower() else value for name, value in headers.items()}


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
