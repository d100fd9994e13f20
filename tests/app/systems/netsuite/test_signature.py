import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from app.systems.netsuite.signature import BadSignature, sign, verify

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BODY = b'{"event_id":"e1","record_type":"invoice","id":"7"}'
WINDOW = timedelta(seconds=300)


def refused(
    headers: dict[str, str], *, body: bytes = BODY, secrets: tuple[str, ...] = ("one",), now: datetime = NOW
) -> str:
    with pytest.raises(BadSignature) as caught:
        verify(body, headers, secrets, now, WINDOW)
    return caught.value.reason


def test_the_signature_is_the_contract_s_own_formula() -> None:
    expected = hmac.new(b"one", str(int(NOW.timestamp())).encode() + b"." + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, "one", NOW)["X-Tieout-Signature"] == f"v1={expected}"


def test_what_was_signed_is_accepted() -> None:
    verify(BODY, sign(BODY, "one", NOW), ["one"], NOW, WINDOW)


def test_any_of_several_secrets_is_accepted() -> None:
    verify(BODY, sign(BODY, "two", NOW), ["one", "two"], NOW, WINDOW)


def test_lower_case_header_names_are_accepted() -> None:
    headers = {name.lower(): value for name, value in sign(BODY, "one", NOW).items()}
    verify(BODY, headers, ["one"], NOW, WINDOW)


def test_upper_case_hex_is_accepted() -> None:
    headers = sign(BODY, "one", NOW)
    headers["X-Tieout-Signature"] = "v1=" + headers["X-Tieout-Signature"][3:].upper()
    verify(BODY, headers, ["one"], NOW, WINDOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_edge_of_the_window_is_inside(seconds: int) -> None:
    verify(BODY, sign(BODY, "one", NOW + timedelta(seconds=seconds)), ["one"], NOW, WINDOW)


@pytest.mark.parametrize(("seconds", "reason"), [(-301, "too_old"), (301, "too_new")])
def test_beyond_the_window_is_refused(seconds: int, reason: str) -> None:
    assert refused(sign(BODY, "one", NOW + timedelta(seconds=seconds))) == reason


def test_another_secret_is_refused() -> None:
    assert refused(sign(BODY, "other", NOW)) == "mismatch"


def test_a_changed_body_is_refused() -> None:
    assert refused(sign(BODY, "one", NOW), body=BODY + b" ") == "mismatch"


def test_a_changed_timestamp_is_refused() -> None:
    headers = sign(BODY, "one", NOW)
    headers["X-Tieout-Timestamp"] = str(int(NOW.timestamp()) + 1)
    assert refused(headers) == "mismatch"


@pytest.mark.parametrize("name", ["X-Tieout-Timestamp", "X-Tieout-Signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    headers = sign(BODY, "one", NOW)
    del headers[name]
    assert refused(headers) == "missing"


@pytest.mark.parametrize("timestamp", ["soon", "1.5", "-5", "٣", "9" * 40])
def test_a_timestamp_that_is_no_unix_time_is_refused(timestamp: str) -> None:
    assert refused(sign(BODY, "one", NOW) | {"X-Tieout-Timestamp": timestamp}) == "malformed"


@pytest.mark.parametrize("signature", ["v0=abc", "v1=", "abc", "v1=é"])
def test_a_signature_without_v1_is_refused(signature: str) -> None:
    assert refused(sign(BODY, "one", NOW) | {"X-Tieout-Signature": signature}) == "malformed"


def test_no_configured_secret_is_refused() -> None:
    assert refused(sign(BODY, "one", NOW), secrets=()) == "no_secret"
