import json
from datetime import UTC, datetime

import pytest

from app.alerts import senders
from app.core.alert_sending import Message, Refused
from app.settings import Settings
from tests.app.alerts.receivers import Webhook, webhook

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
MESSAGE = Message(41, "oldest_unposted", "account:main", "3 < 4 & not done.", {"oldest_run": 12}, AT)


def send(heard: Webhook) -> str:
    settings = Settings(_env_file=None, alert_slack_url=f"{heard.url}/T1/B2/secret", public_url="https://t.example.com")  # type: ignore[arg-type]
    return senders(settings)["slack"].send(MESSAGE, AT)


def test_the_text_is_escaped_as_slack_wants_it() -> None:
    with webhook() as heard:
        assert send(heard) == "The receiver answered 200."
    [post] = heard.posts
    assert (post.path, json.loads(post.body)) == (
        "/T1/B2/secret",
        {
            "text": "3 &lt; 4 &amp; not done.\n\noldest run: 12\n\nThe oldest: tieout runs show 12\n"
            "Tieout: https://t.example.com"
        },
    )


@pytest.mark.parametrize("status", [302, 404, 503])
def test_another_answer_than_success_is_a_refusal(status: int) -> None:
    with webhook() as heard:
        heard.status = status
        with pytest.raises(Refused, match=f"answered {status}"):
            send(heard)
    assert len(heard.posts) == 1


def test_a_refusal_does_not_say_the_address() -> None:
    with webhook() as heard:
        pass
    with pytest.raises(Refused) as refused:
        send(heard)
    assert str(refused.value) == "The receiver does not answer: ConnectError."


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com", "example.com/hook"])
def test_only_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        Settings(_env_file=None, alert_slack_url=url)  # type: ignore[arg-type]
