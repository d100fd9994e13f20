"""Where one can go: the pages of the side bar, the tabs of Settings, and what stands beside them."""

from dataclasses import dataclass

from app.dashboard.access import Visit

MANY = 99
"""More open issues than this are shown as 99+, so that counting them stays cheap."""


@dataclass(frozen=True)
class Entry:
    href: str
    label: str
    icon: str
    key: str = ""
    """`g` and then this key goes there."""
    scope: str = "read"


ENTRIES = (
    Entry("/", "Home", "home", "h"),
    Entry("/records", "Records", "list-details", "r"),
    Entry("/issues", "Issues", "alert-triangle", "i"),
    Entry("/payouts", "Payouts", "building-bank", "p"),
    Entry("/flows", "Flows", "route", "f"),
    Entry("/mapping", "Mapping", "arrows-exchange", "m"),
    Entry("/jobs", "Jobs", "stack-2", "j"),
    Entry("/settings", "Settings", "settings", "s"),
    Entry("/audit", "Audit", "history", "a"),
    Entry("/help", "Help", "help"),
)
SETTINGS = (
    Entry("/settings/profile", "Profile", "user"),
    Entry("/settings/users", "Users", "users", scope="admin"),
    Entry("/settings/tokens", "API tokens", "key", scope="admin"),
    Entry("/settings/connections", "Connections", "plug-connected"),
    Entry("/settings/alerts", "Alerts", "bell"),
    Entry("/settings/about", "About", "info-circle"),
)
"""The tabs of Settings; a page of its own for each."""


def entries(visit: Visit) -> list[Entry]:
    """Those that this installation serves."""
    served = visit.request.app.state.served
    return [entry for entry in ENTRIES if entry.href in served]


def settings_tabs(visit: Visit) -> list[Entry]:
    served = visit.request.app.state.served
    return [entry for entry in SETTINGS if entry.href in served and visit.may(entry.scope)]


def shown(count: int) -> str:
    return "" if not count else f"{MANY}+" if count > MANY else str(count)


def mode(visit: Visit) -> tuple[str, str]:
    """What this installation is connected to: (`demo`, `test` or `live`, the same in words)."""
    modes = visit.parts.modes
    if visit.parts.settings.demo:
        return "demo", "Demo: both systems are sandboxes on this machine"
    if modes.netsuite_live or any(modes.stripe.values()):
        return "live", "Live: real money and real books"
    return "test", "Test: no live account is connected"
