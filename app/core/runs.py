"""A run is one flow's work for one source object: enqueue, coalesce, claim, finish."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Text,
    case,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.flow import AnyFlow
from app.core.inbox import NOW
from app.core.retries import Retry
from app.core.tables import Issue, Job
from app.db import Base

STATES = ("queued", "running", "retrying", "held", "succeeded", "skipped", "dead", "dismissed")
OPEN = ("queued", "running", "retrying", "held", "dead")
"""A run in one of these is not finished: whatever happens to its subject next is folded into it."""


class Run(Base):
    """`version` counts what has happened to the subject; finishing is done only for the version it started with.

    `title`, `amount` and `currency`: what the source object is called and worth, for people. `job_id`: the bulk job
    that saw to it last.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_open",
            "flow",
            "account",
            "subject",
            unique=True,
            postgresql_where=text("state IN ('queued','running','retrying','held','dead')"),
        ),
        Index("ix_runs_flow_state_id", "flow", "state", "id"),
        Index("ix_runs_state_id", "state", "id"),
        Index("ix_runs_subject", "subject"),
        Index("ix_runs_waits_for", "waits_for", postgresql_where=text("waits_for IS NOT NULL")),
        Index("ix_runs_updated_at", "updated_at"),
        Index(
            "ix_runs_issue_id_state_id",
            "issue_id",
            "state",
            "id",
            postgresql_where=text("issue_id IS NOT NULL"),
        ),
        Index("ix_runs_flow_id", "flow", "id"),
        Index("ix_runs_job_id_state_id", "job_id", "state", "id", postgresql_where=text("job_id IS NOT NULL")),
        Index("ix_runs_error_code_id", "error_code", "id", postgresql_where=text("error_code IS NOT NULL")),
        Index("ix_runs_event_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    cause: Mapped[str] = mapped_column(Text)  # event | sweep | demand | dependency | replay
    event_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("events.id", ondelete="SET NULL"))
    waits_for: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="SET NULL"))
    issue_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Issue.id, ondelete="SET NULL"))
    job_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Job.id, ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(Text, server_default="")
    amount: Mapped[Decimal | None] = mapped_column(Numeric)
    currency: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    summary: Mapped[str] = mapped_column(Text, server_default="")
    error_class: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str | None] = mapped_column(Text)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    notes: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    records: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    stripe_calls: Mapped[int] = mapped_column(Integer, server_default="0")
    netsuite_calls: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    finished_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


@dataclass(frozen=True)
class Want:
    """That a flow's work for a subject be done, and why."""

    flow: str
    account: str
    subject: str
    cause: str
    event_id: int | None = None


@dataclass(frozen=True)
class Queued:
    """A run that should be sent to its queue after the commit."""

    run_id: int
    flow: str


_ENQUEUE = text(
    """
    INSERT INTO runs (flow, account, subject, cause, event_id)
    SELECT * FROM unnest(:flows ::text[], :accounts ::text[], :subjects ::text[], :causes ::text[], :events ::bigint[])
    ON CONFLICT (flow, account, subject) WHERE state IN ('queued','running','retrying','held','dead')
    DO UPDATE SET
        version = runs.version + 1,
        updated_at = now(),
        event_id = coalesce(excluded.event_id, runs.event_id),
        cause = CASE
            WHEN runs.state IN ('held', 'dead') OR excluded.cause = 'demand' THEN excluded.cause
            ELSE runs.cause END,
        tries = CASE WHEN runs.state IN ('held', 'dead') THEN 0 ELSE runs.tries END,
        state = CASE
            WHEN runs.state IN ('held', 'dead') THEN 'queued'
            WHEN runs.state = 'retrying' AND runs.error_class IN ('not_ready', 'link_missing') THEN 'queued'
            ELSE runs.state END
    RETURNING id, flow, state
    """
)

_BOOK_QUEUED = text(
    """
    INSERT INTO retries (run_id, due_at, reason)
    SELECT id, :due_at, 'queued' FROM unnest(:ids ::bigint[]) AS id
    ON CONFLICT (run_id) DO UPDATE SET due_at = excluded.due_at, reason = excluded.reason, booked_at = now()
    """
)


