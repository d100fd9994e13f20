"""What becomes of the month: one line per record as it lands, and whether anything is still to be done."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError

from app.core.inbox import Event
from app.core.links import Link
from app.core.runs import Run
from app.core.tables import Cursor
from app.db import Database
from app.demo.stage import Stage
from app.demo.systems import wait_for
from app.demo.tie_out import Difference

UNDER_WAY = ("queued", "running", "retrying")
STUCK = ("held", "dead")
WORDS = {
    "cust": "customer",
    "inv": "invoice",
    "pay": "payment",
    "cm": "credit memo",
    "crf": "refund",
    "cs": "cash sale",
    "cr": "cash refund",
    "dep": "deposit",
    "je": "journal",
}


class Watch:
    """Tells of each new link, from a thread of its own, until it is left."""

    def __init__(self, database: Database, say: Callable[[str], None]) -> None:
        self._database = database
        self._say = say
        self._seen = 0
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()
        self._tell()

    def _watch(self) -> None:
        while not self._left.wait(0.25):
            # a rehearsal may take the database away for a while
            with suppress(OperationalError):
                self._tell()

    def _tell(self) -> None:
        with self._database.session_scope() as session:
            landed = session.scalars(select(Link).where(Link.id > self._seen).order_by(Link.id)).all()
        for link in landed:
            self._seen = link.id
            self._say(_line(link))


def _line(link: Link) -> str:
    here, there = f"Stripe {link.stripe_id}", f"NetSuite {link.netsuite_type} {link.netsuite_id}"
    way = f"{here} -> {there}" if link.origin == "stripe" else f"{there} -> {here}"
    return f"{WORDS.get(link.role, link.role):<11} {way}"


def settle(stage: Stage, seconds: float) -> None:
    """Until every webhook is delivered and every run has ended; raises TimeoutError."""

    def quiet() -> bool:
        stage.check_alive()
        return not stage.stripe.pending_deliveries() and not stage.netsuite.pending_callbacks() and _idle(stage)

    wait_for(lambda: quiet() and quiet(), "the last records", seconds=seconds, every=0.25)


def _idle(stage: Stage) -> bool:
    try:
        with stage.database.session_scope() as session:
            waiting = session.scalar(select(func.count()).select_from(Event).where(Event.dispatched_at.is_(None)))
            running = session.scalar(select(func.count()).select_from(Run).where(Run.state.in_(UNDER_WAY)))
    except OperationalError:
        return False
    return not waiting and not running


def look_again(database: Database) -> None:
    """Sets every sweep back to the start of the month: what webhooks did not tell is found by the next ones."""
    with database.session_scope() as session:
        session.execute(delete(Cursor))


def swept(stage: Stage, seconds: float) -> None:
    """Until each sweep has looked again since `look_again`; raises TimeoutError."""

    def done() -> bool:
        stage.check_alive()
        with stage.database.session_scope() as session:
            looked = session.scalars(select(Cursor.at)).all()
        return bool(looked) and None not in looked

    wait_for(done, "the sweeps", seconds=seconds, every=0.5)


def unfinished(database: Database) -> list[Difference]:
    """What waits for a person, or for another try, and why."""
    with database.session_scope() as session:
        runs = session.scalars(select(Run).where(Run.state.in_((*STUCK, *UNDER_WAY))).order_by(Run.id)).all()
    return [Difference(run.subject, f"{run.flow} of {run.subject} is {run.state}: {run.summary}") for run in runs]


def tally(database: Database) -> dict[str, object]:
    """For the record: how much there was to do, and what it took."""
    with database.session_scope() as session:
        events = session.scalar(select(func.count()).select_from(Event))
        states = session.execute(select(Run.flow, Run.state, func.count()).group_by(Run.flow, Run.state)).all()
        calls = session.execute(select(func.sum(Run.stripe_calls), func.sum(Run.netsuite_calls))).one()
    runs: dict[str, Counter[str]] = {}
    for flow, state, count in states:
        runs.setdefault(flow, Counter())[state] = count
    return {"events": events, "runs": runs, "stripe_calls": calls[0] or 0, "netsuite_calls": calls[1] or 0}
