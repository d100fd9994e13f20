"""The sandbox Stripe's state: accounts with their objects, what is due later, and how ids are made."""

from __future__ import annotations

import heapq
import itertools
import random
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.faults import Faults
from sandbox.stripe.errors import Missing, RateLimited
from sandbox.stripe.idempotency import Kept
from sandbox.stripe.money import RATES, Fees
from sandbox.stripe.webhooks import Deliveries

if TYPE_CHECKING:
    from sandbox.stripe.call import Call
    from sandbox.stripe.keys import RestrictedKey

Obj = dict[str, Any]

API_VERSION = "2026-10-28.endive"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WHOLE_LENGTH = {"evt": 24, "in": 24, "pi": 24, "ch": 24, "py": 24, "txn": 24, "ii": 24, "il": 24, "cus": 14}


@dataclass
class Settings:
    """What a person sets under /_sandbox/settings."""

    async_capture: bool = True
    settlement_currency: str = "usd"
    settlement_currencies: list[str] = field(default_factory=list)
    payout_days: int = 2
    instant_fee: Decimal = Decimal("0.01")
    available_after_days: int = 2
    debit_settles_after_days: int = 4
    dispute_fee: int = 1500
    dispute_fee_returned: bool = False
    requests_per_second: int | None = None
    portal_configured: bool = True


@dataclass
class Account:
    """One Stripe account: its objects by kind and id, in the order they were made."""

    world: StripeWorld
    id: str
    api_key: str
    name: str = "Tieout Sandbox"
    country: str = "US"
    api_version: str = API_VERSION
    objects: dict[str, dict[str, Obj]] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    settings: Settings = field(default_factory=Settings)
    rates: dict[str, Decimal] = field(default_factory=lambda: dict(RATES))
    fees: Fees = field(default_factory=Fees)
    _due: list[tuple[float, int, Callable[[Call], None]]] = field(default_factory=list)
    _kinds: dict[str, str] = field(default_factory=dict)
    _order: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _requests: deque[float] = field(default_factory=deque)

    def kind(self, name: str) -> dict[str, Obj]:
        return self.objects.setdefault(name, {})

    def add(self, obj: Obj) -> Obj:
        self.kind(obj["object"])[obj["id"]] = obj
        self._kinds[obj["id"]] = obj["object"]
        obj["_n"] = next(self._order)
        return obj

    def remove(self, obj: Obj) -> None:
        self.kind(obj["object"]).pop(obj["id"], None)
        self._kinds.pop(obj["id"], None)

    def find(self, object_id: str) -> Obj | None:
        """Any object by its id alone."""
        kind = self._kinds.get(object_id)
        return self.kind(kind).get(object_id) if kind else None

    def get(self, kind: str, object_id: str, param: str = "id", *, even_deleted: bool = False) -> Obj:
        """The object; raises Missing, also for one that was deleted."""
        obj = self.kind(kind).get(object_id)
        if obj is None or (obj.get("deleted") and not even_deleted):
            raise Missing(kind, object_id, param)
        return obj

    def rate(self, currency: str, to: str) -> Decimal:
        """Major unit for major unit, to six places."""
        return (self.rates.get(currency, Decimal(1)) / self.rates.get(to, Decimal(1))).quantize(Decimal("0.000001"))

    def settlement(self, currency: str) -> str:
        """What money of this currency is settled in: itself, when the account has a bank account for it."""
        settings = self.settings
        return currency if currency in settings.settlement_currencies else settings.settlement_currency

    def count_request(self, at: float) -> None:
        """Refuse more than `requests_per_second`; `at` is in seconds of real time."""
        while self._requests and self._requests[0] <= at - 1:
            self._requests.popleft()
        most = self.settings.requests_per_second
        if most is not None and len(self._requests) >= most:
            raise RateLimited()
        self._requests.append(at)

    def at(self, when: float, act: Callable[[Call], None]) -> None:
        """Run `act` once the sandbox clock has reached `when`."""
        heapq.heappush(self._due, (when, next(self._order), act))

    def later(self, act: Callable[[Call], None]) -> None:
        """Run `act` as soon as the present answer is out."""
        self.at(0, act)

    def run_due(self, make_call: Callable[[Account], Call]) -> None:
        while self._due and self._due[0][0] <= self.world.clock.now().timestamp():
            _, _, act = heapq.heappop(self._due)
            act(make_call(self))


class StripeWorld:
    """All of the sandbox Stripe. `lock` is held for every request and every look inside."""

    def __init__(
        self, *, clock: Clock | None = None, credentials: Credentials | None = None, seed: int | None = None
    ) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.faults = Faults()
        self.inner_faults = Faults()
        self.base_url = ""
        self.accounts: dict[str, Account] = {}
        self.restricted: dict[str, RestrictedKey] = {}
        self._random = random.Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311
        self._credentials = credentials
        self.deliveries = Deliveries(clock=self.clock)
        self.clock.on_change(self._on_clock)
        self.reset()

    def reset(self) -> None:
        """Forget everything, webhook endpoints and restricted keys too, but which accounts there are and their keys."""
        with self.lock:
            self.deliveries.clear()
            known = list(self.accounts.values())
            self.accounts, self.restricted = {}, {}
            made = self._credentials
            key = made.stripe_api_key if made else "sk_test_sandbox"
            self.add_account(key, account_id=made.stripe_account_id if made else None)
            for account in known[1:]:
                self.add_account(account.api_key, account_id=account.id, name=account.name)

    def add_account(self, api_key: str, *, account_id: str | None = None, **fields: Any) -> Account:
        with self.lock:
            account = Account(self, account_id or self.new_id("acct", 16), api_key, **fields)
            self.accounts[api_key] = account
            return account

    def restrict(self, permissions: Mapping[str, str], *, account: Account | None = None) -> str:
        """A restricted key (see `keys.RestrictedKey`) of the account, or of the default one."""
        from sandbox.stripe.keys import RestrictedKey

        with self.lock:
            key = self.new_id("rk_test", 40)
            self.restricted[key] = RestrictedKey(key, account or self.account, dict(permissions))
            return key

    @property
    def account(self) -> Account:
        """The default account."""
        return next(iter(self.accounts.values()))

    def new_id(self, prefix: str, length: int | None = None) -> str:
        size = length or _WHOLE_LENGTH.get(prefix, 24)
        return f"{prefix}_" + "".join(self._random.choices(_ALPHABET, k=size))

    def deliver_to(self, url: str, secret: str, events: tuple[str, ...] = ("*",), **fields: Any) -> Obj:
        """Make a webhook endpoint of the default account, with a secret known beforehand."""
        from sandbox.stripe.resources.webhook_endpoints import make_endpoint

        with self.lock:
            return make_endpoint(self.account, url=url, enabled_events=list(events), secret=secret, **fields)

    def run_due(self) -> None:
        from sandbox.stripe.call import Call

        with self.lock:
            for account in self.accounts.values():
                account.run_due(Call.automatic)

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Wait until every webhook was delivered or given up; False when that took longer."""
        self.run_due()
        return self.deliveries.wait_idle(timeout)

    def close(self) -> None:
        self.deliveries.close()

    def _on_clock(self, _: datetime) -> None:
        self.run_due()
