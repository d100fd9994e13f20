"""How many signed events a second are stored, acknowledged and queued: ours against the receiver written by hand.

Same machine, PostgreSQL, Redis, server, worker count and sender; distinct events; runs interleaved, medians compared.
"""

import base64
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil
import psycopg
from redis import Redis
from sqlalchemy import create_engine

from app.db import libpq_url, migrate, sqlalchemy_url
from bench.harness import (
    Unfit,
    Verdict,
    conclude,
    folder,
    free_port,
    interleaved,
    middle,
    options,
    postgres,
    process,
    redis,
    wait_until,
)
from bench.ingest_servers import QUEUE, async_driver, handwritten_table

TARGET = 15.0
SECRET = "whsec_bench_0123456789abcdef"
PROCESSES = 2
WARM_UP = 1.0

_numbers = count(1)


@dataclass(frozen=True)
class Contender:
    """`queued_by`: the column whose values its messages carry."""

    name: str
    path: str
    table: str
    external_id: str
    queued_by: str
    built_per_second: int


OURS = Contender("ours", "/webhooks/stripe/main", "events", "external_id", "id", 20_000)
HANDWRITTEN = Contender("handwritten", "/webhooks/stripe", "handwritten_events", "event_id", "event_id", 2_000)


@dataclass(frozen=True)
class Sent:
    """What `bench.load` found."""

    events_per_second: float
    milliseconds_p50: float
    milliseconds_p99: float
    statuses: dict[str, int]
    accepted: list[str]


@dataclass(frozen=True)
class Measured:
    events_per_second: float
    p50: float
    p99: float
    cpu_microseconds: float
    messages: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    database: str
    broker: str
    connections: int
    seconds: float


def measure(contender: Contender, ground: Ground) -> Measured:
    queue = Redis.from_url(ground.broker)
    queue.flushall()
    _query(ground, f"TRUNCATE {contender.table} CASCADE")
    with ExitStack() as stack:
        port = free_port()
        servers = [stack.enter_context(process(_serve(contender, ground, port))) for _ in range(PROCESSES)]
        pids = [psutil.Process(server.pid) for server in servers]
        wait_until(lambda: all(_listening(pid, port) for pid in pids), f"the start of {contender.name}", timeout=90)
        before = _cpu(pids)
        found = _send(contender, ground, port)
        cpu = _cpu(pids) - before
        rows = _query(ground, f"SELECT {contender.queued_by}::text, {contender.external_id} FROM {contender.table}")
        stored = {row[0]: row[1] for row in rows}
        _wait_for_queue(queue, len(stored))
    messages = [_ids(message) for message in queue.lrange(QUEUE, 0, -1)]
    return Measured(
        events_per_second=found.events_per_second,
        p50=found.milliseconds_p50,
        p99=found.milliseconds_p99,
        cpu_microseconds=1e6 * cpu / max(1, len(found.accepted)),
        messages=len(messages),
        faults=tuple(_faults(contender, found, stored, messages)),
    )


def _faults(contender: Contender, found: Sent, stored: dict[str, str], messages: Sequence[Sequence[str]]) -> list[str]:
    queued = [one for ids in messages for one in ids]
    faults = []
    if set(found.statuses) != {"200"}:
        faults.append(f"{contender.name}: answers other than 200: {found.statuses}")
    if sorted(stored.values()) != sorted(found.accepted):
        faults.append(f"{contender.name}: {len(stored)} rows for {len(found.accepted)} events acknowledged")
    if sorted(queued) != sorted(stored):
        faults.append(f"{contender.name}: {len(set(queued) & set(stored))} of {len(stored)} events queued")
    return faults


def _serve(contender: Contender, ground: Ground, port: int) -> list[str]:
    given = ["--database", ground.database, "--broker", ground.broker, "--secret", SECRET, "--port", str(port)]
    return [sys.executable, "-m", "bench.ingest_servers", contender.name, *given]


def _send(contender: Contender, ground: Ground, port: int) -> Sent:
    with folder() as path:
        out = path / "found.json"
        command = [sys.executable, "-m", "bench.load", "--port", str(port), "--path", contender.path]
        command += ["--connections", str(ground.connections), "--secret", SECRET, "--out", str(out)]
        command += ["--run", str(next(_numbers)), "--seconds", str(ground.seconds), "--warm-up", str(WARM_UP)]
        command += ["--built", str(int((ground.seconds + WARM_UP) * contender.built_per_second))]
        with process(command) as sender:
            wait_until(lambda: sender.poll() is not None, "the end of sending", timeout=ground.seconds + 90)
        return Sent(**json.loads(_read(out)))


