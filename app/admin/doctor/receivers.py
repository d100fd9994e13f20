"""The receivers of alerts: whether somebody listens where they are. Nothing is sent, so no alert is either."""

import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from app.admin.doctor.findings import Finding, fail, ok, warn
from app.alerts import senders
from app.core.config import Config
from app.settings import Settings

PATIENCE = 5.0
VARIABLES = {
    "email": "ALERT_EMAIL_HOST and ALERT_EMAIL_PORT",
    "slack": "ALERT_SLACK_URL",
    "webhook": "ALERT_WEBHOOK_URL",
}


def findings(settings: Settings, chosen: Config | None) -> Iterator[Finding]:
    known = senders(settings)
    if not known:
        yield ok("alerts", "No receiver is configured: nobody is told of trouble by itself.")
    for name, place in _places(settings).items():
        if name in known:
            yield _reached(name, place)
    wanted = {name for names in (chosen.alerts.kinds.values() if chosen else ()) for name in names}
    for name in sorted(wanted - set(known)):
        detail = f"`alerts.kinds` sends alerts to {name}, which is not configured."
        yield warn(f"alerts: {name}", detail, f"Set {VARIABLES[name]}, or take it out of `alerts.kinds`.")


def _places(settings: Settings) -> Mapping[str, tuple[str, int]]:
    return {
        "email": (settings.alert_email_host, settings.alert_email_port),
        "slack": _place(settings.alert_slack_url.get_secret_value()),
        "webhook": _place(settings.alert_webhook_url),
    }


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)


def _reached(name: str, place: tuple[str, int]) -> Finding:
    """The address of a receiver may be a secret, so it is not shown."""
    try:
        socket.create_connection(place, timeout=PATIENCE).close()
    except (OSError, UnicodeError) as error:
        detail = f"Nobody can be reached there ({type(error).__name__}): alerts will wait."
        return fail(f"alerts: {name}", detail, f"Correct {VARIABLES[name]}, or let this machine reach it.")
    detail = f"Somebody listens there; `tieout alerts test {name}` sends a test."
    return ok(f"alerts: {name}", detail)
