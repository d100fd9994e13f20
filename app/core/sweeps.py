"""Sweeps: scheduled looks for what was missed. They give ids, and ids enter where events do."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import completeness, completeness_rows, tie_out
from app.core import config as configuration
from app.core.completeness import Day
from app.core.config import Config
from app.core.dispatch import send_all
from app.core.execute import RESEND_AFTER, Executor
from app.core.flow import AnyFlow
from app.core.inbox import Arrival, receive
from app.core.interfaces import Ledger
from app.core.links import StoredLinks
from app.core.runs import Run, Want, enqueue
from app.core.tables import Cursor
from app.core.tie_out import TieOut
from app.errors import TieoutError

if TYPE_CHECKING:
    from app.systems.stripe.objects import EventHead

log = structlog.get_logger()
OVERLAP = timedelta(minutes=10)
"""A sweep looks back this far behind its cursor: created and last-modified times are coarse, and writes are slow."""
FIRST_LOOK = timedelta(days=30)
EVENTS_EVERY = timedelta(minutes=10)
BATCH = 500


class Sweeper:
    """Uses the executor's parts; one sweep is one (flow, account)."""

    def __init__(self, executor: Executor) -> None:
        self._x = executor

    def due(self) -> list[tuple[str, str]]:
        """(flow, account) pairs whose interval has passed; flow `inbox` compares the inbox with Stripe's events.

        Each is given out once an interval: a sweep that takes longer is not started twice.
        """
        now = self._x.clock.now()
        with self._x.database.session_scope() as session:
            chosen = configuration.current(session)
            last = {row.name: row.last_run_at for row in session.scalars(select(Cursor))}
        wanted: list[tuple[str, str]] = []
        for account in sorted(self._x.modes.stripe):
            if self._x.modes.refusal(account):
                continue
            for flow in self._x.catalogue.values():
                every = chosen.interval_of(flow)
                if flow.sweep and every and chosen.is_enabled(flow) and not chosen.is_paused(flow):
                    wanted += _if_due(flow.key, account, every, last, now)
            wanted += _if_due("inbox", account, EVENTS_EVERY, last, now)
        for flow_key, account in wanted:
            self._write_cursor(flow_key, account, {"last_run_at": now})
        return wanted

    def sweep(self, flow_key: str, account: str, *, since: datetime | None = None) -> int:
        """Look once; returns how many subjects were found. A failed look leaves the cursor where it was."""
        if flow_key == "inbox":
            return self._sweep_events(account)
        flow = self._x.catalogue[flow_key]
        if flow.sweep is None:
            raise ValueError(f"{flow_key} has no sweep")
        with self._x.database.session_scope() as session:
            chosen = configuration.current(session)
            start = since or self._since(session, flow_key, account, chosen)
        began = self._x.clock.now()
        ledger = self._ledger(flow, account, chosen)
        found = self._enqueue(flow, account, flow.sweep.ids(ledger, start))
        self._remember(flow_key, account, began, found)
        log.info("sweep.finished", flow=flow_key, account=account, found=found)
        return found

    def back_fill(
        self, flow_key: str, account: str, since: datetime, until: datetime, *, job: int, dry_run: bool
    ) -> Mapping[str, int]:
        """What there was between two times: how many were `found`, and of those `new`, which no run had seen.

        The cursor stays where it is. A dry run queues nothing.
        """
        flow = self._x.catalogue[flow_key]
        if flow.sweep is None:
            raise ValueError(f"{flow_key} has no sweep")
        with self._x.database.session_scope() as session:
            chosen = configuration.current(session)
        ledger = self._ledger(flow, account, chosen, until=until)
        subjects, counted = flow.sweep.ids(ledger, since), Counter[str]()
        while batch := list(dict.fromkeys(islice(subjects, BATCH))):
            counted += self._filled(flow, account, batch, job=job, dry_run=dry_run)
        log.info("backfill.looked", flow=flow_key, account=account, since=str(since), **counted)
        return counted

    def on_demand(self, flow_key: str, account: str, subjects: Iterable[str], *, cause: str = "demand") -> list[int]:
        """Ids a person gave; returns the run of each. Raises WrongId."""
        self._x.catalogue[flow_key].require(subjects := list(subjects))
        wants = [Want(flow_key, account, subject, cause) for subject in subjects]
        with self._x.database.session_scope() as session:
            queued = enqueue(session, wants, now=self._x.clock.now(), resend_after=RESEND_AFTER)
        send_all(self._x.broker, self._x.catalogue, queued)
        return [run.run_id for run in queued]

    def completeness(self) -> list[Day]:
        """Every account's last days (`alerts.completeness_days`), counted against Stripe's list of events, and kept.

        Those of this month that were never counted are, too; older ones only where something was missing or waiting.
        Raises anything of `app.errors`; what failed is kept with the account.
        """
        with self._x.database.session_scope() as session:
            chosen = configuration.current(session)
        if not chosen.alerts.completeness_days:
            return []
        found: list[Day] = []
        for account in tie_out.accounts_of(self._x.modes):
            try:
                found += self._counted(account, chosen)
            except TieoutError as error:
                completeness_rows.note(self._x.database, account, self._x.clock.now(), error.sentence)
                raise
        for day in found:
            log.info("day.counted", account=day.account, day=str(day.day), stored=day.stored, adds_up=day.adds_up)
        return found

    def _counted(self, account: str, chosen: Config) -> list[Day]:
        database, now = self._x.database, self._x.clock.now()
        start, end = completeness.window(now, chosen.alerts.completeness_days, chosen.start_date)
        this_month = (now.astimezone(UTC).date().replace(day=1), chosen.start_date or date.min)
        # Stripe lists the events of 30 days
        reach, _ = completeness.window(now, completeness.LONGEST.days - 2, max(this_month))
        with database.session_scope() as session:
            start = completeness_rows.begins(session, account, start, reach)
            since = (now - completeness.LONGEST).date()
            earlier = [row.counted() for row in completeness_rows.unsettled(session, account, start.date(), since)]
        listed = self._x.systems.stripe(account, _forget).events_since(start)
        found = completeness.count(database, account, listed, start, end)
        again = completeness.count_again(database, earlier)
        days = completeness_rows.every_day(account, found, start, end)
        completeness_rows.keep(database, [*again, *days], end, now)
        completeness_rows.note(database, account, now)
        return found

    def tie_out(self, account: str | None = None) -> list[TieOut]:
        """Compare Stripe's balance with NetSuite's accounts; the results are kept. Raises anything of `app.errors`."""
        return tie_out.measure(self._x, account)

    # parts ---------------------------------------------------------------------------------------------------

    def _since(self, session: Session, flow_key: str, account: str, chosen: Config) -> datetime:
        cursor = session.get(Cursor, _name(flow_key, account))
        if cursor is not None and cursor.at is not None:
            return cursor.at - OVERLAP
        if chosen.earliest_start is not None:
            return datetime.combine(chosen.earliest_start, datetime.min.time(), UTC)
        return self._x.clock.now() - FIRST_LOOK

    def _filled(self, flow: AnyFlow, account: str, batch: Sequence[str], *, job: int, dry_run: bool) -> "Counter[str]":
        known = (
            select(Run.subject).distinct().where(Run.flow == flow.key, Run.account == account, Run.subject.in_(batch))
        )
        with self._x.database.session_scope() as session:
            seen = set(session.scalars(known))
            wants = [] if dry_run else [Want(flow.key, account, subject, "sweep") for subject in batch]
            queued = enqueue(session, wants, now=self._x.clock.now(), resend_after=RESEND_AFTER)
            ids = [each.run_id for each in queued]
            session.execute(update(Run).where(Run.id.in_(ids)).values(job_id=job))
        send_all(self._x.broker, self._x.catalogue, queued)
        return Counter(found=len(batch), new=len(batch) - len(seen))

    def _ledger(self, flow: AnyFlow, account: str, chosen: Config, *, until: datetime | None = None) -> Ledger[object]:
        ending = {"until": until} if until else {}
        return Ledger(
            account=account,
            stripe=self._x.systems.stripe(account, _forget, **ending),
            netsuite=self._x.systems.netsuite(_forget),
            links=StoredLinks(self._x.database, account),
            clock=self._x.clock,
            options=chosen.options_for(flow),
            config=chosen,
            public=self._x.public,
            notes=[],
        )

    def _enqueue(self, flow: AnyFlow, account: str, subjects: Iterable[str]) -> int:
        """In batches, so that a large sweep neither holds one transaction nor fills the memory."""
        found, batch = 0, list[Want]()
        for subject in subjects:
            batch.append(Want(flow.key, account, subject, "sweep"))
            found += 1
            if len(batch) == BATCH:
                self._send(batch)
                batch = []
        self._send(batch)
        return found

    def _send(self, batch: list[Want]) -> None:
        with self._x.database.session_scope() as session:
            queued = enqueue(session, batch, now=self._x.clock.now(), resend_after=RESEND_AFTER)
        send_all(self._x.broker, self._x.catalogue, queued)

    def _sweep_events(self, account: str) -> int:
        """Stripe's own list of events against the inbox: what is missing is stored as if it had arrived."""
        with self._x.database.session_scope() as session:
            start = self._since(session, "inbox", account, configuration.current(session))
        began = self._x.clock.now()
        stripe = self._x.systems.stripe(account, _forget)
        missing: list[int] = []
        arrivals = (_arrival(head, account, stripe.livemode) for head in stripe.events_since(start))
        while batch := list(islice(arrivals, BATCH)):
            with self._x.database.session_scope() as session:
                missing += receive(session, batch)
        if missing:
            self._x.broker.send_dispatch(missing)
        self._remember("inbox", account, began, len(missing))
        log.info("sweep.finished", flow="inbox", account=account, found=len(missing))
        return len(missing)

    def _remember(self, flow_key: str, account: str, began: datetime, found: int) -> None:
        self._write_cursor(flow_key, account, {"at": began, "last_run_at": began, "found": found, "error": None})

    def _write_cursor(self, flow_key: str, account: str, values: dict[str, Any]) -> None:
        with self._x.database.session_scope() as session:
            statement = insert(Cursor).values(name=_name(flow_key, account), **values)
            session.execute(statement.on_conflict_do_update(index_elements=[Cursor.name], set_=values))


def _arrival(head: "EventHead", account: str, livemode: bool) -> Arrival:
    return Arrival(
        source="stripe",
        account=account,
        external_id=head.id,
        type=head.type,
        object_id=head.object_id,
        object_type=None,
        api_version=None,
        livemode=livemode,
        occurred_at=head.created,
        headers=b'{"found-by": "sweep"}',
        body=b"",
    )


def _if_due(
    flow_key: str, account: str, every: timedelta, last: dict[str, datetime | None], now: datetime
) -> list[tuple[str, str]]:
    ran = last.get(_name(flow_key, account))
    return [(flow_key, account)] if ran is None or ran + every <= now else []


def _name(flow_key: str, account: str) -> str:
    return f"{flow_key}/{account}"


def _forget(_: object) -> None:
    """Sweeps only list; their exchanges belong to no run."""
