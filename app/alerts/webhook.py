"""Alerts to a program: JSON, signed as NetSuite's callbacks to us are."""

import json
from datetime import datetime

from app.alerts.http import post
from app.core.alert_sending import Message
from app.systems.netsuite.signature import sign


class WebhookSender:
    def __init__(self, url: str, secret: str, public_url: str) -> None:
        self._url = url
        self._secret = secret
        self._public_url = public_url

    def send(self, message: Message, now: datetime) -> str:
        """`id` is the same each time an alert is tried, so that its receiver can take it once."""
        body = json.dumps(
            {
                "id": message.id,
                "kind": message.kind,
                "subject": message.subject,
                "title": message.title,
                "facts": dict(message.facts),
                "at": message.at.isoformat(),
                "tieout": self._public_url,
            }
        ).encode()
        return post(self._url, body, sign(body, self._secret, now))
