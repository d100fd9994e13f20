"""What is connected, and with what; secrets are counted, never shown."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from app.settings import NetSuiteAccount, Settings, StripeAccount


@dataclass(frozen=True)
class StripeConnection:
    account: str
    callback: str
    live: bool
    key: str
    secrets: int
    api: str


@dataclass(frozen=True)
class NetSuiteConnection:
    account: str
    callback: str
    live: bool
    signs_in: str
    lacks: tuple[str, ...]
    secrets: int
    concurrency: int
    api: str


@dataclass(frozen=True)
class Receiver:
    """`where`: without what would let somebody send there."""

    name: str
    title: str
    configured: bool
    where: str
    variables: str


def stripe(settings: Settings) -> list[StripeConnection]:
    return [_stripe(name, one, settings.public_url) for name, one in sorted(settings.stripe.items())]


def _stripe(name: str, one: StripeAccount, public_url: str) -> StripeConnection:
    restricted = one.api_key.get_secret_value().startswith("rk_")
    return StripeConnection(
        account=name,
        callback=f"{public_url.rstrip('/')}/webhooks/stripe/{name}",
        live=bool(one.livemode),
        key="restricted key" if restricted else "secret key",
        secrets=len(one.webhook_secrets),
        api=urlsplit(one.api_base).netloc,
    )


def netsuite(settings: Settings) -> NetSuiteConnection | None:
    one = settings.netsuite
    if one is None:
        return None
    return NetSuiteConnection(
        account=one.account_id,
        callback=f"{settings.public_url.rstrip('/')}/webhooks/netsuite/{one.account_id}",
        live=bool(one.live),
        signs_in="OAuth 2.0 with a certificate" if one.auth == "oauth2" else "token-based authentication",
        lacks=_lacks(one),
        secrets=len(one.callback_secrets),
        concurrency=one.concurrency,
        api=urlsplit(one.api_base).netloc,
    )


def _lacks(one: NetSuiteAccount) -> tuple[str, ...]:
    """The variables without which nobody can sign in."""
    if one.auth == "oauth2":
        has_key = one.private_key is not None or one.private_key_file is not None
        given = {"CLIENT_ID": one.client_id, "CERTIFICATE_ID": one.certificate_id, "PRIVATE_KEY": has_key}
    else:
        given = {
            "CONSUMER_KEY": one.consumer_key,
            "CONSUMER_SECRET": one.consumer_secret.get_secret_value(),
            "TOKEN_ID": one.token_id,
            "TOKEN_SECRET": one.token_secret.get_secret_value(),
        }
    return tuple(f"NETSUITE__{name}" for name, value in given.items() if not value)


def receivers(settings: Settings) -> list[Receiver]:
    email = bool(settings.alert_email_host and settings.alert_email_to)
    slack, webhook = settings.alert_slack_url.get_secret_value(), settings.alert_webhook_url
    return [
        Receiver(
            "email",
            "E-mail",
            email,
            ", ".join(settings.alert_email_to) if email else "",
            "ALERT_EMAIL_HOST, ALERT_EMAIL_TO",
        ),
        # the path of a Slack address lets anybody post there
        Receiver("slack", "Slack", bool(slack), urlsplit(slack).hostname or "" if slack else "", "ALERT_SLACK_URL"),
        Receiver(
            "webhook",
            "Webhook",
            bool(webhook),
            urlsplit(webhook).hostname or "" if webhook else "",
            "ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET",
        ),
    ]
