"""Stripe's door: proves the signature, checks the mode, and names the event for the inbox."""

from datetime import datetime

from app.core.inbox import Arrival
from app.receiver.answers import Refused, no_text
from app.receiver.headers import kept
from app.settings import Settings, StripeAccount
from app.systems.stripe.normalise import head
from app.systems.stripe.objects import EventHead
from app.systems.stripe.signature import BadSignature, verify


class StripeDoor:
    """One Stripe account's endpoint."""

    source = "stripe"

    def __init__(self, name: str, account: StripeAccount, settings: Settings) -> None:
        self.account = name
        self._secrets = tuple(secret.get_secret_value().encode() for secret in account.webhook_secrets)
        self._livemode = account.livemode
        self._window = settings.signature_window

    def open(self) -> None:
        """Raises Refused when nothing could be accepted here."""
        if not self._secrets:
            variable = f"STRIPE__{self.account.upper()}__WEBHOOK_SECRETS"
            raise Refused(404, "no_secret", f"No webhook secret is configured for this account: set {variable}.")

    def arrival(self, headers: dict[str, str], body: bytes, now: datetime) -> Arrival:
        """Raises Refused."""
        signature = headers.get("stripe-signature", "")
        self._verify(body, signature, now)
        event = _head(body)
        self._check_mode(event)
        _check_texts(event)
        return Arrival(
            source="stripe",
            account=self.account,
            external_id=event.id,
            type=event.type,
            object_id=event.object_id,
            object_type=event.object_type,
            api_version=event.api_version,
            livemode=event.livemode,
            occurred_at=event.created,
            headers=kept(headers, _timestamp(signature)),
            body=body,
        )

    def _verify(self, body: bytes, signature: str, now: datetime) -> None:
        try:
            verify(body, signature, self._secrets, now.timestamp(), self._window)
        except BadSignature as error:
            advice = f"Compare the endpoint's signing secret with STRIPE__{self.account.upper()}__WEBHOOK_SECRETS."
            if error.reason == "outside_window":
                advice = "Set this server's clock, or send the event again."
            raise Refused(400, "bad_signature", f"{error} {advice}") from None

    def _check_mode(self, event: EventHead) -> None:
        if event.livemode is not self._livemode:
            came, wanted = ("live", "test") if event.livemode else ("test", "live")
            raise Refused(
                400,
                "livemode_mismatch",
                f"A {came}-mode event came to account {self.account!r}, which is in {wanted} mode. "
                "Correct the endpoint's URL in Stripe, or the account's LIVEMODE here.",
            )


def _head(body: bytes) -> EventHead:
    try:
        return head(body)
    except ValueError as error:
        raise Refused(400, "bad_body", f"{error} Send Stripe's events to this address, unchanged.") from None


def _check_texts(event: EventHead) -> None:
    for value in (event.object_id, event.object_type, event.api_version):
        if value is not None and (len(value) > 255 or not value.isprintable()):
            raise no_text("object id, object type or api_version")


def _timestamp(signature: str) -> str:
    """Of a signature that was verified: its first `t`."""
    return signature.partition("t=")[2].partition(",")[0].strip()
