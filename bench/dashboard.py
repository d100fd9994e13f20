"""How much slower each page of the dashboard is with a million records than with a thousand.

Every page that the application serves by GET is asked for as a signed-in administrator, in this process, with the same
addresses at both sizes; beside them, searches and filters of the records page as people use them. The target is on the
worst ratio; a page that takes less than a few milliseconds at both sizes counts as that much, so that noise does not.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from unittest.mock import patch

import httpx
import psycopg
from fastapi.routing import APIRoute

from app.core import activity, run_counts, sessions, users
from app.core.broker import NoBroker
from app.dashboard import site
from app.dashboard.access import cookie_name, lifetime
from app.db import Database, libpq_url
from app.main import create_app
from app.settings import Settings
from bench import harness
from workers.flows import CATALOGUE
from workers.wiring import Parts, build, prepare

TARGET = 2.0
FLOOR_MS = 5.0
"""What a page costs anyway: session, templates, the counts of the frame."""
SMALL, LARGE = 1_000, 1_000_000
DAYS = 60
AWAY = (
    "/live",
    "/records/bulk",
    "/sign-in",
    "/sign-in/oidc",
    "/sign-in/oidc/back",
    "/join/{token}",
    "/static/{digest}/{path:path}",
)
"""A stream, the door, and what needs a query; that stands below."""
ASKED = (
    "/records?state=attention",
    "/records?state=dead",
    "/records?flow=stripe_refund_to_netsuite",
    "/records?q=in_000000000500",
    "/records?q=ada500%40example.com",
    "/records?q=27.00",
    "/records?q=inv-00000",
    "/records?within=30d&state=succeeded",
    "/records?since=2026-10-01&until=2026-10-10",
    "/records?cause=demand&currency=eur",
    "/records?cause=replay",
    "/records?payload=eid%3Ain_0000000001",
    "/records?flow=stripe_refund_to_netsuite&state=succeeded&state=skipped",
    "/records?error_code=unmapped",
    "/records?before=500",
    "/records/bulk?kind=replay&state=held",
    "/records/bulk?kind=run",
    "/records/bulk?kind=dismiss&q=inv-00000",
    "/palette?q=in_000000000500",
)


@dataclass(frozen=True)
class World:
    """An installation with so many records, and somebody who looks at it."""

    parts: Parts
    client: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop
    paths: Sequence[str]

    def seconds(self, path: str) -> float:
        began = time.perf_counter()
        answer = self.loop.run_until_complete(self.client.get(path, headers={"accept": "text/html"}))
        taken = time.perf_counter() - began
        if answer.status_code not in (200, 303):
            raise harness.Unfit(f"{path} answers {answer.status_code}")
        return taken


# seeding -----------------------------------------------------------------------------------------------------------

_RUNS = """
INSERT INTO runs (flow, account, subject, state, cause, event_id, tries, summary, error_class, error_code, action,
                  title, amount, currency, issue_id, job_id, created_at, updated_at, finished_at, netsuite_calls)
SELECT f.key, 'main', 'in_' || lpad(n::text, 12, '0'), s.state,
       CASE WHEN n %% 5 = 0 THEN 'demand' WHEN n %% 7 = 0 THEN 'sweep' ELSE 'event' END, e.id, 1,
       CASE WHEN s.state = 'succeeded' THEN 'Wrote invoice ' || n || '.' ELSE 'A setting is missing: ' || n || '.' END,
       CASE WHEN s.state IN ('held', 'dead') THEN 'held' END,
       CASE WHEN s.state IN ('held', 'dead') THEN (ARRAY['unmapped','unmapped','ambiguous'])[1 + n %% 3] END,
       CASE WHEN s.state IN ('held', 'dead') THEN 'Choose a fallback item, then replay.' END,
       'INV-' || lpad(n::text, 7, '0'), (n %% 20) + 17, (ARRAY['usd','eur','gbp'])[1 + n %% 3],
       CASE WHEN s.state IN ('held', 'dead') THEN 1 + n %% 12 END, CASE WHEN n %% 8 = 0 THEN 1 END,
       at, at + interval '3 seconds',
       CASE WHEN s.state IN ('succeeded', 'skipped') THEN at + interval '3 seconds' END, 1
