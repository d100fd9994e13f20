"""Carries ids through Celery."""

from collections.abc import Sequence

from workers.celery_app import DISPATCH, app


class CeleryBroker:
    """Raises whatever kombu raises when the broker is away."""

    def send_dispatch(self, event_ids: Sequence[int]) -> None:
        app.send_task("workers.tasks.dispatch", args=[list(event_ids)], queue=DISPATCH)

    def send_run(self, run_id: int, queue: str) -> None:
        app.send_task("workers.tasks.run", args=[run_id], queue=queue)

    def send_job(self, job_id: int) -> None:
        app.send_task("workers.tasks.job", args=[job_id], queue=DISPATCH)
