"""Alerts by e-mail, over SMTP with STARTTLS or TLS."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage

from app.alerts.words import text_of
from app.core.alert_sending import Message, Refused
from app.settings import Settings

PATIENCE = 15.0


class EmailSender:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, message: Message, now: datetime) -> str:
        mail = self._mail(message, now)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            words = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else ""
            raise Refused(f"The mail server says {error.smtp_code}: {words}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Refused(f"The mail server cannot be reached or used: {type(error).__name__}.") from None
        return f"The mail server took it for {len(self._settings.alert_email_to) - len(refused)} address(es)."

    def _connected(self) -> smtplib.SMTP:
        chosen = self._settings
        host, port = chosen.alert_email_host, chosen.alert_email_port
        context = ssl.create_default_context()
        if chosen.alert_email_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=PATIENCE)
        try:
            if chosen.alert_email_security == "starttls":
                server.starttls(context=context)
            if chosen.alert_email_user:
                server.login(chosen.alert_email_user, chosen.alert_email_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message, now: datetime) -> EmailMessage:
        """The same Message-ID at each try, so that a mail sent twice can be told to be one."""
        mail = EmailMessage()
        mail["Subject"] = f"[Tieout] {message.title}"[:200]
        mail["From"] = self._settings.alert_email_from or self._settings.alert_email_to[0]
        mail["To"] = ", ".join(self._settings.alert_email_to)
        mail["Date"] = now
        mail["Message-ID"] = f"<alert-{message.id}-{int(message.at.timestamp())}@tieout.invalid>"
        mail.set_content(text_of(message, self._settings.public_url))
        return mail
