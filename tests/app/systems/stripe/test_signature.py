from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import SecretStr
from stripe import WebhookSignature

from app.systems.stripe.signature import BadSignature, verify

BODY = b'{"id": "evt_1", "name": "Caf\xc3\xa9"}'
SECRET = SecretStr("whsec_current")
NOW = 1_760_000_000


def signed(body: bytes = BODY, secret: str = "whsec_current", at: int = NOW) -> str:
    return str(WebhookSignature.generate_signature_header(body.decode(), secret, at))


def reason(
    header: str | None, body: bytes = BODY, secrets: Sequence[SecretStr | bytes] = (SECRET,), now: float = NOW
) -> str:
    with pytest.raises(BadSignature) as refused:
        verify(body, header, secrets, now, 300)
    return refused.value.reason


def test_a_body_that_stripes_own_package_signed_passes() -> None:
    verify(BODY, signed(), (SECRET,), NOW, 300)


def test_a_secret_may_be_bytes() -> None:
    verify(BODY, signed(), (b"whsec_current",), NOW, 300)


@given(some.text(), some.text(min_size=1, max_size=200))
def test_any_body_and_secret_that_the_package_signs_pass(text: str, secret: str) -> None:
    header = WebhookSignature.generate_signature_header(text, secret, NOW)
    verify(text.encode(), header, (SecretStr(secret),), NOW, 300)


def test_one_changed_byte_fails() -> None:
    assert reason(signed(), body=BODY.replace(b"evt_1", b"evt_2")) == "no_match"


def test_another_secret_fails() -> None:
    assert reason(signed(secret="whsec_other")) == "no_match"


def test_no_secret_at_all_fails() -> None:
    assert reason(signed(), secrets=()) == "no_match"


def test_the_older_of_two_secrets_still_passes() -> None:
    verify(BODY, signed(), (SecretStr("whsec_new"), SECRET), NOW, 300)


def test_the_second_of_two_v1_signatures_passes() -> None:
    both = signed(secret="whsec_old") + "," + signed().split(",")[1]
    verify(BODY, both, (SECRET,), NOW, 300)


def test_a_v0_signature_does_not_count() -> None:
    assert reason(signed().replace("v1=", "v0=")) == "malformed"


def test_the_time_is_part_of_what_is_signed() -> None:
    assert reason(signed().replace(f"t={NOW}", f"t={NOW + 1}")) == "no_match"


@pytest.mark.parametrize("drift", [-300, 300])
def test_the_edge_of_the_window_passes(drift: int) -> None:
    verify(BODY, signed(at=NOW + drift), (SECRET,), NOW, 300)


@pytest.mark.parametrize("drift", [-301, 301])
def test_a_time_outside_the_window_fails_in_both_directions(drift: int) -> None:
    assert reason(signed(at=NOW + drift)) == "outside_window"


@pytest.mark.parametrize("header", [None, ""])
def test_a_missing_header_is_told(header: str | None) -> None:
    assert reason(header) == "missing"


@pytest.mark.parametrize("header", ["t=,v1=aa", "t=now,v1=aa", "v1=aa", "t=²,v1=aa", "t=1", ",,", "t=-5,v1=aa"])
def test_an_unreadable_header_is_told(header: str) -> None:
    assert reason(header) == "malformed"


def test_a_signature_that_is_not_ascii_fails_like_any_other() -> None:
    assert reason(f"t={NOW},v1=é") == "no_match"


def test_an_empty_secret_is_never_used() -> None:
    with pytest.raises(ValueError, match="empty"):
        verify(BODY, signed(secret=""), (SecretStr(""),), NOW, 300)


def test_a_refusal_tells_no_secret() -> None:
    with pytest.raises(BadSignature) as refused:
        verify(BODY, "t=1,v1=aa", (SECRET,), NOW, 300)
    assert "whsec" not in str(refused.value)