def enqueue(session: Session, wants: Iterable[Want], *, now: datetime, resend_after: timedelta) -> list[Queued]:
    """One open run per (flow, account, subject): new ones are made, others are told that something happened.

    Every run that is waiting for a worker has a retry booked at `now + resend_after`, so a message that the broker
    loses is sent again. Returns the runs to send after the commit.
    """
    distinct = {(want.flow, want.account, want.subject): want for want in wants}
    if not distinct:
        return []
    rows = sorted(distinct.values(), key=lambda want: (want.flow, want.account, want.subject))
    found = session.execute(
        _ENQUEUE,
        {
            "flows": [want.flow for want in rows],
            "accounts": [want.account for want in rows],
            "subjects": [want.subject for want in rows],
            "causes": [want.cause for want in rows],
            "events": [want.event_id for want in rows],
        },
    ).all()
    waiting = [Queued(row.id, row.flow) for row in found if row.state == "queued"]
    book_queued(session, [queued.run_id for queued in waiting], due_at=now + resend_after)
    return waiting


def book_queued(session: Session, run_ids: Sequence[int], *, due_at: datetime) -> None:
    if run_ids:
        session.execute(_BOOK_QUEUED, {"ids": list(run_ids), "due_at": due_at})


def claim(session: Session, run_id: int) -> Run | None:
    """The run, now running and one try older; None when somebody else has it or it is finished."""
    return session.scalars(
        update(Run)
        .where(Run.id == run_id, Run.state.in_(("queued", "retrying")))
        .values(state="running", tries=Run.tries + 1, updated_at=func.now())
        .returning(Run)
    ).first()


def lock_name(account: str, subject: str) -> str:
    """The advisory lock a run holds on its subject while it is carried out."""
    return f"{account}/{subject}"


_ABANDONED = text(
    """
    SELECT id FROM runs
    WHERE state = 'running' AND updated_at < now() - :older_than ::interval AND NOT EXISTS (
        SELECT 1 FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1
          AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(account || '/' || subject, 0))
    """
)


def abandoned(session: Session, *, older_than: timedelta) -> list[int]:
    """Runs in progress whose lock nobody holds: their worker died with its connection.

    Only a short cut: what it overlooks (another flow holds the same object) comes due by its booked retry.
    """
    return list(session.scalars(_ABANDONED, {"older_than": older_than}))


def put_back(session: Session, run_id: int, *, state: str, count_try: bool) -> None:
    """Running -> waiting again; with `count_try` false the try is taken back (nothing was tried)."""
    session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == "running")
        .values(state=state, tries=Run.tries - (0 if count_try else 1), updated_at=func.now())
    )


def close(session: Session, run: Run, state: str, values: dict[str, Any]) -> str:
    """Record the outcome, but finished only for the version that was started: else it is queued again.

    Returns the state the run is in now.
    """
    final = state in ("succeeded", "skipped", "held", "dead")
    stale = Run.version != run.version
    kept: str = session.execute(
        update(Run)
        .where(Run.id == run.id)
        .values(
            state=case((stale, "queued"), else_=state) if final else state,
            finished_at=case((stale, None), else_=func.now()) if state in ("succeeded", "skipped") else None,
            updated_at=func.now(),
            stripe_calls=Run.stripe_calls + values.pop("stripe_calls", 0),
            netsuite_calls=Run.netsuite_calls + values.pop("netsuite_calls", 0),
            **values,
        )
        .returning(Run.state)
    ).scalar_one()
    return kept


def wake_waiting(session: Session, run_id: int, *, now: datetime, resend_after: timedelta) -> list[Queued]:
    """Queue the runs that waited for this one."""
    rows = session.execute(
        update(Run)
        .where(Run.waits_for == run_id, Run.state.in_(("retrying", "held")))
        .values(state="queued", updated_at=func.now())
        .returning(Run.id, Run.flow)
    ).all()
    book_queued(session, [row.id for row in rows], due_at=now + resend_after)
    return [Queued(row.id, row.flow) for row in rows]


