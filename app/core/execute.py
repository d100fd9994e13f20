"""One run: claim, lock, fetch, when, push, record the outcome. Safe to repeat at any point."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog
from opentelemetry import trace
from prometheus_client import Counter, Histogram
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core import config as configuration
from app.core import issues, retries, runs, search
from app.core.attempts import Attempt
from app.core.backoff import delay, exhausted
from app.core.broker import Broker
from app.core.config import Config
from app.core.dispatch import Modes, send_all
from app.core.exchanges import Exchange, Record
from app.core.flow import AnyFlow, Catalogue
from app.core.interfaces import Clock, Ledger, NetSuite, PublicLinks, Stripe
from app.core.kept_payouts import StoredPayouts
from app.core.links import StoredLinks
from app.core.locks import Busy, SubjectLocks, subject_locks
from app.core.mapping import ruled
from app.core.runs import Queued, Run, Want
from app.db import Database
from app.errors import Held, LinkMissing, Permanent, Rejected, Retryable, Skipped, TieoutError, Unmapped

log = structlog.get_logger()
tracer = trace.get_tracer("tieout")
ATTEMPTS = Counter("attempts_finished", "Attempts by flow and outcome", ["flow", "outcome"])
SECONDS = Histogram("attempt_seconds", "How long an attempt took", ["flow"])
CALLS = Counter("api_calls", "Calls to the other systems by flow", ["flow", "system"])

RESEND_AFTER = timedelta(seconds=60)
"""A run that waits for a worker is sent again after this: the broker may have lost the message."""
POSTPONE = timedelta(seconds=2)
ABANDONED_AFTER = timedelta(seconds=15)
"""Much longer than a worker takes from claiming a run to holding its lock."""


class Counted(Protocol):
    @property
    def calls(self) -> int:
        """How many HTTP requests this run has made."""


class CountedStripe(Stripe, Counted, Protocol): ...


class CountedNetSuite(NetSuite, Counted, Protocol): ...


class Systems(Protocol):
    """Opens the two systems for one run; every call is told to `record`."""

    def stripe(self, account: str, record: Record, *, until: datetime | None = None) -> CountedStripe:
        """`until`: its listings end before that time."""

    def netsuite(self, record: Record) -> CountedNetSuite: ...


@dataclass
class Outcome:
    """How an attempt ended."""

    state: str
    summary: str
    error_class: str | None = None
    error_code: str | None = None
    detail: str | None = None
    action: str | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)
    retry_after: timedelta | None = None
    waits_for: LinkMissing | None = None
    setting: str = ""
    """The setting that is missing, or the field that was refused."""


@dataclass
class Attempted:
    """What one attempt left behind besides its outcome."""

    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: list[dict[str, str]] = field(default_factory=list)
    considered: list[dict[str, Any]] = field(default_factory=list)
    stripe_calls: int = 0
    netsuite_calls: int = 0
    source: object = None


@dataclass(frozen=True)
class Claimed:
    run: Run
    flow: AnyFlow
    config: Config
    attempt_id: int


class Executor:
    """Carries out runs for one process; holds no state of its own between them."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        systems: Systems,
        modes: Modes,
        clock: Clock,
        broker: Broker,
        *,
        public: PublicLinks,
        time_limit: timedelta,
    ) -> None:
        self.database = database
        self.catalogue = catalogue
        self.systems = systems
        self.modes = modes
        self.clock = clock
        self.broker = broker
        self.public = public
        self.time_limit = time_limit
        self._random = random.Random()  # noqa: S311  (jitter, not a secret)

    # one run -------------------------------------------------------------------------------------------------

    def run(self, run_id: int) -> str | None:
        """Try it once; returns the state it is in afterwards, None when it was not ours to try."""
        claimed = self._claim(run_id)
        if claimed is None:
            return None
        started = time.perf_counter()
        attempted = Attempted()
        try:
            with tracer.start_as_current_span(claimed.flow.key) as span, subject_locks(self.database) as locks:
                span.set_attributes(_ids(claimed.run))
                outcome = self._carry(claimed, locks, attempted)
                span.set_attribute("tieout.outcome", outcome.state)
        except Busy:
            self._postpone(claimed)
            return "queued"
        SECONDS.labels(claimed.flow.key).observe(time.perf_counter() - started)
        state, to_send = self._finish(claimed, outcome, attempted)
        self._tell(claimed, outcome, attempted, time.perf_counter() - started)
        send_all(self.broker, self.catalogue, to_send)
        return state

    def _claim(self, run_id: int) -> Claimed | None:
        """Book the next try before making this one, so that a killed worker needs no detector."""
        now = self.clock.now()
        with self.database.session_scope() as session:
            run = runs.claim(session, run_id)
            if run is None:
                return None
            chosen = configuration.current(session)
            flow = self.catalogue[run.flow]
            if chosen.is_paused(flow) and run.cause not in ("demand", "replay"):
                runs.put_back(session, run.id, state="queued", count_try=False)
                retries.book(session, run.id, now + timedelta(minutes=1), retries.PAUSED)
                return None
            retries.book(session, run.id, now + self.time_limit * 1.5, retries.IN_FLIGHT)
            version = chosen.version or None
            attempt = Attempt(run_id=run.id, flow=run.flow, number=run.tries, config_version=version, started_at=now)
            session.add(attempt)
            session.flush()
            return Claimed(run, flow, chosen, attempt.id)

    def _carry(self, claimed: Claimed, locks: SubjectLocks, attempted: Attempted) -> Outcome:
        with translating() as said:
            refusal = self.modes.refusal(claimed.run.account)
            if refusal:
                raise Held(refusal, code="test_mode", action="Connect a live Stripe key or a NetSuite sandbox account.")
            locks.take(runs.lock_name(claimed.run.account, claimed.run.subject))
            ledger = ruled(self._ledger(claimed, attempted), claimed.flow.key)
            try:
                source = attempted.source = claimed.flow.reads(ledger, claimed.run.subject)
                root = claimed.flow.root_of(source)
                if root is not None and root != claimed.run.subject:
                    locks.take(runs.lock_name(claimed.run.account, root))
                    source = claimed.flow.reads(ledger, claimed.run.subject)
                claimed.flow.carry(source, ledger)
            finally:
                self._count(ledger, attempted)
            said.append(Outcome("succeeded", _success(attempted)))
        return said[-1]

    def _ledger(self, claimed: Claimed, attempted: Attempted) -> Ledger[Any]:
        record = attempted.exchanges.append
        return Ledger(
            account=claimed.run.account,
            stripe=self.systems.stripe(claimed.run.account, record),
            netsuite=self.systems.netsuite(record),
            links=StoredLinks(self.database, claimed.run.account),
            clock=self.clock,
            options=claimed.config.options_for(claimed.flow),
            config=claimed.config,
            public=self.public,
            payouts=StoredPayouts(self.database, claimed.run.account),
            notes=attempted.notes,
            considered=attempted.considered,
            why_skipped=partial(self._why_skipped, claimed),
        )

    def _count(self, ledger: Ledger[Any], attempted: Attempted) -> None:
        attempted.stripe_calls = getattr(ledger.stripe, "calls", 0)
        attempted.netsuite_calls = getattr(ledger.netsuite, "calls", 0)
        attempted.records = list(getattr(ledger.links, "written", []))

    def _postpone(self, claimed: Claimed) -> None:
        with self.database.session_scope() as session:
            runs.put_back(session, claimed.run.id, state="queued", count_try=False)
            retries.book(session, claimed.run.id, self.clock.now() + POSTPONE, "another run holds the object")
            session.execute(
                update(Attempt)
                .where(Attempt.id == claimed.attempt_id)
                .values(outcome="postponed", summary="Another run holds the object.", finished_at=self.clock.now())
            )

    # the outcome ---------------------------------------------------------------------------------------------

    def _finish(self, claimed: Claimed, outcome: Outcome, attempted: Attempted) -> tuple[str, list[Queued]]:
        if outcome.error_code == "echo" and claimed.run.records:
            # its own write came back as an event while it ran, so it went round once more
            outcome.state, outcome.error_code = "succeeded", None
            outcome.summary = claimed.run.summary or outcome.summary
        with self.database.session_scope() as session:
            to_send = self._settle_dependency(session, claimed, outcome)
            self._book(session, claimed, outcome)
            state = runs.close(session, claimed.run, outcome.state, self._values(claimed, outcome, attempted))
            if state == "queued":
                runs.book_queued(session, [claimed.run.id], due_at=self.clock.now() + RESEND_AFTER)
                to_send.append(Queued(claimed.run.id, claimed.flow.key))
            else:
                to_send += self._tell_waiting(session, claimed, state, outcome)
                issues.follow(
                    session, claimed.run, claimed.flow.title, state, outcome, claimed.config, self.clock.now()
                )
            self._write_attempt(session, claimed, outcome, attempted)
            self._make_findable(session, claimed, attempted)
        return state, to_send

    def _book(self, session: Session, claimed: Claimed, outcome: Outcome) -> None:
        """Retrying: when. Out of tries: buried. Everything else: nothing is tried any more."""
        if outcome.state != "retrying":
            retries.settle(session, claimed.run.id)
            return
        backoff = claimed.config.retries.for_class(outcome.error_class or "default")
        if exhausted(claimed.run.tries, backoff):
            outcome.state = "dead"
            outcome.summary = f"Given up after {claimed.run.tries} tries. {outcome.summary}"
            retries.settle(session, claimed.run.id)
            return
        wait = delay(claimed.run.tries, backoff, jitter=self._random.random(), retry_after=outcome.retry_after)
        retries.book(session, claimed.run.id, self.clock.now() + wait, outcome.error_class or "retry")

    def _settle_dependency(self, session: Session, claimed: Claimed, outcome: Outcome) -> list[Queued]:
        """LinkMissing: queue the flows that bring the missing objects over, all at once; this run waits for one.

        Woken, it says what still lacks, and waits for that.
        """
        missing = outcome.waits_for
        if missing is None:
            return []
        wants = [self._want(claimed, missing.source, role, subject) for role, subject in missing.wanted]
        orphans = [subject for (_, subject), want in zip(missing.wanted, wants, strict=True) if want is None]
        found = list(dict.fromkeys(want for want in wants if want))
        skipped = _skipped_meanwhile(session, claimed, found)
        if orphans:
            outcome.state, outcome.error_class = "held", "held"
            outcome.action = f"Link {_several(orphans)} to its NetSuite record by hand, then replay."
        elif skipped:
            outcome.state, outcome.error_class = "held", "held"
            outcome.summary = " ".join(f"{run.subject} was skipped by its own flow: {run.summary}" for run in skipped)
            outcome.action = "Link it by hand or change the setting that skipped it, then replay."
        else:
            return self._wait_for(session, claimed, outcome, found)
        return []

    def _want(self, claimed: Claimed, source: str, role: str, subject: str) -> Want | None:
        maker = self.catalogue.maker(source, role, subject)
        run = claimed.run
        return Want(maker.key, run.account, subject, "dependency", run.event_id) if maker else None

    def _wait_for(self, session: Session, claimed: Claimed, outcome: Outcome, wants: list[Want]) -> list[Queued]:
        queued = runs.enqueue(session, wants, now=self.clock.now(), resend_after=RESEND_AFTER)
        last = max(_open_run(session, want) for want in wants)
        outcome.detail = ", ".join(want.subject for want in wants)
        session.execute(update(Run).where(Run.id == claimed.run.id).values(waits_for=last))
        return queued

    def _why_skipped(self, claimed: Claimed, role: str, subject: str) -> str | None:
        want = self._want(claimed, claimed.flow.source, role, subject)
        with self.database.session_scope() as session:
            found = _skipped_meanwhile(session, claimed, [want] if want else [])
            return found[0].summary if found else None

    def _tell_waiting(self, session: Session, claimed: Claimed, state: str, outcome: Outcome) -> list[Queued]:
        run = claimed.run
        if state in ("succeeded", "skipped"):
            return runs.wake_waiting(session, run.id, now=self.clock.now(), resend_after=RESEND_AFTER)
        if state in ("held", "dead"):
            runs.hold_waiting(session, run.id, f"Waits for {run.subject}: {outcome.summary}", outcome.action)
        return []

    def _values(self, claimed: Claimed, outcome: Outcome, attempted: Attempted) -> dict[str, Any]:
        values: dict[str, Any] = {
            "summary": outcome.summary,
            "error_class": outcome.error_class,
            "error_code": outcome.error_code,
            "action": outcome.action,
            "candidates": [*outcome.candidates, *(attempted.considered or _decided(claimed.run))],
            "notes": attempted.notes,
            "stripe_calls": attempted.stripe_calls,
            "netsuite_calls": attempted.netsuite_calls,
        }
        if attempted.records:
            values["records"] = attempted.records
        told = asdict(search.about(attempted.source))
        return values | {name: value for name, value in told.items() if value not in (None, "")}

    def _write_attempt(self, session: Session, claimed: Claimed, outcome: Outcome, attempted: Attempted) -> None:
        session.execute(
            update(Attempt)
            .where(Attempt.id == claimed.attempt_id)
            .values(
                finished_at=self.clock.now(),
                outcome=outcome.state,
                summary=outcome.summary,
                error_class=outcome.error_class,
                error_code=outcome.error_code,
                detail=outcome.detail,
                notes=attempted.notes,
                exchanges=[exchange.as_json() for exchange in attempted.exchanges],
            )
        )

    def _make_findable(self, session: Session, claimed: Claimed, attempted: Attempted) -> None:
        """The words by which it can be found."""
        run, source = claimed.run, attempted.source
        words = search.terms(run.subject, source, search.about(source), attempted.records, attempted.exchanges)
        search.keep(session, run.id, words)

    def _tell(self, claimed: Claimed, outcome: Outcome, attempted: Attempted, seconds: float) -> None:
        ATTEMPTS.labels(claimed.flow.key, outcome.state).inc()
        CALLS.labels(claimed.flow.key, "stripe").inc(attempted.stripe_calls)
        CALLS.labels(claimed.flow.key, "netsuite").inc(attempted.netsuite_calls)
        log.info(
            "attempt.finished",
            flow=claimed.flow.key,
            run=claimed.run.id,
            attempt=claimed.run.tries,
            account=claimed.run.account,
            subject=claimed.run.subject,
            event_id=claimed.run.event_id,
            outcome=outcome.state,
            code=outcome.error_code,
            milliseconds=round(seconds * 1000),
        )

    # what is due ---------------------------------------------------------------------------------------------

    def replay_due(self, limit: int = 500) -> int:
        """Send again what was never carried out; returns how many. A run still `running` lost its worker.

        Runs that failed are replayed by flow `retry_errors`.
        """
        now = self.clock.now()
        with self.database.session_scope() as session:
            retries.make_due(session, runs.abandoned(session, older_than=ABANDONED_AFTER), now)
            rows = retries.due(session, now, limit)
            sendable = []
            for row in rows:
                run = session.get(Run, row.run_id)
                if run is None or run.state not in ("queued", "running", "retrying"):
                    session.delete(row)
                    continue
                if run.state == "running":
                    run.state, run.summary = "retrying", "The worker that tried it went away; it is tried again."
                row.due_at = now + RESEND_AFTER * (5 if row.reason == retries.SENT_AGAIN else 1)
                row.reason = retries.SENT_AGAIN
                sendable.append(Queued(run.id, run.flow))
        send_all(self.broker, self.catalogue, sendable)
        return len(sendable)


