from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.config import Alerts
from app.dashboard.settings_alerts import rules
from tests.app.admin.installation import Installation
from tests.app.admin.test_alerts import configured
from tests.app.alerts.receivers import Webhook, webhook
from tests.app.dashboard.conftest import SignIn


@pytest.fixture
def heard() -> Iterator[Webhook]:
    with webhook() as receiver:
        yield receiver


def test_a_test_goes_the_way_of_every_alert_and_is_told(parts: Installation, sign_in: SignIn, heard: Webhook) -> None:
    configured(parts, heard)
    operator = sign_in("operator")
    page = operator.after(operator.post("/settings/alerts/test", {"receiver": "webhook"}))
    assert page.toast.startswith("webhook took the test: The receiver answered 200.")
    assert len(heard.posts) == 1
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "alerts.tested")).one()
    assert (entry.actor, entry.details) == ("operator@example.com", {"receivers": ["webhook"]})


def test_a_test_that_is_refused_says_why(parts: Installation, sign_in: SignIn, heard: Webhook) -> None:
    configured(parts, heard)
    heard.status = 404
    operator = sign_in("operator")
    page = operator.after(operator.post("/settings/alerts/test", {"receiver": "slack"}))
    assert page.toast == "slack did not take the test: The receiver answered 404."
    assert "failed" in page.text
    assert "No alert fits these filters." in operator.see("/settings/alerts?state=sent").text


def test_a_receiver_that_is_not_there_is_told_of(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    page = operator.after(operator.post("/settings/alerts/test", {"receiver": "email"}))
    assert page.toast.startswith("The receiver email is not configured")


def test_the_address_of_slack_is_not_shown(parts: Installation, sign_in: SignIn, heard: Webhook) -> None:
    configured(parts, heard)
    assert heard.url not in sign_in("viewer").see("/settings/alerts").answer.text


def test_viewers_send_nothing(sign_in: SignIn) -> None:
    assert sign_in("viewer").post("/settings/alerts/test", {"receiver": "slack"}).status_code == 403


def test_when_alerts_are_sent_is_told_in_sentences() -> None:
    told = rules(Alerts.model_validate({"quiet_hours": {}, "completeness_days": 0}))
    assert told[2:] == ["Days are not counted (`0` days).", "From 22:00 to 07:00 (UTC) they wait until the end."]
