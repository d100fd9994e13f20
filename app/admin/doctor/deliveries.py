"""Whether deliveries arrive. A signing secret cannot be read back, so the proof is an event whose signature fitted.

What was stored did fit; what Stripe could not deliver did not, or never reached us. Which of the two it was the
receiver has counted, if it runs on this machine: its `/metrics` tell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
from sqlalchemy import func, select

from app.admin.doctor.findings import Finding, fail, listed, ok, warn
from app.core.inbox import Event
from app.db import Database
from app.settings import Settings
from app.systems.stripe.endpoints import Endpoint

PATIENCE = 2.0
REFUSED = re.compile(r'^events_received_total\{([^}]*answer="bad_signature"[^}]*)\} ([0-9.e+]+)', re.MULTILINE)


@dataclass(frozen=True)
class Arrived:
    external_id: str
    at: datetime


def last_verified(database: Database, source: str, account: str, since: datetime) -> Arrived | None:
    """The newest event that was delivered; those that a sweep found have no body and prove nothing."""
    asked = select(Event.external_id, Event.received_at).where(
        Event.source == source, Event.account == account, Event.received_at >= since, func.length(Event.body) > 0
    )
    with database.session_scope() as session:
        row = session.execute(asked.order_by(Event.received_at.desc()).limit(1)).first()
    return Arrived(row[0], row[1]) if row else None


def finding(
    check: str,
    variable: str,
    arrived: Arrived | None,
    waiting: Sequence[str] | None,
    ours: Endpoint,
    settings: Settings,
) -> Finding:
    """`waiting`: wanted events that Stripe could not deliver since; None when the key may not list events."""
    if waiting:
        return _failing(check, variable, arrived, waiting, ours, settings)
    if arrived:
        return ok(check, f"{arrived.external_id} came {_time(arrived.at)} with a signature that fits.")
    cannot = " The key may not list events, so what failed is not known." if waiting is None else ""
    detail = f"Not proven yet: no event has been delivered since {ours.id} was made ({_time(ours.created)}).{cannot}"
    action = "Change a customer in Stripe: within seconds it is in `tieout events`. If not, compare the signing secret."
    return warn(check, detail, action)


def _failing(
    check: str,
    variable: str,
    arrived: Arrived | None,
    waiting: Sequence[str],
    ours: Endpoint,
    settings: Settings,
) -> Finding:
    if arrived:
        since = f"{arrived.external_id} ({_time(arrived.at)})"
        detail = f"{len(waiting)} event(s) since {since} are not delivered to every endpoint: {listed(waiting, 3)}."
        return warn(check, detail, "See the deliveries in Stripe's Dashboard; Stripe goes on trying for three days.")
    detail = f"None of the {len(waiting)} event(s) since {ours.id} was made could be delivered: {listed(waiting, 3)}."
    secret = f"Put the signing secret of {ours.id}, from Stripe's Dashboard, into {variable}__WEBHOOK_SECRETS"
    refused = refused_signatures(settings, "stripe", variable.removeprefix("STRIPE__").lower())
    if refused:
        detail += f" Tieout has refused {refused} for their signature since it was started."
        return fail(check, detail, f"{secret}, and restart.")
    if refused == 0:
        detail += " Tieout has refused none for its signature since it was started."
        return fail(check, detail, f"Let Stripe reach {ours.url}. If it does: {secret[0].lower()}{secret[1:]}.")
    detail += " Whether they came this far is not known: no Tieout answers on this machine."
    return fail(check, detail, f"{secret}, let Stripe reach {ours.url}, and let `tieout up` run.")


def refused_signatures(settings: Settings, source: str, account: str) -> int | None:
    """As the receiver on this machine has counted since its start; None when none answers."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104
    try:
        answer = httpx.get(f"http://{host}:{settings.port}/metrics", timeout=PATIENCE, trust_env=False)
    except httpx.HTTPError:
        return None
    if not answer.is_success or "events_received_total" not in answer.text:
        return None
    wanted = (f'source="{source}"', f'account="{account}"')
    counts = (float(count) for labels, count in REFUSED.findall(answer.text) if all(one in labels for one in wanted))
    return round(sum(counts))


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