@contextmanager
def translating() -> "Iterator[list[Outcome]]":
    """Whatever is raised inside becomes an Outcome; only a lost database and a busy object pass through."""
    said: list[Outcome] = []
    try:
        yield said
    except (OperationalError, Busy):
        raise
    except Exception as error:
        said.append(outcome_of(error))


def outcome_of(error: Exception) -> Outcome:
    """The exception tree as states: one place that knows."""
    match error:
        case Skipped():
            return Outcome("skipped", error.sentence, error_code=error.code)
        case LinkMissing():
            return Outcome("retrying", error.sentence, "link_missing", error.code, waits_for=error)
        case Held():
            candidates: list[dict[str, Any]] = [candidate.told() for candidate in error.candidates]
            about = error.setting if isinstance(error, Unmapped) else ""
            return Outcome(
                "held", error.sentence, "held", error.code, error.detail, error.action, candidates, setting=about
            )
        case Retryable():
            name = _class_name(error)
            return Outcome("retrying", error.sentence, name, error.code, error.detail, retry_after=error.retry_after)
        case Permanent():
            about = next(iter(sorted(error.fields)), "") if isinstance(error, Rejected) else ""
            return Outcome("dead", error.sentence, "permanent", error.code, error.detail, setting=about)
        case TieoutError():
            return Outcome("dead", error.sentence, "permanent", error.code, error.detail)
    log.error("attempt.failed_unexpectedly", error=repr(error), exc_info=error)
    sentence = "Something unforeseen went wrong inside Tieout; it is tried again."
    return Outcome("retrying", sentence, "default", type(error).__name__, detail=repr(error)[:500])


