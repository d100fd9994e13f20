import json

import pytest
from sqlalchemy import select

from app.core.inbox import Event
from app.core.runs import Run
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation

BODY = json.dumps({"id": "evt_1", "data": {"object": {"id": "cus_1", "client_secret": "hush"}}}).encode()


@pytest.fixture(autouse=True)
def some_events(parts: Installation) -> None:
    """1 is dispatched, 2 unknown, 3 pending."""
    with parts.database.session_scope() as session:
        for number, type_ in enumerate(("customer.created", "mystery.made", "customer.updated"), 1):
            names = {"source": "stripe", "account": "main", "external_id": f"evt_{number}", "type": type_}
            session.add(Event(**names, object_id=f"cus_{number}", body=BODY, headers={"user-agent": "Stripe/1.0"}))
            session.flush()
    parts.dispatcher.dispatch([1, 2])


def listed(client: Client, **query: str) -> list[int]:
    return [event["id"] for event in client("read").get("/events", params=query).json()["items"]]


def test_lists_newest_first(client: Client) -> None:
    assert listed(client) == [3, 2, 1]


@pytest.mark.parametrize(("outcome", "found"), [("pending", [3]), ("unknown", [2]), ("dispatched", [1])])
def test_lists_by_outcome(client: Client, outcome: str, found: list[int]) -> None:
    assert listed(client, outcome=outcome) == found


def test_lists_by_object(client: Client) -> None:
    assert listed(client, object_id="cus_2") == [2]


def test_secrets_in_a_body_are_not_shown(client: Client) -> None:
    shown = client("read").get("/events/1").json()["body"]
    assert shown == {"id": "evt_1", "data": {"object": {"id": "cus_1", "client_secret": "[not shown]"}}}


def test_event_names_its_runs(client: Client) -> None:
    assert client("read").get("/events/1").json()["runs"] == [1]


def test_redispatch_makes_the_run_again(client: Client, parts: Installation) -> None:
    parts.executor.run(1)
    answer = client("operate").post("/events/1/redispatch").json()
    with parts.database.session_scope() as session:
        states = list(session.scalars(select(Run.state).order_by(Run.id)))
    assert (answer["outcome"], states) == ("dispatched", ["succeeded", "queued"])


def test_redispatch_goes_by_the_switches_of_now(client: Client) -> None:
    client("admin").post("/flows/stripe_customer_to_netsuite/switch", json={"enabled": False})
    assert client("operate").post("/events/1/redispatch").json()["outcome"] == "ignored"


def test_redispatch_of_nothing(client: Client) -> None:
    assert client("operate").post("/events/99/redispatch").status_code == 404
