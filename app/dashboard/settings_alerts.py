"""Settings, Alerts: who is told of what, whether it arrives, and what was told."""

from typing import Annotated, Any, Literal

from fastapi import Form, Query
from fastapi.responses import Response
from pydantic import Field

from app.admin import addresses, decisions, queries
from app.admin.actions import Impossible
from app.admin.models import HIGHEST, AlertOut
from app.admin.queries import Slice
from app.core import alert_rows
from app.core import config as configuration
from app.core.config import Alerts
from app.dashboard.access import Operator, Viewer
from app.dashboard.pages import Asked, go_to, page, pages

router = pages(prefix="/settings/alerts")
KINDS = {
    "issue_opened": "An issue came up, or came back",
    "dead_letter": "Records were given up",
    "oldest_unposted": "A record has waited too long",
    "completeness_gap": "A day does not add up",
}
STATES = ("queued", "sent", "failed")
SHOWN = 25


class AlertsAsked(Asked):
    kind: Literal["issue_opened", "dead_letter", "oldest_unposted", "completeness_gap", "test"] | None = None
    state: Literal["queued", "sent", "failed"] | None = None
    receiver: Literal["email", "slack", "webhook"] | None = None
    before: int | None = Field(None, ge=1, le=HIGHEST)


@router.get("")
def alerts(visit: Viewer, asked: Annotated[AlertsAsked, Query()]) -> Response:
    receivers = addresses.receivers(visit.parts.settings)
    names = [one.name for one in receivers if one.configured]
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session).alerts
        part = Slice(SHOWN, asked.before)
        sent = queries.alerts(session, part, kind=asked.kind, state=asked.state, receiver=asked.receiver)
    told = {kind: alert_rows.audience(chosen, kind, names) for kind in KINDS}
    facts: dict[str, Any] = {"receivers": receivers, "chosen": chosen, "told": told, "kinds": KINDS, "states": STATES}
    return page(visit, "settings/alerts.html", sent=sent, asked=asked, rules=rules(chosen), **facts)


@router.post("/test")
def try_out(visit: Operator, receiver: Annotated[str, Form(max_length=20)] = "") -> Response:
    """By the real sender, here and now."""
    try:
        sent = decisions.send_test(visit.parts, receiver or None, actor=visit.caller.name)
    except Impossible as reason:
        return go_to(visit, "/settings/alerts", str(reason), tone="bad")
    tone: Literal["good", "bad"] = "good" if all(one.state == "sent" for one in sent) else "bad"
    return go_to(visit, "/settings/alerts", " ".join(outcome(one) for one in sent), tone=tone)


def outcome(one: AlertOut) -> str:
    if one.state == "sent":
        return f"{one.receiver} took the test: {one.answer or 'no answer'}."
    return f"{one.receiver} did not take the test: {(one.last_error or 'no reason given').rstrip('.')}."


def rules(chosen: Alerts) -> list[str]:
    """When alerts are sent, in sentences."""
    quiet = chosen.quiet_hours
    hours = f"From {quiet.start} to {quiet.end} ({quiet.time_zone}) they wait until the end." if quiet else ""
    days = chosen.completeness_days
    return [
        f"At most one about the same thing in {chosen.again_after_hours} hours.",
        f"A record has waited too long after {chosen.oldest_hours} hours.",
        f"The last {days} days are counted against Stripe's own list." if days else "Days are not counted (`0` days).",
        hours or "There are no quiet hours.",
    ]
