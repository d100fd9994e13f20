from pathlib import Path

import pytest

from app.settings import NetSuiteAccount, Settings
from app.systems.wiring import shared_rates


def from_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)  # type: ignore[call-arg]


def test_an_account_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    found = from_environment(monkeypatch, STRIPE__EUROPE__API_KEY="sk_test_1", STRIPE__EUROPE__WEBHOOK_SECRETS="a, b")
    secrets = [secret.get_secret_value() for secret in found.stripe["europe"].webhook_secrets]
    assert (list(found.stripe), secrets) == (["europe"], ["a", "b"])


def test_several_callback_secrets_are_valid_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = from_environment(monkeypatch, NETSUITE__ACCOUNT_ID="1", NETSUITE__CALLBACK_SECRETS="old,new")
    assert found.netsuite is not None
    assert len(found.netsuite.callback_secrets) == 2


@pytest.mark.parametrize(("key", "live"), [("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False)])
def test_the_key_tells_whether_it_is_live_money(monkeypatch: pytest.MonkeyPatch, key: str, live: bool) -> None:
    assert from_environment(monkeypatch, STRIPE__MAIN__API_KEY=key).stripe["main"].livemode is live


@pytest.mark.parametrize(
    ("account", "live"), [("1234567", True), ("1234567_SB1", False), ("1234567_RP2", False), ("TSTDRV1", False)]
)
def test_the_account_id_tells_whether_it_is_a_live_ledger(account: str, live: bool) -> None:
    assert NetSuiteAccount(account_id=account).live is live


def test_hosts_follow_from_the_account_id() -> None:
    account = NetSuiteAccount(account_id="1234567_SB1")
    assert account.api_base == "https://1234567-sb1.suitetalk.api.netsuite.com"
    assert account.restlet_base == "https://1234567-sb1.restlets.api.netsuite.com"


def test_both_spellings_name_the_account() -> None:
    account = NetSuiteAccount(account_id="1234567_SB1")
    assert account.names("1234567-sb1")
    assert not account.names("1234567")


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    found = from_environment(
        monkeypatch, STRIPE__MAIN__API_KEY="sk_test_shh", STRIPE__MAIN__WEBHOOK_SECRETS="whsec_shh"
    )
    assert "shh" not in repr(found)


def test_a_secret_key_is_made_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = from_environment(monkeypatch, DATA_DIR=str(tmp_path), SECRET_KEY="")
    assert found.secret() == found.secret()
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_test_mode_rate_stays_below_stripes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_environment(monkeypatch, STRIPE__MAIN__API_KEY="sk_test_1").stripe["main"].requests_per_second == 20


@pytest.mark.parametrize(("pool", "rate"), [("threads", 20), ("prefork", 5)])
def test_forked_workers_share_stripes_limit(monkeypatch: pytest.MonkeyPatch, pool: str, rate: float) -> None:
    monkeypatch.setenv("WORKER_POOL", pool)
    monkeypatch.setenv("WORKER_CONCURRENCY", "4")
    found = from_environment(monkeypatch, STRIPE__MAIN__API_KEY="sk_test_1")
    assert shared_rates(found)["main"].requests_per_second == rate
