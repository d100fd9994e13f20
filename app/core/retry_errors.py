"""What flow `retry_errors` does: it replays the runs that failed and whose next try is due.

First sends, messages that the broker lost and runs of workers that died are not its business: those are sent again
whatever its switch says (`retries.due`). What it does not replay waits in the retry table; nothing is lost.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from prometheus_client import Counter
from pydantic import Field
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import config as configuration
from app.core import issues, retries, runs
from app.core.broker import Broker
from app.core.config import Config
from app.core.dispatch import send_all
from app.core.flow import AnyFlow, Catalogue, Options
from app.core.interfaces import Clock
from app.core.retries import IN_FLIGHT, SENT_AGAIN, Retry
from app.core.runs import Queued, Run
from app.core.tables import Cursor
from app.db import Database

KEY = "retry_errors"
TICK = timedelta(seconds=2)
"""How often beat asks; a schedule that is longer is kept by a cursor."""
RESEND_AFTER = timedelta(seconds=60)
CURSOR = f"{KEY}/*"
REPLAYED = Counter("retries_replayed", "Runs replayed by schedule, by flow", ["flow"])

ErrorClass = Literal[
    "throttled",
    "unavailable",
    "conflict",
    "outcome_unknown",
    "auth_failed",
    "not_ready",
    "link_missing",
    "retryable",
    "default",
]


class RetryOptions(Options):
    flows: tuple[str, ...] = Field(
        (), description="Flows whose errors are replayed; empty: all.", json_schema_extra={"names": "flows"}
    )
    except_flows: tuple[str, ...] = Field(
        (), description="Flows whose errors wait until a person replays them.", json_schema_extra={"names": "flows"}
    )
    error_classes: tuple[ErrorClass, ...] = Field(
        get_args(ErrorClass), description="Errors that are replayed; those of other classes wait for a person."
    )
    most_tries: int | None = Field(
        None, ge=1, description="Tries after which a run is given up, even where `retries` allows more."
    )
    per_hour: int | None = Field(None, ge=1, description="Most runs replayed within an hour; the others wait.")
    batch: int = Field(500, ge=1, le=5000, description="Most runs replayed at one look.")
    again_hours: int | None = Field(
        None, ge=1, description="Held and dead runs are tried again, too, each time so many hours have passed."
    )
    again_days: int = Field(7, ge=1, description="With `again_hours`: only runs that are younger than so many days.")

    def problems(self, flows: Collection[str]) -> dict[str, str]:
        """A name that is misspelt would leave errors waiting in silence."""
        named = {"flows": self.flows, "except_flows": self.except_flows}
        unknown = {option: [key for key in keys if key not in flows] for option, keys in named.items()}
        return {option: f"there is no flow {', '.join(keys)}" for option, keys in unknown.items() if keys}


class Parts(Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def broker(self) -> Broker: ...
    @property
    def clock(self) -> Clock: ...


def replay_due(parts: Parts) -> int:
    """One look; how many runs were replayed. Off or paused: none, and all of them wait."""
    now = parts.clock.now()
    with parts.database.session_scope() as session:
        queued = _look(session, configuration.current(session), parts.catalogue, now)
    for run in queued:
        REPLAYED.labels(run.flow).inc()
    send_all(parts.broker, parts.catalogue, queued)
    return len(queued)


def _look(session: Session, chosen: Config, catalogue: Catalogue, now: datetime) -> list[Queued]:
    flow = catalogue.get(KEY)
    if flow is None:
        return _replay(session, RetryOptions(), catalogue, now, RetryOptions().batch)
    options = chosen.options_for(flow)
    if not isinstance(options, RetryOptions) or not chosen.is_enabled(flow) or chosen.is_paused(flow):
        return []
    if not _is_time(session, chosen.interval_of(flow) or TICK, now):
        return []
    allowed = min(options.batch, _left_this_hour(session, options, now))
    queued = _replay(session, options, catalogue, now, allowed)
    queued += _again(session, options, now, allowed - len(queued))
    _count(session, options, len(queued))
    return queued


# which -----------------------------------------------------------------------------------------------------------


def _replay(session: Session, options: RetryOptions, catalogue: Catalogue, now: datetime, limit: int) -> list[Queued]:
    queued = []
    for row, run in _due(session, options, now, limit):
        if options.most_tries is not None and run.tries >= options.most_tries:
            _give_up(session, run, catalogue.get(run.flow), now)
            continue
        row.due_at, row.reason = now + RESEND_AFTER, SENT_AGAIN
        queued.append(Queued(run.id, run.flow))
    return queued


def _due(session: Session, options: RetryOptions, now: datetime, limit: int) -> Sequence[tuple[Retry, Run]]:
    booked = (Retry.due_at <= now, Run.state == "retrying", Retry.reason.not_in((SENT_AGAIN, IN_FLIGHT)))
    classes = func.coalesce(Run.error_class, "default").in_(options.error_classes)
    rows = session.execute(
        select(Retry, Run)
        .join(Run, Run.id == Retry.run_id)
        .where(*booked, classes, *_of_flows(options))
        .order_by(Retry.due_at)
        .limit(max(limit, 0))
        .with_for_update(skip_locked=True, of=Retry)
    )
    return [(row[0], row[1]) for row in rows]


def _of_flows(options: RetryOptions) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Run.flow.in_(options.flows)] if options.flows else []
    return [*found, Run.flow.not_in(options.except_flows)] if options.except_flows else found


def _give_up(session: Session, run: Run, flow: AnyFlow | None, now: datetime) -> None:
    run.state, run.summary = "dead", f"Given up after {run.tries} tries. {run.summary}"
    retries.settle(session, run.id)
    runs.hold_waiting(session, run.id, f"Waits for {run.subject}: {run.summary}", run.action)
    session.flush()
    issues.join(session, run, flow.title if flow else run.flow, now)


def _again(session: Session, options: RetryOptions, now: datetime, limit: int) -> list[Queued]:
    """Held and dead runs whose cause may have gone meanwhile; unlike a person's replay it heeds a paused flow."""
    if options.again_hours is None or limit <= 0:
        return []
    ids = session.scalars(
        select(Run.id)
        .where(
            Run.state.in_(("held", "dead")),
            Run.updated_at <= now - timedelta(hours=options.again_hours),
            Run.created_at > now - timedelta(days=options.again_days),
            *_of_flows(options),
        )
        .order_by(Run.updated_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    rows = session.execute(
        update(Run)
        .where(Run.id.in_(ids))
        .values(state="queued", tries=0, updated_at=func.now())
        .returning(Run.id, Run.flow)
    ).all()
    runs.book_queued(session, list(ids), due_at=now + RESEND_AFTER)
    return [Queued(row.id, row.flow) for row in sorted(rows, key=lambda row: row.id)]


# how often, and how many -----------------------------------------------------------------------------------------


def _is_time(session: Session, every: timedelta, now: datetime) -> bool:
    """Taken by the one who asks first. On beat's own interval nothing has to be remembered."""
    if every <= TICK:
        return True
    taken = insert(Cursor).values(name=CURSOR, last_run_at=now)
    late = Cursor.last_run_at.is_(None) | (Cursor.last_run_at <= now - every)
    statement = taken.on_conflict_do_update(index_elements=[Cursor.name], set_={"last_run_at": now}, where=late)
    return session.execute(statement.returning(Cursor.name)).first() is not None


def _left_this_hour(session: Session, options: RetryOptions, now: datetime) -> int:
    """The cursor's `at` is when the hour began, `found` how many were replayed in it; locked until the commit."""
    if options.per_hour is None:
        return options.batch
    session.execute(insert(Cursor).values(name=CURSOR, at=now).on_conflict_do_nothing())
    row = session.get_one(Cursor, CURSOR, with_for_update=True)
    if row.at is None or row.at <= now - timedelta(hours=1):
        row.at, row.found = now, 0
    session.flush()
    return max(options.per_hour - row.found, 0)


def _count(session: Session, options: RetryOptions, replayed: int) -> None:
    if options.per_hour is not None and replayed:
        session.execute(update(Cursor).where(Cursor.name == CURSOR).values(found=Cursor.found + replayed))


def counts(session: Session) -> dict[str, int]:
    """Its counters: errors by the state they are in, and as `succeeded` those that a later try resolved."""
    failed = Run.state.in_(runs.REPLAYABLE) | ((Run.state == "succeeded") & (Run.tries > 1))
    rows = session.execute(select(Run.state, func.count()).where(failed).group_by(Run.state))
    return {row[0]: row[1] for row in rows}
