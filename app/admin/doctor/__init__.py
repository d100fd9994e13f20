"""`tieout doctor`: is everything there that a working installation needs, and if not, what to do.

It only reads: no request that it sends changes anything in either system. What it cannot look at it says so about.
"""

from collections.abc import Callable, Iterator

from app.admin.doctor import configured, ground, receivers
from app.admin.doctor.findings import Finding, Parts, guarded, ok
from app.admin.doctor.netsuite import NetSuiteLook
from app.admin.doctor.stripe import StripeLook
from app.core import config as configuration
from app.core.config import Config

__all__ = ["CALLS", "Finding", "Parts", "examine"]

CALLS = "calls"


def examine(parts: Parts, tell: Callable[[Finding], None] = lambda finding: None) -> list[Finding]:
    """Every finding, each told of as it is made."""
    found = []
    for finding in _findings(parts):
        found.append(finding)
        tell(finding)
    return found


def _findings(parts: Parts) -> Iterator[Finding]:
    base = list(ground.findings(parts))
    yield from base
    has_database = all(each.state == "ok" for each in base if each.check in ("database", "migrations"))
    yield from configured.settings(parts.settings)
    chosen = _chosen(parts) if has_database else None
    yield from configured.configuration(chosen, parts)
    yield from receivers.findings(parts.settings, chosen)
    calls = 0
    for name, account in parts.settings.stripe.items():
        look = StripeLook(name, account, parts, chosen)
        yield from guarded(f"stripe {name}", look.findings)
        calls += look.calls
    books = NetSuiteLook(parts, chosen, has_database=has_database)
    yield from guarded("netsuite", books.findings)
    yield ok(CALLS, f"{calls} calls to Stripe and {books.calls} to NetSuite were made for this; none of them writes.")


def _chosen(parts: Parts) -> Config | None:
    try:
        with parts.database.session_scope() as session:
            return configuration.current(session)
    except Exception:
        return None