FROM generate_series(1, %(many)s) n
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (%(many)s - n) * (interval '60 days' / %(many)s) AS at) born
CROSS JOIN LATERAL (SELECT (%(flows)s::text[])[1 + n %% cardinality(%(flows)s::text[])] AS key) f
CROSS JOIN LATERAL (SELECT CASE WHEN n %% 16 = 0 THEN 'held' WHEN n %% 17 = 0 THEN 'dead'
    WHEN n %% 19 = 1 THEN 'retrying' WHEN n %% 10 < 2 THEN 'skipped' ELSE 'succeeded' END AS state) s
JOIN events e ON e.id = n
"""
_EVENTS = """
INSERT INTO events (source, account, external_id, type, object_id, object_type, livemode, occurred_at, received_at,
                    dispatched_at, outcome, reason, body)
OVERRIDING SYSTEM VALUE
SELECT 'stripe', 'main', 'evt_' || lpad(n::text, 12, '0'), 'invoice.paid', 'in_' || lpad(n::text, 12, '0'), 'invoice',
       false, at, at, at, 'dispatched', (%(flows)s::text[])[1 + n %% cardinality(%(flows)s::text[])], '{}'
FROM generate_series(1, %(many)s) n
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (%(many)s - n) * (interval '60 days' / %(many)s) AS at) born
"""
_TERMS = """
INSERT INTO run_terms (term, run_id)
SELECT term, id FROM runs CROSS JOIN LATERAL (VALUES (subject), (lower(title)), ('amount:' || trim_scale(amount)),
    ('ada' || id || '@example.com'), ('ada'), ((1000 + id)::text)) told (term)
"""
_LINKS = """
INSERT INTO links (external_id, role, account, stripe_id, netsuite_type, netsuite_id, origin)
SELECT 'stripe-inv-' || subject, 'inv', 'main', subject, 'invoice', (1000 + id)::text, 'stripe' FROM runs
"""
_ATTEMPTS = """
INSERT INTO attempts
    (run_id, flow, number, started_at, finished_at, outcome, summary, error_class, error_code, exchanges)
SELECT id, flow, 1, created_at, updated_at, state, summary, error_class, error_code,
    jsonb_build_array(jsonb_build_object('system', 'netsuite', 'method', 'PUT',
        'path', '/record/v1/invoice/eid:' || subject, 'status', 204, 'milliseconds', 300,
        'request', jsonb_build_object('entity', '501', 'tranid', title),
        'response', '{}'::jsonb, 'headers', '{}'::jsonb, 'error', null))