def _ids(run: Run) -> dict[str, str | int]:
    ids: dict[str, str | int] = {"tieout.run": run.id, "tieout.attempt": run.tries, "tieout.account": run.account}
    event = {"tieout.event": run.event_id} if run.event_id is not None else {}
    return {**ids, **event, "tieout.subject": run.subject}


def _class_name(error: Retryable) -> str:
    """The settings name of the class: `throttled`, `not_ready` ..., that of the nearest class which names itself."""
    return next(str(kind.__dict__["code"]) for kind in type(error).__mro__ if "code" in kind.__dict__)


def _success(attempted: Attempted) -> str:
    if not attempted.records:
        return "Done."
    return "Wrote " + ", ".join(f"{record['type']} {record['id']}" for record in attempted.records) + "."


def _decided(run: Run) -> list[dict[str, Any]]:
    """What an earlier try of the run has found out about whom it is about: once linked, nobody is asked again."""
    return [one for one in run.candidates if "verdict" in one]


def _open_run(session: Session, want: Want) -> int:
    found: int = (
        session.query(Run.id)
        .filter(
            Run.flow == want.flow, Run.account == want.account, Run.subject == want.subject, Run.state.in_(runs.OPEN)
        )
        .scalar()
    )
    return found


SHOWN = 20


def _skipped_meanwhile(session: Session, claimed: Claimed, wants: Sequence[Want]) -> list[Run]:
    """Those whose own flow has skipped them after this run had asked for them, and those that a person dismissed.

    After a replay by a person the skipped ones are asked for anew: a setting may have been changed.
    """
    asked = _asked_for(session, claimed)
    latest = [run for run in (_latest_run(session, want) for want in wants) if run]
    return [run for run in latest if run.state == "dismissed" or (run.state == "skipped" and run.subject in asked)]


def _asked_for(session: Session, claimed: Claimed) -> set[str]:
    """What the try before this one found missing."""
    before = select(Attempt).where(Attempt.run_id == claimed.run.id, Attempt.id < claimed.attempt_id)
    before = before.where(Attempt.outcome.is_distinct_from("postponed")).order_by(Attempt.id.desc()).limit(1)
    last = session.scalars(before).first()
    if last is None or (last.outcome, last.error_class) != ("retrying", "link_missing"):
        return set()
    return set((last.detail or "").split(", "))


def _latest_run(session: Session, want: Want) -> Run | None:
    same = (Run.flow == want.flow, Run.account == want.account, Run.subject == want.subject)
    return session.scalars(select(Run).where(*same).order_by(Run.id.desc()).limit(1)).first()


def _several(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
