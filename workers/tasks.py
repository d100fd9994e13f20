"""What workers do. Tasks carry ids only; each is safe to run twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache

from app.alerts import senders
from app.core import activity, alert_sending, alerts, issues, run_counts
from app.core.inbox import undispatched
from app.core.jobs import carry_out, stranded
from app.core.prune import prune_old
from app.core.retry_errors import replay_due as replay_errors
from app.errors import TieoutError
from app.settings import settings
from workers.broker import CeleryBroker
from workers.celery_app import SWEEPS, app
from workers.wiring import Parts, build

MISSED_AFTER = timedelta(seconds=5)
INBOX_BATCH = 500
JOB_SECONDS = 3600


_given: list[Parts] = []


def parts() -> Parts:
    return _given[-1] if _given else _parts_of(os.getpid())


@contextmanager
def serving(given: Parts) -> Iterator[None]:
    """Tasks carried out in this process meanwhile use these parts instead of making their own."""
    _given.append(given)
    try:
        yield
    finally:
        _given.remove(given)


@lru_cache(maxsize=1)
def _parts_of(pid: int) -> Parts:
    """By process: connections must not be shared over a fork."""
    return build(settings(), settings().database_url, CeleryBroker())


@app.task(name="workers.tasks.dispatch")
def dispatch(event_ids: list[int]) -> None:
    parts().dispatcher.dispatch(event_ids)


@app.task(name="workers.tasks.run")
def run(run_id: int) -> None:
    parts().executor.run(run_id)


@app.task(name="workers.tasks.replay_due")
def replay_due() -> None:
    parts().executor.replay_due()


@app.task(name="workers.tasks.retry_errors")
def retry_errors() -> None:
    replay_errors(parts())


@app.task(name="workers.tasks.sweep_due")
def sweep_due() -> None:
    for flow, account in parts().sweeper.due():
        app.send_task("workers.tasks.sweep", args=[flow, account], queue=SWEEPS, expires=600)


@app.task(name="workers.tasks.sweep")
def sweep(flow: str, account: str) -> None:
    parts().sweeper.sweep(flow, account)


@app.task(name="workers.tasks.sweep_inbox")
def sweep_inbox() -> None:
    missed = undispatched(parts().database, older_than=MISSED_AFTER, limit=INBOX_BATCH)
    if missed:
        parts().dispatcher.dispatch(missed)


@app.task(name="workers.tasks.look_for_alerts")
def look_for_alerts() -> None:
    titles = {flow.key: flow.title for flow in parts().catalogue.values()}
    with parts().database.session_scope() as session:
        issues.adopt(session, titles, parts().clock.now())
    alerts.look(parts().database, senders(parts().settings), parts().clock.now())


@app.task(name="workers.tasks.send_alerts")
def send_alerts() -> None:
    alert_sending.send_due(parts().database, senders(parts().settings), parts().clock.now())


@app.task(name="workers.tasks.check_completeness", time_limit=JOB_SECONDS)
def check_completeness() -> None:
    """Also without a receiver: what it finds is logged."""
    days = parts().sweeper.completeness()
    alerts.tell_gaps(parts().database, days, senders(parts().settings), parts().clock.now())


@app.task(name="workers.tasks.tie_out", time_limit=JOB_SECONDS)
def tie_out() -> None:
    """What goes wrong is kept with the account, and shown; the next one tries again."""
    with suppress(TieoutError):
        parts().sweeper.tie_out()


@app.task(name="workers.tasks.prune")
def prune() -> None:
    prune_old(parts().database, older_than=timedelta(days=settings().event_retention_days))


@app.task(name="workers.tasks.compact_counts")
def compact_counts() -> None:
    with parts().database.session_scope() as session:
        run_counts.compact(session, parts().clock.now())
    with parts().database.session_scope() as session:
        activity.keep(session, parts().clock.now())


@app.task(name="workers.tasks.resume_jobs")
def resume_jobs() -> None:
    """Jobs whose message was lost or whose worker died."""
    with parts().database.session_scope() as session:
        waiting = stranded(session)
    for job_id in waiting:
        parts().broker.send_job(job_id)


@app.task(name="workers.tasks.job", time_limit=JOB_SECONDS)
def job(job_id: int) -> None:
    carry_out(parts(), job_id)