FROM runs
"""
_COUNTS = """
INSERT INTO run_counts (flow, account, state, hour, runs)
SELECT flow, account, state, date_trunc('hour', updated_at, 'UTC'), count(*) FROM runs GROUP BY 1, 2, 3, 4
"""
_SMALL_TABLES = """
INSERT INTO issues (flow, error_code, field, title, opened_at, first_seen, last_seen)
SELECT 'stripe_invoice_to_netsuite', 'unmapped', 'field ' || n, 'A setting is missing.', now(), now(), now()
FROM generate_series(1, 12) n;
INSERT INTO jobs (kind, state, actor, reason, params, total, done)
VALUES ('replay', 'done', 'bench', 'To look at.', '{"filter": {}, "after": 0, "last": 0}', 10, 10)
"""


def fill(url: str, many: int) -> None:
    asked = {"many": many, "now": datetime.now(UTC), "flows": list(CATALOGUE)[10:18]}
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # no look-up of a foreign key for each row
        connection.execute(_SMALL_TABLES)
        for statement in (_EVENTS, _RUNS):
            connection.execute(statement.encode(), asked)
        connection.execute("SET session_replication_role = origin")
        connection.execute(_COUNTS)
        connection.execute("SET session_replication_role = replica")
        for statement in (_TERMS, _LINKS, _ATTEMPTS):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


# looking -----------------------------------------------------------------------------------------------------------


@contextmanager
def world(url: str, many: int) -> Iterator[World]:
    settings = _settings(url)
    prepare(settings, url)
    print(f"filling in {many:,} records", file=sys.stderr, flush=True)
    fill(url, many)
    parts = build(settings, url, NoBroker())
    with parts.database.session_scope() as session:
        run_counts.compact(session, parts.clock.now())
        activity.keep(session, parts.clock.now())
        user = users.add(session, "bench@example.com", "admin", actor="bench")
        user.subject = "bench"
        session.flush()
        token = sessions.start(session, user, lifetime(settings), parts.clock.now())
    app = create_app(parts, webhooks=False).pages
    loop = asyncio.new_event_loop()
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://127.0.0.1",
        cookies={cookie_name(settings): token},
    )
    try:
        yield World(parts, client, loop, _paths())
    finally:
        loop.run_until_complete(client.aclose())
        loop.close()


def _settings(url: str) -> Settings:
    environment = {
        "STRIPE__MAIN__API_KEY": "sk_test_bench",
        "STRIPE__MAIN__API_BASE": "http://127.0.0.1:9",
        "SECRET_KEY": "bench",
        "DATABASE_URL": url,
    }
    with patch.dict(os.environ, environment):
        return Settings(_env_file=None)


def _paths() -> list[str]:
    """Of every page; what an address leaves open is filled in with a record that there is."""
    routes = [route for module in site.PAGES for route in module.router.routes if isinstance(route, APIRoute)]
    pages = dict.fromkeys(route.path for route in routes if "GET" in (route.methods or ()) and route.path not in AWAY)
    return [*filter(None, map(_filled_in, pages)), *ASKED]


_OPEN = {
    "{run_id}": "600",
    "{job_id:int}": "1",
    "{issue_id}": "1",
    "{key}": "stripe_refund_to_netsuite",
    "{stripe_id}": "in_000000000600",
}


def _filled_in(path: str) -> str:
    for name, value in _OPEN.items():
        path = path.replace(name, value).replace(name.replace("}", ":int}"), value)
    return "" if "{" in path else path


def measured(few: World, many: World, path: str, repeats: int) -> tuple[float, float]:
    """Milliseconds of a page with few and with many: the fastest of so many, in turn, after one that does not count.

    What else the machine does only ever adds.
    """
    worlds = (few, many)
    for made in worlds:
        made.seconds(path)
    rounds = [[made.seconds(path) for made in worlds] for _ in range(repeats)]
    return 1000 * min(one for one, _ in rounds), 1000 * min(one for _, one in rounds)


def main() -> int:
    parser: argparse.ArgumentParser = harness.options("dashboard", __doc__ or "", repeats=9)
    parser.add_argument("--records", type=int, default=LARGE, help="how many records the large one has")
    arguments = parser.parse_args()
    taken: dict[str, tuple[float, float]] = {}
    faults: list[str] = []
    with harness.postgres() as url:
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            connection.execute("CREATE DATABASE small TEMPLATE template0")
        small_url = url.replace("/postgres?", "/small?", 1)
        with world(small_url, SMALL) as few, world(url, arguments.records) as many:
            gc.freeze()
            for path in few.paths:
                try:
                    taken[path] = measured(few, many, path, arguments.repeats)
                except harness.Unfit as error:
                    faults.append(str(error))
        Database(small_url).engine.dispose()
        Database(url).engine.dispose()
    ratios = {path: max(after, FLOOR_MS) / max(before, FLOOR_MS) for path, (before, after) in taken.items()}
    verdict = harness.Verdict(
        name="dashboard",
        ratio=max(ratios.values(), default=0.0),
        target=TARGET,
        higher_is_better=False,
        figures={
            path: {"ratio": round(ratios[path], 2), "few ms": round(before, 1), "many ms": round(after, 1)}
            for path, (before, after) in sorted(taken.items(), key=lambda each: -ratios[each[0]])
        },
        method=(
            f"{len(taken)} addresses with {SMALL:,} and with {arguments.records:,} records over {DAYS} days, the "
            f"fastest of {arguments.repeats} each, session and templates included; under {FLOOR_MS} ms counts as that."
        ),
        faults=faults,
    )
    return harness.conclude(verdict, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
