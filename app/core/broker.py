"""What the core asks of a message broker: to carry ids. It is never the memory; losing it loses nothing."""

from collections.abc import Sequence
from typing import Protocol


class Broker(Protocol):
    """Both methods may raise anything; the tables say what is still to be done."""

    def send_dispatch(self, event_ids: Sequence[int]) -> None:
        """One message for many events."""

    def send_run(self, run_id: int, queue: str) -> None: ...
    def send_job(self, job_id: int) -> None: ...


class NoBroker:
    """For previews, scripts and tests: what was sent is only remembered."""

    def __init__(self) -> None:
        self.events: list[int] = []
        self.runs: list[tuple[int, str]] = []
        self.jobs: list[int] = []

    def send_dispatch(self, event_ids: Sequence[int]) -> None:
        self.events.extend(event_ids)

    def send_run(self, run_id: int, queue: str) -> None:
        self.runs.append((run_id, queue))

    def send_job(self, job_id: int) -> None:
        self.jobs.append(job_id)
