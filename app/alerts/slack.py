"""Alerts to an incoming webhook as Slack has it (api.slack.com/messaging/webhooks), Mattermost too."""

import json
from datetime import datetime

from app.alerts.http import post
from app.alerts.words import text_of
from app.core.alert_sending import Message

# https://api.slack.com/reference/surfaces/formatting#escaping
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class SlackSender:
    def __init__(self, url: str, public_url: str) -> None:
        self._url = url
        self._public_url = public_url

    def send(self, message: Message, now: datetime) -> str:
        body = {"text": text_of(message, self._public_url).translate(_ESCAPES)}
        return post(self._url, json.dumps(body).encode(), {})
