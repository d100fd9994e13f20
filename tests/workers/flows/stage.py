"""A stage on which a flow plays: both systems over real HTTP, a real database, the core that carries out runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import stripe
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core import retry_errors, runs
from app.core.broker import NoBroker
from app.core.config import Config, save
from app.core.inbox import Event
from app.core.links import Link
from app.core.retries import Retry
from app.core.runs import Run
from app.receiver.netsuite import RECORD_TYPES
from app.systems.stripe.normalise import head
from sandbox.netsuite import ids
from sandbox.serve import Sandbox
from tests.emptying import empty
from workers.wiring import Parts

START = datetime(2026, 8, 20, 14, 30, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"
_http = httpx.Client(verify=False, trust_env=False, timeout=30)
"""One for all: making a client takes longer than what it asks here."""

BOOKS: dict[str, Any] = {
    "subsidiary": ids.SUBSIDIARY_US,
    "also_subsidiaries": [ids.SUBSIDIARY_EU],
    "time_zone": "America/New_York",
    "currencies": ["USD"],
    "items": {
        "default": ids.ITEM_STRIPE,
        "discount": ids.ITEM_DISCOUNT,
        "tax": ids.ITEM_TAX,
        "shipping": ids.ITEM_SHIPPING,
        "balance": ids.ITEM_REFUND,
        "bad_debt": ids.ITEM_BAD_DEBT,
    },
}


@dataclass
class Result:
    """How a run ended."""

    state: str
    summary: str
    code: str | None
    notes: list[str]
    netsuite_calls: int
    stripe_calls: int
    candidates: list[dict[str, Any]]
    action: str | None


@dataclass
class Stage:
    sandbox: Sandbox
    parts: Parts
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    books: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)

    # finance's choices ---------------------------------------------------------------------------------------

    def choose(self, flow: str, **options: Any) -> None:
        self.options.setdefault(flow, {}).update(options)
        self._save()

    def switch(self, flow: str, on: bool) -> None:
        self.switches[flow] = on
        self._save()

    def keep_books(self, **books: Any) -> None:
        self.books.update(books)
        self._save()

    def decide(self, **rest: Any) -> None:
        self.rest.update(rest)
        self._save()

    def _save(self) -> None:
        flows: dict[str, dict[str, Any]] = {key: {"options": options} for key, options in self.options.items()}
        for key, on in self.switches.items():
            flows.setdefault(key, {})["enabled"] = on
        config = Config.model_validate({"flows": flows, "books": {"main": BOOKS | self.books}, **self.rest})
        with self.parts.database.session_scope() as session:
            save(session, config, author="test", note="")

    # what happens --------------------------------------------------------------------------------------------

    def run(self, flow: str, subject: str) -> Result:
        """On demand, with whatever it depends on, until nothing is queued any more."""
        run_id = self.parts.sweeper.on_demand(flow, "main", [subject])[0]
        self.work()
        return self.result(run_id)

    def deliver(self, fixture: str, object_id: str) -> Result:
        """The event of this fixture arrives, about this object; the run of the fixture's own flow."""
        flow = fixture.partition("/")[0]
        assert self.take(self.event(fixture, object_id)) == 1
        self.work()
        with self.parts.database.session_scope() as session:
            found = session.scalars(select(Run.id).where(Run.flow == flow).order_by(Run.id.desc())).first()
        assert found is not None, f"no run of {flow}"
        return self.result(found)

    def event(self, fixture: str, object_id: str) -> dict[str, Any]:
        """The inbox row."""
        body = json.loads((FIXTURES / f"{fixture}.json").read_text())
        if "record_type" in body:
            return self.callback_row(body | {"id": object_id})
        body["data"]["object"]["id"] = object_id
        return self.event_row(body)

    def callback_row(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "source": "netsuite",
            "account": body["account"],
            "external_id": body["event_id"],
            "type": f"{RECORD_TYPES.get(body['record_type'].lower(), body['record_type'])}.{body['event']}",
            "object_id": body["id"],
            "body": json.dumps(body).encode(),
        }

    def event_row(self, body: Mapping[str, Any]) -> dict[str, Any]:
        event = head(json.dumps(body).encode())
        return {
            "source": "stripe",
            "account": "main",
            "external_id": event.id,
            "type": event.type,
            "object_id": event.object_id,
            "livemode": event.livemode,
            "occurred_at": datetime.fromtimestamp(body["created"], UTC),
            "body": json.dumps(body).encode(),
        }

    def unheard_stripe_events(self) -> list[dict[str, Any]]:
        """Inbox rows of what has happened in Stripe and is not in the inbox."""
        with self.parts.database.session_scope() as session:
            heard = set(session.scalars(select(Event.external_id)))
        return [self.event_row(body) for body in self.stripe_state("event") if body["id"] not in heard]

    def take(self, row: Mapping[str, Any]) -> int:
        """Store an event and dispatch it; 0 when it was there already."""
        statement = insert(Event).values(headers={}, **row).on_conflict_do_nothing().returning(Event.id)
        with self.parts.database.session_scope() as session:
            stored = list(session.scalars(statement))
        return self.parts.dispatcher.dispatch(stored) if stored else 0

    def work(self) -> None:
        """Carry out what was sent, and what was woken by it, as a worker would; nothing waits for a backoff."""
        broker = self.parts.broker
        assert isinstance(broker, NoBroker)
        while broker.runs:
            self.parts.executor.run(broker.runs.pop(0)[0])

    def result(self, run_id: int) -> Result:
        with self.parts.database.session_scope() as session:
            run = session.get_one(Run, run_id)
            return Result(
                run.state,
                run.summary,
                run.error_code,
                list(run.notes),
                run.netsuite_calls,
                run.stripe_calls,
                list(run.candidates),
                run.action,
            )

    def make_all_due(self) -> None:
        """Time passes: whatever is booked for later is tried now."""
        with self.parts.database.session_scope() as session:
            for row in session.scalars(select(Retry)):
                row.due_at = START - timedelta(days=365)
        self.parts.executor.replay_due()
        retry_errors.replay_due(self.parts)
        self.work()

    def replay(self) -> None:
        """A person replays whatever is held."""
        now = self.parts.clock.now()
        with self.parts.database.session_scope() as session:
            held = list(session.scalars(select(Run.id).where(Run.state == "held")))
            queued = runs.replay(session, held, now=now, resend_after=timedelta(minutes=1))
        broker = self.parts.broker
        for run in queued:
            broker.send_run(run.run_id, run.flow)
        self.work()

    def pass_time(self, **by: float) -> None:
        self.sandbox.clock.advance(timedelta(**by))

    def start_over(self) -> None:
        """Both systems as on the first day, and no memory of ours."""
        self.sandbox.clock.set(START)
        self.sandbox.stripe.reset()
        self.sandbox.netsuite.reset()
        empty(self.parts.database)
        self._save()

    def all_states(self) -> set[str]:
        with self.parts.database.session_scope() as session:
            return set(session.scalars(select(Run.state)))

    def states(self, flow: str) -> set[str]:
        """In which states the runs of this flow are."""
        with self.parts.database.session_scope() as session:
            return set(session.scalars(select(Run.state).where(Run.flow == flow)))

    def links(self) -> dict[str, Link]:
        with self.parts.database.session_scope() as session:
            return {link.external_id: link for link in session.scalars(select(Link).order_by(Link.id))}

    # Stripe, as a person or another program uses it ----------------------------------------------------------

    @cached_property
    def stripe(self) -> Any:
        """A StripeClient, untyped: tests give it plain dictionaries."""
        return stripe.StripeClient(
            self.sandbox.credentials.stripe_api_key, base_addresses={"api": self.sandbox.stripe_url}
        )

    def stripe_does(self, path: str, **given: Any) -> Any:
        return _http.post(f"{self.sandbox.stripe_url}/_sandbox/{path}", json=given).raise_for_status().json()

    def stripe_state(self, kind: str) -> list[dict[str, Any]]:
        answer = _http.get(f"{self.sandbox.stripe_url}/_sandbox/state", params={"kind": kind}).raise_for_status()
        found: list[dict[str, Any]] = answer.json().get(kind, [])
        return found

    # NetSuite, as a person uses it ---------------------------------------------------------------------------

    def saves(self, record_type: str, body: Mapping[str, Any], internal_id: str = "") -> dict[str, Any]:
        """A person's save in NetSuite's UI: a new record, or changes to one."""
        url = f"{self.sandbox.netsuite_url}/_sandbox/ui/{record_type}"
        answer = (
            _http.patch(f"{url}/{internal_id}", json=dict(body)) if internal_id else _http.post(url, json=dict(body))
        )
        assert answer.is_success, answer.text
        saved: dict[str, Any] = answer.json()
        return saved

    def removes(self, record_type: str, internal_id: str) -> None:
        _http.delete(f"{self.sandbox.netsuite_url}/_sandbox/ui/{record_type}/{internal_id}").raise_for_status()

    def netsuite_does(self, path: str, **given: Any) -> Any:
        answer = _http.post(f"{self.sandbox.netsuite_url}/_sandbox/{path}", json=given)
        assert answer.is_success, answer.text
        return answer.json()

    def records(self, record_type: str) -> list[dict[str, Any]]:
        """All of a type, oldest first, as an expanded GET shows them, without links and what is not set."""
        return [trimmed(record) for record in self.sandbox.netsuite.snapshot(record_type)]


def trimmed(value: Any) -> Any:
    """References as their ids, sublists as lists, numbers as strings: what one compares."""
    if isinstance(value, Mapping):
        if "items" in value:
            return [trimmed(item) for item in value["items"]]
        if "id" in value and set(value) <= {"id", "refName", "links", "externalId"}:
            return value["id"]
        return {key: trimmed(item) for key, item in value.items() if key != "links" and item is not None}
    if isinstance(value, list):
        return [trimmed(item) for item in value]
    if isinstance(value, bool | int | str):
        return value
    return f"{value}"


def picked(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: record.get(name) for name in names}
