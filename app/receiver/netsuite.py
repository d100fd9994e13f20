"""NetSuite's door: proves the callback's signature, checks the account, and names the event for the inbox."""

from datetime import UTC, datetime, timedelta

import msgspec

from app.core.inbox import Arrival
from app.receiver.answers import Refused, no_text
from app.receiver.headers import kept
from app.settings import NetSuiteAccount, Settings
from app.systems.netsuite.signature import TIMESTAMP_HEADER, BadSignature, verify


class _Callback(msgspec.Struct):
    event_id: str
    account: str
    record_type: str
    id: str | int
    event: str
    context: str
    at: datetime | int | float


# SuiteScript says `customerpayment` where REST says `customerPayment`; inside, it is REST's spelling.
RECORD_TYPES = {
    name.lower(): name
    for name in (
        "customer",
        "invoice",
        "customerPayment",
        "creditMemo",
        "customerRefund",
        "customerDeposit",
        "depositApplication",
        "cashSale",
        "cashRefund",
        "deposit",
        "journalEntry",
    )
}
_decode = msgspec.json.Decoder(_Callback).decode
_TIMESTAMP = TIMESTAMP_HEADER.lower()


class NetSuiteDoor:
    """The NetSuite account's endpoint."""

    source = "netsuite"

    def __init__(self, netsuite: NetSuiteAccount, settings: Settings) -> None:
        self.account = netsuite.account_id
        self._netsuite = netsuite
        self._secrets = tuple(secret.get_secret_value() for secret in netsuite.callback_secrets)
        self._window = timedelta(seconds=settings.signature_window)

    def open(self) -> None:
        """Raises Refused when nothing could be accepted here."""
        if not self._secrets:
            raise Refused(404, "no_secret", "No callback secret is configured: set NETSUITE__CALLBACK_SECRETS.")

    def arrival(self, headers: dict[str, str], body: bytes, now: datetime) -> Arrival:
        """Raises Refused."""
        self._verify(body, headers, now)
        callback = _callback(body)
        self._check_account(callback)
        record_type = RECORD_TYPES.get(callback.record_type.lower(), callback.record_type)
        return Arrival(
            source="netsuite",
            account=self.account,
            external_id=callback.event_id,
            type=f"{record_type}.{callback.event.lower()}",
            object_id=str(callback.id),
            object_type=record_type,
            api_version=None,
            livemode=self._netsuite.live,
            occurred_at=_utc(callback.at),
            headers=kept(headers, headers.get(_TIMESTAMP, "")),
            body=body,
        )

    def _verify(self, body: bytes, headers: dict[str, str], now: datetime) -> None:
        try:
            verify(body, headers, self._secrets, now, self._window)
        except BadSignature as error:
            advice = "Compare the script's secret with NETSUITE__CALLBACK_SECRETS."
            if error.reason in ("too_old", "too_new"):
                advice = "Set this server's clock, or send the callback again."
            raise Refused(400, "bad_signature", f"{error} {advice}") from None

    def _check_account(self, callback: _Callback) -> None:
        if not self._netsuite.names(callback.account):
            raise Refused(
                400,
                "account_mismatch",
                f"The callback is from account {callback.account[:60]!r}, but {self.account!r} is configured here. "
                "Correct the script's deployment in NetSuite, or NETSUITE__ACCOUNT_ID here.",
            )


def _callback(body: bytes) -> _Callback:
    try:
        callback = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "bad_body", f"The body is not a callback of the Tieout script: {error}.") from None
    for name in ("event_id", "record_type", "id", "event"):
        value = str(getattr(callback, name))
        if not value or len(value) > 255 or not value.isprintable():
            raise no_text(name)
    return callback


def _utc(at: datetime | float) -> datetime:
    """A time with its zone, or seconds since 1970."""
    try:
        if not isinstance(at, datetime):
            return datetime.fromtimestamp(at, UTC)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (OverflowError, OSError, ValueError):  # beyond the calendar's first or last day
        pass
    raise Refused(400, "bad_body", "The callback's `at` is no time in UTC: send it like 2026-01-31T09:30:00Z.")
