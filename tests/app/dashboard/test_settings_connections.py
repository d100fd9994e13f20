import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.dashboard import settings_connections
from app.settings import NetSuiteAccount, StripeAccount
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn, Statements

KEY, SECRET = "rk_test_never_shown", "whsec_never_shown"


def connected(parts: Installation) -> None:
    stripe = StripeAccount(api_key=SecretStr(KEY), webhook_secrets=(SecretStr(SECRET),), livemode=False)
    netsuite = NetSuiteAccount(account_id="TSTDRV1", callback_secrets=(SecretStr(SECRET), SecretStr("also never")))
    changed = {"stripe": {"main": stripe}, "netsuite": netsuite, "public_url": "https://tieout.example"}
    parts.settings = parts.settings.model_copy(update=changed)


def test_addresses_are_shown_and_secrets_are_counted(parts: Installation, sign_in: SignIn) -> None:
    connected(parts)
    parts.settings = parts.settings.model_copy(update={"public_url": "http://tieout.example/"})
    page = sign_in("viewer").see("/settings/connections")
    assert "http://tieout.example/webhooks/stripe/main" in page.text
    assert "http://tieout.example/webhooks/netsuite/TSTDRV1" in page.text
    assert "2 are good, so one can be changed without a pause" in page.text
    assert "set NETSUITE__CLIENT_ID , NETSUITE__CERTIFICATE_ID , NETSUITE__PRIVATE_KEY" in page.text
    assert "never" not in page.answer.text.replace("never shown here", "").replace("never:", "")


def test_when_an_account_was_last_heard(parts: Installation, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(parts)
    monkeypatch.setattr(settings_connections, "RECENT", 3)
    heard = text(
        "INSERT INTO events (source, account, external_id, type, body, received_at)"
        " SELECT 'stripe', :account, 'evt_' || n, 'x', '', :at FROM generate_series(1, 4) n"
    )
    visitor = sign_in("viewer")
    assert visitor.see("/settings/connections").text.count("never:") == 2
    for account, shown in (("main", "Last heard just now"), ("other", "Last heard before the last 3 events")):
        with parts.database.session_scope() as session:
            session.execute(heard, {"account": account, "at": parts.clock.now()})
        page = visitor.see("/settings/connections").text
        assert (shown in page, page.count("never:")) == (True, 1), page


def test_an_installation_without_any_says_how(parts: Installation, sign_in: SignIn) -> None:
    parts.settings = parts.settings.model_copy(update={"stripe": {}})
    text = sign_in("viewer").see("/settings/connections").text
    assert "No Stripe account is connected." in text
    assert "NetSuite is not connected." in text


def test_only_operators_let_the_doctor_look(sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    assert "Look now" not in viewer.see("/settings/connections").text
    assert viewer.post("/settings/connections/examine").status_code == 403


def test_it_takes_few_statements(sign_in: SignIn, statements: Statements) -> None:
    visitor = sign_in("viewer")
    with statements() as seen:
        visitor.see("/settings/connections")
    assert seen.number <= 3, seen.statements
