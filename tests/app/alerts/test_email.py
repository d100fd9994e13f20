import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.alerts import senders
from app.core.alert_sending import Message, Refused
from app.settings import Settings
from tests.app.alerts.receivers import PostOffice, certificate_in, mail_server

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
FACTS = {"issue": 7, "flow": "stripe_invoice_to_netsuite", "open_runs": 3}
MESSAGE = Message(41, "issue_opened", "issue:7", "Invoices: a setting is missing: items.default.", FACTS, AT)


def send(office: PostOffice, **chosen: Any) -> str:
    values = {
        "alert_email_host": "127.0.0.1",
        "alert_email_port": office.port,
        "alert_email_to": "controller@example.com, admin@example.com",
        "alert_email_from": "tieout@example.com",
        "alert_email_security": "none",
    }
    settings = Settings(_env_file=None, **{**values, **chosen})
    return senders(settings)["email"].send(MESSAGE, AT)


def test_an_alert_reaches_every_address() -> None:
    with mail_server() as office:
        assert send(office) == "The mail server took it for 2 address(es)."
    assert office.recipients == ["controller@example.com", "admin@example.com"]


def test_a_mail_says_what_happened_and_what_to_do() -> None:
    with mail_server() as office:
        send(office, public_url="https://tieout.example.com")
    [mail] = office.mails
    assert (mail["Subject"], mail["From"], mail.get_content().splitlines()) == (
        "[Tieout] Invoices: a setting is missing: items.default.",
        "tieout@example.com",
        [
            "Invoices: a setting is missing: items.default.",
            "",
            "issue: 7",
            "flow: stripe_invoice_to_netsuite",
            "open runs: 3",
            "",
            "What to do: tieout issues show 7",
            "Tieout: https://tieout.example.com",
        ],
    )


def test_a_mail_has_the_same_id_at_each_try() -> None:
    with mail_server() as office:
        send(office)
        send(office)
    assert len({mail["Message-ID"] for mail in office.mails}) == 1


def test_it_logs_in_where_that_is_asked() -> None:
    with mail_server() as office:
        send(office, alert_email_user="tieout", alert_email_password="secret")
    assert [base64.b64decode(one) for one in office.logins] == [b"\0tieout\0secret"]


def test_the_connection_is_encrypted_by_starttls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate) as office:
        send(office, alert_email_security="starttls", alert_email_user="tieout", alert_email_password="secret")
    assert (office.encrypted, len(office.logins)) == ([True], 1)


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(tmp_path: Path) -> None:
    with mail_server(certificate_in(tmp_path)) as office, pytest.raises(Refused, match="SSLCertVerificationError"):
        send(office, alert_email_security="starttls", alert_email_user="tieout", alert_email_password="secret")
    assert (office.mails, office.logins) == ([], [])


def test_a_server_without_starttls_gets_nothing() -> None:
    with mail_server() as office, pytest.raises(Refused, match="SMTPNotSupportedError"):
        send(office, alert_email_security="starttls")
    assert office.mails == []


def test_what_the_server_refuses_is_said() -> None:
    with mail_server() as office:
        office.refusal = "550 no such mailbox"
        with pytest.raises(Refused, match="SMTPRecipientsRefused"):
            send(office)


def test_a_server_that_is_away_is_said_to_be() -> None:
    with mail_server() as office:
        pass
    with pytest.raises(Refused, match="ConnectionRefusedError"):
        send(office)


def test_without_a_host_nobody_is_mailed() -> None:
    assert "email" not in senders(Settings(_env_file=None, alert_email_to="controller@example.com"))  # type: ignore[arg-type]
