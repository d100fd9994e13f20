from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx

from app.admin import doctor
from app.admin.doctor import Finding
from app.core.dispatch import Modes
from app.db import Database
from app.errors import AuthFailed
from app.settings import Settings
from tests.app.admin.installation import FixedClock, Installation, install

NETSUITE = {"account_id": "1234567_SB1", "client_id": "c", "callback_secrets": "s"}
STRIPE = {"main": {"api_key": "sk_test_x", "webhook_secrets": "whsec_x", "api_base": "http://stripe.test"}}


@dataclass
class AnswersSuiteQL:
    """`error`: what asking it raises."""

    error: Exception | None = None

    def netsuite(self, record: Any) -> Any:
        return self

    def query(self, sql: str, params: Sequence[str] = ()) -> Iterator[Mapping[str, str]]:
        if self.error:
            raise self.error
        yield {"id": "1"}


@pytest.fixture
def healthy(database: Database) -> Installation:
    """Nothing is wrong; the clock is the real one, for it is compared with the database's."""
    given = {"database_url": database.url, "stripe": STRIPE, "netsuite": NETSUITE, "public_url": "https://t.example"}
    settings = Settings(_env_file=None, secret_key="k" * 32, **given)
    parts = install(database)
    return replace(parts, settings=settings, systems=AnswersSuiteQL(), clock=FixedClock(datetime.now(UTC)))


@pytest.fixture
def stripe() -> Iterator[respx.Route]:
    date = {"Date": format_datetime(datetime.now(UTC), usegmt=True)}
    with respx.mock(base_url="http://stripe.test", assert_all_called=False) as mocked:
        mocked.get("/v1/account").respond(403)
        yield mocked.get("/v1/balance").respond(json={"livemode": False}, headers=date)


def states(parts: Installation) -> dict[str, str]:
    found = doctor.examine(parts)
    order = {"ok": 0, "warn": 1, "fail": 2}
    return {each.check: max((e.state for e in found if e.check == each.check), key=order.__getitem__) for each in found}


def of(parts: Installation, check: str) -> list[Finding]:
    return [each for each in doctor.examine(parts) if each.check == check]


def test_healthy_installation(healthy: Installation, stripe: respx.Route) -> None:
    assert states(healthy) == {
        "database": "ok",
        "broker": "ok",
        "migrations": "ok",
        "clock": "ok",
        "settings": "ok",
        "stripe main": "ok",
        "netsuite": "ok",
        "configuration": "warn",
    }


def test_open_choices_are_named(healthy: Installation, stripe: respx.Route) -> None:
    assert of(healthy, "configuration")[0].detail == (
        "Records of Stripe account 'main' may be held: books.main.subsidiary, books.main.items.default not chosen."
    )


def test_refused_key(healthy: Installation, stripe: respx.Route) -> None:
    stripe.respond(401)
    assert of(healthy, "stripe main")[0].detail == "Stripe does not accept the key."


def test_key_that_may_not_read_the_balance_works(healthy: Installation, stripe: respx.Route) -> None:
    stripe.respond(403)
    assert states(healthy)["stripe main"] == "ok"


def test_key_of_the_other_mode(healthy: Installation, stripe: respx.Route) -> None:
    stripe.respond(json={"livemode": True})
    assert of(healthy, "stripe main")[0].action == "Correct STRIPE__MAIN__LIVEMODE, or leave it out."


def test_stripe_that_cannot_be_reached(healthy: Installation, stripe: respx.Route) -> None:
    stripe.mock(side_effect=httpx.ConnectError)
    assert of(healthy, "stripe main")[0].detail == "http://stripe.test cannot be reached (ConnectError)."


def test_clock_that_is_off(healthy: Installation, stripe: respx.Route) -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=5), usegmt=True)
    stripe.respond(json={"livemode": False}, headers={"Date": late})
    assert of(healthy, "stripe main")[1].action == "Let both machines follow a time server."


def test_test_mode_beside_a_live_ledger(healthy: Installation, stripe: respx.Route) -> None:
    mixed = replace(healthy, modes=Modes(stripe={"main": False}, netsuite_live=True))
    assert states(mixed)["stripe main"] == "fail"


def test_netsuite_that_refuses_the_token(healthy: Installation, stripe: respx.Route) -> None:
    refused = replace(healthy, systems=AnswersSuiteQL(AuthFailed("NetSuite refuses the token.")))
    found = of(refused, "netsuite")[0]
    assert (found.state, found.detail, "NETSUITE__CLIENT_ID" in found.action) == (
        "fail",
        "NetSuite refuses the token.",
        True,
    )


WITHOUT: list[tuple[str, Callable[[Settings], dict[str, Any]]]] = [
    ("Set STRIPE__<ACCOUNT>__API_KEY.", lambda settings: {"stripe": {}}),
    ("Set NETSUITE__ACCOUNT_ID.", lambda settings: {"netsuite": None}),
    ("Set PUBLIC_URL.", lambda settings: {"public_url": "http://localhost:8000"}),
    ("Set SECRET_KEY.", lambda settings: {"secret_key": None}),
]


@pytest.mark.parametrize(("action", "without"), WITHOUT)
def test_missing_setting_is_named(
    healthy: Installation, action: str, without: Callable[[Settings], dict[str, Any]]
) -> None:
    settings = healthy.settings.model_copy(update=without(healthy.settings))
    with respx.mock(base_url="http://stripe.test", assert_all_called=False) as mocked:
        mocked.get("/v1/balance").respond(json={})
        assert [each.action for each in of(replace(healthy, settings=settings), "settings")] == [action]


def test_database_that_is_away(healthy: Installation, stripe: respx.Route) -> None:
    away = replace(healthy, database=Database("postgresql://127.0.0.1:1/nothing"))
    found = states(away)
    assert (found["database"], found["configuration"]) == ("fail", "fail")
