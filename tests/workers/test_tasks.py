"""The tasks that beat asks for, each on the parts of an installation."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.core.runs import Run
from app.core.tables import Alert
from tests.app.admin.installation import Installation, held, install, throttled
from tests.app.alerts.receivers import Webhook, webhook
from workers import tasks

FLOW = "stripe_customer_to_netsuite"


@pytest.fixture
def heard() -> Iterator[Webhook]:
    with webhook() as receiver:
        yield receiver


@pytest.fixture
def parts(database: Any, heard: Webhook) -> Iterator[Installation]:
    made = install(database)
    chosen = {"alert_webhook_url": heard.url, "alert_webhook_secret": SecretStr("whsec_1")}
    made.settings = made.settings.model_copy(update=chosen)
    with tasks.serving(made):  # type: ignore[arg-type]
        yield made


def test_an_issue_reaches_the_receiver(parts: Installation, heard: Webhook) -> None:
    parts.systems.objects["cus_1"] = held()
    parts.carried_out(FLOW, ["cus_1"])
    tasks.look_for_alerts()
    tasks.send_alerts()
    tasks.look_for_alerts()
    tasks.send_alerts()
    assert [json.loads(post.body)["kind"] for post in heard.posts] == ["issue_opened"]


def test_a_failed_run_is_replayed(parts: Installation) -> None:
    parts.systems.objects["cus_1"] = throttled()
    [run_id] = parts.carried_out(FLOW, ["cus_1"])
    parts.broker.runs.clear()
    parts.clock.at = parts.clock.at.replace(hour=20)
    tasks.replay_due()
    assert parts.broker.runs == []
    tasks.retry_errors()
    assert parts.broker.runs == [(run_id, FLOW)]


def test_a_gap_is_told(parts: Installation, heard: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    class Head:
        id, type, object_id, created = "evt_1", "customer.created", "cus_1", parts.clock.at.replace(hour=1)

    def listing(account: str, record: object) -> Any:
        return type("Listing", (), {"events_since": staticmethod(lambda since: iter([Head()]))})

    monkeypatch.setattr(parts.systems, "stripe", listing)
    tasks.check_completeness()
    tasks.send_alerts()
    assert [json.loads(post.body)["facts"]["examples"] for post in heard.posts] == [["evt_1"]]


def test_nobody_is_told_where_no_receiver_is_configured(parts: Installation) -> None:
    parts.settings = parts.settings.model_copy(update={"alert_webhook_url": ""})
    parts.systems.objects["cus_1"] = held()
    parts.carried_out(FLOW, ["cus_1"])
    tasks.look_for_alerts()
    with parts.database.session_scope() as session:
        assert session.scalars(select(Alert)).all() == []
        assert session.scalars(select(Run.state)).all() == ["held"]
