"""Which flows does an event concern? One run per listening flow; or ignored by name; or unknown, and shown as such."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import select, update

from app.core import config as configuration
from app.core.broker import Broker
from app.core.config import Config
from app.core.flow import Catalogue
from app.core.inbox import Event
from app.core.interfaces import Clock
from app.core.runs import Queued, Want, enqueue
from app.db import Database

log = structlog.get_logger()
UNSENT = Counter("runs_unsent", "Runs that the broker did not take; the retry table sends them again")
DISPATCHED = Counter("events_dispatched", "Events by what became of them", ["source", "outcome"])


@dataclass(frozen=True)
class Modes:
    """Which Stripe accounts are live, and whether the ledger is: test objects never reach a live ledger."""

    stripe: dict[str, bool]
    netsuite_live: bool

    def refusal(self, account: str) -> str | None:
        if self.netsuite_live and not self.stripe.get(account, True):
            return f"Stripe account {account!r} is in test mode, but the NetSuite ledger is a live one."
        return None


@dataclass(frozen=True)
class Verdict:
    """What becomes of one event."""

    event_id: int
    outcome: str  # dispatched | ignored | unknown | refused
    reason: str
    wants: tuple[Want, ...] = ()


class Dispatcher:
    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        modes: Modes,
        clock: Clock,
        broker: Broker,
        *,
        resend_after: timedelta,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._modes = modes
        self._clock = clock
        self._broker = broker
        self._resend_after = resend_after

    def dispatch(self, event_ids: Sequence[int]) -> int:
        """Make the runs for these events, in one transaction, then send them. Events already dispatched are left.

        Returns how many events were dispatched now.
        """
        with self._database.session_scope() as session:
            events = session.scalars(
                select(Event)
                .where(Event.id.in_(event_ids), Event.dispatched_at.is_(None))
                .order_by(Event.id)
                .with_for_update(skip_locked=True)
            ).all()
            chosen = configuration.current(session)
            verdicts = [self.verdict(event, chosen) for event in events]
            wants = [want for verdict in verdicts for want in verdict.wants]
            queued = enqueue(session, wants, now=self._clock.now(), resend_after=self._resend_after)
            if verdicts:
                session.execute(
                    update(Event),
                    [
                        {"id": v.event_id, "outcome": v.outcome, "reason": v.reason, "dispatched_at": self._clock.now()}
                        for v in verdicts
                    ],
                )
        for event, verdict in zip(events, verdicts, strict=True):
            DISPATCHED.labels(event.source, verdict.outcome).inc()
        send_all(self._broker, self._catalogue, queued)
        return len(verdicts)

    def verdict(self, event: Event, chosen: Config) -> Verdict:
        listening = self._catalogue.listening(event.source, event.type)
        if not listening:
            return self._nobody(event)
        enabled = [flow for flow in listening if chosen.is_enabled(flow)]
        if not enabled:
            names = ", ".join(flow.key for flow in listening)
            return Verdict(event.id, "ignored", f"The flows that listen to it are switched off: {names}.")
        if event.object_id is None:
            return Verdict(event.id, "ignored", "The event names no object, so there is nothing to fetch.")
        accounts = [event.account] if event.source == "stripe" else sorted(self._modes.stripe)
        refusals = [reason for account in accounts if (reason := self._modes.refusal(account))]
        if len(refusals) == len(accounts):
            reason = refusals[0] if refusals else "No Stripe account is configured."
            return Verdict(event.id, "refused", reason)
        wants = tuple(
            Want(flow.key, account, event.object_id, "event", event.id)
            for flow in enabled
            for account in accounts
            if not self._modes.refusal(account)
        )
        return Verdict(event.id, "dispatched", ", ".join(flow.key for flow in enabled), wants)

    def _nobody(self, event: Event) -> Verdict:
        reason = self._catalogue.ignored.get(event.type)
        if reason is not None:
            return Verdict(event.id, "ignored", reason)
        return Verdict(
            event.id, "unknown", f"No flow listens to {event.type}, and it is not known to be uninteresting."
        )


def send_all(broker: Broker, catalogue: Catalogue, queued: Iterable[Queued]) -> None:
    """After the commit. A broker that is away is only noted: each run has a retry booked that sends it again."""
    for run in queued:
        try:
            broker.send_run(run.run_id, catalogue[run.flow].queue)
        except Exception as error:
            log.warning("broker.refused", run=run.run_id, error=type(error).__name__)
            UNSENT.inc()
            return
