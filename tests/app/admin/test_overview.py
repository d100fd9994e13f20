"""The overview: what the home page tells, in few statements however much there is."""

from datetime import timedelta

from app.core import config as configuration
from app.core.completeness_rows import note
from app.core.config import Config
from app.core.payout_tables import TieOutRow
from app.settings import NetSuiteAccount
from tests.app.admin.conftest import Client
from tests.app.admin.installation import NOW, Installation, held, throttled
from tests.app.admin.test_completeness import counted


def connected(parts: Installation) -> None:
    account = NetSuiteAccount(account_id="TSTDRV1", concurrency=5)
    parts.settings = parts.settings.model_copy(update={"netsuite": account})


def test_an_installation_without_netsuite_is_not_connected(client: Client) -> None:
    answer = client("read").get("/overview").json()
    assert answer["verdict"]["state"] == "not_connected"
    assert {one["key"]: one["done"] for one in answer["steps"]} == {
        "stripe": True,
        "netsuite": False,
        "webhook": False,
        "install": False,
        "configure": False,
        "backfill": False,
    }


def test_what_waits_is_the_answer_with_its_issue_and_its_age(client: Client, parts: Installation) -> None:
    connected(parts)
    parts.systems.objects |= {"cus_1": held(), "cus_2": throttled()}
    [waits, _] = parts.carried_out("stripe_customer_to_netsuite", ["cus_1", "cus_2"])
    answer = client("read").get("/overview").json()
    assert answer["verdict"]["sentence"] == "1 record waits for you."
    assert answer["waiting"] | {"held": 1, "retrying": 1} == answer["waiting"]
    assert (answer["oldest"]["run"], answer["oldest"]["action"]) == (waits, held().action)
    assert [(one["records"], one["sentence"]) for one in answer["issues"]] == [(1, held().sentence)]
    assert answer["retries"]["booked"] == 1
    assert answer["retries"]["next_due"] is not None


def test_counts_that_are_old_prove_nothing(client: Client, parts: Installation) -> None:
    connected(parts)
    counted(parts)
    note(parts.database, "main", NOW)
    reader = client("read")
    assert reader.get("/overview").json()["verdict"]["state"] == "all_in"
    parts.clock.at += timedelta(hours=4)
    assert reader.get("/overview").json()["verdict"]["state"] == "unproven"


def test_a_currency_that_does_not_tie_out_is_named(client: Client, parts: Installation) -> None:
    connected(parts)
    numbers = {"stripe": 10, "netsuite": 8, "unexplained": 2, "arrived": 0, "bank": 0, "agrees": False}
    with parts.database.session_scope() as session:
        session.add(TieOutRow(account="main", currency="EUR", at=NOW, items=[], differences=[], **numbers))
    answer = client("read").get("/overview").json()
    assert answer["verdict"]["sentence"] == "Stripe and NetSuite do not tie out in EUR."


def test_changes_are_told_in_words(client: Client, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        configuration.save(session, Config(), author="ada", note="begin")
        changed = Config.model_validate({"flows": {"stripe_invoice_to_netsuite": {"paused": True}}})
        configuration.save(session, changed, author="ada", note="month end")
    newest = client("read").get("/overview").json()["versions"][0]
    assert (newest["note"], newest["changes"]) == ("month end", ["`stripe_invoice_to_netsuite` was paused."])


def test_slots_are_those_of_the_account(client: Client, parts: Installation) -> None:
    connected(parts)
    slots = client("read").get("/overview").json()["slots"]
    assert (slots["ceiling"], slots["size"], slots["in_use"]) == (5, 5, 0)


def test_the_last_day_has_24_hours(client: Client, parts: Installation) -> None:
    hours = client("read").get("/overview/activity").json()
    assert (len(hours), hours[-1]["at"]) == (24, "2026-03-01T12:00:00Z")
