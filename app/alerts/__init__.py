"""The receivers of alerts that the environment configures: e-mail, a Slack-compatible webhook, a signed webhook."""

from app.alerts.email import EmailSender
from app.alerts.slack import SlackSender
from app.alerts.webhook import WebhookSender
from app.core.alert_sending import Sender, Senders
from app.settings import Settings

__all__ = ["senders"]


def senders(settings: Settings) -> Senders:
    """By name; what is not configured is left out."""
    found: dict[str, Sender] = {}
    if settings.alert_email_host and settings.alert_email_to:
        found["email"] = EmailSender(settings)
    if settings.alert_slack_url.get_secret_value():
        found["slack"] = SlackSender(settings.alert_slack_url.get_secret_value(), settings.public_url)
    if settings.alert_webhook_url:
        secret = settings.alert_webhook_secret.get_secret_value()
        found["webhook"] = WebhookSender(settings.alert_webhook_url, secret, settings.public_url)
    return found
