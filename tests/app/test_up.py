"""Everything in one process on embedded defaults, as `tieout up` runs it: real HTTP in, real HTTP out."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import stripe
from sqlalchemy import select

from app.core.config import save
from app.core.inbox import Event
from app.settings import Settings
from app.up import Running, greet, running
from sandbox.serve import Sandbox
from tests.stack import CONFIG, free_port, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Running, Sandbox]]:
    with pytest.MonkeyPatch.context() as patch, Sandbox.running() as sandbox:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        folder = Path(tempfile.mkdtemp(prefix="tieout-up-", dir="/tmp"))
        port = free_port()
        settings = Settings(  # type: ignore[call-arg]
            _env_file=None,
            data_dir=folder,
            port=port,
            public_url=f"http://127.0.0.1:{port}",
            database_url="",
            broker_url="",
        )
        with running(settings) as up:
            with up.parts.database.session_scope() as session:
                save(session, CONFIG, author="test", note="")
            sandbox.deliver_to(up.url)
            yield up, sandbox


def client(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient(sandbox.env["STRIPE__MAIN__API_KEY"], base_addresses={"api": sandbox.stripe_url})


def test_a_customer_saved_in_stripe_stands_in_netsuite(started: tuple[Running, Sandbox]) -> None:
    _, sandbox = started
    made = client(sandbox).v1.customers.create({"name": "Ada Works", "email": "ada@example.com"})
    found = until(
        lambda: [c for c in sandbox.netsuite.snapshot("customer") if c.get("externalId") == f"stripe-cust-{made.id}"],
        "the customer is in NetSuite",
    )
    assert [(customer["companyName"], customer["email"]) for customer in found] == [("Ada Works", "ada@example.com")]


def test_a_customer_saved_in_netsuite_stands_in_stripe(started: tuple[Running, Sandbox]) -> None:
    _, sandbox = started
    saved = httpx.post(
        f"{sandbox.netsuite_url}/_sandbox/ui/customer",
        json={"companyName": "Born in NetSuite", "email": "ns@example.com", "subsidiary": {"id": "1"}},
    )
    assert saved.status_code < 300, saved.text
    found = until(
        lambda: [c for c in client(sandbox).v1.customers.list({"email": "ns@example.com"}).data if c.name],
        "the customer is in Stripe",
    )
    assert [customer.name for customer in found] == ["Born in NetSuite"]


def test_every_event_ends_in_a_named_outcome(started: tuple[Running, Sandbox]) -> None:
    up, sandbox = started
    client(sandbox).v1.customers.create({"name": "Named", "email": "named@example.com"})

    def outcomes() -> list[str | None]:
        with up.parts.database.session_scope() as session:
            return list(session.scalars(select(Event.outcome).where(Event.type == "customer.created")))

    until(lambda: outcomes() and all(outcomes()), "every event is dispatched")
    assert set(outcomes()) == {"dispatched"}


def test_readiness_names_each_part(started: tuple[Running, Sandbox]) -> None:
    up, _ = started
    answer = httpx.get(f"{up.url}/readyz")
    assert answer.status_code == 200
    assert {"database", "broker", "migrations", "clock"} <= set(answer.json()["parts"])


def test_the_dashboard_asks_who_is_there(started: tuple[Running, Sandbox]) -> None:
    up, _ = started
    page = httpx.get(up.url, follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/sign-in")


def test_the_first_administrator_comes_in_by_the_printed_link(
    started: tuple[Running, Sandbox], capsys: pytest.CaptureFixture[str]
) -> None:
    up, _ = started
    greet(up.parts)
    link = capsys.readouterr().out.split()[-1]
    assert link.startswith(f"{up.url}/join/")
    assert "The first administrator" in httpx.get(link).text


def test_metrics_count_events(started: tuple[Running, Sandbox]) -> None:
    up, _ = started
    assert "events_dispatched_total" in httpx.get(f"{up.url}/metrics").text
