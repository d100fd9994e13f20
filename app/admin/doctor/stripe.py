"""One Stripe account: its key, what the key may read, the clock, and the endpoint that events come through."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx

from app.admin.doctor import deliveries, endpoint, needs
from app.admin.doctor.findings import Finding, Parts, fail, guarded, listed, ok, unchecked
from app.admin.doctor.ground import skew
from app.admin.listening import address_of, wanted_events
from app.core.config import Config
from app.settings import StripeAccount
from app.systems.stripe.endpoints import Endpoint, best
from app.systems.stripe.objects import API_VERSION

PATIENCE = 15.0
SETTLED = timedelta(minutes=2)
"""Younger events may still be on their way."""


class StripeLook:
    """One account's checks. `calls`: the requests made, each of them a GET."""

    def __init__(self, name: str, account: StripeAccount, parts: Parts, chosen: Config | None) -> None:
        self.name, self.account, self.parts, self.chosen = name, account, parts, chosen
        self.variable = f"STRIPE__{name.upper()}"
        self.calls = 0

    def findings(self) -> Iterator[Finding]:
        key = self.account.api_key.get_secret_value()
        headers = {"Stripe-Version": API_VERSION}
        auth = httpx.BasicAuth(key, "")
        with httpx.Client(base_url=self.account.api_base, auth=auth, headers=headers, timeout=PATIENCE) as self._client:
            yield from self._of_account()

    def _of_account(self) -> Iterator[Finding]:
        try:
            balance = self._get("/v1/balance")
        except httpx.HTTPError as error:
            detail = f"{self.account.api_base} cannot be reached ({type(error).__name__})."
            yield fail(self._check("key"), detail, f"Let this machine reach it, or correct {self.variable}__API_BASE.")
            yield unchecked(self._check("permissions, endpoint, deliveries"), "Stripe cannot be reached.")
            return
        key = self._key(balance)
        yield key
        yield skew(self._check("clock"), "Stripe", balance.headers.get("date"), self.parts.clock.now())
        if balance.status_code == 401 or balance.status_code >= 500:
            yield unchecked(self._check("permissions, endpoint, deliveries"), "Stripe did not answer with this key.")
            return
        yield from guarded(self._check("permissions"), self._permissions)
        yield from guarded(self._check("endpoint"), self._endpoint)

    def _check(self, what: str) -> str:
        return f"stripe {self.name}: {what}"

    def _get(self, path: str, **query: Any) -> httpx.Response:
        self.calls += 1
        return self._client.get(path, params=query)

    # the key -----------------------------------------------------------------------------------------------------

    def _key(self, answer: httpx.Response) -> Finding:
        check = self._check("key")
        if answer.status_code == 401:
            action = f"Set {self.variable}__API_KEY to a key of Stripe's Dashboard, Developers, API keys."
            return fail(check, "Stripe does not accept the key.", action)
        if answer.status_code >= 400 and answer.status_code != 403:
            return fail(check, f"Stripe answers with {answer.status_code}.", "Try again; see status.stripe.com.")
        live = self._told_live(answer)
        if live != self.account.livemode:
            detail = f"The key is for {_mode(live)} mode, the setting says {_mode(bool(self.account.livemode))}."
            return fail(check, detail, f"Correct {self.variable}__LIVEMODE, or leave it out.")
        refusal = self.parts.modes.refusal(self.name)
        if refusal:
            return fail(check, refusal, "Connect a live key, or a NetSuite sandbox account.")
        return ok(check, f"The key works, in {_mode(live)} mode.")

    def _told_live(self, answer: httpx.Response) -> bool:
        """What the balance says; a key that may not read it says it itself (docs.stripe.com/keys)."""
        body = _json(answer)
        told = body.get("livemode")
        return told if isinstance(told, bool) else "_live_" in self.account.api_key.get_secret_value()

    # what it may -------------------------------------------------------------------------------------------------

    @property
    def restricted(self) -> bool:
        return self.account.api_key.get_secret_value().startswith("rk_")

    def _permissions(self) -> Iterator[Finding]:
        check = self._check("permissions")
        if not self.restricted:
            yield ok(check, "A secret key may do everything; a restricted one is safer.")
            return
        if self.chosen is None:
            yield unchecked(check, "which flows are on is not known without the database.")
            return
        on = [flow for flow in self.parts.catalogue.values() if self.chosen.is_enabled(flow)]
        wanted = needs.resources(on)
        lacking = {one: self._lacks(one) for one in wanted}
        names = {_named(one, said) for one, said in lacking.items() if said is not None}
        if names:
            detail = f"The key may not read {listed(sorted(names))}, which flows need."
            yield fail(check, detail, "Give the restricted key these permissions in Stripe's Dashboard.")
            return
        yield ok(check, f"It may read the {len(wanted)} kinds of objects that flows need. Writing is not tried here.")

    def _lacks(self, resource: str) -> str | None:
        """None when it may be read; else Stripe's name of the missing permission, as far as it is told."""
        answer = self._get(f"/v1/{resource}", limit=1)
        if answer.status_code != 403:
            return None
        told = re.search(r"'?rak_([a-z_]+)'?|\('([a-z_]+_(?:read|write))'\)", str(_json(answer).get("error")))
        return (told[1] or told[2]) if told else ""

    # the endpoint ------------------------------------------------------------------------------------------------

    def _endpoint(self) -> Iterator[Finding]:
        check = self._check("endpoint")
        answer = self._get("/v1/webhook_endpoints", limit=100)
        if answer.status_code == 403:
            why = "the key may not read webhook endpoints."
            yield unchecked(check, why, "Give it that permission, or look in Stripe's Dashboard, Developers, Webhooks.")
            return
        answer.raise_for_status()
        there = [Endpoint.parse(data) for data in answer.json()["data"]]
        url = address_of(self.parts, self.name)
        wanted = wanted_events(self.parts.catalogue, self.chosen) if self.chosen else None
        yield from endpoint.findings(check, there, url, self.name, wanted)
        ours = best([one for one in there if one.at(url)])
        if ours is not None and ours.enabled:
            yield from guarded(self._check("deliveries"), lambda: self._deliveries(ours))

    def _deliveries(self, ours: Endpoint) -> Iterator[Finding]:
        check = self._check("deliveries")
        if self.chosen is None:
            yield unchecked(check, "what has arrived is in the database, which is not ready.")
            return
        arrived = deliveries.last_verified(self.parts.database, "stripe", self.name, ours.created)
        since = max(ours.created, arrived.at if arrived else ours.created)
        waiting = self._undelivered(ours, since)
        yield deliveries.finding(check, self.variable, arrived, waiting, ours, self.parts.settings)

    def _undelivered(self, ours: Endpoint, since: Any) -> list[str] | None:
        """Events that this endpoint wants and that have not been delivered to every endpoint; None: not told."""
        until = self.parts.clock.now() - SETTLED
        span = {"created[gte]": int(since.timestamp()), "created[lte]": int(until.timestamp())}
        answer = self._get("/v1/events", delivery_success="false", limit=100, **span)
        if answer.status_code >= 400:
            return None
        return [data["id"] for data in answer.json()["data"] if not ours.lacks({data["type"]})]


def _named(resource: str, permission: str) -> str:
    return needs.RESOURCES[resource] + (f" ({permission})" if permission else "")


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _mode(live: bool) -> str:
    return "live" if live else "test"
