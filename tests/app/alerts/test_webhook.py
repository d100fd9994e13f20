import hmac
import json
from datetime import UTC, datetime

import pytest

from app.alerts import senders
from app.core.alert_sending import Message
from app.settings import Settings
from tests.app.alerts.receivers import Post, webhook

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 12, 7, tzinfo=UTC)
MESSAGE = Message(41, "dead_letter", "issue:7", "2 run(s) were given up.", {"issue": 7, "dead_runs": 2}, AT)
SECRET = "whsec_of_a_test"


def sent() -> Post:
    with webhook() as heard:
        settings = Settings(  # type: ignore[call-arg]
            _env_file=None,
            alert_webhook_url=heard.url,
            alert_webhook_secret=SECRET,  # type: ignore[arg-type]
            public_url="https://t.example.com",
        )
        senders(settings)["webhook"].send(MESSAGE, NOW)
    return heard.posts[0]


def test_the_body_is_signed_with_the_time_of_sending() -> None:
    post = sent()
    timestamp = post.headers["X-Tieout-Timestamp"]
    digest = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + post.body, "sha256").hexdigest()
    assert (post.headers["X-Tieout-Signature"], int(timestamp)) == (f"v1={digest}", int(NOW.timestamp()))


def test_the_body_holds_the_alert_whole() -> None:
    assert json.loads(sent().body) == {
        "id": 41,
        "kind": "dead_letter",
        "subject": "issue:7",
        "title": "2 run(s) were given up.",
        "facts": {"issue": 7, "dead_runs": 2},
        "at": "2026-11-01T12:00:00+00:00",
        "tieout": "https://t.example.com",
    }


def test_an_address_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="ALERT_WEBHOOK_SECRET"):
        Settings(_env_file=None, alert_webhook_url="https://example.com/hook")  # type: ignore[call-arg]


def test_without_addresses_there_are_no_receivers() -> None:
    assert senders(Settings(_env_file=None)) == {}  # type: ignore[call-arg]
