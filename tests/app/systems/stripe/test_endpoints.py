from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.core.exchanges import Exchange
from app.settings import StripeAccount
from app.systems.stripe.endpoints import Endpoint, address, best
from app.systems.stripe.gateway import StripeClients, StripeGateway
from app.systems.stripe.objects import API_VERSION
from sandbox.serve import Sandbox

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://tieout.example/webhooks/stripe/main"


class FixedClock:
    def now(self) -> datetime:
        return NOW


def endpoint(url: str = URL, *, events: tuple[str, ...] = ("a",), enabled: bool = True, **more: object) -> Endpoint:
    fields: dict[str, object] = {"id": "we_1", "created": NOW} | more
    return Endpoint(url=url, events=frozenset(events), enabled=enabled, **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.running(with_netsuite=False) as running:
        yield running


@pytest.fixture
def said() -> list[Exchange]:
    return []


@pytest.fixture
def stripe(sandbox: Sandbox, said: list[Exchange]) -> Iterator[StripeGateway]:
    sandbox.stripe.reset()
    account = StripeAccount(api_key=sandbox.credentials.stripe_api_key, api_base=sandbox.stripe_url)  # type: ignore[arg-type]
    clients = StripeClients({"main": account})
    yield clients.bound("main", said.append, FixedClock())
    clients.close()


def test_an_endpoint_is_made_marked_and_pinned(stripe: StripeGateway) -> None:
    made, secret = stripe.create_webhook_endpoint(URL, {"invoice.paid", "charge.succeeded"})
    assert secret.startswith("whsec_")
    assert stripe.webhook_endpoints() == [made]
    assert (made.events, made.api_version, made.mark, made.enabled) == (
        {"invoice.paid", "charge.succeeded"},
        API_VERSION,
        "main",
        True,
    )


def test_its_secret_is_on_no_record(stripe: StripeGateway, said: list[Exchange]) -> None:
    _, secret = stripe.create_webhook_endpoint(URL, {"invoice.paid"})
    assert said
    assert secret not in str(said)


def test_it_is_changed(stripe: StripeGateway) -> None:
    made, _ = stripe.create_webhook_endpoint(URL, {"invoice.paid"})
    changed = stripe.update_webhook_endpoint(made.id, {"enabled_events": ["charge.succeeded"], "disabled": True})
    assert (changed.events, changed.enabled, changed.mark) == ({"charge.succeeded"}, False, "main")


def test_the_address_has_one_slash() -> None:
    assert address("https://tieout.example/", "main") == URL


@pytest.mark.parametrize(
    ("url", "same"),
    [
        (URL, True),
        (f"{URL}/?v=2", True),
        ("https://TIEOUT.example/webhooks/stripe/main", True),
        ("http://tieout.example/webhooks/stripe/main", False),
        ("https://tieout.example/webhooks/stripe/other", False),
    ],
)
def test_the_same_address(url: str, same: bool) -> None:
    assert endpoint(url).at(URL) is same


def test_of_several_the_newest_of_our_version_that_is_on_counts() -> None:
    off = endpoint(id="we_off", enabled=False, api_version=API_VERSION, created=NOW + timedelta(days=2))
    old = endpoint(id="we_old", api_version="2024-06-20", created=NOW + timedelta(days=1))
    first = endpoint(id="we_first", api_version=API_VERSION)
    newest = endpoint(id="we_newest", api_version=API_VERSION, created=NOW + timedelta(hours=1))
    assert best([off, old, newest, first]) == newest


def test_what_it_lacks_and_has_too_many() -> None:
    every = endpoint(events=("*",))
    some = endpoint(events=("a", "b"))
    assert (some.lacks({"b", "c"}), some.superfluous({"b", "c"})) == ({"c"}, {"a"})
    assert (every.lacks({"b"}), every.superfluous({"b"})) == (set(), {"*"})
