"""Webhook endpoints: where Stripe sends events, which ones, and rendered as which API version.

The version is fixed when an endpoint is made, and its signing secret is told then and never again
(docs.stripe.com/api/webhook_endpoints/object).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from app.systems.stripe import keys
from app.systems.stripe.calls import Calls
from app.systems.stripe.objects import API_VERSION

MARK = "tieout_account"
"""The metadata key by which an endpoint of our own making is known again."""
ALL_EVENTS = "*"
DESCRIPTION = "Tieout: what the flows that are switched on need"


def address(public_url: str, account: str) -> str:
    """Where this installation takes the events of a Stripe account."""
    return f"{public_url.rstrip('/')}/webhooks/stripe/{account}"


@dataclass(frozen=True)
class Endpoint:
    """`api_version` None: the account's default at the time of each event."""

    id: str
    url: str
    events: frozenset[str]
    enabled: bool
    created: datetime
    api_version: str | None = None
    mark: str | None = None

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Endpoint":
        return cls(
            id=data["id"],
            url=data["url"],
            events=frozenset(data["enabled_events"]),
            enabled=data["status"] == "enabled",
            created=datetime.fromtimestamp(data["created"], UTC),
            api_version=data.get("api_version"),
            mark=(data.get("metadata") or {}).get(MARK),
        )

    @property
    def pinned(self) -> bool:
        return self.api_version == API_VERSION

    def at(self, url: str) -> bool:
        """Whether it is this address, whatever its query says."""
        return _place(self.url) == _place(url)

    def looks_like(self, account: str) -> bool:
        """Ours, or of another installation: by our mark, or by our path."""
        return self.mark == account or urlsplit(self.url).path.rstrip("/").endswith(f"/webhooks/stripe/{account}")

    def lacks(self, wanted: Collection[str]) -> set[str]:
        return set() if ALL_EVENTS in self.events else set(wanted) - self.events

    def superfluous(self, wanted: Collection[str]) -> set[str]:
        return set(self.events) - set(wanted)


def best(endpoints: Collection[Endpoint]) -> Endpoint | None:
    """Of several at one address the one that counts: switched on, of our version, the newest."""
    return max(endpoints, key=lambda one: (one.enabled, one.pinned, one.created), default=None)


class Endpoints(Calls):
    """The gateway's calls about webhook endpoints; no flow uses them."""

    def webhook_endpoints(self) -> list[Endpoint]:
        found = self._all("webhook_endpoint_list", self._v1.webhook_endpoints.list, {})
        return [Endpoint.parse(data) for data in found]

    def create_webhook_endpoint(self, url: str, events: Collection[str], /) -> tuple[Endpoint, str]:
        """With its signing secret, which nobody is told a second time."""
        params = {
            "url": url,
            "enabled_events": sorted(events),
            "api_version": API_VERSION,
            "description": DESCRIPTION,
            "metadata": {MARK: self.account},
        }
        made = self._written("create_webhook_endpoint", url, params, self._v1.webhook_endpoints.create)
        return Endpoint.parse(made), str(made["secret"])

    def update_webhook_endpoint(self, endpoint_id: str, params: Mapping[str, Any], /) -> Endpoint:
        """`params`: `url`, `enabled_events`, `disabled`, `metadata`."""

        def update(body: Mapping[str, Any], options: Mapping[str, str]) -> Any:
            return self._v1.webhook_endpoints.update(endpoint_id, body, options)

        return Endpoint.parse(self._written("update_webhook_endpoint", endpoint_id, params, update))

    def _written(
        self, operation: str, subject: str, params: Mapping[str, Any], request: Callable[..., Any]
    ) -> dict[str, Any]:
        options = {"idempotency_key": keys.key_for_state(self.account, operation, subject, params)}
        return self._call(operation, lambda: request(dict(params), options), writes=True)


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower(), parts.path.rstrip("/")
