"""Asynchronous calls: accepted at once, done later, and their results fetched task by task."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sandbox.netsuite.calls import COLLECTION, Call, Reply, dumps, refusal
from sandbox.netsuite.errors import NetSuiteError, invalid_content, nonexistent

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

MOST = 100
IN_BATCH = {"POST", "PATCH", "PUT", "DELETE", "GET"}


@dataclass
class Job:
    """One accepted request: a task for each record in it."""

    id: str
    calls: list[Call]
    key: str | None = None
    results: list[Reply] = field(default_factory=list)

    @property
    def completed(self) -> bool:
        return len(self.results) == len(self.calls)

    @property
    def progress(self) -> str:
        if not self.completed:
            return "processing" if self.results else "pending"
        return "succeeded" if all(one.status < 400 for one in self.results) else "failed"


def accept(world: NetSuiteWorld, call: Call) -> Reply:
    """202 and where to look; the same idempotency key again is refused with where the first one is."""
    key = call.headers.get("x-netsuite-idempotency-key")
    known = world.books.job_keys.get(key) if key else None
    if known:
        error = NetSuiteError("A job with this idempotency key exists.", "IDEMPOTENCY_ERROR", 400, title="Conflict")
        return replace(refusal(error), headers={"Location": _address(call, known)})
    job = Job(str(len(world.books.jobs) + 1), _calls(call), key)
    world.books.jobs[job.id] = job
    if key:
        world.books.job_keys[key] = job.id
    return Reply(202, headers={"Location": _address(call, job.id)})


def step(world: NetSuiteWorld) -> bool:
    """Do one waiting task; False when there is none."""
    from sandbox.netsuite.rest import perform

    with world.lock:
        job = next((one for one in world.books.jobs.values() if not one.completed), None)
        if job is None:
            return False
        try:
            job.results.append(perform(world, job.calls[len(job.results)]))
        except NetSuiteError as error:
            job.results.append(refusal(error))
        return True


def _address(call: Call, job: str) -> str:
    return f"{call.root}/async/v1/job/{job}"


def _calls(call: Call) -> list[Call]:
    parts = [part for part in call.path.removeprefix("/record/v1/").split("/") if part]
    batch = "type=collection" in call.headers.get("content-type", "") or "ids" in call.query
    if not batch or len(parts) != 1 or call.method not in IN_BATCH:
        return [call]
    single = replace(call, headers={**call.headers, "content-type": "application/json"})
    if call.method in ("GET", "DELETE"):
        calls = [replace(single, path=f"{call.path}/{id}", query=_without_ids(call)) for id in call.listed("ids")]
    else:
        calls = [_of_item(single, item) for item in _items(call)]
    if not 1 <= len(calls) <= MOST:
        raise invalid_content(f"A batch holds 1 to {MOST} records.", "items")
    return calls


def _without_ids(call: Call) -> dict[str, str]:
    return {name: value for name, value in call.query.items() if name not in ("ids", "expandRecords")}


def _items(call: Call) -> list[dict[str, Any]]:
    items = call.json().get("items")
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise invalid_content("A batch must have a list of records in items.", "items")
    return items


def _of_item(call: Call, item: dict[str, Any]) -> Call:
    body = dumps({name: value for name, value in item.items() if name != "id"})
    if call.method == "POST":
        return replace(call, body=dumps(item))
    if call.method == "PUT":
        return replace(call, path=f"{call.path}/eid:{item.get('externalId', '')}", body=body)
    return replace(call, path=f"{call.path}/{item.get('id') or 'eid:' + str(item.get('externalId', ''))}", body=body)


def shown(world: NetSuiteWorld, call: Call) -> Reply:
    """A job, its tasks, or a task's result: what the call would have been answered at once."""
    parts = [part for part in call.path.removeprefix("/async/v1/job").split("/") if part]
    job = world.books.jobs.get(parts[0]) if parts else None
    if job is None or call.method != "GET":
        raise nonexistent("The job does not exist.")
    match parts[1:]:
        case []:
            return Reply(200, _job(call, job))
        case ["task"]:
            tasks = [_task(call, job, index) for index in range(len(job.calls))]
            return Reply(200, {"count": len(tasks), "hasMore": False, "items": tasks, "offset": 0}, media=COLLECTION)
        case ["task", index] if index.isdigit() and 1 <= int(index) <= len(job.calls):
            return Reply(200, _task(call, job, int(index) - 1))
        case ["task", index, "result"] if index.isdigit() and 1 <= int(index) <= len(job.results):
            return job.results[int(index) - 1]
    raise nonexistent("The task does not exist or has no result yet.")


def _job(call: Call, job: Job) -> dict[str, Any]:
    address = _address(call, job.id)
    task = {"links": [{"rel": "self", "href": f"{address}/task"}]}
    links = [{"rel": "self", "href": address}]
    return {"links": links, "id": job.id, "completed": job.completed, "progress": job.progress, "task": task}


def _task(call: Call, job: Job, index: int) -> dict[str, Any]:
    address = f"{_address(call, job.id)}/task/{index + 1}"
    done = index < len(job.results)
    failed = done and job.results[index].status >= 400
    progress = "failed" if failed else "succeeded" if done else "pending"
    return {
        "links": [{"rel": "self", "href": address}, {"rel": "result", "href": f"{address}/result"}],
        "id": str(index + 1),
        "completed": done,
        "progress": progress,
    }