def hold_waiting(session: Session, run_id: int, sentence: str, action: str | None) -> None:
    """The runs that wait for this one, and those that wait for them, cannot go on before a person acts."""
    waiting = session.scalars(
        update(Run)
        .where(Run.waits_for == run_id, Run.state == "retrying")
        .values(
            state="held",
            summary=sentence,
            action=action,
            error_class="held",
            error_code="waits_for",
            updated_at=func.now(),
        )
        .returning(Run.id)
    ).all()
    if waiting:
        session.execute(delete(Retry).where(Retry.run_id.in_(waiting)))
    for parent in waiting:
        hold_waiting(session, parent, sentence, action)


REPLAYABLE = ("retrying", "held", "dead")
"""Runs that a person may make due now, or dismiss: they wait for a time, a choice or a person."""


def replay(session: Session, run_ids: Sequence[int], *, now: datetime, resend_after: timedelta) -> list[Queued]:
    """Make these runs due now, with all their tries before them again; those in no replayable state are left out."""
    rows = session.execute(
        update(Run)
        .where(Run.id.in_(run_ids), Run.state.in_(REPLAYABLE))
        .values(state="queued", cause="replay", tries=0, updated_at=func.now())
        .returning(Run.id, Run.flow)
    ).all()
    book_queued(session, [row.id for row in rows], due_at=now + resend_after)
    return [Queued(row.id, row.flow) for row in sorted(rows, key=lambda row: row.id)]


def dismiss(session: Session, run_id: int, reason: str) -> bool:
    """A person decides that nothing is to be done; false when the run is in no state to be dismissed."""
    dismissed = session.scalars(
        update(Run)
        .where(Run.id == run_id, Run.state.in_(REPLAYABLE))
        .values(
            state="dismissed",
            summary=f"Dismissed: {reason}",
            action=None,
            updated_at=func.now(),
            finished_at=func.now(),
        )
        .returning(Run.id)
    ).first()
    if dismissed is not None:
        session.execute(delete(Retry).where(Retry.run_id == dismissed))
    return dismissed is not None


HOLDABLE = ("queued", "retrying")
"""Runs that no worker has begun: a person may hold them back."""
AGAIN = ("succeeded", "skipped", "dismissed")
"""Runs that are finished: their work may be done again."""


def hold(session: Session, run_ids: Sequence[int], reason: str) -> list[int]:
    """A person holds these back until they are replayed, or until something happens to their object."""
    rows = session.scalars(
        update(Run)
        .where(Run.id.in_(run_ids), Run.state.in_(HOLDABLE))
        .values(
            state="held",
            summary=f"Held back: {reason}",
            action="Replay it when it may go on.",
            error_class="held",
            error_code="held_by_hand",
            updated_at=func.now(),
        )
        .returning(Run.id)
    ).all()
    session.execute(delete(Retry).where(Retry.run_id.in_(rows)))
    return sorted(rows)


def again(session: Session, run_ids: Sequence[int], *, now: datetime, resend_after: timedelta) -> list[Queued]:
    """What is finished is done once more by a new run, what waits is replayed; what is under way is left out."""
    rows = session.execute(
        select(Run.flow, Run.account, Run.subject).where(Run.id.in_(run_ids), Run.state.in_(AGAIN))
    ).all()
    wants = [Want(row.flow, row.account, row.subject, "demand") for row in rows]
    replayed = replay(session, run_ids, now=now, resend_after=resend_after)
    return replayed + enqueue(session, wants, now=now, resend_after=resend_after)


def demand(
    session: Session, flow: AnyFlow, account: str, subjects: Sequence[str], *, now: datetime, resend_after: timedelta
) -> tuple[list[Queued], dict[str, int]]:
    """Ids a person gave: due now even where a retry was booked for later. What to send, and each subject's open run.

    Raises WrongId, with nothing queued, when one is no id of the flow's source objects.
    """
    flow.require(subjects)
    wants = [Want(flow.key, account, subject, "demand") for subject in subjects]
    queued = enqueue(session, wants, now=now, resend_after=resend_after)
    wanted = (Run.flow == flow.key, Run.account == account, Run.subject.in_(subjects), Run.state.in_(OPEN))
    found = session.execute(select(Run.id, Run.subject, Run.state).where(*wanted)).all()
    waiting = [row.id for row in found if row.state == "retrying"]
    queued += replay(session, waiting, now=now, resend_after=resend_after)
    return queued, {row.subject: row.id for row in found}
