"""The rows of bulk jobs: the states they come to, and who has lost his worker."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, and_, func, or_

from app.core.broker import Broker
from app.core.dispatch import send_all
from app.core.flow import Catalogue
from app.core.run_filter import FIT
from app.core.runs import Queued
from app.core.tables import Job

log = structlog.get_logger()
ABANDONED_AFTER = timedelta(minutes=15)
"""A running job that has saved no progress for this long has lost its worker."""
REPLAY_ABANDONED_AFTER = timedelta(minutes=2)
"""A bulk action saves its progress every few seconds; two workers at one would only take turns."""
FINISHED = ("done", "aborted", "failed")
STATES = ("queued", "running", "paused", *FINISHED)
KINDS = (*FIT, "sweep", "backfill", "tie_out", "completeness")
STEP = timedelta(days=1)
"""A back-fill looks at one day at a time."""


def end(job: Job, state: str, message: str) -> None:
    job.state, job.message = state, message
    job.pause_asked = False
    job.updated_at = job.finished_at = func.now()


def rest(job: Job, message: str) -> None:
    """It waits until somebody resumes it."""
    job.state, job.message, job.pause_asked = "paused", message, False
    job.updated_at = func.now()


def so_far(job: Job, words: str) -> str:
    return f"{words} {job.done} of {job.total} {unit(job)}."


def unit(job: Job) -> str:
    return "runs" if job.kind in FIT else "days" if job.kind == "backfill" else "looks"


def abandoned() -> ColumnElement[bool]:
    quick = and_(Job.kind.in_(tuple(FIT)), Job.dry_run.is_(False))
    bulk = and_(quick, Job.updated_at < func.now() - REPLAY_ABANDONED_AFTER)
    return and_(Job.state == "running", or_(bulk, Job.updated_at < func.now() - ABANDONED_AFTER))


def send(broker: Broker, catalogue: Catalogue, queued: Sequence[Queued]) -> None:
    """After the commit. A broker that is away is no failure: what is queued has a retry booked and is sent again."""
    try:
        send_all(broker, catalogue, queued)
    except Exception as error:
        log.warning("broker.refused", runs=len(queued), error=type(error).__name__)
