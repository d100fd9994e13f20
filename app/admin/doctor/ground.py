"""What everything stands on: database, broker, tables and the clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from app.admin.doctor.findings import Finding, Parts, fail, ok, unchecked
from app.receiver.health import NotReady, standard_probes

APART = timedelta(seconds=60)
"""Signatures are good for minutes only: clocks further apart than this make trouble."""
SET_CLOCKS = "Let this machine follow a time server."
ADVICE = {
    "database": "Start PostgreSQL, or correct DATABASE_URL; empty means the embedded one.",
    "broker": "Start Redis, or correct BROKER_URL; empty means none is needed.",
    "migrations": "Run `tieout up`: it brings the tables up to date.",
    "clock": SET_CLOCKS,
}


def findings(parts: Parts) -> Iterator[Finding]:
    settings = parts.settings
    window = timedelta(seconds=settings.signature_window)
    for name, probe in standard_probes(parts.database.url, settings.broker_url, parts.clock, window).items():
        try:
            yield ok(name, probe())
        except NotReady as error:
            yield fail(name, str(error), ADVICE[name])
        except Exception as error:
            yield fail(name, f"cannot be reached ({type(error).__name__})", ADVICE[name])


def skew(check: str, system: str, date: str | None, now: datetime) -> Finding:
    """`date`: the header of an answer that has just come (RFC 9110, 6.6.1)."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return unchecked(check, f"{system} told no time.")
    apart = abs(now - theirs)
    if apart <= APART:
        return ok(check, f"At most {max(apart.total_seconds(), 1):.0f} s apart from {system}'s.")
    detail = f"This clock is {apart.total_seconds():.0f} s apart from {system}'s: signatures will be refused."
    return fail(check, detail, SET_CLOCKS)