def _read(path: Path) -> str:
    if not path.exists():
        raise Unfit("the sender failed; its words are above")
    return path.read_text()


def _listening(process: psutil.Process, port: int) -> bool:
    if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
        raise Unfit("a receiver ended while starting; its words are above")
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in process.net_connections()
    )


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(float(sum(process.cpu_times()[:2])) for process in processes)


def _wait_for_queue(queue: "Redis", events: int) -> None:
    """The relay is some milliseconds behind the answers; what has not come by the end counts as a fault."""

    def all_there() -> bool:
        return sum(len(_ids(message)) for message in queue.lrange(QUEUE, 0, -1)) >= events

    with suppress(Unfit):
        wait_until(all_there, "the last message", timeout=10)


def _ids(message: bytes | str) -> list[str]:
    """A Celery message in Redis: protocol 2 puts [args, kwargs, embed] into the body, in base64."""
    args = json.loads(base64.b64decode(json.loads(message)["body"]))[0]
    return [str(one) for one in (args[0] if isinstance(args[0], list) else args)]


def _query(ground: Ground, sql: str) -> list[tuple[str, str]]:
    with psycopg.connect(libpq_url(ground.database), autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def _prepare(ground: Ground) -> None:
    migrate(ground.database)
    engine = create_engine(sqlalchemy_url(ground.database))
    handwritten_table().create(engine)
    engine.dispose()
    durable = _query(ground, "SELECT current_setting('fsync'), current_setting('synchronous_commit')")
    if durable != [("on", "on")]:
        raise Unfit(f"this PostgreSQL does not commit durably: {durable}")


def _verdict(runs: dict[str, list[Measured]], ground: Ground, repeats: int) -> Verdict:
    speed = {name: middle([run.events_per_second for run in measured]) for name, measured in runs.items()}
    pairs = zip(runs["ours"], runs["handwritten"], strict=True)
    figures: dict[str, object] = {
        "ratios_of_neighbouring_runs": [round(a.events_per_second / b.events_per_second, 2) for a, b in pairs]
    }
    for name, measured in runs.items():
        figures[f"{name}_events_per_second"] = speed[name]
        figures[f"{name}_all_runs"] = [round(run.events_per_second) for run in measured]
        figures[f"{name}_server_cpu_microseconds_per_event"] = middle([run.cpu_microseconds for run in measured])
        figures[f"{name}_milliseconds_p50"] = middle([run.p50 for run in measured], 2)
        figures[f"{name}_milliseconds_p99"] = middle([run.p99 for run in measured], 2)
        figures[f"{name}_broker_messages"] = middle([run.messages for run in measured], 0)
    return Verdict(
        name="ingest",
        ratio=speed["ours"] / speed["handwritten"],
        target=TARGET,
        figures=figures,
        faults=sorted({fault for measured in runs.values() for run in measured for fault in run.faults}),
        method=(
            f"Signed distinct payment_intent events of 2 KB over {ground.connections} keep-alive connections, "
            f"{ground.seconds:g} s a run after {WARM_UP:g} s warm-up, {repeats} interleaved runs of each, medians. "
            f"Both: {PROCESSES} uvicorn processes (uvloop, httptools, no access log, a socket each), one PostgreSQL "
            "(fsync and synchronous_commit on), one Redis, Celery messages. By hand: a FastAPI route, "
            f"stripe.Webhook.construct_event, one SQLAlchemy insert per request ({async_driver()}), apply_async per "
            "event. After each run the acknowledged ids must be exactly the rows, and exactly the ids in the queue."
        ),
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = options("ingest", (__doc__ or "").splitlines()[0], repeats=7)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args(argv)
    try:
        with postgres() as database, redis() as broker:
            ground = Ground(database, broker, given.connections, given.seconds)
            _prepare(ground)
            contenders: dict[str, Callable[[], Measured]] = {
                one.name: lambda one=one: measure(one, ground)  # type: ignore[misc]
                for one in (HANDWRITTEN, OURS)
            }
            verdict = _verdict(interleaved(contenders, given.repeats), ground, given.repeats)
    except Unfit as error:
        print(f"bench.ingest: {error}", file=sys.stderr)
        return 1
    return conclude(verdict, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
