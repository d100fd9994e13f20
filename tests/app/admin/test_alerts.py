import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.core import alerts
from app.core.audit import AuditEntry
from app.core.tables import Alert
from tests.app.admin.conftest import Client
from tests.app.admin.installation import NOW, Installation, held
from tests.app.alerts.receivers import Webhook, webhook


@pytest.fixture
def heard() -> Iterator[Webhook]:
    with webhook() as receiver:
        yield receiver


def configured(parts: Installation, heard: Webhook) -> None:
    parts.settings = parts.settings.model_copy(
        update={"alert_slack_url": SecretStr(heard.url), "alert_webhook_url": heard.url}
        | {"alert_webhook_secret": SecretStr("whsec_1")}
    )


def test_a_test_goes_the_way_of_every_alert(client: Client, parts: Installation, heard: Webhook) -> None:
    configured(parts, heard)
    items = client("operate").post("/alerts/test", json={"receiver": "webhook"}).json()["items"]
    assert [(each["kind"], each["receiver"], each["state"], each["answer"]) for each in items] == [
        ("test", "webhook", "sent", "The receiver answered 200.")
    ]
    assert [json.loads(post.body)["id"] for post in heard.posts] == [items[0]["id"]]


def test_without_a_name_every_receiver_is_tested(client: Client, parts: Installation, heard: Webhook) -> None:
    configured(parts, heard)
    items = client("operate").post("/alerts/test", json={}).json()["items"]
    assert [each["receiver"] for each in items] == ["slack", "webhook"]


def test_a_test_says_what_came_back_and_is_not_repeated(client: Client, parts: Installation, heard: Webhook) -> None:
    configured(parts, heard)
    heard.status = 404
    items = client("operate").post("/alerts/test", json={"receiver": "slack"}).json()["items"]
    assert [(each["state"], each["last_error"]) for each in items] == [("failed", "The receiver answered 404.")]


def test_a_test_is_audited(client: Client, parts: Installation, heard: Webhook) -> None:
    configured(parts, heard)
    client("operate").post("/alerts/test", json={"receiver": "slack"})
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "alerts.tested")).one()
    assert entry.details == {"receivers": ["slack"]}


@pytest.mark.parametrize("body", [{}, {"receiver": "email"}])
def test_a_receiver_that_is_not_configured_cannot_be_tested(
    client: Client, parts: Installation, body: dict[str, str]
) -> None:
    assert client("operate").post("/alerts/test", json=body).status_code == 409
    with parts.database.session_scope() as session:
        assert session.scalars(select(Alert)).all() == []


def test_reading_does_not_suffice_for_a_test(client: Client) -> None:
    assert client("read").post("/alerts/test", json={}).status_code == 403


def told(parts: Installation) -> None:
    parts.systems.objects["cus_1"] = held()
    parts.carried_out("stripe_customer_to_netsuite", ["cus_1"])
    alerts.look(parts.database, ["email", "slack"], NOW)


def test_lists_what_people_are_told(client: Client, parts: Installation) -> None:
    told(parts)
    items = client("read").get("/alerts").json()["items"]
    assert [(each["kind"], each["subject"], each["receiver"], each["state"]) for each in items] == [
        ("issue_opened", "issue:1", "slack", "queued"),
        ("issue_opened", "issue:1", "email", "queued"),
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"receiver": "slack"}, 1), ({"state": "sent"}, 0), ({"kind": "issue_opened"}, 2), ({"kind": "test"}, 0)],
)
def test_a_filter_narrows_the_list(client: Client, parts: Installation, asked: dict[str, str], found: int) -> None:
    told(parts)
    assert len(client("read").get("/alerts", params=asked).json()["items"]) == found
