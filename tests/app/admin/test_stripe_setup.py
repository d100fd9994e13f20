import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.admin import stripe_setup
from app.admin.actions import Impossible
from app.admin.listening import wanted_events
from app.admin.stripe_setup import Setup
from app.core import config
from app.core.audit import AuditEntry
from app.db import Database
from app.systems.stripe.objects import API_VERSION
from sandbox.serve import Sandbox
from tests.app.admin import sickbay
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation
from tests.app.admin.sickbay import ADDRESS, Sickbay
from workers.flows import CATALOGUE


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A Stripe alone."""
    with Sandbox.running(with_netsuite=False) as running:
        yield running


@pytest.fixture
def bay(sandbox: Sandbox, database: Database) -> Sickbay:
    """With an endpoint that is as it should be."""
    sandbox.stripe.reset()
    sandbox.stripe.faults.clear()
    return sickbay.healthy(sandbox, database)


@pytest.fixture
def bare(bay: Sickbay) -> Sickbay:
    bay.sandbox.stripe.account.remove(bay.endpoint)
    return bay


def set_up(bay: Sickbay, **asked: bool) -> Setup:
    return stripe_setup.set_up(bay.parts, "main", actor="test", **asked)


def endpoints(bay: Sickbay) -> list[dict[str, Any]]:
    return list(bay.sandbox.stripe.account.kind("webhook_endpoint").values())


def shown(endpoint: dict[str, Any]) -> dict[str, Any]:
    names = ("url", "api_version", "status", "enabled_events", "metadata")
    return {name: endpoint[name] for name in names}


def as_wanted(bay: Sickbay) -> dict[str, Any]:
    with bay.parts.database.session_scope() as session:
        events = sorted(wanted_events(CATALOGUE, config.current(session)))
    return {
        "url": ADDRESS,
        "api_version": API_VERSION,
        "status": "enabled",
        "enabled_events": events,
        "metadata": {"tieout_account": "main"},
    }


def test_an_endpoint_is_made(bare: Sickbay) -> None:
    done = set_up(bare)
    assert done.outcome == "created"
    assert [shown(one) for one in endpoints(bare)] == [as_wanted(bare)]


def test_its_secret_is_told_once_with_the_line_for_env(bare: Sickbay) -> None:
    first, second = set_up(bare), set_up(bare)
    secret = endpoints(bare)[0]["_secrets"][0]
    assert (first.secret, first.env) == (secret, f"STRIPE__MAIN__WEBHOOK_SECRETS={secret}")
    assert (second.secret, second.env) == (None, None)


def test_its_secret_is_kept_nowhere(bare: Sickbay, capfd: pytest.CaptureFixture[str]) -> None:
    done = set_up(bare)
    with bare.parts.database.session_scope() as session:
        noted = [(row.action, str(row.details)) for row in session.scalars(select(AuditEntry))]
    assert [action for action, _ in noted] == ["stripe_endpoint.set_up"]
    assert done.secret
    assert done.secret not in f"{noted} {capfd.readouterr()}"


def test_the_second_run_changes_nothing(bay: Sickbay) -> None:
    asked = sickbay.counted_stripe(bay.sandbox)
    assert (set_up(bay).outcome, asked()) == ("unchanged", {"GET": 1, "POST": 0, "DELETE": 0})


def test_a_dry_run_changes_nothing(bare: Sickbay) -> None:
    done = set_up(bare, dry_run=True)
    assert (done.outcome, done.dry_run, endpoints(bare)) == ("created", True, [])


def test_a_flow_that_is_switched_off_takes_its_events_along(bay: Sickbay) -> None:
    flow = "stripe_payout_to_netsuite_deposit"
    bay.choose(lambda document: document["flows"].update({flow: {"enabled": False}}))
    done = set_up(bay)
    assert done.changes == [
        "Left out: payout.canceled, payout.failed, payout.paid, payout.reconciliation_completed.",
    ]
    assert [shown(one) for one in endpoints(bay)] == [as_wanted(bay)]


def test_a_paused_flow_keeps_its_events(bay: Sickbay) -> None:
    flow = "stripe_payout_to_netsuite_deposit"
    bay.choose(lambda document: document["flows"].update({flow: {"paused": True}}))
    assert set_up(bay).outcome == "unchanged"


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({"enabled_events": ["*"]}, "Left out: every event that no flow wants."),
        ({"status": "disabled"}, "It is switched on."),
        ({"metadata": {}}, "It is marked as Tieout's."),
        (
            {"url": "https://old.example/webhooks/stripe/main"},
            f"Its address: {ADDRESS} instead of https://old.example/webhooks/stripe/main.",
        ),
    ],
)
def test_what_differs_is_set_right(bay: Sickbay, before: dict[str, Any], change: str) -> None:
    bay.endpoint.update(before)
    done = set_up(bay)
    assert (done.outcome, done.changes) == ("updated", [change])
    assert [shown(one) for one in endpoints(bay)] == [as_wanted(bay)]


def test_an_endpoint_of_another_installation_is_left_alone(bay: Sickbay) -> None:
    theirs = {"url": "https://staging.example/webhooks/stripe/main", "metadata": {}}
    bay.endpoint.update(theirs)
    done = set_up(bay)
    assert (done.outcome, bay.endpoint["url"], len(endpoints(bay))) == ("created", theirs["url"], 2)


def test_an_old_version_is_told_and_kept(bay: Sickbay) -> None:
    bay.endpoint["api_version"] = "2024-06-20"
    done = set_up(bay)
    assert done.outcome == "unchanged"
    assert "with `--replace` a new one is made" in done.warnings[0]


def test_replacing_makes_a_new_one_and_switches_the_old_one_off(bay: Sickbay) -> None:
    bay.endpoint["api_version"] = "2024-06-20"
    done = set_up(bay, replace=True)
    old, new = endpoints(bay)
    assert (done.outcome, done.endpoint, old["status"]) == ("replaced", new["id"], "disabled")
    assert (shown(new), done.secret) == (as_wanted(bay), new["_secrets"][0])


def test_the_new_secret_is_told_even_if_the_old_one_stays_on(bay: Sickbay) -> None:
    bay.endpoint["api_version"] = "2024-06-20"
    bay.sandbox.stripe.faults.status(403, method="POST", path=bay.endpoint["id"])
    done = set_up(bay, replace=True)
    assert done.secret
    assert done.warnings[-1].startswith(f"{bay.endpoint['id']} is still switched on")


def test_replacing_what_is_of_our_version_changes_nothing(bay: Sickbay) -> None:
    assert set_up(bay, replace=True).outcome == "unchanged"


def test_an_address_of_this_machine_is_warned_of(bare: Sickbay) -> None:
    bare.setting(public_url="http://127.0.0.1:8000")
    assert "which Stripe cannot reach: set PUBLIC_URL." in set_up(bare, dry_run=True).warnings[0]


def test_a_key_that_may_not_is_a_sentence(bare: Sickbay) -> None:
    bare.of_stripe(api_key=SecretStr(bare.sandbox.stripe.restrict({"*": "read"})))
    again = sickbay.rebuilt(bare)
    with pytest.raises(Impossible, match="is not allowed to do this"):
        set_up(again)


def test_without_a_flow_there_is_nothing_to_listen_to(bare: Sickbay) -> None:
    off = {flow.key: {"enabled": False} for flow in CATALOGUE.values()}
    bare.choose(lambda document: document.update(flows=off))
    with pytest.raises(Impossible, match="No flow that is on listens to Stripe"):
        set_up(bare)


# the command ---------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_line_for_env(bare: Sickbay) -> None:
    told = bare.command("stripe", "setup")
    assert told.exit_code == 0
    assert told.stdout.splitlines()[-1] == f"STRIPE__MAIN__WEBHOOK_SECRETS={endpoints(bare)[0]['_secrets'][0]}"


def test_the_command_says_that_nothing_is_to_be_changed(bay: Sickbay) -> None:
    assert bay.command("stripe", "setup").stdout.startswith("Nothing to change: we_")


def test_the_command_in_json(bay: Sickbay) -> None:
    told = json.loads(bay.command("stripe", "setup", "--account", "main", "--dry-run", "--json").stdout)
    assert (told["outcome"], told["dry_run"], told["endpoint"]) == ("unchanged", True, bay.endpoint["id"])


def test_the_command_names_an_account_that_is_not_there(bay: Sickbay) -> None:
    told = bay.command("stripe", "setup", "--account", "other")
    assert (told.exit_code, "There is no Stripe account 'other'." in told.stderr) == (1, True)


# over the API --------------------------------------------------------------------------------------------------------


def test_over_the_api(client: Client, parts: Installation) -> None:
    answer = client("admin").post("/stripe/setup", json={"dry_run": True})
    assert (answer.status_code, answer.json()["outcome"], answer.json()["secret"]) == (200, "created", None)


def test_it_is_for_administrators(client: Client) -> None:
    assert client("operate").post("/stripe/setup", json={}).status_code == 403


def test_an_account_that_is_not_there(client: Client) -> None:
    assert client("admin").post("/stripe/setup", json={"account": "other"}).status_code == 404


def test_the_doctor_over_the_api(client: Client) -> None:
    found = client("operate").get("/doctor").json()
    keys = {"check", "state", "detail", "action"}
    assert {frozenset(each) for each in found} == {frozenset(keys)}
    assert {each["check"]: each["state"] for each in found}["stripe main: key"] == "fail"
