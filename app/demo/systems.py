"""The two sandboxes as the outside sees them: plain HTTP, nothing of Tieout's own clients or tables."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import httpx

STRIPE_VERSION = "2026-10-28.endive"
Json = dict[str, Any]


class Refused(Exception):
    """A sandbox said no."""


class StripeSandbox:
    """Stripe's public API with the account's key, and under `/_sandbox` what customers and banks do."""

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {api_key}", "Stripe-Version": STRIPE_VERSION}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def create(self, path: str, **params: object) -> Json:
        return _answered(self._http.post(f"/v1/{path}", data=flat(params)))

    def get(self, path: str) -> Json:
        return _answered(self._http.get(f"/v1/{path}"))

    def list(self, path: str, **params: object) -> Iterator[Json]:
        """Every page, newest first."""
        wanted = {"limit": 100, **params}
        while True:
            page = _answered(self._http.get(f"/v1/{path}", params=flat(wanted)))
            yield from page["data"]
            if not page["has_more"]:
                return
            wanted["starting_after"] = page["data"][-1]["id"]

    def pay(self, invoice: str, method: str, amount: int | None = None) -> bool:
        """On the hosted page, as a customer; False when the bank declines."""
        given = {"payment_method": method} | ({} if amount is None else {"amount": amount})
        answer = self._http.post(f"/_sandbox/invoices/{invoice}/pay", json=given)
        if answer.status_code == httpx.codes.PAYMENT_REQUIRED:
            return False
        _answered(answer)
        return True

    def arrange(self, path: str, **given: object) -> Json:
        """What a customer, a bank or Stripe itself does."""
        return _answered(self._http.post(f"/_sandbox/{path}", json=given))

    def charge_of(self, invoice: str) -> Json:
        """The latest that paid it."""
        paid = next(self.list("invoice_payments", invoice=invoice, status="paid"))
        intent = self.get(f"payment_intents/{paid['payment']['payment_intent']}")
        return self.get(f"charges/{intent['latest_charge']}")

    def misdeliver(self, **chaos: object) -> None:
        self.arrange("webhooks", **chaos)

    def pending_deliveries(self) -> int:
        return int(_answered(self._http.get("/_sandbox/webhooks"))["pending"])


class NetSuiteSandbox:
    """What a person does in NetSuite's UI, and what an auditor reads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def save(self, record_type: str, body: Json) -> str:
        return str(_answered(self._http.post(f"/_sandbox/ui/{record_type}", json=body))["id"])

    def edit(self, record_type: str, internal_id: str, body: Json) -> None:
        _answered(self._http.patch(f"/_sandbox/ui/{record_type}/{internal_id}", json=body))

    def delete(self, record_type: str, internal_id: str) -> None:
        _answered(self._http.delete(f"/_sandbox/ui/{record_type}/{internal_id}"))

    def void(self, record_type: str, internal_id: str) -> None:
        _answered(self._http.post(f"/_sandbox/ui/{record_type}/{internal_id}/void"))

    def record(self, record_type: str, internal_id: str) -> Json:
        return _answered(self._http.get(f"/_sandbox/ui/{record_type}/{internal_id}"))

    def has(self, record_type: str, external_id: str) -> bool:
        return self._http.get(f"/_sandbox/ui/{record_type}/eid:{external_id}").is_success

    def records(self, record_type: str) -> list[Json]:
        return list(_answered(self._http.get(f"/_sandbox/state/{record_type}"))[record_type])

    def trial_balance(self) -> Json:
        return _answered(self._http.get("/_sandbox/trial-balance"))

    def ledger(self) -> list[Json]:
        """Every line of every transaction, debits positive."""
        return list(_answered(self._http.get("/_sandbox/ledger"))["lines"])

    def misdeliver(self, kind: str, **chaos: object) -> None:
        _answered(self._http.post("/_sandbox/callbacks/chaos", json={"kind": kind, **chaos}))

    def tell_of_own_writes(self) -> None:
        """The user-event script then reports what the integration wrote too: echoes."""
        _answered(self._http.patch("/_sandbox/settings", json={"callback_echoes": True}))

    def pending_callbacks(self) -> int:
        return int(_answered(self._http.get("/_sandbox/callbacks"))["waiting"])


def _answered(answer: httpx.Response) -> Json:
    if answer.is_error:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    found: Json = json.loads(answer.content, parse_float=Decimal)
    return found


def flat(params: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Stripe's form encoding: `{"a": {"b": [1]}}` -> `a[b][0]=1`."""
    found: dict[str, str] = {}
    for key, value in params.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, Mapping):
            found |= flat(value, name)
        elif isinstance(value, list | tuple):
            found |= flat({str(index): one for index, one in enumerate(value)}, name)
        elif value is not None:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def wait_for(found: Callable[[], bool], what: str, *, seconds: float, every: float = 0.1) -> None:
    """Raises TimeoutError naming `what`."""
    until = time.monotonic() + seconds
    while not found():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} took longer than {seconds:.0f} seconds")
        time.sleep(every)
