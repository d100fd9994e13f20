"""Many records in one asynchronous job, for a back-fill: up to 100 of one type, run outside the account's slots.

The 202 of a job is no success: each record has a task, and each task its own result (Online Help article_0127092747).
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.errors import AuthFailed, NotFound, OutcomeUnknown, Throttled, TieoutError, Unavailable
from app.systems.netsuite import wire
from app.systems.netsuite.errors import AlreadySubmitted
from app.systems.netsuite.records import Record, Ref
from app.systems.netsuite.transport import Calls, Request

RECORD = "/services/rest/record/v1"
JOB = "/services/rest/async/v1/job"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
LARGEST = 100
PATIENCE = timedelta(minutes=15)
LONGEST_PAUSE = 5.0

Find = Callable[[str, str], Ref | None]


@dataclass(frozen=True)
class BatchResult:
    """What became of one record: `ref` or `error`."""

    external_id: str
    ref: Ref | None = None
    error: TieoutError | None = None


class Batches:
    def __init__(self, calls: Calls, find: Find, wait: Callable[[float], None] = time.sleep) -> None:
        self._calls, self._find, self._wait = calls, find, wait

    def upsert(self, records: Sequence[Record]) -> list[BatchResult]:
        """One job per hundred of a type; results in the order of `records`."""
        found: dict[str, BatchResult] = {}
        for group in _groups(records):
            job = self._submitted(group)
            self._completed(job)
            found |= {result.external_id: result for result in self._results(group, job)}
        return [found[record.external_id] for record in records]

    def _submitted(self, group: Sequence[Record]) -> str:
        """The job's id. Sent again with the same key, NetSuite names the job that it made the first time."""
        request = _request(group)
        try:
            return self._job_of(request)
        except OutcomeUnknown:
            return self._job_of(request)

    def _job_of(self, request: Request) -> str:
        try:
            location: str | None = self._calls.send(request).headers.get("Location")
        except AlreadySubmitted as known:
            location = known.location
        if not location:
            raise OutcomeUnknown("NetSuite took the batch without naming its job.", code="no_job")
        return location.rstrip("/").rpartition("/")[2]

    def _completed(self, job: str) -> None:
        pause, give_up_at = 0.2, time.monotonic() + PATIENCE.total_seconds()
        while not self._is_completed(job):
            if time.monotonic() > give_up_at:
                raise OutcomeUnknown(f"NetSuite has not finished the batch job {job} yet.", code="job_unfinished")
            self._wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _is_completed(self, job: str) -> bool:
        try:
            return bool(self._calls.json(Request("GET", f"{JOB}/{job}")).get("completed"))
        except (Throttled, Unavailable):
            return False

    def _results(self, group: Sequence[Record], job: str) -> Iterator[BatchResult]:
        """Tasks are in the order of the records; should their numbers differ, each record is looked up instead."""
        tasks = self._tasks(job)
        for index, record in enumerate(group):
            yield self._result(record, job, tasks[index]) if len(tasks) == len(group) else self._looked_up(record)

    def _tasks(self, job: str) -> list[str]:
        listed = self._calls.json(Request("GET", f"{JOB}/{job}/task")).get("items") or []
        return [task for item in listed if (task := _task_id(item))]

    def _result(self, record: Record, job: str, task: str) -> BatchResult:
        try:
            answer = self._calls.send(Request("GET", f"{JOB}/{job}/task/{task}/result"))
        except (Throttled, Unavailable, AuthFailed, NotFound):
            # about the question, not about the record
            return self._looked_up(record)
        except TieoutError as error:
            return BatchResult(record.external_id, error=error)
        made = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        ref = Ref(record.record_type, made) if made.isdigit() else None
        return BatchResult(record.external_id, ref=ref) if ref else self._looked_up(record)

    def _looked_up(self, record: Record) -> BatchResult:
        ref = self._find(record.record_type, record.external_id)
        if ref is not None:
            return BatchResult(record.external_id, ref=ref)
        unknown = OutcomeUnknown("The batch is done, but this record is not in NetSuite.", code="not_found_after")
        return BatchResult(record.external_id, error=unknown)


def _groups(records: Sequence[Record]) -> Iterator[list[Record]]:
    by_kind: dict[tuple[str, tuple[str, ...]], list[Record]] = {}
    for record in records:
        by_kind.setdefault((record.record_type, record.replaced()), []).append(record)
    for kind in by_kind.values():
        yield from (kind[start : start + LARGEST] for start in range(0, len(kind), LARGEST))


def _request(group: Sequence[Record]) -> Request:
    first = group[0]
    body = {"items": [record.body() for record in group]}
    query = {"replace": ",".join(first.replaced())} if first.replaced() else {}
    headers = {"Prefer": "respond-async", "Content-Type": COLLECTION, "X-NetSuite-Idempotency-Key": _key(body)}
    return Request("PUT", f"{RECORD}/{first.record_type}", query, body, headers, write=True)


def _key(body: object) -> str:
    """The same records make the same key, whoever sends them and when."""
    return str(UUID(bytes=hashlib.sha256(wire.dumps(body).encode()).digest()[:16], version=4))


def _task_id(item: Mapping[str, Any]) -> str | None:
    if item.get("id") is not None:
        return str(item["id"])
    links = item.get("links") or []
    href = next((str(link["href"]) for link in links if link.get("rel") == "self"), "")
    return href.rstrip("/").rpartition("/")[2] or None
